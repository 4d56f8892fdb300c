"""``nearsight vibrations``."""

import argparse

from nearsight.cli import tables
from nearsight.cli.batch import Outcome, run_batch
from nearsight.cli.calculation import calculate, load_requested_model
from nearsight.cli.figures import density_of_states_figure
from nearsight.cli.json_output import require_writable
from nearsight.cli.names import require_different_stems, require_one_structure
from nearsight.cli.outputs import require_output_files
from nearsight.cli.work import WorkDirectory
from nearsight.reports.entries import ReportEntry
from nearsight.structures.selection import structure_stem
from nearsight.vibrations.modes import Vibrations, vibrations
from nearsight.vibrations.trajectories import mode_trajectory, write_mode_trajectory


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    require_output_files(arguments)
    if arguments.modes:
        require_one_structure(arguments, "--modes")
        require_writable(arguments.modes, arguments.structures)
    if arguments.animate:
        require_different_stems(arguments.structures)
    model = load_requested_model(arguments)
    drawn: list[tuple[str, Vibrations]] = []

    def one(path: str, work: WorkDirectory) -> Outcome:
        calculated = calculate(path, model, arguments, work)
        modes = vibrations(calculated.hessian)
        if arguments.modes:
            modes.save(arguments.modes)
        for mode in arguments.animate:
            target = f"{structure_stem(path)}.mode-{mode}.xyz"
            write_mode_trajectory(target, mode_trajectory(modes, mode))
        if arguments.plot:
            drawn.append((calculated.label, modes))
        entry = ReportEntry(
            path,
            calculated.hessian,
            modes,
            relaxation=calculated.relaxation,
            settings=calculated.settings,
        )

        def show() -> None:
            tables.print_calculation(calculated)
            tables.print_modes(modes)
            tables.print_wavenumbers(modes)
            tables.print_warnings(entry.warnings)

        return Outcome(entry.to_json(), show, entry)

    status = run_batch(arguments, one)
    if drawn:
        density_of_states_figure(arguments.plot, drawn)
    return status
