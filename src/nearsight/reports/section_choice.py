"""Which part of the page is made of which record."""

from nearsight.records.base import CalculatedRecord, Record
from nearsight.records.questions import (
    FailureRecord,
    HeatCapacityRecord,
    LocalityRecord,
    PhononsRecord,
    VibrationsRecord,
)
from nearsight.records.results import HarmonicResults, ProbedResults
from nearsight.reports.harmonic_section import harmonic_section
from nearsight.reports.locality_section import locality_section
from nearsight.reports.numbers_section import SECTION_BUDGET_BYTES, numbers_section
from nearsight.reports.probed_section import probed_section
from nearsight.reports.sections import MODE_BUDGET_BYTES, Section, failed_section


def section_of(
    record: Record,
    number: int,
    mode_budget_bytes: int = MODE_BUDGET_BYTES,
    budget_bytes: int = SECTION_BUDGET_BYTES,
) -> Section:
    """Return the section of a structure.

    A record that has just been made has results of which figures and moving modes are drawn; of one
    that was read numbers and structure are shown.

    Parameters
    ----------
    record
        What is known of the structure.
    number
        Its place on the page, from 1 on, unique on it.
    mode_budget_bytes
        How much of the page moving modes may take, where there are any.
    budget_bytes
        How much of the page the structure and the record of one that was read may take.
    """
    if isinstance(record, FailureRecord):
        return failed_section(record, number)
    if isinstance(record, LocalityRecord) and record.results is not None:
        return locality_section(record, record.results, number)
    if isinstance(record, HeatCapacityRecord | PhononsRecord | VibrationsRecord):
        if isinstance(record.results, HarmonicResults):
            return harmonic_section(record, record.results, number, mode_budget_bytes)
        if isinstance(record, HeatCapacityRecord) and isinstance(record.results, ProbedResults):
            return probed_section(record, record.results, number)
    assert isinstance(record, CalculatedRecord)
    return numbers_section(record, number, budget_bytes)
