"""The commands of uv and pip that make an environment."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from nearsight.errors import InstallationError
from nearsight.models.environments.places import Place
from nearsight.models.family import Family, Step

Command = list[str]

ONLY_INSTALLED = "-P"
"""Python's option that keeps the folder in which it runs out of what it imports."""


@dataclass(frozen=True)
class Tool:
    """uv where it is installed, else Python's own venv and pip."""

    uv: str | None
    """Path of uv; None for pip."""

    def create(self, place: Place, family: Family) -> Command:
        """Return the command that makes the virtual environment."""
        if self.uv is None:
            return [sys.executable, ONLY_INSTALLED, "-m", "venv", str(place.virtual)]
        python = (
            sys.executable if _suits(family) else f">={_dotted(family, 0)},<{_dotted(family, 1)}"
        )
        return [self.uv, "venv", "--python", python, str(place.virtual)]

    def install(
        self, place: Place, step: Step, constraints: Path, index: str | None = None
    ) -> Command:
        """Return the command that installs a step's requirements.

        `index` is a package index to ask as well.
        """
        also = "--index" if self.uv else "--extra-index-url"
        return [
            *self._pip(place, "install"),
            *((also, index) if index else ()),
            *("--constraint", str(constraints)),
            *(() if step.dependencies else ("--no-deps",)),
            *step.requirements,
        ]

    def freeze(self, place: Place) -> Command:
        """Return the command that lists what is installed."""
        return self._pip(place, "freeze")

    def version(self, place: Place) -> str:
        """Return name and version of the tool."""
        asked = [self.uv or str(place.virtual / "bin" / "pip"), "--version"]
        said = subprocess.run(
            asked, capture_output=True, text=True, check=True, cwd=place.root
        ).stdout
        return " ".join(said.split()[:2])

    def _pip(self, place: Place, verb: str) -> Command:
        if self.uv is None:
            return [str(place.python), ONLY_INSTALLED, "-m", "pip", "--no-input", verb]
        return [self.uv, "pip", verb, "--python", str(place.python)]


def choose_tool(family: Family) -> Tool:
    """Return uv if it is on the path, else pip.

    Raises
    ------
    InstallationError
        The family needs another Python than this one, which pip cannot fetch.
    """
    tool = Tool(shutil.which("uv"))
    if tool.uv is None and not _suits(family):
        raise InstallationError(
            f"{family.name} needs Python {_dotted(family, 0)} or newer, but before "
            f"{_dotted(family, 1)}, and this is {sys.version_info[0]}.{sys.version_info[1]}. Run "
            f"Nearsight with such a Python, or install uv (pip install uv), which fetches one."
        )
    return tool


def _suits(family: Family) -> bool:
    if family.python is None:
        return True
    first, after = family.python
    return first <= sys.version_info[:2] < after


def _dotted(family: Family, which: int) -> str:
    return ".".join(map(str, (family.python or ())[which]))
