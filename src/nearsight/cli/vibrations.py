"""``nearsight vibrations``."""

import argparse
from pathlib import Path

from nearsight.cli import tables
from nearsight.cli.batch import Record, require_writable, run_batch
from nearsight.cli.calculation import Calculated, calculate
from nearsight.cli.figures import density_of_states_figure, require_figure_file
from nearsight.errors import MethodError
from nearsight.hessian.result import Hessian
from nearsight.models.contract import Model
from nearsight.vibrations.modes import Vibrations, vibrations
from nearsight.vibrations.trajectories import mode_trajectory, write_mode_trajectory


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    require_figure_file(arguments.plot)
    if arguments.modes:
        if len(arguments.structures) > 1:
            raise MethodError("--modes names one file; leave it out for several structures.")
        require_writable(arguments.modes)
    finished: list[tuple[str, Vibrations]] = []

    def one(path: str, model: Model) -> Record:
        calculated = _calculate_or_load(path, model, arguments)
        modes = vibrations(calculated.hessian)
        finished.append((path, modes))
        if arguments.modes:
            modes.save(arguments.modes)
        for mode in arguments.animate:
            target = f"{Path(path).stem}.mode-{mode}.xyz"
            write_mode_trajectory(target, mode_trajectory(modes, mode))
        warnings = (*calculated.warnings, *modes.warnings)
        if arguments.json != "-":
            tables.print_calculation(calculated)
            tables.print_modes(modes)
            tables.print_wavenumbers(modes)
            tables.print_warnings(warnings)
        return {**calculated.record(), "modes": modes.summary(), "warnings": list(warnings)}

    status = run_batch(arguments, one)
    if arguments.plot and finished:
        density_of_states_figure(arguments.plot, finished)
    return status


def _calculate_or_load(path: str, model: Model, arguments: argparse.Namespace) -> Calculated:
    if Path(path).suffix == ".npz":
        return Calculated(path, None, Hessian.load(path), ())
    return calculate(path, model, arguments)
