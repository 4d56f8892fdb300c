"""Which part of the page is made of which entry."""

from typing import TypeAlias

from nearsight.records.locality_results import LocalityResults
from nearsight.records.results import HarmonicResults, ProbedResults
from nearsight.reports.locality_section import locality_section
from nearsight.reports.probed_section import probed_section
from nearsight.reports.sections import MODE_BUDGET_BYTES, Section, calculated_section

Entry: TypeAlias = HarmonicResults | ProbedResults | LocalityResults
"""One structure with its results."""


def section_of(entry: Entry, number: int, mode_budget_bytes: int = MODE_BUDGET_BYTES) -> Section:
    """Return the section of a structure with results.

    Parameters
    ----------
    entry
        The structure and its results.
    number
        Its place on the page, from 1 on, unique on it.
    mode_budget_bytes
        How much of the page moving modes may take, where there are any.
    """
    if isinstance(entry, ProbedResults):
        return probed_section(entry, number)
    if isinstance(entry, LocalityResults):
        return locality_section(entry, number)
    return calculated_section(entry, number, mode_budget_bytes)
