"""Files of fragments."""

from collections.abc import Sequence
from pathlib import Path

from nearsight.errors import StorageError
from nearsight.structures.fragment_files import write_fragment
from nearsight.structures.fragments import Fragment
from nearsight.structures.selection import structure_stem


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
