"""What was found about one structure, and how it is put down."""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.records.failure import FailureRecord
    from nearsight.records.locality_results import LocalityResults
    from nearsight.records.results import HarmonicResults, ProbedResults

__all__ = ["FailureRecord", "HarmonicResults", "LocalityResults", "ProbedResults"]

import_at_first_use(__name__)
