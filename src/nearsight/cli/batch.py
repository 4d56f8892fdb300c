"""Many structures in one run: a failed one is a record, never a lost run."""

import argparse
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from nearsight.cli.json_output import JsonOutput, Record
from nearsight.cli.report_output import ReportOutput
from nearsight.cli.work import WorkDirectory, work_directory
from nearsight.errors import NearsightError
from nearsight.reports.section_choice import Entry


@dataclass(frozen=True)
class Outcome:
    """What one structure gave."""

    record: Record
    """The JSON object."""
    show: Callable[[], None]
    """Prints it for a human."""
    entry: Entry | None = None
    """What a report shows of it; None for a command without a report, and for a failure."""


def run_batch(
    arguments: argparse.Namespace, calculate: Callable[[str, WorkDirectory], Outcome]
) -> int:
    """Call `calculate` for each structure with a place for its unfinished work; see `run_each`."""
    with work_directory(arguments.work_dir) as work:

        def one(path: str) -> Outcome:
            with work.kept_on_failure():
                return calculate(path, work)

        return run_each(arguments, one)


def run_each(arguments: argparse.Namespace, calculate: Callable[[str], Outcome]) -> int:
    """Call `calculate` for each structure, write the JSON and the report, and show the outcome.

    Returns
    -------
    int
        Exit status: 1 if a structure failed.
    """
    output = JsonOutput(arguments.json, many=len(arguments.structures) > 1)
    report = ReportOutput(arguments.report, arguments.structures, arguments.command_line)
    failed = 0
    try:
        for path in arguments.structures:
            outcome = _attempt(path, calculate)
            output.add(outcome.record)
            drawn = report.add(outcome.record, outcome.entry)
            failed += "error" in outcome.record or not drawn
            if arguments.json != "-":
                outcome.show()
    finally:
        try:
            output.finish()
        finally:
            report.finish()
    if failed and len(arguments.structures) > 1:
        print(
            f"nearsight: {failed} of {len(arguments.structures)} structures failed.",
            file=sys.stderr,
        )
    return 1 if failed else 0


def _attempt(path: str, calculate: Callable[[str], Outcome]) -> Outcome:
    try:
        return calculate(path)
    except Exception as error:
        # One boundary for everything: in a long run the other structures must go on.
        message = str(error)
        where = "" if message.startswith(path) else f"{path}: "
        print(f"nearsight: {where}{message}", file=sys.stderr)
        if not isinstance(error, NearsightError):
            traceback.print_exc()
        failure = {"type": type(error).__name__, "message": message}
        return Outcome({"structure": path, "error": failure}, show=lambda: None)
