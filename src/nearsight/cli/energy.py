"""``nearsight energy``."""

import argparse

from nearsight.cli.batch import Task, run_batch
from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.records.results import EnergyResults
from nearsight.runs.outputs import Outcome
from nearsight.tables import text
from nearsight.tables.of_results import energy_table, forces_table
from nearsight.workflows import EnergySettings, energy


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    require_output_files(arguments)
    request = requested(arguments, EnergySettings())
    model = request.load_model(arguments.structures)

    def one(task: Task) -> Outcome:
        record = request.answer(energy, task, model)
        results = record.results
        assert results is not None
        of_files = (energy_table(record), forces_table(results))
        return Outcome.of(record, lambda: _show(results, request.settings), lambda: of_files)

    return run_batch(arguments, one)


def _show(results: EnergyResults, settings: EnergySettings) -> None:
    text.print_energy(results)
    if settings.forces:
        print()
        forces_table(results).print()
    print_warnings(results.warnings)
