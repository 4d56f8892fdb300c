"""Files that are written whole or not at all."""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import IO, ParamSpec, TypeVar

from nearsight.errors import StorageError
from nearsight.locking import (
    SUFFIX,
    LocksNotSupportedError,
    is_at,
    remove_if_abandoned,
    short,
    try_lock,
)

P = ParamSpec("P")
Result = TypeVar("Result")

_FORMAT = 1

UNFINISHED = ".nearsight-part"
"""How names of files end that are just being written."""
_ANY_MAY_WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def write_atomically(path: str | os.PathLike[str], write: Callable[[IO[bytes]], None]) -> None:
    """Call `write` on a new file beside `path` and move it there once it is complete and on disk.

    A link stays a link; the file that it points to is replaced, and keeps its permissions and, as
    far as the system lets us, owner and group. Other names of the same file (hard links) keep what
    was there before. A new file has the permissions of any other. What is there but no regular
    file, such as a pipe or ``/dev/stdout``, is written to directly.

    Raises
    ------
    StorageError
        The file could not be written (a full disk, say), or the one that is there must not be; an
        older file at `path` is intact.

    Examples
    --------
    >>> from pathlib import Path
    >>> from nearsight.storage import write_atomically
    >>> def write(file):
    ...     file.write(b"300 K")
    ...
    >>> write_atomically("note.txt", write)
    >>> Path("note.txt").read_text()
    '300 K'
    """
    if os.path.exists(path) and not os.path.isfile(path):
        _write_directly(path, write)
        return
    target = Path(os.path.realpath(path))
    before = require_replaceable(path)
    temporary: Path | None = None
    try:
        _remove_abandoned(target)
        descriptor, temporary = _open_temporary(target, before)
        with open(descriptor, "w+b") as file:
            write(file)
            file.flush()
            os.fsync(descriptor)
            if before is not None:
                _keep_permissions(descriptor, before)
            if os.name == "nt":
                file.close()  # Windows moves no open file, and has no locks that tell by
            # Still open, and so locked: nobody takes it for abandoned.
            temporary.replace(target)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise StorageError(
            f"cannot write {Path(path)}: {error.strerror or error}. Nothing there was changed; "
            f"{what_helps(error)} or choose another place."
        ) from error
    except BaseException:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise


def remove_leftovers(folder: Path) -> None:
    """Remove what processes that were killed left in `folder`: half-written files, and locks.

    Those of a process that is alive, on whatever machine, are locked and stay.

    Examples
    --------
    >>> from pathlib import Path
    >>> from nearsight.storage import remove_leftovers
    >>> remove_leftovers(Path())
    """
    for entry in list(os.scandir(folder)):
        if entry.name.endswith((UNFINISHED, SUFFIX)):
            remove_if_abandoned(Path(entry.path))


def require_replaceable(path: str | os.PathLike[str]) -> os.stat_result | None:
    """Return what is known of the file that is to be replaced, or None if there is none.

    Raises
    ------
    StorageError
        It is write-protected.

    Examples
    --------
    >>> from nearsight.storage import require_replaceable, write_text
    >>> write_text("note.txt", "300 K")
    >>> print(require_replaceable("note.txt").st_size, "bytes")
    5 bytes
    """
    target = Path(os.path.realpath(path))
    try:
        before = target.stat()
    except OSError:
        return None
    # The mode is looked at too, because nothing is forbidden to an administrator.
    if not before.st_mode & _ANY_MAY_WRITE or not os.access(target, os.W_OK):
        raise StorageError(
            f"cannot write {Path(path)}: it is write-protected (mode "
            f"{stat.S_IMODE(before.st_mode):04o}). Nothing there was changed; make it writable "
            f"(chmod u+w) or choose another place."
        )
    return before


