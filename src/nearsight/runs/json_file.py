"""Results as JSON, in a file or on standard output."""

import logging
import sys
import textwrap
from typing import Any

from nearsight.records import readable_json
from nearsight.storage import write_text

Record = dict[str, Any]

logger = logging.getLogger("nearsight.runs")


class JsonOutput:
    """The JSON of a run: an object for one structure, a list for several.

    It is written once, at the end, be that reached, failed or interrupted: what a structure adds
    costs the same however many there were before.

    Parameters
    ----------
    target
        A path, ``-`` for standard output, or None for no JSON.
    many
        Whether it is a list.
    """

    def __init__(self, target: str | None, *, many: bool) -> None:
        self.target = target
        self._many = many
        self._texts: list[str] = []

    def add(self, record: Record) -> None:
        """Add the record of a structure.

        Raises
        ------
        ValueError, TypeError
            The record holds something that JSON does not know, such as NaN. It is left out.
        """
        if self.target is not None:
            self._texts.append(readable_json(record).rstrip("\n"))

    def finish(self) -> None:
        """Write what was added, if anything was.

        Raises
        ------
        StorageError
            The file cannot be written.
        """
        if self.target is None or not self._texts:
            return
        if self.target == "-":
            sys.stdout.write(self._text())
            return
        write_text(self.target, self._text())
        logger.info("wrote %s", self.target)

    def _text(self) -> str:
        if not self._many:
            return f"{self._texts[0]}\n"
        return "[\n" + textwrap.indent(",\n".join(self._texts), "  ") + "\n]\n"
