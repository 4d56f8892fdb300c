"""Reference values of structures, of a column of a CSV file."""

import csv
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nearsight.errors import MethodError
from nearsight.settings import nearest
from nearsight.structures.selection import structure_stem


@dataclass(frozen=True)
class Reference:
    """What is known of structures from elsewhere."""

    label: str
    """The column."""
    values: Mapping[str, float]
    """By the names of structures, as `structure_stem` returns them."""

    def of(self, structure: str) -> float | None:
        """Return the value of a structure; None if it has none."""
        return self.values.get(structure_stem(structure))


def read_reference(path: str | os.PathLike[str], column: str) -> Reference:
    """Read a column of a CSV file whose first column names structures.

    Parameters
    ----------
    path
        A table with a line of names; structures are named as their files, with or without suffix.
    column
        The column of values, in the unit of what they are compared with.

    Raises
    ------
    MethodError
        The file cannot be read, has no such column, names a structure twice, or has a value that
        is not above zero, with which nothing can be compared.
    """
    try:
        with Path(path).open(encoding="utf-8", newline="") as file:
            table = csv.DictReader(file)
            names = list(table.fieldnames or ())
            rows = list(table)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise MethodError(f"{path} is no table of references: {error}.") from error
    if column not in names[1:]:
        raise MethodError(f"{path} has no column {column!r}{nearest(column, names[1:])}.")
    values: dict[str, float] = {}
    for row in rows:
        if not (row[column] or "").strip():
            continue
        name = structure_stem(row[names[0]] or "")
        if name in values:
            raise MethodError(f"{path} names {name} twice; leave one out.")
        try:
            values[name] = float(row[column])
        except ValueError as error:
            raise MethodError(f"{path}: {row[column]!r} of {name} is no number.") from error
        if not (math.isfinite(values[name]) and values[name] > 0):
            raise MethodError(
                f"{path}: {row[column]!r} of {name} is no value that others can be compared with; "
                f"leave it empty."
            )
    return Reference(column, values)
