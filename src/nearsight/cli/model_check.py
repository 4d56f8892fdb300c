"""``nearsight models check``."""

import argparse
from dataclasses import replace

from nearsight.cli.request import requested
from nearsight.settings import Settings
from nearsight.tables.models import print_check
from nearsight.terminal.logs import progress_for
from nearsight.testing import check_model
from nearsight.testing.verdict import verdict_of


def run(arguments: argparse.Namespace) -> int:
    """Examine a model, print each check, keep the verdict, and return 1 if it failed."""
    model = replace(requested(arguments, Settings()).model, name=arguments.model).load()
    report = check_model(model, progress=progress_for(arguments))
    identity = report.provenance.model
    print(f"{identity.name}, {identity.dtype} on {identity.device}")
    for check in report.checks:
        print_check(check)
    verdict = verdict_of(report)
    print(
        f"\n{verdict.n_passed} passed, {verdict.n_failed} failed, {verdict.n_not_applicable} not "
        f"applicable"
    )
    print(f"kept in {verdict.save()}")
    return 0 if verdict.passed else 1
