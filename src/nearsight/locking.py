"""Locks on files: who holds one is alive, because a lock dies with its process.

A lock file is removed by whoever holds it, before letting go. A process that waited for it then
holds a file that is no longer there, which it notices, and takes the next one.
"""

import hashlib
import json
import logging
import os
import shlex
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from nearsight.bounded_json import parse_json

logger = logging.getLogger("nearsight.locking")

SUFFIX = ".nearsight-lock"
"""Ours alone: a folder may hold files of others that end with ``.lock``."""

_LOOK_S = 0.1
_LOOKS_BEFORE_WAITING = 4
"""Whoever looks for abandoned files holds a lock for a moment."""
_LONGEST_NAME_BYTES = 200
"""What is added to a longer one might be too much for a file system."""
_LONGEST_COMMAND = 200
_LONGEST_NOTE_BYTES = 4096

_held: set[Path] = set()


class LocksNotSupportedError(Exception):
    """The system, or the file system, has no locks."""


def try_lock(descriptor: int) -> bool:
    """Lock an open file, unless another process has done so, and return whether it is ours.

    Raises
    ------
    LocksNotSupportedError
        There are no locks here.
    """
    try:
        import fcntl
    except ImportError as error:  # Windows
        raise LocksNotSupportedError(f"{sys.platform} has none") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise LocksNotSupportedError(error.strerror) from error
    return True


def is_at(descriptor: int, path: Path) -> bool:
    """Tell whether an open file is the one that is found at `path`."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


def short(name: str) -> str:
    """Return a file name, or a digest of one that is so long that little can be added to it."""
    written = os.fsencode(name)
    if len(written) <= _LONGEST_NAME_BYTES:
        return name
    return hashlib.sha256(written).hexdigest()[:32]


@contextmanager
def hold(path: str | os.PathLike[str] | None) -> Iterator[None]:
    """Keep other processes from working on the file at `path`; wait, and say so, while one does.

    The folder is made if it is missing, and stays because the lock file is in it. Where there are
    no locks, that is said and nobody is kept away. Within one process the lock may be held twice.

    Parameters
    ----------
    path
        The file; None holds nothing.
    """
    if path is None:
        yield
        return
    lock = _lock_of(Path(path))
    if lock in _held:
        yield
        return
    descriptor = _taken(lock, wait=lambda: _say_who_works(Path(path), lock))
    if descriptor is None:
        yield
        return
    with _holding(lock, descriptor):
        yield


@contextmanager
def hold_if_free(path: Path) -> Iterator[bool]:
    """Hold the file at `path` unless another process does, and yield whether it is free."""
    lock = _lock_of(path)
    if lock in _held:
        yield True
        return
    try:
        descriptor = _taken(lock, wait=_leave)
    except _TakenByAnotherError:
        yield False
        return
    if descriptor is None:
        yield True
        return
    with _holding(lock, descriptor):
        yield True


def who_works_on(path: Path) -> str | None:
    """Return which process holds the file at `path`, in words; None if none does, or none is told.

    Nothing is made or changed.
    """
    lock = _lock_of(path)
    try:
        descriptor = os.open(lock, os.O_RDWR)
    except OSError:
        return None
    try:
        return None if try_lock(descriptor) else _holder(lock)
    except LocksNotSupportedError:
        return None
    finally:
        os.close(descriptor)


def remove_if_abandoned(path: Path) -> None:
    """Remove a file that whoever writes it keeps locked, if nobody has it locked."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:  # gone, or not ours
        return
    try:
        if try_lock(descriptor) and is_at(descriptor, path):
            _remove(path)
    except LocksNotSupportedError:  # nothing is known of it
        pass
    finally:
        os.close(descriptor)


class _TakenByAnotherError(Exception):
    """Another process holds the lock."""


def _lock_of(path: Path) -> Path:
    whole = Path(os.path.realpath(path))
    return whole.with_name(f"{short(whole.name)}{SUFFIX}")


@contextmanager
def _holding(lock: Path, descriptor: int) -> Iterator[None]:
    _held.add(lock)
    try:
        yield
    finally:
        _held.discard(lock)
        if is_at(descriptor, lock):  # nobody has removed it and made another one
            _remove(lock)
        os.close(descriptor)


def _taken(lock: Path, wait: Callable[[], None]) -> int | None:
    """Return the descriptor of a lock that is ours, or None where there are none.

    Parameters
    ----------
    wait
        Called once before waiting for another process; raises to leave it instead.
    """
    refused = 0
    while True:
        descriptor = _opened(lock)
        if descriptor is None:
            return None
        try:
            while not try_lock(descriptor):
                refused += 1
                if refused == _LOOKS_BEFORE_WAITING:
                    wait()
                time.sleep(_LOOK_S)
            if is_at(descriptor, lock):
                _note_holder(descriptor)
                return descriptor
        except LocksNotSupportedError as error:
            _remove(lock)
            os.close(descriptor)
            logger.warning(
                "nearsight: %s cannot be locked (%s): do not let two runs share it.",
                lock.parent,
                error,
            )
            return None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # removed by the one that held it before


def _opened(lock: Path) -> int | None:
    """Open the lock file; None where none can be made: what is to be locked cannot be either."""
    while True:
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            return os.open(lock, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
        except FileNotFoundError:  # the folder was removed in this very moment
            continue
        except OSError:
            return None


def _remove(lock: Path) -> None:
    with suppress(OSError):  # the next one can use what stays
        lock.unlink(missing_ok=True)


def _leave() -> None:
    raise _TakenByAnotherError


def _note_holder(descriptor: int) -> None:
    program = Path(sys.argv[0]).name if sys.argv else ""
    named = "nearsight" if program == "__main__.py" else program
    note = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "command": shlex.join([named, *sys.argv[1:]])[:_LONGEST_COMMAND],
        "since": datetime.now().astimezone().isoformat(timespec="seconds"),
    }
    with suppress(OSError):  # a full disk: whoever waits is told less
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(note).encode(), 0)


def _say_who_works(path: Path, lock: Path) -> None:
    logger.warning(
        "nearsight: %s is being worked on by %s; waiting until that is done (Ctrl-C leaves it).",
        path,
        _holder(lock),
    )


def _holder(lock: Path) -> str:
    """Return who holds a lock, in words."""
    try:
        with lock.open("rb") as file:
            note = parse_json(file.read(_LONGEST_NOTE_BYTES))
        words = (
            f"process {int(note['pid'])} on {note['host']} since {note['since']} "
            f"({note['command']})"
        )
    except (OSError, ValueError, KeyError, TypeError):  # it has not said so yet
        return "another process"
    return "".join(letter if letter.isprintable() else "?" for letter in words)
