"""What a command tells while it works: lines on standard error, in a file, or on a terminal."""

import contextlib
import logging
import sys
from collections.abc import Iterator
from typing import Protocol

from nearsight.errors import MethodError, StorageError
from nearsight.printable import printable, printable_name
from nearsight.progress import BarProgress, LogProgress, Progress, SeveralProgress, shows_bars
from nearsight.terminal.interruption import described
from nearsight.terminal.streams import PRINTED, StatusLine, say, status_line

_logger = logging.getLogger("nearsight")
_TIME = "%Y-%m-%d %H:%M:%S"


class LogOptions(Protocol):
    """The options that decide what a command tells."""

    quiet: bool
    verbose: bool
    log: str | None


@contextlib.contextmanager
def told_as_asked(told: LogOptions) -> Iterator[None]:
    """Let what the package logs be told as the options say while the block runs.

    Raises
    ------
    MethodError
        The options contradict each other.
    StorageError
        The file cannot be written.
    """
    if told.quiet and told.verbose:
        raise MethodError("`quiet` and `verbose` contradict each other; leave one out.")
    before = _logger.level, _logger.propagate
    with contextlib.ExitStack() as stack:
        handlers = list(_handlers(told, stack))
        for handler in handlers:
            _logger.addHandler(handler)
            stack.callback(handler.close)
            stack.callback(_logger.removeHandler, handler)
        stack.callback(_restore, *before)
        _logger.setLevel(min(handler.level for handler in handlers))
        # A package that sets up logging for itself must not print our lines once more.
        _logger.propagate = False
        try:
            yield
        except KeyboardInterrupt as interruption:
            PRINTED.error("%s", described(interruption))
            raise


def progress_for(told: LogOptions, label: str = "", position: str = "") -> Progress:
    """Return where it is told how far something has come.

    Parameters
    ----------
    label
        The name of the structure, if it is about one.
    position
        Which one of how many it is, such as ``3 of 20``.
    """
    bars = shows_bars() and not told.quiet
    lines = told.log is not None or not (told.quiet or (bars and not told.verbose))
    parts: list[Progress] = [BarProgress(label, position)] if bars else []
    if lines:
        parts.append(LogProgress(_logger, label, position))
    return SeveralProgress(*parts)


def print_above_bars(told: LogOptions, line: str) -> None:
    """Print a line that stays above the bars of a terminal, where lines are not printed anyway."""
    if shows_bars() and not (told.quiet or told.verbose):
        print(printable_name(line), file=sys.stderr, flush=True)


def _handlers(told: LogOptions, stack: contextlib.ExitStack) -> Iterator[logging.Handler]:
    level = logging.DEBUG if told.verbose else logging.INFO
    if told.log is not None:
        yield _file_handler(told.log, level)
    quiet = told.quiet or (shows_bars() and not told.verbose)
    status = None if told.quiet or not quiet else stack.enter_context(status_line())
    if status is not None:
        yield _ToStatusLine(status)
    yield _ToStandardError(logging.WARNING if quiet else level, timed=not quiet)


def _restore(level: int, propagate: bool) -> None:
    _logger.setLevel(level)
    _logger.propagate = propagate


def _file_handler(path: str, level: int) -> logging.Handler:
    try:
        handler = _ToFile(path, mode="a", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise StorageError(
            f"cannot write the log {path}: {error.strerror or error}. Give `log` another file."
        ) from error
    handler.setLevel(level)
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(message)s", _TIME))
    return handler


class _Formatter(logging.Formatter):
    """One line for a record, which no name in it can break or colour; of tracebacks several."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return printable(text) if record.levelno >= logging.ERROR else printable_name(text)


class _ToFile(logging.FileHandler):
    """Appends to a file; if that is not possible any more, it is said once and the run goes on."""

    _failed = False

    def close(self) -> None:
        with contextlib.suppress(OSError):  # what could not be written was said
            super().close()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002  # as logging calls it
        if self._failed:
            return
        self._failed = True
        error = sys.exc_info()[1]
        reason = getattr(error, "strerror", None) or error
        say(f"cannot write the log {self.baseFilename}: {reason}. The run goes on.")


class _ToStandardError(logging.Handler):
    """Prints what does not stand there already on what is standard error at the moment."""

    def __init__(self, level: int, *, timed: bool) -> None:
        super().__init__(level)
        self.setFormatter(_Formatter(f"{'%(asctime)s ' if timed else ''}%(message)s", _TIME))
        self.addFilter(lambda record: record.name != PRINTED.name)

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr, flush=True)


class _ToStatusLine(logging.Handler):
    """Shows the latest line where a bar will be."""

    def __init__(self, status: StatusLine) -> None:
        super().__init__(logging.INFO)
        self._status = status
        self.addFilter(lambda record: record.levelno == logging.INFO)

    def emit(self, record: logging.LogRecord) -> None:
        self._status.show(record.getMessage())
