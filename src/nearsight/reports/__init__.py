"""Results as one self-contained HTML page: for the eye, for the record, and for a colleague."""

from nearsight.reports.entries import FailedEntry, ProbedEntry, ReportEntry
from nearsight.reports.locality_entry import LocalityEntry
from nearsight.reports.page import render_report, write_report

__all__ = [
    "FailedEntry",
    "LocalityEntry",
    "ProbedEntry",
    "ReportEntry",
    "render_report",
    "write_report",
]
