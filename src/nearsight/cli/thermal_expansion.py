"""``nearsight thermal-expansion``."""

import argparse

from nearsight.cli.batch import Task, run_batch
from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.figures import thermal_expansion_figure
from nearsight.records.expansion_results import ThermalExpansionResults
from nearsight.remarks import Remark
from nearsight.runs.outputs import Outcome
from nearsight.tables import text
from nearsight.tables.thermal_expansion import print_thermal_expansion, thermal_expansion_tables
from nearsight.workflows import ThermalExpansionSettings, thermal_expansion


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    require_output_files(arguments)
    request = requested(arguments, ThermalExpansionSettings())
    model = request.load_model(arguments.structures)
    drawn: list[ThermalExpansionResults] = []

    def one(task: Task) -> Outcome:
        record = request.answer(thermal_expansion, task, model)
        results = record.results
        assert results is not None
        if arguments.plot:
            drawn.append(results)
        return Outcome.of(
            record,
            lambda: _show(results, record.warnings),
            lambda: thermal_expansion_tables(results.expansion),
        )

    def draw() -> None:
        if drawn:
            thermal_expansion_figure(arguments.plot, drawn)

    return run_batch(arguments, one, draw, request.settings.reading)


def _show(results: ThermalExpansionResults, warnings: tuple[Remark, ...]) -> None:
    text.print_calculation(results)
    print_thermal_expansion(results.expansion)
    print_warnings(warnings)
