"""``nearsight hessian``."""

import argparse
from pathlib import Path

from nearsight.cli import tables
from nearsight.cli.batch import Record, load_requested_model, require_writable, run_batch
from nearsight.cli.calculation import calculate
from nearsight.errors import MethodError


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    if arguments.output and len(arguments.structures) > 1:
        raise MethodError("--output names one file; leave it out for several structures.")
    files = {
        path: arguments.output or f"{Path(path).stem}.hessian.npz" for path in arguments.structures
    }
    if len(set(files.values())) < len(files):
        raise MethodError("two structures have the same file name; compute them one by one.")
    for file in files.values():
        require_writable(file)

    model = load_requested_model(arguments)

    def one(path: str) -> Record:
        calculated = calculate(path, model, arguments)
        calculated.hessian.save(files[path])
        if arguments.json != "-":
            tables.print_calculation(calculated)
            tables.print_warnings(calculated.warnings)
            print(f"\n  saved as {files[path]}")
        return {
            **calculated.record(),
            "file": files[path],
            "warnings": list(calculated.warnings),
        }

    return run_batch(arguments, one)
