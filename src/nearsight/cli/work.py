"""Unfinished work on disk: what an interrupted command leaves behind and the next one finds."""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from ase import Atoms

from nearsight.errors import StorageError
from nearsight.fingerprint import fingerprint
from nearsight.models.contract import Model
from nearsight.provenance import Setting
from nearsight.structures.selection import structure_stem


class WorkDirectory:
    """The folder of unfinished work of one command.

    Files stay until the whole command is done, so that after an interruption the structures that
    were finished cost nothing when the command runs again.
    """

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self._done: list[Path] = []

    def file(
        self, structure: str, atoms: Atoms, model: Model, kind: str, **settings: Setting
    ) -> Path:
        """Return the file for one piece of work: another one for each model and setting."""
        digests = json.dumps(fingerprint(atoms, model.identity, settings), sort_keys=True)
        key = hashlib.sha256(digests.encode()).hexdigest()[:12]
        return self.path / f"{structure_stem(structure)}-{key}.{kind}"

    def done(self, *files: Path) -> None:
        """Let `files` be removed when the command is done."""
        self._done.extend(files)

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
        """Remove what `done` named."""
        for file in self._done:
            file.unlink(missing_ok=True)


@contextlib.contextmanager
def work_directory(path: str) -> Iterator[WorkDirectory]:
    """Make the folder, and remove it at the end if nothing unfinished is left in it.

    Raises
    ------
    StorageError
        The folder cannot be made.
    """
    work = WorkDirectory(path)
    # Keeps the folder alive while another command that shares it comes to its end.
    in_use = work.path / f"in-use-by-{os.getpid()}"
    try:
        while not in_use.exists():
            work.path.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):  # removed in this very moment
                in_use.touch()
    except OSError as error:
        raise StorageError(
            f"cannot use the folder {path} for unfinished work: {error.strerror or error}. "
            f"Choose another one with --work-dir."
        ) from error
    try:
        yield work
        work.remove_done()
    finally:
        in_use.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not empty
            work.path.rmdir()
