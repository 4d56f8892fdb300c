"""The HTML report of a run, kept up to date while the run goes on."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from nearsight.errors import StorageError
from nearsight.records import FailureRecord, Record
from nearsight.reports.numbers import share_of_page_bytes
from nearsight.reports.page import render_page
from nearsight.reports.sections import MODE_BUDGET_BYTES, Section, failed_section
from nearsight.reports.subjects.choice import section_of
from nearsight.runs.pace import Pace
from nearsight.runs.told import LOGGED, Told
from nearsight.storage import write_text

logger = logging.getLogger("nearsight.runs")

_PAGE_MODE_BUDGET_BYTES = 20_000_000
"""How much of a page all moving modes together may take; a browser opens twice that with ease."""


class ReportOutput:
    """The report of a run: a section is made when its structure is done, and only text is kept.

    The page is written after a structure as often as its pace allows, and in any case at the end,
    be it reached, failed or interrupted.
    """

    def __init__(
        self,
        target: str,
        structures: Sequence[str],
        command: str | None,
        *,
        pace: Pace | None = None,
        told: Told = LOGGED,
    ) -> None:
        self._told = told
        self.target = target
        self._structures = structures
        self._command = command
        self._budget = min(MODE_BUDGET_BYTES, _PAGE_MODE_BUDGET_BYTES // len(structures))
        self._still_budget = share_of_page_bytes(len(structures))
        self._sections: list[Section] = []
        self._n_written = 0
        self._pace = pace or Pace()

    def add(self, record: Mapping[str, Any], entry: Record | None) -> bool:
        """Add a structure, and bring the file up to date.

        Returns
        -------
        bool
            False if the section could not be made, which the page and the terminal then say.
        """
        number = len(self._sections) + 1
        drawn = True
        if entry is None:
            error = record["error"]
            failure = FailureRecord.of(record["structure"], error["type"], error["message"])
            section = failed_section(failure, number)
        else:
            try:
                section = section_of(entry, number, self._budget, self._still_budget)
            except Exception as error:
                # A defect of the page must not end the run, whose other results are sound.
                drawn = False
                self._told.defect(error)
                section = failed_section(self._undrawn(entry, error), number)
        self._sections.append(section)
        if self._pace.is_due:
            try:
                self._pace.write(self._write)
            except StorageError as error:
                # The other structures must go on; `finish` writes it again, or fails for good.
                self._told.say(f"{error} The run goes on.")
        return drawn

    def finish(self) -> None:
        """Write what has not been written yet.

        Raises
        ------
        StorageError
            The page cannot be written.
        """
        if self._n_written < len(self._sections):
            self._write()
        if self._sections:
            logger.info("wrote %s", self.target)

    def _write(self) -> None:
        pending = self._structures[len(self._sections) :]
        page = render_page(self._sections, command=self._command, pending=pending)
        write_text(self.target, page)
        self._n_written = len(self._sections)

    def _undrawn(self, record: Record, error: Exception) -> FailureRecord:
        message = (
            f"the calculation is finished, but its part of the page could not be made ({error}). "
            f"Its numbers are in the other results, such as JSON."
        )
        self._told.say(f"{record.structure}: {message}")
        return FailureRecord.of(record.structure, type(error).__name__, message)
