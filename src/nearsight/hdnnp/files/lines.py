"""Lines of the files of a potential, and numbers in them, with errors that say where they are."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nearsight.errors import ModelError, NearsightError
from nearsight.printable import printable

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[EeDd][-+]?\d{1,4})?", re.ASCII)
_COUNT = re.compile(r"\d{1,9}", re.ASCII)
UNENDED = (
    "ends without a line break: it may be cut off in the middle of a number. Copy it again, or add "
    "the line break if it is whole."
)
_LONGEST_SHOWN = 40
_DATA = ("input.data", "*.extxyz", "*.xyz")
"""Names of files of labelled structures."""
_LONGEST_LINE = 100_000


@dataclass(frozen=True)
class Line:
    """Words of one line, without its comment."""

    file: Path
    number: int
    """Counted from 1."""
    words: tuple[str, ...]
    raises: type[NearsightError] = ModelError
    """What an error in it is: one of a potential, or of its data."""

    @property
    def keyword(self) -> str:
        """The first word."""
        return self.words[0]

    @property
    def arguments(self) -> tuple[str, ...]:
        """All words but the first."""
        return self.words[1:]

    def error(self, what: str) -> NearsightError:
        """Return the error that says what is wrong in this line and what to do."""
        return self.raises(f"{self.file}, line {self.number}: {what}")

    def real(self, index: int, what: str) -> float:
        """Return the word at `index` as a finite number; ``1.0d-3`` is one, too.

        Raises
        ------
        NearsightError
            It is missing, no number, or not finite.
        """
        word = self._word(index, what)
        value = float(re.sub("[Dd]", "e", word)) if _NUMBER.fullmatch(word) else float("nan")
        if not abs(value) < float("inf"):
            raise self.error(f"{what} is a finite number, not {shown(word)}; correct it.")
        return value

    def count(self, index: int, what: str) -> int:
        """Return the word at `index` as a whole number that is not negative.

        Raises
        ------
        NearsightError
            It is missing, or none.
        """
        word = self._word(index, what)
        if not _COUNT.fullmatch(word):
            raise self.error(f"{what} is a whole number, not {shown(word)}; correct it.")
        return int(word)

    def _word(self, index: int, what: str) -> str:
        if index >= len(self.words):
            raise self.error(f"{what} is missing; write it as word {index + 1} of the line.")
        return self.words[index]


def shown(word: str) -> str:
    """Return a word of a file as a message may have it, however long and whatever is in it."""
    text = printable(word)
    return f"“{text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + '…'}”"


def content(file: Path, most_bytes: int) -> str:
    """Return the text of a file.

    Raises
    ------
    ModelError
        There is no such file, it cannot be read, it is larger than any that is sound, or its last
        line may be cut off in the middle of a number.
    """
    try:
        if not file.is_file():
            raise ModelError(f"{file} is missing, or no file.")
        with file.open("rb") as opened:
            read = opened.read(most_bytes + 1)
    except OSError as error:
        raise ModelError(unreadable(file, error)) from error
    if len(read) > most_bytes:
        raise ModelError(
            f"{file} is larger than {most_bytes:,} bytes, more than what it should hold can take; "
            f"it is something else, or damaged."
        )
    text = read.decode("utf-8-sig", errors="replace")
    if text and not text.endswith(("\n", "\r")):
        raise ModelError(f"{file} {UNENDED}")
    return text


def unreadable(file: Path, error: OSError) -> str:
    """Return what to say of a file that the system does not let one read."""
    if isinstance(error, IsADirectoryError):
        names = sorted(each for pattern in _DATA for each in file.glob(pattern))
        such_as = f", such as {names[0]}" if names else ""
        return f"{file} is a folder; name the file that has the structures{such_as}."
    return f"{file} cannot be read ({error.strerror or error}); check its name and permissions."


def lines_of(file: Path, text: str) -> Iterator[Line]:
    """Yield what is in each line before a ``#`` or ``!``, leaving out empty ones."""
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if len(line) > _LONGEST_LINE:
            raise Line(file, number, ()).error(
                f"it has {len(line):,} characters; this is no text file of a potential."
            )
        words = tuple(re.split("[#!]", line, maxsplit=1)[0].split())
        if words:
            yield Line(file, number, words)
