"""``nearsight train``."""

import argparse

from nearsight import records
from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.errors import MethodError
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
    if path is None:
        return None
    of_locality = [each for each in records.read(path) if isinstance(each, LocalityRecord)]
    if len(of_locality) != 1:
        raise MethodError(
            f"{path} has {len(of_locality)} records of locality; give the file of one, which "
            f"`nearsight locality` has written as JSON."
        )
    return of_locality[0]
