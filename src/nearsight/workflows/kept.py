"""What there is of unfinished work in a folder, whoever left it there."""

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nearsight.adsorption.gcmc.kept_samples import blocks_at
from nearsight.adsorption.kept_trials import trials_at
from nearsight.dynamics.checkpoint import steps_at as dynamics_steps_at
from nearsight.errors import StorageError
from nearsight.hessian.rows.checkpoint import count_rows, holds_rows
from nearsight.locking import SUFFIX, hold_if_free, who_works_on
from nearsight.relaxation.checkpoint import steps_at
from nearsight.storage import UNFINISHED, remove_leftovers

_NAME = re.compile(r"(.+)-[0-9a-f]{12}\.(\w+)(\..+)?", re.DOTALL)
_WHAT = {"rows": "Hessian", "products": "probing", "lowest": "lowest modes"}

_OF_INSERTIONS = {"insertions", "learning"}
"""Those that are in means, and those that only told where to make them."""


@dataclass(frozen=True)
class KeptFile:
    """One file of unfinished work."""

    path: Path
    structure: str
    """What its structure is called."""
    kind: str
    """What was computed."""
    done: str
    """How much of it is there, in words."""
    size_bytes: int
    modified_s: float
    """When it was written last, in seconds since 1970."""
    holder: str | None
    """Which process works on it, in words; None if none does."""


@dataclass(frozen=True)
class KeptWork:
    """What is in a folder of unfinished work."""

    folder: Path
    files: tuple[KeptFile, ...]
    """Those that a calculation left, by name."""
    n_others: int
    """Files and folders that are none of ours."""


def kept_work(folder: str | os.PathLike[str]) -> KeptWork:
    """Return what unfinished work there is in a folder; a file is known by what is in it.

    Raises
    ------
    StorageError
        It is no folder, or cannot be listed.
    """
    place = Path(folder)
    try:
        entries = sorted(os.scandir(place), key=lambda entry: entry.name)
    except FileNotFoundError:
        return KeptWork(place, (), 0)
    except OSError as error:
        raise StorageError(
            f"{place} cannot be listed: {error.strerror or error}; give the folder of unfinished "
            f"work."
        ) from error
    files = tuple(_recognised(entries))
    of_files = {samples.name for file in files for samples in _samples_of(file)}
    left = [
        entry
        for entry in entries
        if not entry.name.endswith((SUFFIX, UNFINISHED)) and entry.name not in of_files
    ]
    return KeptWork(place, files, len(left) - len(files))


def remove_kept_work(work: KeptWork) -> tuple[tuple[KeptFile, ...], tuple[KeptFile, ...]]:
    """Remove files that no process works on, what killed processes left, and a folder of theirs.

    Returns
    -------
    tuple
        What was removed, and what stays because a process works on it by now.

    Raises
    ------
    StorageError
        A file cannot be removed.
    """
    removed: list[KeptFile] = []
    busy: list[KeptFile] = []
    for file in work.files:
        with hold_if_free(file.path) as free:
            if free:
                _remove(file.path)
                for samples in _samples_of(file):
                    _remove(samples)
            (removed if free else busy).append(file)
    if work.folder.is_dir():
        remove_leftovers(work.folder)
    if removed:
        with contextlib.suppress(OSError):  # not empty
            work.folder.rmdir()
    return tuple(removed), tuple(busy)


def _samples_of(file: KeptFile) -> tuple[Path, ...]:
    """Return where samples and frames of a run of dynamics are, which go with its checkpoint."""
    if file.kind != "dynamics":
        return ()
    return tuple(Path(f"{file.path}{suffix}") for suffix in (".csv", ".extxyz"))


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"{path} cannot be removed: {error.strerror or error}; make its folder writable."
        ) from error


def _recognised(entries: list["os.DirEntry[str]"]) -> Iterator[KeptFile]:
    for entry in entries:
        path = Path(entry.path)
        found = _NAME.fullmatch(entry.name)
        if found is None or not entry.is_file(follow_symlinks=False):
            continue
        kind, done = _content(path, found[2])
        if kind is None:
            continue
        known = entry.stat(follow_symlinks=False)
        holder = who_works_on(path)
        yield KeptFile(path, found[1], kind, done, known.st_size, known.st_mtime, holder)


def _content(path: Path, ending: str) -> tuple[str | None, str]:
    """Return what was computed, and how much of it; None for what is no work of ours."""
    if holds_rows(path):
        number = count_rows(path)
        what = "row" if ending == "rows" else "product"
        return _WHAT.get(ending, "products"), f"{number} {what}{'' if number == 1 else 's'}"
    n_trials = trials_at(path) if ending in _OF_INSERTIONS else None
    if n_trials is not None:
        return ending, f"{n_trials} insertion{'' if n_trials == 1 else 's'}"
    n_blocks = blocks_at(path) if ending == "gcmc" else None
    if n_blocks is not None:
        return "isotherm", f"{n_blocks} block{'' if n_blocks == 1 else 's'}"
    for kind, steps in (("relaxation", steps_at(path)), ("dynamics", dynamics_steps_at(path))):
        if steps is not None:
            return kind, f"{steps} step{'' if steps == 1 else 's'}"
    return None, ""
