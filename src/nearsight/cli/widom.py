"""``nearsight widom``."""

import argparse

from nearsight.adsorption.maps import write_free_energies
from nearsight.adsorption.suspected import write_suspected
from nearsight.cli.batch import Task, run_batch
from nearsight.cli.names import require_one_structure
from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.cli.wording import in_options
from nearsight.figures import widom_figure
from nearsight.records.adsorption_results import WidomResults
from nearsight.records.widom_aif import write_widom_aif
from nearsight.records.widom_record import WidomRecord
from nearsight.runs.outputs import Outcome
from nearsight.tables.adsorption import print_widom, widom_tables
from nearsight.workflows import WidomSettings, widom
from nearsight.workflows.insertion_checks import is_framework, require_insertion


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    require_output_files(arguments)
    for option in ("cube", "wells", "aif"):
        if getattr(arguments, option):
            require_one_structure(arguments, f"--{option}")
    request = requested(arguments, WidomSettings())
    require_insertion(request.settings.insertion, request.model)  # before a model is loaded
    reading = request.settings.reading
    frameworks = [path for path in arguments.structures if is_framework(path, reading)]
    model = request.load_model(frameworks)  # of others is said what they are, without one
    drawn: list[WidomResults] = []

    def one(task: Task) -> Outcome:
        record = request.answer(widom, task, model)
        results = record.results
        assert results is not None
        _write_files(arguments, record)
        if arguments.plot:
            drawn.append(results)

        def show() -> None:
            print_widom(record, in_options)
            print_warnings(results.structure_warnings)  # the certificate has all others

        files = (arguments.cube, arguments.wells, arguments.aif)
        return Outcome.of(record, show, lambda: widom_tables(results), files)

    def draw() -> None:
        if drawn:
            widom_figure(arguments.plot, drawn)

    return run_batch(arguments, one, draw, reading)


def _write_files(arguments: argparse.Namespace, record: WidomRecord) -> None:
    """Write the files that are of one framework."""
    assert record.results is not None
    if arguments.cube:
        write_free_energies(arguments.cube, record.results.adsorption)
    if arguments.wells:
        write_suspected(arguments.wells, record.results.adsorption)
    if arguments.aif:
        write_widom_aif(arguments.aif, record)
