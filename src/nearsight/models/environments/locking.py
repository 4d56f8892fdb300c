"""One change of an environment at a time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from nearsight.errors import InstallationError


@contextmanager
def locked(path: Path, what: str) -> Iterator[int]:
    """Hold the lock file at `path` and yield its descriptor.

    The lock belongs to whoever has the descriptor open: a child that inherits it keeps the lock
    when its parent is killed, so that nobody removes the files that the child still writes.

    Parameters
    ----------
    path
        The lock file; it stays, because a removed one could be locked twice.
    what
        What is locked, for the message.

    Raises
    ------
    InstallationError
        Another process holds it; with its number.
    """
    import fcntl  # not on Windows, where nothing but this needs it

    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InstallationError(
                f"{what} is being changed by another process ({_holder(path)}); wait until it is "
                f"done, or stop it."
            ) from error
        note_holders(descriptor, os.getpid())
        yield descriptor
    finally:
        os.close(descriptor)


def note_holders(descriptor: int, *pids: int) -> None:
    """Write into a lock file who has it open, the one to stop first."""
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, " ".join(map(str, pids)).encode(), 0)


def _holder(path: Path) -> str:
    """Return which process holds a lock, in words."""
    noted = path.read_text(encoding="ascii", errors="replace").split()
    alive = (pid for pid in noted if psutil.pid_exists(int(pid)))
    return f"process {next(alive, 'unknown')}"
