"""``nearsight vibrations``."""

import argparse

from nearsight.cli.batch import Task, run_batch
from nearsight.cli.names import require_one_structure
from nearsight.cli.outputs import require_output_files
from nearsight.cli.request import requested
from nearsight.cli.shown_warnings import print_warnings
from nearsight.figures import density_of_states_figure
from nearsight.records.results import HarmonicResults
from nearsight.runs.named_files import NamedFile, require_different_stems
from nearsight.runs.outputs import Outcome
from nearsight.structures.selection import structure_stem
from nearsight.tables import text
from nearsight.tables.of_results import modes_table
from nearsight.vibrations.frequency_units import FREQUENCY_UNITS
from nearsight.vibrations.trajectories import mode_trajectory, write_mode_trajectory
from nearsight.workflows import VibrationsSettings, vibrations


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
    request = requested(arguments, VibrationsSettings())
    model = request.load_model(arguments.structures)
    drawn: list[HarmonicResults] = []

    def one(task: Task) -> Outcome:
        record = request.answer(vibrations, task, model)
        results = record.results
        assert results is not None
        if arguments.modes:
            results.vibrations.save(arguments.modes)
        moving = {mode: _animation(task.path, mode) for mode in arguments.animate}
        for mode, file in moving.items():
            write_mode_trajectory(file, mode_trajectory(results.vibrations, mode))
        if arguments.plot:
            drawn.append(results)
        return Outcome.of(
            record,
            lambda: _show(results),
            lambda: (modes_table(results.vibrations),),
            (arguments.modes, *moving.values()),
        )

    def draw() -> None:
        if drawn:
            density_of_states_figure(arguments.plot, drawn)

    return run_batch(arguments, one, draw, request.settings.reading)


def _show(results: HarmonicResults) -> None:
    text.print_calculation(results)
    unit = FREQUENCY_UNITS[results.presentation.frequency_unit]
    text.print_modes(results.vibrations, unit)
    text.print_wavenumbers(results.vibrations, unit)
    print_warnings(results.warnings)


def _animation(path: str, mode: int) -> str:
    """Return the file of a mode that moves."""
    return f"{structure_stem(path)}.mode-{mode}.xyz"
