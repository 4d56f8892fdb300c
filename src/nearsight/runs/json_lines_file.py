"""Results as JSON Lines, each on disk as soon as its structure is finished."""

import logging
from collections.abc import Mapping
from typing import Any

from nearsight.errors import StorageError
from nearsight.records.json_lines import JsonLines
from nearsight.runs.told import LOGGED, Told

logger = logging.getLogger("nearsight.runs")

_MOST_NAMED = 5


class JsonLinesOutput:
    """The JSON Lines of a run.

    Parameters
    ----------
    target
        A path, or None for no file.
    append
        Go on with records that are there.
    told
        Where it is told what could not be appended.

    Raises
    ------
    StorageError, CheckpointError
        The file cannot be written or appended to.
    """

    def __init__(self, target: str | None, *, append: bool, told: Told = LOGGED) -> None:
        self._told = told
        self._target = target
        self._lines = None if target is None else JsonLines(target, append=append)
        self._missing: list[str] = []

    def add(self, record: Mapping[str, Any]) -> None:
        """Append the record of a structure; where that fails it is said, and the run goes on.

        Raises
        ------
        ValueError, TypeError
            The record holds something that JSON does not know, such as NaN. It is left out.
        """
        if self._lines is None:
            return
        try:
            self._lines.add_json(record)
        except StorageError as error:
            self._missing.append(str(record["structure"]))
            self._told.say(f"{error} The run goes on.")

    def finish(self) -> None:
        """Bring everything to the disk.

        Raises
        ------
        StorageError
            That fails, or has failed for some structures.
        """
        if self._lines is None:
            return
        self._lines.close()
        logger.info("wrote %s", self._target)
        if self._missing:
            names = ", ".join(self._missing[:_MOST_NAMED])
            more = len(self._missing) - _MOST_NAMED
            others = f" and {more} more" if more > 0 else ""
            raise StorageError(
                f"{self._target} lacks the records of {names}{others}. What was computed of them "
                f"is kept: the same run for these alone, with `append`, is done at once."
            )
