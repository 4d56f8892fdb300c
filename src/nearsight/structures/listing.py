"""Which files of a folder are structures."""

import os
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from nearsight.errors import StructureError
from nearsight.printable import printable_name

STRUCTURES = frozenset(
    {
        *(".cif", ".mcif", ".xyz", ".extxyz", ".vasp", ".poscar", ".contcar", ".xsf", ".pdb"),
        *(".res", ".cell", ".gen", ".mol", ".sdf", ".traj", ".gro", ".xtl", ".cssr", ".magres"),
    }
)
"""How names of structure files end; of one that is packed, before that."""

HESSIANS = frozenset({".npz", ".hess", ".fchk", ".json", ".jsonl"})
"""How names of saved Hessians and of records end."""

_PACKED = frozenset({".gz", ".bz2", ".xz"})
_STRUCTURE_NAMES = re.compile(r"(POSCAR|CONTCAR)([._-].*)?|geometry\.in(\.next_step)?|coord")
_ANIMATION = re.compile(r".+\.mode-\d+\.xyz")
_MOST_NAMED = 5


@dataclass(frozen=True)
class Listing:
    """What is in a folder, each part sorted by name."""

    folder: Path
    wanted: tuple[Path, ...]
    """Files of the kind that was asked for."""
    others: tuple[Path, ...]
    """Other files; those whose names begin with a dot are in neither."""
    folders: tuple[Path, ...]


def list_structures(
    folder: str | os.PathLike[str], suffixes: Collection[str] = STRUCTURES
) -> Listing:
    """Return the structure files of a folder, by their names, and not of folders in it.

    Parameters
    ----------
    folder
        The folder.
    suffixes
        How names end, such as ``.cif``; by default as those of structures do.

    Raises
    ------
    StructureError
        The folder cannot be listed, or has none. The message says what it has.
    """
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise StructureError(f"{folder} cannot be listed: {error.strerror or error}.") from error
    shown = [entry for entry in entries if not entry.name.startswith(".")]
    folders = [Path(entry.path) for entry in shown if entry.is_dir()]
    files = [Path(entry.path) for entry in shown if not entry.is_dir()]
    wanted = [file for file in files if is_wanted(file.name, suffixes)]
    others = [file for file in files if not is_wanted(file.name, suffixes)]
    listing = Listing(Path(folder), tuple(wanted), tuple(others), tuple(folders))
    if not wanted:
        raise StructureError(_without(listing, suffixes))
    return listing


def is_wanted(name: str, suffixes: Collection[str] = STRUCTURES) -> bool:
    """Tell whether a file has the name of a structure, or ends with another of `suffixes`.

    Moving modes that a command wrote are no structures to begin with.
    """
    path = Path(name)
    suffix = path.suffix.lower()
    if suffix in _PACKED:
        suffix = Path(path.stem).suffix.lower()
    if suffixes is STRUCTURES and _STRUCTURE_NAMES.fullmatch(name):
        return True
    return suffix in suffixes and not _ANIMATION.fullmatch(name)


def _without(listing: Listing, suffixes: Collection[str]) -> str:
    what = "structure files" if suffixes is STRUCTURES else "saved Hessians or records"
    parts = [
        _named(kind, paths)
        for kind, paths in (("file", listing.others), ("folder", listing.folders))
        if paths
    ]
    holds = " and ".join(parts) or "nothing"
    below = f", and '{listing.folder}/**' those of all folders in it" if listing.folders else ""
    return (
        f"the folder {listing.folder} has no {what}: it holds {holds}. Files of any other name are "
        f"taken one by one, or by a pattern such as '{listing.folder}/*.dat'{below}."
    )


def _named(kind: str, paths: Sequence[Path]) -> str:
    names = ", ".join(printable_name(path.name) for path in paths[:_MOST_NAMED])
    more = ", ..." if len(paths) > _MOST_NAMED else ""
    return f"{len(paths)} {kind}{'' if len(paths) == 1 else 's'} ({names}{more})"
