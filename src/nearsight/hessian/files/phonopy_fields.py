"""Fields of phonopy's YAML by name and shape, with errors that name the line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearsight.arrays import FloatArray
from nearsight.errors import CheckpointError
from nearsight.hessian.files.phonopy_yaml import YamlMapping


class Fields:
    """A mapping in a file, whose fields are asked for by what they must be."""

    def __init__(self, file: Path, mapping: YamlMapping, path: str = "") -> None:
        self.file = file
        self._mapping = mapping
        self._path = path

    def __contains__(self, name: str) -> bool:
        return self._mapping.get(name) is not None

    def word(self, name: str) -> str | None:
        """Return a field as a word; None if there is no such field."""
        value = self._mapping.get(name)
        if isinstance(value, dict | list):
            raise self.wrong(name, "is no word")
        return None if value is None else str(value)

    def number(self, name: str) -> float | None:
        """Return a field as a finite number; None if there is no such field."""
        return float(self.array(name, ())) if name in self else None

    def inner(self, name: str) -> "Fields":
        """Return a mapping inside this one."""
        value = self._mapping.get(name)
        if not isinstance(value, YamlMapping):
            raise self.wrong(name, "is missing" if value is None else "is no mapping")
        return Fields(self.file, value, f"{self._path}{name}.")

    def rows(self, name: str) -> list["Fields"]:
        """Return a list of mappings, which may not be empty."""
        value = self._mapping.get(name)
        if not isinstance(value, list) or not all(isinstance(row, YamlMapping) for row in value):
            raise self.wrong(name, "is missing" if value is None else "is no list of mappings")
        if not value:
            raise self.wrong(name, "is empty")
        return [
            Fields(self.file, row, f"{self._path}{name}.{index + 1}.")
            for index, row in enumerate(value)
        ]

    def lists_of_rows(self, name: str) -> list[list["Fields"]]:
        """Return a list of lists of mappings."""
        value = self._mapping.get(name)
        if not isinstance(value, list):
            raise self.wrong(name, "is missing" if value is None else "is no list")
        found = []
        for index, rows in enumerate(value):
            inner = YamlMapping()
            inner.update({"rows": rows})
            inner.lines["rows"] = self._mapping.lines[name]
            found.append(Fields(self.file, inner, f"{self._path}{name}.{index + 1}.").rows("rows"))
        return found

    def has_lists(self, name: str) -> bool:
        """Tell whether a field is a list of lists."""
        value = self._mapping.get(name)
        return isinstance(value, list) and bool(value) and isinstance(value[0], list)

    def is_list(self, name: str) -> bool:
        """Tell whether a field is a list."""
        return isinstance(self._mapping.get(name), list)

    def length(self, name: str) -> int:
        """Return how many elements a list has."""
        value = self._mapping.get(name)
        if not isinstance(value, list):
            raise self.wrong(name, "is missing" if value is None else "is no list")
        return len(value)

    def array(self, name: str, shape: Sequence[int]) -> FloatArray:
        """Return a field as finite numbers of this shape.

        Raises
        ------
        CheckpointError
            It is missing, of another shape, or has something that is no finite number.
        """
        value = self._mapping.get(name)
        if value is None:
            raise self.wrong(name, "is missing")
        return self.numbers(name, value, shape)

    def numbers(self, name: str, value: Any, shape: Sequence[int]) -> FloatArray:
        """Return what stands in the field `name` as finite numbers of this shape; see `array`."""
        try:
            found = np.array(value, dtype=np.float64)
        except (ValueError, TypeError, OverflowError) as error:
            raise self.wrong(name, f"holds something else than numbers ({error})") from error
        if found.shape != tuple(shape):
            wanted = "×".join(map(str, shape)) or "one"
            given = "×".join(map(str, found.shape)) or "one"
            raise self.wrong(name, f"holds {given} numbers in place of {wanted}")
        if not np.isfinite(found).all():
            raise self.wrong(name, "holds a number that is not finite")
        return found

    def integers(self, name: str, shape: Sequence[int]) -> NDArray[np.int64]:
        """Return a field as whole numbers of this shape; see `array`."""
        found = self.array(name, shape)
        if (found != np.round(found)).any() or (np.abs(found) > 10**9).any():
            raise self.wrong(name, "holds something else than whole numbers")
        return found.astype(np.int64)

    def wrong(self, name: str, what: str) -> CheckpointError:
        """Return the error for a field, with its line where it has one."""
        line = self._mapping.lines.get(name) or min(self._mapping.lines.values(), default=None)
        where = "" if line is None else f" (line {line})"
        return CheckpointError(
            f"{self.file} is not a readable YAML file of phonopy: {self._path}{name}{where} {what}."
        )
