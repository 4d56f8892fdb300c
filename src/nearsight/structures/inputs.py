"""Structures by files, by folders, and by patterns that files match."""

import glob
import os
from collections.abc import Collection, Iterator, Sequence, Sized
from dataclasses import dataclass

from nearsight.errors import StructureError


@dataclass(frozen=True)
class Inputs:
    """The files that names of structures stand for."""

    paths: tuple[str, ...]
    """Each once, in the order in which they were given; those of a folder by name."""
    notes: tuple[str, ...]
    """What was found in folders and by patterns."""
    repeated: tuple[str, ...]
    """Files that were given more than once."""


def expand_structures(given: Sequence[str], *, of_hessians: bool = False) -> Inputs:
    """Put files in the place of folders and patterns.

    A pattern that the shell has not expanded is expanded here; ``**`` in it means all folders
    below. A name that a file has is that file.

    Parameters
    ----------
    given
        Files, folders and patterns.
    of_hessians
        Whether saved Hessians and records are looked for, not structures.

    Raises
    ------
    StructureError
        A folder has none, or no file matches a pattern.
    """
    notes: list[str] = []
    paths: dict[str, str] = {}
    repeated: list[str] = []
    for path in _expanded(given, of_hessians, notes):
        place = os.path.realpath(path)
        if place in paths:
            repeated.append(path)
        else:
            paths[place] = path
    return Inputs(tuple(paths.values()), tuple(notes), tuple(repeated))


def _expanded(given: Sequence[str], of_hessians: bool, notes: list[str]) -> Iterator[str]:
    for path in given:
        if os.path.isdir(path):
            yield from _in_folder(path, of_hessians, notes)
        elif not glob.has_magic(path) or _is_file(path):
            yield path
        else:
            yield from _matching(path, of_hessians, notes)


def _is_file(path: str) -> bool:
    from nearsight.structures.selection import split_selection

    return os.path.lexists(split_selection(path)[0])


def _in_folder(folder: str, of_hessians: bool, notes: list[str]) -> Iterator[str]:
    from nearsight.structures.listing import list_structures

    listing = list_structures(folder, _suffixes(of_hessians))
    left_out = f"; {_files(listing.others)} left out" if listing.others else ""
    notes.append(f"{folder}: {_files(listing.wanted)}{left_out}")
    yield from map(os.fspath, listing.wanted)


def _matching(pattern: str, of_hessians: bool, notes: list[str]) -> Iterator[str]:
    from nearsight.structures.listing import is_wanted

    found = sorted(glob.glob(pattern, recursive=True))
    choice = ""
    if not found and "@" in pattern:
        files, at, selection = pattern.rpartition("@")
        found, choice = sorted(glob.glob(files, recursive=True)), at + selection
    if "**" in pattern:
        found = [path for path in found if not os.path.isdir(path)]
    if os.path.basename(pattern) == "**":
        suffixes = _suffixes(of_hessians)
        found = [path for path in found if is_wanted(os.path.basename(path), suffixes)]
    if not found:
        raise StructureError(
            f"no file matches {pattern}, and none has that name; see what is there, or leave the "
            f"quotation marks to the shell."
        )
    notes.append(f"{pattern}: {_files(found)}")
    for path in found:
        if os.path.isdir(path):
            yield from _in_folder(path, of_hessians, notes)
        else:
            yield path + choice


def _files(files: Sized) -> str:
    return "1 file" if len(files) == 1 else f"{len(files)} files"


def _suffixes(of_hessians: bool) -> Collection[str]:
    from nearsight.structures.listing import HESSIANS, STRUCTURES

    return HESSIANS if of_hessians else STRUCTURES
