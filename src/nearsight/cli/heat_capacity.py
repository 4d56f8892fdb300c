"""``nearsight heat-capacity``."""

import argparse
from dataclasses import replace

from nearsight.cli.batch import Task, run_batch
from nearsight.cli.names import require_one_structure
from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.cli.wording import in_options
from nearsight.errors import MethodError
from nearsight.figures import heat_capacity_figure
from nearsight.records.results import HarmonicResults, ProbedResults
from nearsight.runs.outputs import Outcome
from nearsight.tables import text
from nearsight.tables.of_results import tables_of
from nearsight.workflows import HeatCapacitySettings, heat_capacity
from nearsight.workflows.finished import require_named_files
from nearsight.workflows.source import Source


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    require_output_files(arguments)
    request = requested(arguments, HeatCapacitySettings())
    settings = request.settings
    sources = [Source.of(path, settings.reading) for path in arguments.structures]
    require_named_files(sources, settings)
    if arguments.atomic_heat:
        require_one_structure(arguments, "--atomic-heat")
        if settings.spectrum != "probing":
            raise MethodError("only --spectrum probing takes --atomic-heat.")
    model = request.load_model(arguments.structures)
    drawn: list[HarmonicResults | ProbedResults] = []

    def one(task: Task) -> Outcome:
        record = request.answer(heat_capacity, task, model)
        results = record.results
        assert results is not None
        if arguments.atomic_heat and isinstance(results, ProbedResults):
            results.heat.write_atomic_heat(arguments.atomic_heat)
        if arguments.plot:
            drawn.append(results)
        files = (arguments.atomic_heat,)
        return Outcome.of(record, lambda: show(results), lambda: tables_of(results), files)

    def draw() -> None:
        if drawn:
            heat_capacity_figure(arguments.plot, drawn)

    return run_batch(arguments, one, draw, request.settings.reading)


def show(results: HarmonicResults | ProbedResults) -> None:
    """Print one structure."""
    if results.spectrum_reason is not None:
        results = replace(results, spectrum_reason=in_options(results.spectrum_reason))
    if isinstance(results, ProbedResults):
        text.print_probed(results)
        print_warnings(results.warnings)
        return
    assert results.thermodynamics is not None
    text.print_calculation(results)
    text.print_spectrum(results)
    if results.convergence is not None:
        text.print_convergence(results.convergence)
    text.print_thermodynamics(results.thermodynamics)
    if results.presentation.per is not None:
        text.print_further_functions(results.thermodynamics, results.presentation.per)
    print_warnings(results.warnings)
