"""Files of a run by what they are for: whether none takes the place of another."""

import os
import re
import stat
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from nearsight.errors import MethodError, StorageError

_FRAGMENT = re.compile(r"(.+)-\d+\.extxyz", re.DOTALL)


@dataclass(frozen=True)
class NamedFile:
    """A file, and what a run has to do with it."""

    role: str
    """An option, or a few words."""
    path: str


def require_different(written: Iterable[NamedFile], read: Iterable[NamedFile]) -> None:
    """Check that no file is written twice, and none that is read.

    Raises
    ------
    StorageError
        One is.
    """
    kept = {_identity(file.path): file for file in read}
    taken: dict[Hashable, NamedFile] = {}
    for file in written:
        identity = _identity(file.path)
        if identity is None:
            continue
        if other := taken.get(identity):
            raise StorageError(
                f"{other.role} ({other.path}) and {file.role} ({file.path}) are the same file; "
                f"give one of them another name."
            )
        if other := kept.get(identity):
            raise StorageError(
                f"{file.path} ({file.role}) is {other.role} ({other.path}) and would take its "
                f"place; give the result another name."
            )
        taken[identity] = file


def require_no_fragment(folder: str, files: Iterable[NamedFile], structures: list[str]) -> None:
    """Check that none of `files` has a name that a fragment of a structure may get.

    Raises
    ------
    StorageError
        One has.
    """
    from nearsight.structures.selection import structure_stem

    stems = {structure_stem(structure).casefold(): structure for structure in structures}
    there = _identity(folder)
    for file in files:
        directory, name = os.path.split(os.path.realpath(file.path))
        fragment = _FRAGMENT.fullmatch(name.casefold())
        if fragment and fragment[1] in stems and _identity(directory) == there:
            raise StorageError(
                f"{file.path} ({file.role}) has the name of a fragment of {stems[fragment[1]]}, "
                f"which could take its place; choose another folder for fragments."
            )


def _identity(path: str) -> Hashable:
    """Return what is the same for all names of a file, through links and other spellings.

    None for a device or a pipe, to which anything may be written more than once.
    """
    place = os.path.realpath(path)
    try:
        found = os.stat(place)
    except OSError:  # it is not there yet
        return place.casefold() if _ignores_case(place) else place
    if stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode):
        return found.st_dev, found.st_ino
    return None


def _ignores_case(place: str) -> bool:
    """Tell whether the file system of a place takes small and capital letters for the same."""
    folder = os.path.dirname(place)
    other = os.path.join(os.path.dirname(folder), os.path.basename(folder).swapcase())
    return other != folder and os.path.exists(other) and os.path.samefile(folder, other)


def require_different_stems(structures: Sequence[str]) -> None:
    """Check that results that are named after their structures do not overwrite each other.

    Raises
    ------
    MethodError
        Two structures have the same file name.
    """
    from nearsight.structures.selection import structure_stem

    stems = [structure_stem(path) for path in structures]
    twice = sorted({stem for stem in stems if stems.count(stem) > 1})
    if twice:
        raise MethodError(
            f"two structures have the same file name ({', '.join(twice)}), and so would their "
            f"results; compute them one by one."
        )
