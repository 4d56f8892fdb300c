"""``nearsight report``: a page about Hessians and records that were saved."""

import argparse

from nearsight.cli.batch import run_each
from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import requested
from nearsight.errors import CheckpointError
from nearsight.records import FailureRecord, Record
from nearsight.reports.reading import record_of_hessian, records_of
from nearsight.runs.outputs import Outcome
from nearsight.terminal.streams import say
from nearsight.workflows.settings import SavedSettings


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    require_output_files(arguments)
    settings = requested(arguments, SavedSettings()).settings
    shown: dict[str, Record | CheckpointError | None] = {}
    for path in arguments.structures:
        shown |= records_of(path, say)

    def one(name: str) -> Outcome:
        record = shown[name]
        if isinstance(record, CheckpointError):
            raise record
        if record is None:
            made = record_of_hessian(name, settings)
            return Outcome(made.to_json(), show=lambda: None, entry=made)
        # What failed when it was computed is shown as such: making the page of it has not failed.
        failed = isinstance(record, FailureRecord)
        told = {"structure": record.structure} if failed else record.to_json()
        return Outcome(told, show=lambda: None, entry=record)

    status = run_each(argparse.Namespace(**{**vars(arguments), "structures": list(shown)}), one)
    print(f"saved as {arguments.report}")
    return status
