"""``nearsight vibrations``."""

import argparse

from nearsight.cli import tables
from nearsight.cli.batch import Outcome, run_batch
from nearsight.cli.calculation import calculate, load_requested_model
from nearsight.cli.figures import density_of_states_figure
from nearsight.cli.names import require_different_stems, require_one_structure
from nearsight.cli.outputs import NamedFile, require_output_files
from nearsight.cli.work import WorkDirectory
from nearsight.records.making import vibrations_record
from nearsight.records.results import HarmonicResults
from nearsight.structures.selection import structure_stem
from nearsight.vibrations.modes import Vibrations, require_room_for_modes, vibrations
from nearsight.vibrations.trajectories import mode_trajectory, write_mode_trajectory


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    if arguments.modes:
        require_one_structure(arguments, "--modes")
    if arguments.animate:
        require_different_stems(arguments.structures)
    animations = [
        NamedFile(f"mode {mode} of {path}", _animation(path, mode))
        for path in arguments.structures
        for mode in dict.fromkeys(arguments.animate)
    ]
    require_output_files(arguments, animations)
    model = load_requested_model(arguments)
    drawn: list[tuple[str, Vibrations]] = []

    def one(path: str, work: WorkDirectory) -> Outcome:
        calculated = calculate(path, model, arguments, work, require_room_for_modes)
        modes = vibrations(calculated.hessian)
        if arguments.modes:
            modes.save(arguments.modes)
        for mode in arguments.animate:
            write_mode_trajectory(_animation(path, mode), mode_trajectory(modes, mode))
        if arguments.plot:
            drawn.append((calculated.label, modes))
        entry = HarmonicResults(
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

        record = vibrations_record(entry)
        return Outcome(record.to_json(), show, record)

    def draw() -> None:
        if drawn:
            density_of_states_figure(arguments.plot, drawn)

    return run_batch(arguments, one, draw)


def _animation(path: str, mode: int) -> str:
    """Return the file of a mode that moves."""
    return f"{structure_stem(path)}.mode-{mode}.xyz"
