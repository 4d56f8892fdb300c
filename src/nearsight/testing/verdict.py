"""What is kept of an examination of a model."""

from datetime import UTC, datetime

import nearsight
from nearsight.models.verdicts import Verdict
from nearsight.testing.report import ConformanceReport


def verdict_of(report: ConformanceReport) -> Verdict:
    """Return the verdict on a model, as of now."""
    applicable = [check for check in report.checks if check.applies]
    return Verdict(
        passed=bool(report.passed),
        n_passed=sum(bool(check.passed) for check in applicable),
        n_failed=len(report.failures),
        n_not_applicable=len(report.checks) - len(applicable),
        failures=tuple(f"{check.name}, {check.structure}" for check in report.failures),
        model=report.provenance.model.to_json(),
        nearsight=nearsight.__version__,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
    )
