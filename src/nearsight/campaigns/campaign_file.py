"""A campaign in a file, as it is read: what was asked, and what came of it."""

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nearsight
from nearsight.campaigns.schema import READING, SCHEMA
from nearsight.campaigns.specification import Specification
from nearsight.campaigns.sqlite_errors import errors_of
from nearsight.errors import CheckpointError

if TYPE_CHECKING:
    from nearsight.records.base import Record

_PATIENCE_S = 60.0
"""How long one that reads waits for the one that writes."""


class CampaignFile:
    """A campaign in a file; any process may read it at any time.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    CheckpointError
        It is no campaign, or one of another version of these tables.

    Examples
    --------
    >>> from nearsight.campaigns import CampaignFile, Specification, Store
    >>> from nearsight.models import ModelSpec
    >>> from nearsight.workflows import EnergySettings
    >>> asked = Specification({"energy": EnergySettings()}, (ModelSpec("ase:emt"),))
    >>> store = Store.create("run.db", asked)
    >>> CampaignFile("run.db").specification.models[0].name
    'ase:emt'
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._header = self._read_header()

    @property
    def specification(self) -> Specification:
        """What is asked."""
        return Specification.from_json(self._header["specification"])

    @property
    def version(self) -> str:
        """The version of Nearsight that made it."""
        return str(self._header["nearsight"])

    @property
    def work_folder(self) -> Path:
        """Where unfinished work is kept, beside the file."""
        return self.path.with_name(f"{self.path.name}.work")

    @property
    def is_read(self) -> bool:
        """Whether all structures that were given have been read."""
        return not self.select("SELECT 1 FROM nearsight_campaign WHERE name = ?", (READING,))

    def select(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows that an SQL statement selects."""
        with errors_of(self.path), closing(self._connected()) as connection:
            return connection.execute(statement, values).fetchall()

    def records(self) -> "Iterator[Record]":
        """Yield the record of each calculation that is done.

        Raises
        ------
        CheckpointError
            One is of another schema.
        """
        for (row,) in self.select("SELECT system FROM nearsight_jobs WHERE state = 'done'"):
            yield self.record(row)

    def record(self, row: int) -> "Record":
        """Return the record in a row of ASE's table, which is one of a calculation that is done.

        Raises
        ------
        CheckpointError
            It is of another schema.
        """
        from nearsight.records import record_from_json

        [(data,)] = self.select("SELECT data FROM systems WHERE id = ?", (row,))
        return record_from_json(json.loads(data)["record"])

    def _read_header(self) -> dict[str, Any]:
        no_campaign = f"{self.path} is no campaign of Nearsight"
        if not self.path.is_file():
            raise CheckpointError(f"{self.path} does not exist; name the file of a campaign.")
        try:
            with closing(self._connected()) as connection:
                rows = connection.execute("SELECT name, value FROM nearsight_campaign").fetchall()
        except sqlite3.DatabaseError as error:
            if "no such table" in str(error):
                raise CheckpointError(
                    f"{no_campaign}, but a database of something else; choose another file."
                ) from error
            raise CheckpointError(f"{no_campaign}: {error}.") from error
        header = {name: json.loads(value) for name, value in rows}
        if header.get("schema") != SCHEMA:
            raise CheckpointError(
                f"{self.path} has tables of form {header.get('schema')}, and this version of "
                f"Nearsight ({nearsight.__version__}) knows form {SCHEMA}; use Nearsight "
                f"{header.get('nearsight')}, which made it."
            )
        return header

    def _connected(self) -> sqlite3.Connection:
        # Not for reading only: what a killed process was just writing is taken back on opening.
        place = f"{self.path.absolute().as_uri()}?mode=rw"
        return sqlite3.connect(place, uri=True, timeout=_PATIENCE_S)
