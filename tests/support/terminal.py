"""Commands in a terminal of 80 columns, and what they show there."""

import fcntl
import os
import pty
import re
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Session:
    """What a command did in a terminal."""

    status: int
    written: bytes
    """All that it wrote, with what moves the cursor."""
    first_word_s: float
    """When the first byte came."""

    @property
    def words(self) -> str:
        """What it wrote without what moves the cursor."""
        return _ESCAPES.sub(b"", self.written).decode()

    @property
    def left(self) -> list[str]:
        """The lines that stand on the screen at the end; only the last one is ever erased."""
        lines = [""]
        for piece in re.split(rb"(\r\n|\r|\x1b\[2K|\x1b\[1A)", self.written):
            if piece == b"\r\n":
                lines.append("")
            elif piece == b"\x1b[1A":
                lines.pop()
            elif piece == b"\x1b[2K":
                lines[-1] = ""
            elif piece != b"\r":
                lines[-1] += _ESCAPES.sub(b"", piece).decode()
        return lines


def in_terminal(command: Sequence[str], environment: Mapping[str, str]) -> Session:
    """Run a command whose three streams are a terminal."""
    began = time.monotonic()
    pid, descriptor = pty.fork()
    if pid == 0:
        os.execvpe(command[0], list(command), {**os.environ, "TERM": "xterm", **environment})
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    written, first = b"", None
    while True:
        try:
            piece = os.read(descriptor, 65536)
        except OSError:  # on Linux, the end
            break
        if not piece:
            break
        first = time.monotonic() - began if first is None else first
        written += piece
    os.close(descriptor)
    _, status = os.waitpid(pid, 0)
    return Session(os.waitstatus_to_exitcode(status), written, first or float("inf"))
