"""Where environments are kept."""

import os
from dataclasses import dataclass
from pathlib import Path


def data_directory() -> Path:
    """Return where Nearsight keeps what outlives a command, whether it is there or not."""
    home = os.environ.get("XDG_DATA_HOME")
    return (Path(home) if home else Path.home() / ".local" / "share") / "nearsight"


def root() -> Path:
    """Return the folder of all environments: ``$NEARSIGHT_ENVIRONMENTS`` or in the data's."""
    chosen = os.environ.get("NEARSIGHT_ENVIRONMENTS")
    return Path(chosen).absolute() if chosen else data_directory().absolute() / "environments"


@dataclass(frozen=True)
class Place:
    """The files of one family's environment."""

    root: Path
    family: str

    @classmethod
    def of(cls, family: str) -> "Place":
        """Return the place of a family below the present root."""
        return cls(root(), family)

    @property
    def folder(self) -> Path:
        """Everything of the environment, removed with it."""
        return self.root / self.family

    @property
    def virtual(self) -> Path:
        """The virtual environment."""
        return self.folder / "venv"

    @property
    def python(self) -> Path:
        """The interpreter of the virtual environment."""
        return self.virtual / "bin" / "python"

    @property
    def record(self) -> Path:
        """What was installed; written last, so that its presence says that all is there."""
        return self.folder / "environment.json"

    @property
    def log(self) -> Path:
        """What the installers said. Beside the folder, because it outlives a failure."""
        return self.root / f"{self.family}.log"

    @property
    def lock(self) -> Path:
        """Held by whoever changes the environment."""
        return self.root / f"{self.family}.lock"
