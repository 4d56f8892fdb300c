"""``nearsight hessian``."""

import argparse

from nearsight.cli import plan, tables
from nearsight.cli.batch import Outcome, run_batch
from nearsight.cli.calculation import calculate, load_requested_model
from nearsight.cli.names import require_different_stems, require_one_structure
from nearsight.cli.outputs import NamedFile, require_output_files
from nearsight.cli.work import WorkDirectory
from nearsight.errors import MethodError
from nearsight.records.making import hessian_record
from nearsight.records.results import HessianResults
from nearsight.structures.selection import structure_stem


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    if arguments.plan:
        require_output_files(arguments)
        if arguments.output:
            raise MethodError("--plan computes no Hessian that could be saved; leave --output out.")
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
    model = load_requested_model(arguments)

    def one(path: str, work: WorkDirectory) -> Outcome:
        calculated = calculate(path, model, arguments, work)
        calculated.hessian.save(files[path])
        results = HessianResults(
            path, calculated.hessian, calculated.relaxation, calculated.settings, files[path]
        )
        warnings = results.warnings

        def show() -> None:
            tables.print_calculation(calculated)
            tables.print_warnings(warnings)
            print(f"\n  saved as {files[path]}")

        return Outcome(hessian_record(results).to_json(), show)

    return run_batch(arguments, one)
