"""Lines of an input script, as LAMMPS puts them together."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nearsight.errors import system_message
from nearsight.lammps.library import LammpsError

_TRIPLE = '"""'
_SUBSTITUTED = re.compile(r"\\\$(\\\{[^}]*\\\}|\\\(.*?\\\)|\w)")


@dataclass(frozen=True)
class ScriptLine:
    """One command, which may go over several lines of the file."""

    file: str
    number: int
    """Of its first line in the file, counted from 1."""
    text: str
    """In one line, without a comment."""

    @property
    def words(self) -> list[str]:
        """The words of the command, quotes left as they are."""
        return self.text.split()

    @property
    def command(self) -> str:
        """The first word; empty for a line without any."""
        return self.words[0] if self.words else ""

    @property
    def place(self) -> str:
        """Where it is, for messages."""
        return f"line {self.number} of {self.file}"

    def may_be(self, said: str) -> bool:
        """Tell whether LAMMPS may mean this line by what it calls its last input line.

        Variables are substituted there, and of a command within another only the inner one is said.
        """
        pattern = _SUBSTITUTED.sub(".*", re.escape(" ".join(self.words)))
        shown = " ".join(said.split())
        return bool(shown) and (re.fullmatch(pattern, shown) is not None or shown in self.text)


def read_lines(path: str | Path) -> list[ScriptLine]:
    """Read the commands of a script.

    Raises
    ------
    LammpsError
        There is no such file, or it cannot be read.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise LammpsError(f"{path} is no text in UTF-8, as scripts of LAMMPS are.") from error
    except FileNotFoundError as error:
        raise LammpsError(f"{path} does not exist; check the path for a typo.") from error
    except OSError as error:
        raise LammpsError(system_message(error)) from error
    return [ScriptLine(str(path), number, line) for number, line in _joined(text)]


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Yield each command with the number of its first line.

    As in `Input::file` of LAMMPS, a command goes on after an ``&`` at the end, or while a text in
    triple quotes has not ended.
    """
    first, so_far = 1, ""
    for number, line in enumerate(text.splitlines(), start=1):
        if not so_far:
            first = number
        so_far += line.rstrip()
        if so_far.endswith("&"):
            so_far = so_far[:-1] + " "
        elif so_far.count(_TRIPLE) % 2:
            so_far += "\n"
        else:
            yield first, _without_comment(so_far)
            so_far = ""
    if so_far:
        yield first, _without_comment(so_far)


def _without_comment(line: str) -> str:
    """Cut a line at the first ``#`` that is in no quotes."""
    quote = ""
    for index, character in enumerate(line):
        if quote:
            if character == quote:
                quote = ""
        elif character in "\"'":
            quote = character
        elif character == "#":
            return line[:index].rstrip()
    return line
