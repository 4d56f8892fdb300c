"""``nearsight models check``."""

import argparse
import textwrap
from dataclasses import replace
from datetime import UTC, datetime

import nearsight
from nearsight.cli.request import requested
from nearsight.models.verdicts import Verdict
from nearsight.settings import Settings
from nearsight.tables.lines import WIDTH
from nearsight.terminal.logs import progress_for
from nearsight.testing import ConformanceReport, check_model
from nearsight.testing.report import Check


def run(arguments: argparse.Namespace) -> int:
    """Examine a model, print each check, keep the verdict, and return 1 if it failed."""
    model = replace(requested(arguments, Settings()).model, name=arguments.model).load()
    report = check_model(model, progress=progress_for(arguments))
    identity = report.provenance.model
    print(f"{identity.name}, {identity.dtype} on {identity.device}")
    for check in report.checks:
        _print(check)
    verdict = _verdict(report)
    print(
        f"\n{verdict.n_passed} passed, {verdict.n_failed} failed, {verdict.n_not_applicable} not "
        f"applicable"
    )
    print(f"kept in {verdict.save()}")
    return 0 if verdict.passed else 1


def _print(check: Check) -> None:
    verdict = ("ok" if check.passed else "FAILED") if check.applies else "-"
    numbers = (
        f"{check.measured:9.2e} <= {check.tolerance:7.1e} {check.unit}"
        if check.applies
        else "not applicable"
    )
    print(f"{verdict:>6}  {check.name:<30} {check.structure:<8} {numbers}"[:WIDTH])
    if not (check.applies and check.passed):
        for line in textwrap.wrap(check.detail, WIDTH - 8):
            print(f"{'':8}{line}")


def _verdict(report: ConformanceReport) -> Verdict:
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
