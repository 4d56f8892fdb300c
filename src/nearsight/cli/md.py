"""``nearsight md``."""

import argparse
from functools import partial

from nearsight.cli.batch import Task, run_batch
from nearsight.cli.names import require_one_structure
from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.figures import dynamics_figure
from nearsight.records.results import DynamicsResults
from nearsight.runs.outputs import Outcome
from nearsight.tables.dynamics import print_dynamics, samples_table
from nearsight.workflows import MolecularDynamicsSettings, molecular_dynamics


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    require_output_files(arguments)
    for option in ("trajectory", "samples"):
        if getattr(arguments, option):
            require_one_structure(arguments, f"--{option}")
    request = requested(arguments, MolecularDynamicsSettings())
    model = request.load_model(arguments.structures)

    drawn: list[DynamicsResults] = []

    def one(task: Task) -> Outcome:
        verb = partial(
            molecular_dynamics, trajectory=arguments.trajectory, samples=arguments.samples
        )
        record = request.answer(verb, task, model)
        results = record.results
        assert results is not None

        drawn.append(results)

        def show() -> None:
            print_dynamics(record)
            print_warnings(results.warnings)

        files = (arguments.trajectory, arguments.samples)
        return Outcome.of(record, show, lambda: (samples_table(results.dynamics),), files)

    def draw() -> None:
        if arguments.plot and drawn:
            dynamics_figure(arguments.plot, drawn)

    return run_batch(arguments, one, draw, request.settings.reading)
