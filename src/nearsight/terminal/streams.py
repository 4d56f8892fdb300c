"""Standard output and standard error that a result does not depend on.

Whoever reads what is printed may leave, as ``head`` does, the disk behind it may be full, or it may
have been closed before the command began. None of that may cost a calculation: what cannot be
printed is counted, and said at the end.
"""

import contextlib
import io
import logging
import os
import sys
import traceback
from collections.abc import Iterator
from typing import Any, TextIO

from nearsight.printable import printable, printable_name
from nearsight.tables.lines import start_of

PRINTED = logging.getLogger("nearsight.printed")
"""For the log of what stands on standard error already."""
PRINTED.addHandler(logging.NullHandler())  # else logging would print it once more

_CLOSED = "it is closed"
_ERASE = "\r\x1b[2K"


class GuardedStream(io.TextIOBase):
    """A text stream to which writing never fails.

    Parameters
    ----------
    stream
        Where text goes; None if that is closed.
    plain
        Whether control characters are written as escapes, so that a name of a file cannot move the
        cursor or colour the terminal. A stream on which a progress bar is drawn needs them.
    """

    def __init__(self, stream: TextIO | None, *, plain: bool) -> None:
        self.failure = _CLOSED if stream is None else None
        """Why something could not be written; None if all was."""
        self.status: StatusLine | None = None
        """A line on the terminal that gives way to what is written."""
        self._stream = stream
        self._plain = plain

    def write(self, text: str) -> int:
        """Write, or note why that is not possible."""
        if self.status is not None and text:
            self.status.clear()
        if self._stream is not None:
            try:
                self._stream.write(printable(text) if self._plain else text)
            except (OSError, ValueError) as error:  # ValueError: closed meanwhile
                self._note(error)
        return len(text)

    def flush(self) -> None:
        """Write what is buffered, or note why that is not possible."""
        if self._stream is not None:
            try:
                self._stream.flush()
            except (OSError, ValueError) as error:
                self._note(error)

    def writable(self) -> bool:
        """Return True."""
        return True

    def isatty(self) -> bool:
        """Tell whether it is a terminal."""
        with contextlib.suppress(ValueError):
            return self._stream is not None and self._stream.isatty()
        return False

    def fileno(self) -> int:
        """Return the descriptor; `io.UnsupportedOperation` if there is none."""
        if self._stream is None:
            raise io.UnsupportedOperation(_CLOSED)
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]  # typeshed lets only subclasses of files set it
        """How text becomes bytes."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def give_up(self) -> None:
        """Let what is still buffered go nowhere, instead of complaining when Python ends."""
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)

    def _note(self, error: OSError | ValueError) -> None:
        if self.failure is None:
            self.failure = getattr(error, "strerror", None) or str(error)


class StatusLine:
    """The last line of a terminal, which says what is being done until something is printed.

    Parameters
    ----------
    stream
        Standard error, a terminal that can erase a line.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown = False

    def show(self, text: str) -> None:
        """Show a text in the place of the one before."""
        self._shown = True
        self._write(_ERASE + start_of(printable_name(text), self._columns() - 1))

    def clear(self) -> None:
        """Take away what is shown."""
        if self._shown:
            self._shown = False
            self._write(_ERASE)

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # the terminal may be gone
            self._stream.write(text)
            self._stream.flush()

    def _columns(self) -> int:
        with contextlib.suppress(OSError, ValueError):
            return os.get_terminal_size(self._stream.fileno()).columns or 80
        return 80


@contextlib.contextmanager
def status_line() -> Iterator[StatusLine | None]:
    """Yield a line of the terminal while streams are guarded; None where there is none."""
    guarded = [each for each in (sys.stdout, sys.stderr) if isinstance(each, GuardedStream)]
    errors = guarded[-1]._stream if guarded else None
    if len(guarded) < 2 or errors is None:
        yield None
        return
    status = StatusLine(errors)
    for stream in guarded:
        stream.status = status
    try:
        yield status
    finally:
        status.clear()
        for stream in guarded:
            stream.status = None


@contextlib.contextmanager
def guarded_streams() -> Iterator[GuardedStream]:
    """Put guarded streams in the place of standard output and error, and yield the former."""
    before = sys.stdout, sys.stderr
    _open_closed_descriptors()
    for stream in before:
        # A terminal that cannot show a Greek letter must not cost a result.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    output: Any = GuardedStream(before[0], plain=True)
    errors: Any = GuardedStream(before[1], plain=False)
    sys.stdout, sys.stderr = output, errors
    try:
        yield output
    finally:
        for guarded in (output, errors):
            guarded.flush()
            if guarded.failure is not None:
                guarded.give_up()
        sys.stdout, sys.stderr = before


def _open_closed_descriptors() -> None:
    """Keep files from getting the descriptors of closed streams, to which libraries may print."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest that is free


def why_not_printed() -> str | None:
    """Return why something could not be printed so far; None if all could."""
    sys.stdout.flush()
    return getattr(sys.stdout, "failure", None)


def say(message: str) -> None:
    """Print a message for the user to standard error, and keep it in the log."""
    print(f"nearsight: {printable(message)}", file=sys.stderr)
    PRINTED.error("%s", message)


def say_defect(error: BaseException) -> None:
    """Print the traceback of a defect to standard error, and keep it in the log."""
    text = "".join(traceback.format_exception(error))
    print(printable(text), end="", file=sys.stderr)
    PRINTED.error("%s", text.rstrip())


def ended_by_package(ended: SystemExit) -> str:
    """Return what to say when a package that a model needs ends the program: nothing here does."""
    return f"a package wanted to end the program (exit status {ended.code})."
