"""``nearsight isotherm``."""

import argparse
from collections.abc import Sequence

from nearsight.cli.batch import Task, run_batch
from nearsight.cli.names import require_one_structure
from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.cli.wording import in_options
from nearsight.figures import isotherm_figure
from nearsight.records.isotherm_aif import write_isotherm_aif
from nearsight.records.isotherm_results import IsothermResults
from nearsight.runs.outputs import Outcome
from nearsight.tables.isotherms import isotherm_tables, print_isotherm
from nearsight.tables.table import Table
from nearsight.workflows import IsothermSettings, isotherm
from nearsight.workflows.exchange_checks import require_isotherm
from nearsight.workflows.insertion_checks import is_framework


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    require_output_files(arguments)
    if arguments.aif:
        require_one_structure(arguments, "--aif")
    request = requested(arguments, IsothermSettings())
    require_isotherm(request.settings, request.model)  # before a model is loaded
    reading = request.settings.reading
    frameworks = [path for path in arguments.structures if is_framework(path, reading)]
    model = request.load_model(frameworks)  # of others is said what they are, without one
    drawn: list[IsothermResults] = []

    def one(task: Task) -> Outcome:
        record = request.answer(isotherm, task, model)
        results = record.results
        assert results is not None
        if arguments.aif:
            write_isotherm_aif(arguments.aif, record)
        if arguments.plot:
            drawn.append(results)

        def show() -> None:
            print_isotherm(record, in_options)
            print_warnings(results.structure_warnings)  # the certificate has all others

        def tables() -> Sequence[Table]:
            return isotherm_tables(record)

        return Outcome.of(record, show, tables, (arguments.aif,))

    def draw() -> None:
        if drawn:
            isotherm_figure(arguments.plot, drawn)

    return run_batch(arguments, one, draw, reading)
