"""``nearsight hessian``."""

import argparse
from dataclasses import replace

from nearsight.cli import plan
from nearsight.cli.batch import Task, run_batch
from nearsight.cli.names import require_one_structure
from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.errors import MethodError
from nearsight.runs.named_files import NamedFile, require_different_stems
from nearsight.runs.outputs import Outcome
from nearsight.structures.selection import structure_stem
from nearsight.tables import text
from nearsight.tables.of_results import hessian_table
from nearsight.workflows import HessianSettings, hessian


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    if arguments.plan:
        require_output_files(arguments)
        if arguments.output:
            raise MethodError("--plan computes no Hessian that could be saved; leave --output out.")
        if arguments.jsonl:
            raise MethodError("--plan makes no records; leave --jsonl out, or use --json.")
        return plan.run(arguments)
    if arguments.output:
        require_one_structure(arguments, "--output")
    else:
        require_different_stems(arguments.structures)
    files = {
        path: arguments.output or f"{structure_stem(path)}.hessian.npz"
        for path in arguments.structures
    }
    by_default = {} if arguments.output else files
    require_output_files(
        arguments, [NamedFile(f"the Hessian of {path}", file) for path, file in by_default.items()]
    )
    request = requested(arguments, HessianSettings())
    model = request.load_model(arguments.structures)

    def one(task: Task) -> Outcome:
        file = files[task.path]
        record = replace(request.answer(hessian, task, model), file=file)
        results = record.results
        assert results is not None
        results.hessian.save(file)

        def show() -> None:
            text.print_calculation(results)
            print_warnings(record.warnings)
            print(f"\n  saved as {file}")

        return Outcome.of(record, show, lambda: (hessian_table(results.hessian),), (file,))

    return run_batch(arguments, one, reading=request.settings.reading)
