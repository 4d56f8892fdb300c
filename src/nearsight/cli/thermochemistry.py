"""``nearsight thermochemistry``."""

import argparse
from dataclasses import replace

from nearsight.cli.batch import Task, run_batch
from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.records.results import ThermochemistryResults
from nearsight.runs.outputs import Outcome
from nearsight.tables import text
from nearsight.tables.of_results import ideal_gas_table, modes_table
from nearsight.vibrations.frequency_units import FREQUENCY_UNITS
from nearsight.workflows import ThermochemistrySettings, thermochemistry


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    require_output_files(arguments)
    request = requested(arguments, ThermochemistrySettings())
    model = request.load_model(arguments.structures)

    def one(task: Task) -> Outcome:
        record = request.answer(thermochemistry, task, model)
        results = record.results
        assert results is not None
        of_modes = replace(modes_table(results.modes.vibrations), kind="modes")
        return Outcome.of(
            record, lambda: _show(results), lambda: (ideal_gas_table(results.gas), of_modes)
        )

    return run_batch(arguments, one, reading=request.settings.reading)


def _show(results: ThermochemistryResults) -> None:
    unit = FREQUENCY_UNITS[results.modes.presentation.frequency_unit]
    text.print_calculation(results.modes)
    text.print_modes(results.modes.vibrations, unit)
    text.print_ideal_gas(results.gas)
    print_warnings(results.warnings)
