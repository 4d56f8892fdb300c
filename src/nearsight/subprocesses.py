"""Processes that work for this one: what they print, and how they ended, in words."""

import os
import signal
import tempfile
from typing import Any

_LAST_LINES, _LINE_CHARACTERS, _TAIL_BYTES = 10, 200, 8192
_MOST_OUTPUT_BYTES = 2**24


class Output:
    """A file for what a process prints, which keeps it off the user's output.

    `file` is given to the process; nobody else sees it.
    """

    def __init__(self) -> None:
        import fcntl  # which Windows lacks

        self.file: Any = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # as long as it works
        # The process always writes at the end, also when the file was emptied from here.
        flags = fcntl.fcntl(self.file, fcntl.F_GETFL)
        fcntl.fcntl(self.file, fcntl.F_SETFL, flags | os.O_APPEND)

    def last_words(self) -> str:
        """Return the last lines that were printed, indented."""
        size = os.fstat(self.file.fileno()).st_size
        start = max(size - _TAIL_BYTES, 0)
        tail = os.pread(self.file.fileno(), _TAIL_BYTES, start).decode(errors="replace")
        lines = [line.rstrip()[:_LINE_CHARACTERS] for line in tail.splitlines() if line.strip()]
        return "\n".join(f"  {line}" for line in lines[-_LAST_LINES:])

    def bound(self) -> None:
        """Empty the file if it has become large."""
        if os.fstat(self.file.fileno()).st_size > _MOST_OUTPUT_BYTES:
            self.file.truncate(0)

    def close(self) -> None:
        """Let go of the file, which is gone then."""
        self.file.close()


def ending(status: int) -> str:
    """Return how a process ended, as a predicate, from the return code that `subprocess` gives."""
    if status == -signal.SIGKILL:
        return "was killed by SIGKILL, most likely by the system for lack of memory"
    if status < 0:
        names = {each.value: each.name for each in signal.Signals}
        return f"was killed by {names.get(-status, f'signal {-status}')}"
    return f"ended with exit code {status}"


def with_last_words(sentence: str, words: str) -> str:
    """Return a sentence about the end of a process, with what it printed last."""
    return f"{sentence} Its last words:\n{words}" if words else f"{sentence} It left no words."
