"""Results as one self-contained HTML page: for the eye, for the record, and for a colleague."""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.reports.page import render_report, write_report

__all__ = ["render_report", "write_report"]

import_at_first_use(__name__)