def require_writable(path: str | os.PathLike[str]) -> None:
    """Check that a file can be written at `path`.

    Raises
    ------
    StorageError
        The folder does not exist or may not be written, the name is not possible, or a file that is
        there is write-protected.

    Examples
    --------
    >>> from nearsight.errors import StorageError
    >>> from nearsight.storage import require_writable
    >>> require_writable("note.txt")
    >>> try:
    ...     require_writable("no/such/folder/note.txt")
    ... except StorageError as error:
    ...     print("refused")
    ...
    refused
    """
    target = Path(os.path.realpath(path))
    try:
        if target.is_dir():
            raise StorageError(f"{path} is a folder; give the name of a file.")
        if not target.parent.is_dir():
            raise StorageError(f"cannot write {path}: the folder {target.parent} does not exist.")
        # A device or a pipe is written to as it is; for a file another takes its place.
        written = target if target.exists() and not target.is_file() else target.parent
        longest = os.pathconf(target.parent, "PC_NAME_MAX")
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror or error}.") from error
    if not os.access(written, os.W_OK):
        raise StorageError(f"cannot write {path}: {written} may not be written.")
    if len(os.fsencode(target.name)) > longest:
        raise StorageError(
            f"cannot write {path}: names of files have at most {longest} bytes there; choose a "
            f"shorter one."
        )
    require_replaceable(path)


def what_helps(error: OSError) -> str:
    """Return what to do about a file that cannot be written.

    Examples
    --------
    >>> from nearsight.storage import what_helps
    >>> print(what_helps(OSError(28, "No space left on device")))
    free some space
    """
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "free some space"
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return "make it writable"
    return "see whether the place is still there"


def _prefix(target: Path) -> str:
    """Return how the names of unfinished files for `target` begin."""
    return f".{short(target.name)}."


def _open_temporary(target: Path, before: os.stat_result | None) -> tuple[int, Path]:
    """Make a file beside `target` and lock it, so that others know that it is being written."""
    mode = 0o666 if before is None else stat.S_IMODE(before.st_mode) & 0o666
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
    while True:
        temporary = target.with_name(f"{_prefix(target)}{secrets.token_hex(4)}{UNFINISHED}")
        try:
            descriptor = os.open(temporary, flags | getattr(os, "O_BINARY", 0), mode | stat.S_IWUSR)
        except FileExistsError:
            continue
        try:
            with contextlib.suppress(LocksNotSupportedError):
                if not (try_lock(descriptor) and is_at(descriptor, temporary)):
                    os.close(descriptor)  # taken for abandoned before it was locked
                    continue
        except OSError:
            os.close(descriptor)
            temporary.unlink(missing_ok=True)
            raise
        return descriptor, temporary


def _keep_permissions(descriptor: int, before: os.stat_result) -> None:
    if not hasattr(os, "fchown"):  # Windows
        return
    now = os.fstat(descriptor)
    if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
        with contextlib.suppress(OSError):  # only an administrator may give a file away
            os.fchown(descriptor, before.st_uid, before.st_gid)
    now = os.fstat(descriptor)
    mode = stat.S_IMODE(before.st_mode)
    if now.st_gid != before.st_gid:
        mode &= ~stat.S_IRWXG | (mode & stat.S_IRWXO) << 3  # another group may not do more
    os.fchmod(descriptor, mode)


def _remove_abandoned(target: Path) -> None:
    """Remove what processes that were killed left of earlier attempts to write `target`."""
    prefix = _prefix(target)
    with contextlib.suppress(OSError):  # a folder that must not be listed can be written to
        for entry in list(os.scandir(target.parent)):
            if entry.name.startswith(prefix) and entry.name.endswith(UNFINISHED):
                remove_if_abandoned(Path(entry.path))


def _write_directly(path: str | os.PathLike[str], write: Callable[[IO[bytes]], None]) -> None:
    try:
        with open(path, "wb") as file:
            write(file)
    except OSError as error:
        raise StorageError(
            f"cannot write to {Path(path)}: {error.strerror or error}. It is no regular file; "
            f"choose another place."
        ) from error


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write `text` as UTF-8 through `write_atomically`.

    Examples
    --------
    >>> from pathlib import Path
    >>> from nearsight.storage import write_text
    >>> write_text("note.txt", "300 K")
    >>> Path("note.txt").read_text()
    '300 K'
    """
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
    """Write `content` through `write_atomically`.

    Examples
    --------
    >>> from pathlib import Path
    >>> from nearsight.storage import write_bytes
    >>> write_bytes("note.bin", b"300 K")
    >>> Path("note.bin").stat().st_size
    5
    """

    def write(file: IO[bytes]) -> None:
        file.write(content)

    write_atomically(path, write)
