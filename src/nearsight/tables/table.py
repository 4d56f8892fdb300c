"""A table of results: what is printed of it and what is written to a file are the same numbers."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_SPACES = "   "
_SPEC = re.compile(r"[<>]?[+]?z?(\d*).*")


@dataclass(frozen=True)
class Column:
    """One quantity of every row."""

    name: str
    """The name in a file, which ends with the unit: ``heat_capacity_J_per_g_K``."""
    values: Collection[Any]
    """A number, a word, or None where there is none, for each row."""
    head: str | None = None
    """The printed heading; None for what is in files only."""
    spec: str = ">8"
    """How a value is printed: the format of a number, or the width of a word."""

    @property
    def width(self) -> int:
        """How wide the column is."""
        parts = _SPEC.fullmatch(self.spec)
        assert parts is not None
        return max(len(self.head or ""), int(parts[1] or 0))

    def printed(self, value: Any) -> str:
        """Return a value as it is printed."""
        text = "-" if value is None else format(value, self.spec if _is_number(value) else "")
        return self._aligned(text)

    @property
    def heading(self) -> str:
        """The heading as it is printed."""
        return self._aligned(self.head or "")

    def _aligned(self, text: str) -> str:
        width = self.width
        return text.ljust(width) if self.spec.startswith("<") else text.rjust(width)


@dataclass(frozen=True)
class Table:
    """Rows of one kind."""

    columns: tuple[Column, ...]
    kind: str = ""
    """What the rows are, where they are beside those that a command is about: ``bands``."""

    @property
    def rows(self) -> Iterable[Mapping[str, Any]]:
        """The rows by the names of their columns, as plain numbers and words."""
        names = [column.name for column in self.columns]
        values = zip(*(column.values for column in self.columns), strict=True)
        return (dict(zip(names, map(_plain, row), strict=True)) for row in values)

    def print(self, most: int | None = None) -> int:
        """Print headings and rows, the first `most` of them, and return how many are left."""
        shown = [column for column in self.columns if column.head is not None]
        print(f"  {_SPACES.join(column.heading for column in shown)}".rstrip())
        rows = list(zip(*(column.values for column in shown), strict=True))
        for row in rows[:most]:
            cells = [column.printed(value) for column, value in zip(shown, row, strict=True)]
            print(f"  {_SPACES.join(cells)}".rstrip())
        return max(len(rows) - len(rows[:most]), 0)


def _is_number(value: Any) -> bool:
    return not isinstance(value, str | bool)


def _plain(value: Any) -> Any:
    """Return a number of NumPy as one of Python, whose text has all its digits."""
    return value.item() if hasattr(value, "item") else value
