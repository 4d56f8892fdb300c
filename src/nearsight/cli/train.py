"""``nearsight train``."""

import argparse

from nearsight.cli.outputs import require_output_files
from nearsight.cli.record_files import record_in
from nearsight.cli.request import requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.records import LocalityRecord
from nearsight.runs.json_file import JsonOutput
from nearsight.tables.training import print_training
from nearsight.terminal.logs import progress_for
from nearsight.workflows.settings import TrainSettings
from nearsight.workflows.train import train


def run(arguments: argparse.Namespace) -> int:
    """Train, write the potentials, and return the exit status."""
    require_output_files(arguments)
    request = requested(arguments, TrainSettings())
    record = train(
        arguments.data,
        request.settings,
        out=arguments.out,
        locality=_locality(arguments.locality),
        resources=request.resources,
        progress=progress_for(arguments),
    )
    output = JsonOutput(arguments.json, many=False)
    output.add(record.to_json())
    output.finish()
    if arguments.json != "-":
        print_training(record)
        print_warnings(record.warnings)
    return 0


def _locality(path: str | None) -> LocalityRecord | None:
    return None if path is None else record_in(path, LocalityRecord, "nearsight locality")
