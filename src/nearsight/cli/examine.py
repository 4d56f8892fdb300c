"""``nearsight examine``: what speaks for and against trusting a model."""

import argparse
from dataclasses import replace
from pathlib import Path

from nearsight.cli.request import requested
from nearsight.evaluation.record import ExaminationRecord
from nearsight.evaluation.run import NotLoaded, Outcome, examine
from nearsight.evaluation.settings import ExamineSettings
from nearsight.reports.examinations import write_examination_pages
from nearsight.tables.examinations import print_outcome
from nearsight.terminal.logs import progress_for


def run(arguments: argparse.Namespace) -> int:
    """Examine models, print and write what came of it; return 1 if one failed at all of one."""
    request = requested(arguments, ExamineSettings())
    folder = Path(arguments.out)

    asked: list[ExaminationRecord] = []

    def told(outcome: Outcome) -> None:
        print_outcome(outcome)
        if isinstance(outcome, ExaminationRecord):
            asked.append(outcome)
        write_examination_pages(folder, asked)

    outcomes = examine(
        [replace(request.model, name=name) for name in arguments.models],
        folder,
        request.settings,
        resources=request.resources,
        progress=progress_for(arguments),
        told=told,
    )
    page = write_examination_pages(folder, asked)
    if page is not None:
        print(f"\npages: {page}")
    return 1 if any(map(_has_failed, outcomes)) else 0


def _has_failed(outcome: Outcome) -> bool:
    """Tell whether a model failed at all of an examination that it is made for."""
    if isinstance(outcome, NotLoaded):
        return True
    return outcome.failure is not None and outcome.failure.kind != "not applicable"
