"""What was found about one structure, and how it is put down."""

from nearsight.records.failure import FailureRecord
from nearsight.records.locality_results import LocalityResults
from nearsight.records.results import HarmonicResults, ProbedResults

__all__ = ["FailureRecord", "HarmonicResults", "LocalityResults", "ProbedResults"]
