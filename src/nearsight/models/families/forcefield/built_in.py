"""The force fields that are part of Nearsight."""

import re
from collections import Counter
from pathlib import Path

from nearsight.models.families.forcefield.toml_file import read_toml

_FOLDER = Path(__file__).with_name("builtin")


def built_in() -> tuple[str, ...]:
    """Return their names."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def built_in_file(name: str) -> Path | None:
    """Return the file of one of them; None if there is none of that name."""
    path = _FOLDER / f"{name.lower()}.toml"
    return path if re.fullmatch(r"[\w-]+", name) and path.is_file() else None


def built_in_with(symbols: Counter[str]) -> tuple[str, ...]:
    """Return the names of those that have a molecule of these elements."""
    read = ((name, read_toml(_FOLDER / f"{name}.toml").force_field) for name in built_in())
    return tuple(name for name, force_field in read if force_field.molecule_of(symbols))
