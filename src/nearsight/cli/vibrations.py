"""``nearsight vibrations``."""

import argparse
from pathlib import Path

from nearsight.cli import tables
from nearsight.cli.batch import Record, load_requested_model, require_writable, run_batch
from nearsight.cli.calculation import Calculated, calculate
from nearsight.cli.figures import density_of_states_figure, require_figure_file
from nearsight.errors import MethodError
from nearsight.hessian.result import Hessian
from nearsight.vibrations.modes import Vibrations, vibrations
from nearsight.vibrations.trajectories import mode_trajectory, write_mode_trajectory


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    require_figure_file(arguments.plot)
    if arguments.modes:
        if len(arguments.structures) > 1:
            raise MethodError("--modes names one file; leave it out for several structures.")
        require_writable(arguments.modes)
    saved = {path: Hessian.load(path) for path in arguments.structures if path.endswith(".npz")}
    # Saved Hessians need no model, and perhaps none is installed.
    model = None if len(saved) == len(arguments.structures) else load_requested_model(arguments)
    finished: list[tuple[str, Vibrations]] = []

    def one(path: str) -> Record:
        if model is None or path in saved:
            calculated = Calculated(path, None, saved[path], ())
        else:
            calculated = calculate(path, model, arguments)
        modes = vibrations(calculated.hessian)
        finished.append((calculated.label, modes))
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
