"""What SQLite and the system refuse, as errors that a user can act on."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nearsight.errors import CheckpointError, StorageError


@contextmanager
def errors_of(path: Path) -> Iterator[None]:
    """Say what SQLite and the system refuse."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            said = f"{path} cannot be written or read: {error}; remove the cause, and resume."
            raise StorageError(f"{said} What it holds is intact.") from error
        raise CheckpointError(f"{path} is damaged: {error}; take a copy of it.") from error
    except OSError as error:
        reason = error.strerror or error
        raise StorageError(f"{path} cannot be written: {reason}; choose another place.") from error
