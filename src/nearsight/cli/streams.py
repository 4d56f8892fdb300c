"""Standard output and standard error that a result does not depend on.

Whoever reads what is printed may leave, as ``head`` does, the disk behind it may be full, or it may
have been closed before the command began. None of that may cost a calculation: what cannot be
printed is counted, and said at the end.
"""

import contextlib
import io
import os
import sys
import traceback
from collections.abc import Iterator
from typing import Any, TextIO

from nearsight.printable import printable

_CLOSED = "it is closed"


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
        self._stream = stream
        self._plain = plain

    def write(self, text: str) -> int:
        """Write, or note why that is not possible."""
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
    """Print a message for the user to standard error."""
    print(f"nearsight: {printable(message)}", file=sys.stderr)


def say_defect(error: BaseException) -> None:
    """Print the traceback of a defect to standard error."""
    print(printable("".join(traceback.format_exception(error))), end="", file=sys.stderr)


def ended_by_package(ended: SystemExit) -> str:
    """Return what to say when a package that a model needs ends the program: nothing here does."""
    return f"a package wanted to end the program (exit status {ended.code})."
