"""Tables of a run as CSV: one row per structure and temperature, mode, point or site."""

import csv
import io
import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nearsight.storage import write_text
from nearsight.tables.table import Table

logger = logging.getLogger("nearsight.tables")

Row = Mapping[str, Any]

KINDS = (
    "bands",
    "fits",
    "heat",
    "volumes",
    "heats",
    "henry",
    "samples",
    "density-of-states",
    "forces",
    "supercells",
    "moduli",
    "modes",
    "radial-distribution",
    "displacements",
    "velocity-correlation",
    "velocity-spectrum",
    "temperatures",
    "diffusion",
    "harmonic",
    "insertions",
    "weights",
    "elements",
    "learning-curve",
    "symmetry-functions",
    "closer-than-data",
    "pair-distances",
    "extrapolated-functions",
    "explorations",
    "found",
)
"""What tables there are beside that which a command is about."""

_FIRST = ("structure", "model")
_LAST = ("error",)


class CsvOutput:
    """The tables of all structures, those of one kind in one file.

    The table that a command is about goes into the file that is asked for, others beside it:
    ``phonons.csv`` and ``phonons.bands.csv``. They are written at the end, be it reached, failed
    or interrupted. A structure that failed is a row that says so.

    Parameters
    ----------
    target
        A path, or None for no files.
    """

    def __init__(self, target: str | None) -> None:
        self._target = target
        self._rows: dict[str, list[Row]] = {}

    def add(self, structure: str, model: str | None, tables: Iterable[Table]) -> None:
        """Add the rows of one structure."""
        if self._target is None:
            return
        about = {"structure": structure, "model": model}
        for table in tables:
            assert not table.kind or table.kind in KINDS, table.kind
            self._rows.setdefault(table.kind, []).extend({**about, **row} for row in table.rows)

    def add_failure(self, structure: str, message: str) -> None:
        """Add that a structure gave no result."""
        if self._target is not None:
            row = {"structure": structure, "error": message}
            self._rows.setdefault("", []).append(row)

    def finish(self) -> None:
        """Write the files.

        Raises
        ------
        StorageError
            One cannot be written.
        """
        if self._target is None:
            return
        for kind, rows in self._rows.items():
            file = csv_file(self._target, kind)
            write_text(file, _text(rows))
            logger.info("wrote %s", file)


def csv_file(target: str, kind: str) -> str:
    """Return the file for tables of a kind, beside that which was asked for."""
    path = Path(target)
    return os.fspath(path.with_name(f"{path.stem}.{kind}{path.suffix}")) if kind else target


def _text(rows: Iterable[Row]) -> str:
    rows = list(rows)
    found = dict.fromkeys(name for row in rows for name in row)
    between = [name for name in found if name not in {*_FIRST, *_LAST}]
    last = [name for name in _LAST if name in found]
    text = io.StringIO()
    writer = csv.DictWriter(text, [*_FIRST, *between, *last], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
