"""``nearsight isotherm``."""

import argparse
from collections.abc import Sequence
from functools import partial

from nearsight.adsorption.gcmc.guest_atoms import write_densities
from nearsight.cli.batch import Task, run_batch
from nearsight.cli.names import require_one_structure
from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.cli.wording import in_options
from nearsight.dynamics.frames import require_frames_name
from nearsight.figures import isotherm_figure
from nearsight.records.isotherm_aif import write_isotherm_aif
from nearsight.records.isotherm_record import IsothermRecord
from nearsight.records.isotherm_results import IsothermResults
from nearsight.runs.outputs import Outcome
from nearsight.tables.isotherms import isotherm_tables, print_isotherm
from nearsight.tables.table import Table
from nearsight.workflows import IsothermSettings, isotherm
from nearsight.workflows.exchange_checks import require_isotherm
from nearsight.workflows.guest_frames import require_kept
from nearsight.workflows.insertion_checks import is_framework


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    require_output_files(arguments)
    request = requested(arguments, IsothermSettings())
    require_isotherm(request.settings, request.model)  # before a model is loaded
    _require_files(arguments, request.settings)
    reading = request.settings.reading
    frameworks = [path for path in arguments.structures if is_framework(path, reading)]
    model = request.load_model(frameworks)  # of others is said what they are, without one
    drawn: list[IsothermResults] = []

    def one(task: Task) -> Outcome:
        verb = partial(isotherm, trajectory=arguments.trajectory)
        record = request.answer(verb, task, model)
        results = record.results
        assert results is not None
        files = _write_files(arguments, record)
        if arguments.plot:
            drawn.append(results)

        def show() -> None:
            print_isotherm(record, in_options)
            print_warnings(results.structure_warnings)  # the certificate has all others

        def tables() -> Sequence[Table]:
            return isotherm_tables(record)

        return Outcome.of(record, show, tables, files)

    def draw() -> None:
        if drawn:
            isotherm_figure(arguments.plot, drawn)

    return run_batch(arguments, one, draw, reading)


def _require_files(arguments: argparse.Namespace, asked: IsothermSettings) -> None:
    """Check that files of one framework are of one, and that there will be something in them."""
    for option in ("aif", "cube", "trajectory"):
        if getattr(arguments, option):
            require_one_structure(arguments, f"--{option}")
    if arguments.trajectory:
        require_frames_name(arguments.trajectory)
    if arguments.cube or arguments.trajectory:
        require_kept(asked)


def _write_files(arguments: argparse.Namespace, record: IsothermRecord) -> list[str | None]:
    """Write the files that are of one framework, and return the names of all of them."""
    assert record.results is not None
    files = [arguments.aif, arguments.trajectory]
    if arguments.aif:
        write_isotherm_aif(arguments.aif, record)
    if arguments.cube:
        for each in record.results.isotherms:
            files += write_densities(arguments.cube, each, record.results.adsorption.gas)
    return files
