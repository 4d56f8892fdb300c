"""Sites by the names that a user gives them, and files of fragments."""

import re
from collections.abc import Sequence
from pathlib import Path

from ase import Atoms

from nearsight.errors import StorageError, StructureError
from nearsight.structures.fragment_files import write_fragment
from nearsight.structures.fragments import Fragment
from nearsight.structures.selection import structure_stem


def sites_named(names: Sequence[str] | None, atoms: Atoms) -> list[int] | None:
    """Return the atoms that are meant by indices, or by elements with indices; None for none.

    An atom that is named twice is there once.

    Raises
    ------
    StructureError
        A name is none of an atom.
    """
    return None if names is None else list(dict.fromkeys(_site(name, atoms) for name in names))


def _site(name: str, atoms: Atoms) -> int:
    given = re.fullmatch(r"([A-Z][a-z]?)?(\d+)", name)
    if given is None:
        raise StructureError(
            f"{name} is no site; give an index counted from 0, or an element with it such as Zn0."
        )
    symbol, index = given[1], int(given[2])
    if index >= len(atoms):
        raise StructureError(
            f"There is no atom {index}: the structure has atoms 0 to {len(atoms) - 1}."
        )
    if symbol is not None and atoms[index].symbol != symbol:
        raise StructureError(
            f"{name} is no site: atom {index}, counted from 0, is {atoms[index].symbol}."
        )
    return index


def make_folder(name: str) -> Path:
    """Make the folder for fragments, before anything is computed.

    Raises
    ------
    StorageError
        It cannot be made.
    """
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"cannot make the folder {folder}: {error.strerror or error}; choose another place."
        ) from error
    return folder


def write_fragments(folder: Path, structure: str, fragments: Sequence[Fragment]) -> tuple[str, ...]:
    """Write each fragment as ``STEM-ATOM.extxyz`` into a folder, and return the files.

    Raises
    ------
    StorageError
        A file cannot be written.
    """
    stem = structure_stem(structure)
    files = tuple(str(folder / f"{stem}-{found.centre}.extxyz") for found in fragments)
    for file, found in zip(files, fragments, strict=True):
        write_fragment(file, found, parent=structure)
    return files
