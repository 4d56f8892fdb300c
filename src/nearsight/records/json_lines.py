"""JSON Lines: records appended as they finish, so that a killed process loses one line at most."""

import contextlib
import os
import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from nearsight.bounded_json import parse_json
from nearsight.errors import CheckpointError, StorageError
from nearsight.locking import LocksNotSupportedError, try_lock
from nearsight.records.base import Record, require_schema
from nearsight.records.codec import FieldError
from nearsight.records.files import line_of
from nearsight.storage import what_helps

_SYNCED_EVERY_S = 1.0


class JsonLines:
    """A file to which records are appended, one a line, while a run goes on.

    A line is given to the system as soon as its record is, in one piece, and to the disk within
    about a second and at the end: the end of the process loses nothing but a line that is just
    being written, that of the machine a second of lines.

    Parameters
    ----------
    path
        The file.
    append
        Go on with records that are there already; what is cut off behind them is removed. Otherwise
        a file with anything in it is refused.
    clock
        Seconds from any beginning.

    Raises
    ------
    StorageError
        The file cannot be written, is not empty and not to be appended to, or another process
        writes it.
    CheckpointError
        It is to be appended to, but holds something else than records of this schema.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.records import JsonLines
    >>> from nearsight.workflows import energy
    >>> with JsonLines("metals.jsonl", append=True) as lines:
    ...     for symbol in ("Al", "Cu"):
    ...         if symbol not in lines.structures:
    ...             lines.add(energy(bulk(symbol), "ase:emt"))
    ...
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        append: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = Path(path)
        self._clock = clock
        self._synced = clock()
        self._descriptor = self._opened()
        try:
            self._require_alone()
            self.structures: tuple[str, ...] = self._begun(append)
            """Names of the structures whose records were there already, in their order."""
        except BaseException:
            os.close(self._descriptor)
            raise
        self._size = os.fstat(self._descriptor).st_size

    def add(self, record: Record) -> None:
        """Append a record.

        Raises
        ------
        StorageError
            It cannot be written; the file ends with the record before it.
        ValueError
            A number of the record is NaN or infinite; nothing is written.
        """
        self.add_json(record.to_json())

    def add_json(self, values: Mapping[str, Any]) -> None:
        """Append what `Record.to_json` returned.

        Raises
        ------
        StorageError, ValueError
            As of `add`.
        """
        line = line_of(values)
        try:
            written = 0
            while written < len(line):
                written += os.write(self._descriptor, line[written:])
            self._size += len(line)
            if self._clock() - self._synced >= _SYNCED_EVERY_S:
                self._sync()
        except OSError as error:
            with contextlib.suppress(OSError):  # a pipe has no length
                os.ftruncate(self._descriptor, self._size)
            raise self._unwritable(error) from error

    def close(self) -> None:
        """Bring the records to the disk and close the file.

        Raises
        ------
        StorageError
            That fails.
        """
        if self._descriptor < 0:
            return
        try:
            self._sync()
        except OSError as error:
            raise self._unwritable(error) from error
        finally:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _opened(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)
        try:
            return os.open(self.path, flags | getattr(os, "O_BINARY", 0), 0o666)
        except OSError as error:
            raise self._unwritable(error) from error

    def _require_alone(self) -> None:
        with contextlib.suppress(LocksNotSupportedError):
            if not try_lock(self._descriptor):
                raise StorageError(
                    f"another process is writing records to {self.path}; choose another file, or "
                    f"wait for its end."
                )

    def _begun(self, append: bool) -> tuple[str, ...]:
        """Return whose records are there, behind which the file then ends."""
        status = os.fstat(self._descriptor)
        if not stat.S_ISREG(status.st_mode):
            return ()  # a pipe, say, from which nothing is to be read
        size = status.st_size
        if size and not append:
            raise StorageError(
                f"{self.path} is not empty, and was not to be appended to; move it away, or choose "
                f"another file."
            )
        names: list[str] = []
        sound, unended = 0, False
        with open(self._descriptor, "rb", closefd=False) as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    if (name := self._whole(line, number)) is None:
                        self._require_beginning(line, number)
                        break
                    names.append(name)
                    unended = True
                    sound += len(line)
                    break
                sound += len(line)
                if line.strip():
                    names.append(self._structure_of(line, number))
        if sound < size:
            os.ftruncate(self._descriptor, sound)
        if unended:
            os.write(self._descriptor, b"\n")
        return tuple(names)

    def _whole(self, line: bytes, number: int) -> str | None:
        """Return whose record a line without its end is; None if it is cut off."""
        try:
            return self._structure_of(line, number)
        except CheckpointError:
            return None

    def _structure_of(self, line: bytes, number: int) -> str:
        try:
            values = parse_json(line)
            require_schema(values)
            return str(values["structure"])
        except FieldError as error:
            said = str(error)
        except (ValueError, RecursionError, KeyError) as error:
            said = f"it is no record ({type(error).__name__}: {error})"
        raise CheckpointError(
            f"line {number} of {self.path} cannot be followed by records: {said}. Choose another "
            f"file."
        )

    def _require_beginning(self, line: bytes, number: int) -> None:
        """Check that what was cut off was a record, before it is removed."""
        begins = b'{"schema": '
        if not (line.startswith(begins) or begins.startswith(line)):
            raise CheckpointError(
                f"line {number} of {self.path} is not the beginning of a record, and would be cut "
                f"off. Choose another file."
            )

    def _sync(self) -> None:
        with contextlib.suppress(OSError):  # what is no regular file has no disk
            os.fsync(self._descriptor)
        self._synced = self._clock()

    def _unwritable(self, error: OSError) -> StorageError:
        return StorageError(
            f"cannot write {self.path}: {error.strerror or error}. The records in it are whole; "
            f"{what_helps(error)} or choose another place."
        )
