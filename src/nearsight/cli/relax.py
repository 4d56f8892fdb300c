"""``nearsight relax``."""

import argparse
from functools import partial

from nearsight.cli.batch import Task, run_batch
from nearsight.cli.names import require_one_structure
from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.runs.outputs import Outcome
from nearsight.tables import text
from nearsight.tables.of_results import relaxation_table
from nearsight.workflows import RelaxSettings, relax


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    require_output_files(arguments)
    if arguments.trajectory:
        require_one_structure(arguments, "--trajectory")
    request = requested(arguments, RelaxSettings())
    model = request.load_model(arguments.structures)

    def one(task: Task) -> Outcome:
        verb = partial(relax, trajectory=arguments.trajectory)
        record = request.answer(verb, task, model)
        results = record.results
        assert results is not None

        def show() -> None:
            text.print_relaxed(results)
            print_warnings(results.warnings)

        files = (arguments.trajectory,)
        return Outcome.of(record, show, lambda: (relaxation_table(record),), files)

    return run_batch(arguments, one, reading=request.settings.reading)
