"""Results as one self-contained HTML page: for the eye, for the record, and for a colleague."""

from nearsight.reports.page import render_report, write_report

__all__ = ["render_report", "write_report"]
