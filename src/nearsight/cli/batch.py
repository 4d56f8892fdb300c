"""Many structures in one run: a failed one is a record, never a lost run."""

import argparse
import json
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nearsight.cli.report_output import ReportOutput
from nearsight.cli.work import WorkDirectory, work_directory
from nearsight.errors import NearsightError, StorageError
from nearsight.reports.entries import ProbedEntry, ReportEntry
from nearsight.storage import write_text

Record = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What one structure gave."""

    record: Record
    """The JSON object."""
    show: Callable[[], None]
    """Prints it for a human."""
    entry: ReportEntry | ProbedEntry | None = None
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


@dataclass
class JsonOutput:
    """The JSON of a run: an object for one structure, a list for several."""

    target: str | None
    """A path, ``-`` for standard output, or None for no JSON."""
    many: bool
    records: list[Record] = field(default_factory=list)
    n_written: int = 0

    def add(self, record: Record) -> None:
        """Add the record of a structure, and write the file with all records so far."""
        self.records.append(record)
        if self.target in {None, "-"}:
            return
        try:
            self._write()
        except StorageError as error:
            # The other structures must go on; `finish` writes it again, or fails for good.
            print(f"nearsight: {error} The run goes on.", file=sys.stderr)

    def finish(self) -> None:
        """Write what has not been written yet.

        Raises
        ------
        StorageError
            The file cannot be written.
        """
        if self.target == "-" and self.records:
            sys.stdout.write(self._text())
        elif self.target is not None and self.n_written < len(self.records):
            self._write()

    def _write(self) -> None:
        write_text(str(self.target), self._text())
        self.n_written = len(self.records)

    def _text(self) -> str:
        content = self.records if self.many else self.records[0]
        return json.dumps(content, indent=2, allow_nan=False) + "\n"


def require_writable(path: str | None, inputs: Sequence[str]) -> None:
    """Check before anything is computed that a file can be written at `path`.

    Raises
    ------
    StorageError
        The folder does not exist or may not be written, or `path` is one of the `inputs`.
    """
    if path in {None, "-"}:
        return
    target = Path(str(path)).absolute()
    if target.is_dir():
        raise StorageError(f"{path} is a folder; give the name of a file.")
    if not target.parent.is_dir():
        raise StorageError(f"cannot write {path}: the folder {target.parent} does not exist.")
    if not os.access(target.parent, os.W_OK):
        raise StorageError(f"cannot write {path}: the folder {target.parent} may not be written.")
    if any(target.resolve() == Path(given).resolve() for given in inputs):
        raise StorageError(f"{path} is one of the structures; give the result another name.")
