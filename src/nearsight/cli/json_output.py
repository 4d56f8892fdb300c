"""Results as JSON, in a file or on standard output."""

import json
import sys
import textwrap
from typing import Any

from nearsight.cli.pace import Pace
from nearsight.cli.streams import say
from nearsight.errors import StorageError
from nearsight.storage import write_text

Record = dict[str, Any]


class JsonOutput:
    """The JSON of a run: an object for one structure, a list for several.

    The file is written after a structure as often as its pace allows, and in any case at the end,
    be it reached, failed or interrupted.

    Parameters
    ----------
    target
        A path, ``-`` for standard output, or None for no JSON.
    many
        Whether it is a list.
    pace
        How often the file is written.
    """

    def __init__(self, target: str | None, *, many: bool, pace: Pace | None = None) -> None:
        self.target = target
        self._many = many
        self._pace = pace or Pace()
        self._texts: list[str] = []
        self._n_written = 0

    def add(self, record: Record) -> None:
        """Add the record of a structure, and bring the file up to date if it is due.

        Raises
        ------
        ValueError, TypeError
            The record holds something that JSON does not know, such as NaN. It is left out.
        """
        if self.target is None:
            return
        self._texts.append(json.dumps(record, indent=2, allow_nan=False))
        if self.target == "-" or not self._pace.is_due:
            return
        try:
            self._pace.write(self._write)
        except StorageError as error:
            # The other structures must go on; `finish` writes it again, or fails for good.
            say(f"{error} The run goes on.")

    def finish(self) -> None:
        """Write what has not been written yet.

        Raises
        ------
        StorageError
            The file cannot be written.
        """
        if self.target == "-" and self._texts:
            sys.stdout.write(self._text())
        elif self.target is not None and self._n_written < len(self._texts):
            self._write()

    def _write(self) -> None:
        write_text(str(self.target), self._text())
        self._n_written = len(self._texts)

    def _text(self) -> str:
        if not self._many:
            return f"{self._texts[0]}\n"
        return "[\n" + textwrap.indent(",\n".join(self._texts), "  ") + "\n]\n"
