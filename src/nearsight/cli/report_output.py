"""The HTML report of a run, kept up to date while the run goes on."""

import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nearsight.errors import MethodError, StorageError
from nearsight.reports.entries import FailedEntry
from nearsight.reports.page import render_page
from nearsight.reports.section_choice import Entry, section_of
from nearsight.reports.sections import MODE_BUDGET_BYTES, Section, failed_section
from nearsight.storage import write_text

_SUFFIXES = (".html", ".htm")

_PAGE_MODE_BUDGET_BYTES = 20_000_000
"""How much of a page all moving modes together may take; a browser opens twice that with ease."""

_PAUSE_PER_WRITING = 20
"""Writing takes at most one part in so many of the time of a long run."""


def require_report_file(path: str | None) -> None:
    """Check before anything is computed that `path` has the name of a page.

    Raises
    ------
    MethodError
        The name does not end as that of a page does.
    """
    if path is not None and Path(path).suffix.lower() not in _SUFFIXES:
        raise MethodError(f"a report is a page: {path!r} must end in {' or '.join(_SUFFIXES)}.")


class ReportOutput:
    """The report of a run: a section is made when its structure is done, and only text is kept.

    The page is written after a structure, unless it would be written all the time in a long run of
    quick structures, and in any case at the end, be it reached, failed or interrupted.
    """

    def __init__(self, target: str | None, structures: Sequence[str], command: str | None) -> None:
        self.target = target
        self._structures = structures
        self._command = command
        self._budget = min(MODE_BUDGET_BYTES, _PAGE_MODE_BUDGET_BYTES // len(structures))
        self._sections: list[Section] = []
        self._n_written = 0
        self._not_before = 0.0

    def add(self, record: Mapping[str, Any], entry: Entry | None) -> bool:
        """Add a structure, and bring the file up to date.

        Returns
        -------
        bool
            False if the section could not be made, which the page and the terminal then say.
        """
        if self.target is None:
            return True
        number = len(self._sections) + 1
        drawn = True
        if entry is None:
            error = record["error"]
            failure = FailedEntry(record["structure"], error["type"], error["message"])
            section = failed_section(failure, number)
        else:
            try:
                section = section_of(entry, number, self._budget)
            except Exception as error:
                # A defect of the page must not end the run, whose other results are sound.
                drawn = False
                traceback.print_exc()
                section = failed_section(_undrawn(entry, error), number)
        self._sections.append(section)
        if time.monotonic() >= self._not_before:
            try:
                self._write()
            except StorageError as error:
                # The other structures must go on; `finish` writes it again, or fails for good.
                print(f"nearsight: {error} The run goes on.", file=sys.stderr)
        return drawn

    def finish(self) -> None:
        """Write what has not been written yet.

        Raises
        ------
        StorageError
            The page cannot be written.
        """
        if self.target is not None and self._n_written < len(self._sections):
            self._write()

    def _write(self) -> None:
        assert self.target is not None
        started = time.monotonic()
        pending = self._structures[len(self._sections) :]
        page = render_page(self._sections, command=self._command, pending=pending)
        write_text(self.target, page)
        self._n_written = len(self._sections)
        ended = time.monotonic()
        self._not_before = ended + _PAUSE_PER_WRITING * (ended - started)


def _undrawn(entry: Entry, error: Exception) -> FailedEntry:
    message = (
        f"the calculation is finished, but its part of the page could not be made ({error}). "
        f"Its numbers are in the terminal and, with --json, in a file."
    )
    print(f"nearsight: {entry.name}: {message}", file=sys.stderr)
    return FailedEntry(entry.name, type(error).__name__, message)
