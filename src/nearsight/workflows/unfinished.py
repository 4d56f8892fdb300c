"""Unfinished work on disk: what an interrupted calculation leaves behind and the next finds."""

import contextlib
import hashlib
import json
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from ase import Atoms

from nearsight.errors import StorageError
from nearsight.fingerprint import fingerprint
from nearsight.locking import SUFFIX, hold_if_free
from nearsight.models.contract import Model
from nearsight.provenance import Setting
from nearsight.storage import remove_leftovers
from nearsight.structures.selection import structure_stem

_LONGEST_STEM_BYTES = 100
"""A file system takes 255 for a name, to which a key and a suffix are added."""
_MOST_NAMED = 3
_GOES_ON = "the same calculation goes on from there."


class Unfinished:
    """The folder of unfinished work of one calculation, of one structure or many.

    Files stay until all of it is done, so that after an interruption the structures that were
    finished cost nothing when it runs again. Who works on a file holds its lock
    (`nearsight.locking.hold`); two processes may share the folder, and files in it.

    Parameters
    ----------
    path
        The folder; None keeps nothing.
    """

    def __init__(self, path: str | os.PathLike[str] | None) -> None:
        self.path = None if path is None else Path(path)
        self._given: dict[Path, None] = {}
        self._done: list[Path] = []

    def file(
        self, structure: str, atoms: Atoms, model: Model, kind: str, **settings: Setting
    ) -> Path | None:
        """Return the file for one piece of work: another one for each model and setting.

        None where nothing is kept.
        """
        if self.path is None:
            return None
        digests = json.dumps(fingerprint(atoms, model.identity, settings), sort_keys=True)
        key = hashlib.sha256(digests.encode()).hexdigest()[:12]
        stem = os.fsencode(structure_stem(structure))[:_LONGEST_STEM_BYTES].decode(errors="ignore")
        file = self.path / f"{stem}-{key}.{kind}"
        self._given[file] = None
        return file

    def beside(self, file: Path | None) -> list[Path]:
        """Return what there is of `file` and those whose names begin like it.

        A relaxation that followed modes has such files for its rounds.
        """
        if file is None:
            return []
        with contextlib.suppress(FileNotFoundError):
            names = [name for name in os.listdir(file.parent) if name.startswith(file.name)]
            return [file.parent / name for name in sorted(names) if not name.endswith(SUFFIX)]
        return []

    def done(self, *files: Path | None) -> None:
        """Let `files` be removed when everything is done."""
        self._done.extend(file for file in files if file is not None)

    @contextlib.contextmanager
    def kept_on_failure(self) -> Iterator[None]:
        """Keep what `done` names meanwhile if the block fails: the rows were sound."""
        before = len(self._done)
        try:
            yield
        except BaseException:
            del self._done[before:]
            raise

    def remove_done(self) -> None:
        """Remove what `done` named, but for what another process is just using."""
        for file in self._done:
            if not file.exists():
                continue
            with hold_if_free(file) as free:
                if free:
                    file.unlink(missing_ok=True)

    def kept(self) -> str | None:
        """Say what of this work there is in the folder; None if there is none."""
        files = self._left()
        if not files:
            return None
        named = ", ".join(f"{each.name} ({_counted(each)})" for each in files[-_MOST_NAMED:])
        others = len(files) - _MOST_NAMED
        more = f" and {others} files before" if others > 0 else ""
        return f"Finished work is kept in {self.path}: {named}{more}; {_GOES_ON}"

    def _left(self) -> list[Path]:
        """Return what there is of all files and those beside them, in the order of the files.

        The folder is listed once: there may be thousands of them, and somebody waits.
        """
        if self.path is None or not self.path.is_dir():
            return []
        order = {file.name: number for number, file in enumerate(self._given)}
        beside = (SUFFIX, ".csv", ".extxyz")
        names = [name for name in os.listdir(self.path) if not name.endswith(beside)]
        owned = [(order[owner], name) for name in names if (owner := _owner(name, order))]
        return [self.path / name for _, name in sorted(owned)]


@contextlib.contextmanager
def keep_unfinished(path: str | os.PathLike[str]) -> Iterator[Unfinished]:
    """Make the folder, and remove it at the end if nothing unfinished is left in it.

    What an interruption leaves is noted on the exception.

    Parameters
    ----------
    path
        The folder.

    Raises
    ------
    StorageError
        The folder cannot be made.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.workflows import keep_unfinished, relax
    >>> with keep_unfinished(".nearsight") as unfinished:
    ...     record = relax(bulk("Cu"), "ase:emt", unfinished=unfinished)
    ...
    >>> record.relaxation.converged
    True
    """
    work, folder = Unfinished(path), Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"cannot use the folder {path} for unfinished work: {error.strerror or error}. "
            f"Choose another `work_dir`."
        ) from error
    try:
        yield work
        work.remove_done()
    except KeyboardInterrupt as interruption:
        if kept := work.kept():
            interruption.add_note(kept)
        raise
    finally:
        with contextlib.suppress(OSError):  # gone, or not ours
            remove_leftovers(folder)
        with contextlib.suppress(OSError):  # not empty
            folder.rmdir()


def _owner(name: str, files: Collection[str]) -> str:
    """Return the file to which a name belongs, perhaps with more behind a dot; empty if to none."""
    while name and name not in files:
        name = name.rpartition(".")[0]
    return name


def _counted(file: Path) -> str:
    """Return how much of the work in a file is done, in words."""
    # Only here: what reads all kinds of work takes its time, and most commands are not interrupted.
    from nearsight.adsorption.gcmc.kept_samples import blocks_at
    from nearsight.adsorption.kept_trials import trials_at
    from nearsight.dynamics.checkpoint import steps_at as dynamics_steps_at
    from nearsight.hessian.rows.checkpoint import count_rows
    from nearsight.relaxation.checkpoint import steps_at

    number, what = steps_at(file), "step"
    if file.suffix == ".dynamics":
        number = dynamics_steps_at(file)
    elif file.suffix == ".gcmc":
        number, what = blocks_at(file), "block"
    elif file.suffix in {".insertions", ".learning"}:
        number, what = trials_at(file), "insertion"
    elif number is None:
        number, what = count_rows(file), "row" if file.suffix == ".rows" else "product"
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
