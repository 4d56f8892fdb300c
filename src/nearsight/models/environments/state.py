"""What there is of an environment: nothing, a part, all of it, or one of another Nearsight."""

import json
from dataclasses import asdict, dataclass, fields
from enum import Enum
from pathlib import Path

import nearsight
from nearsight.bounded_json import parse_json
from nearsight.errors import ModelError
from nearsight.models.environments.places import Place
from nearsight.storage import write_text


@dataclass(frozen=True)
class Environment:
    """What was installed into an environment."""

    family: str
    python: str
    """Version."""
    nearsight: str
    """Version."""
    source: str
    """Where Nearsight was installed from, as pip understands it."""
    installer: str
    """``uv`` or ``pip``, with its version."""
    torch: str | None
    """Version and build, such as ``2.13.0+cpu, for CPUs``; None where there is no PyTorch."""
    torch_choice: str | None
    """Why this build."""
    packages: tuple[str, ...]
    """Everything that was installed, with its version."""
    date: str
    """When, ISO 8601 in UTC."""
    seconds: float
    size_MB: float

    def write(self, path: Path) -> None:
        """Write the record to a file, whole or not at all."""
        write_text(path, json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def read(cls, path: Path) -> "Environment":
        """Read what `write` wrote.

        Raises
        ------
        ValueError
            The file is not such a record.
        """
        values = parse_json(path.read_text(encoding="utf-8"))
        if not isinstance(values, dict) or set(values) != {field.name for field in fields(cls)}:
            raise ValueError("it has other entries")
        return cls(**{**values, "packages": tuple(values["packages"])})


class State(Enum):
    """What there is of an environment, in words for a list."""

    ABSENT = "not installed"
    PARTIAL = "half made"
    COMPLETE = "installed"
    OTHER_VERSION = "of another Nearsight"


def find(family: str) -> tuple[State, Environment | None]:
    """Return what there is of a family's environment, with its record where there is one.

    Parameters
    ----------
    family
        Name of the family.
    """
    place = Place.of(family)
    if not place.folder.is_dir():
        return State.ABSENT, None
    try:
        environment = Environment.read(place.record)
    except (OSError, ValueError, TypeError):  # not written yet, or damaged
        return State.PARTIAL, None
    if not place.python.exists():  # the Python that it was made with is gone
        return State.PARTIAL, None
    if environment.nearsight != nearsight.__version__:
        return State.OTHER_VERSION, environment
    return State.COMPLETE, environment


def python_of(family: str) -> Path | None:
    """Return the interpreter of a family's environment; None where there is no environment.

    Parameters
    ----------
    family
        Name of the family.

    Raises
    ------
    ModelError
        The environment is half made, or of another version of Nearsight.
    """
    state, environment = find(family)
    place = Place.of(family)
    again = f"`nearsight models install {family}` makes it anew."
    if state is State.PARTIAL:
        raise ModelError(
            f"the environment of {family} in {place.folder} is half made: its installation was "
            f"interrupted, or its Python is gone. {again}"
        )
    if state is State.OTHER_VERSION and environment is not None:
        raise ModelError(
            f"the environment of {family} in {place.folder} was made by Nearsight "
            f"{environment.nearsight}, and this is {nearsight.__version__}. {again}"
        )
    return place.python if state is State.COMPLETE else None
