"""Tables of parameter files, whose every key must be known."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nearsight.errors import ModelError
from nearsight.models.families.forcefield.parameters import ForceField


@dataclass(frozen=True)
class ReadFile:
    """What a file has: parameters, and what it says of how they are used."""

    force_field: ForceField
    stated: Mapping[str, Any]
    """Fields of `Treatment` that it states."""


@dataclass(eq=False)
class Table:
    """A table of a file that is taken apart key by key.

    What is left in the end is not known, and an error.
    """

    path: Path
    text: str
    """The whole file, in which the line of a key is looked up."""
    name: str
    """What the table is called in messages; empty for the file's own."""
    values: dict[str, Any]
    key_pattern: str
    """Of a line that has a key, with ``{}`` in its place."""
    _taken: set[str] = field(default_factory=set)

    def take(self, key: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
        """Return a value of a kind, or the default where there is none.

        Raises
        ------
        ModelError
            It is of another kind.
        """
        self._taken.add(key)
        if key not in self.values:
            return default
        value = self.values[key]
        truth_for_number = isinstance(value, bool) and kind not in (bool, object)
        if not isinstance(value, kind) or truth_for_number:
            raise self.error(key, f"{value!r} is not what is expected there")
        return value

    def number(self, key: str, default: float | None = None) -> float | None:
        """Return a real number; see `take`."""
        value = self.take(key, (int, float), default)
        return None if value is None else float(value)

    def needed(self, key: str, kind: type | tuple[type, ...]) -> Any:
        """Return a value that must be there.

        Raises
        ------
        ModelError
            It is missing, or of another kind.
        """
        if key not in self.values:
            raise ModelError(f"{self.path}: {self.where} has no {key}; add it.")
        return self.take(key, kind)

    def table(self, key: str) -> "Table":
        """Return a table in this one, empty if there is none."""
        return self.inner(key, self.take(key, dict, {}))

    def tables(self, key: str) -> Iterator["Table"]:
        """Yield the tables of a list in this one."""
        for number, values in enumerate(self.take(key, list, []), start=1):
            if not isinstance(values, dict):
                raise self.error(key, f"entry {number} is {values!r}, not a table")
            yield self.inner(f"{key} no. {number}", values)

    def inner(self, name: str, values: dict[str, Any]) -> "Table":
        """Return a table of values that are in this one."""
        full = f"{self.name}.{name}" if self.name else name
        return Table(self.path, self.text, full, values, self.key_pattern)

    def finish(self) -> None:
        """Check that every key has been taken.

        Raises
        ------
        ModelError
            Naming one that has not, with its line.
        """
        left = [key for key in self.values if key not in self._taken]
        if left:
            known = ", ".join(sorted(self._taken))
            raise self.error(left[0], f"{left[0]} is not known; possible are {known}")

    @property
    def where(self) -> str:
        """The table, for messages."""
        return self.name or "the file"

    def error(self, key: str, what: str) -> ModelError:
        """Return an error about a key, with its line where that can be told."""
        pattern = self.key_pattern.format(re.escape(key))
        lines = [n for n, line in enumerate(self.text.splitlines(), 1) if re.search(pattern, line)]
        place = f"line {lines[0]}" if len(lines) == 1 else self.where
        return ModelError(f"{self.path}, {place}, {key}: {what}.")


def text_of(path: Path) -> str:
    """Return the content of a file of parameters.

    Raises
    ------
    ModelError
        It cannot be read, or is no text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"the force field {path} cannot be read: {error}.") from error
