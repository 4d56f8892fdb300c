"""``nearsight heat-capacity``."""

import argparse

from nearsight.cli import tables
from nearsight.cli.batch import Record, load_requested_model, run_batch
from nearsight.cli.calculation import calculate
from nearsight.cli.figures import heat_capacity_figure, require_figure_file
from nearsight.vibrations.modes import Vibrations, vibrations
from nearsight.vibrations.thermodynamics import require_thermodynamic_settings, thermodynamics


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    require_figure_file(arguments.plot)
    require_thermodynamic_settings(
        arguments.temperature, arguments.acoustic, arguments.scale_factor
    )
    model = load_requested_model(arguments)
    finished: list[tuple[str, Vibrations]] = []

    def one(path: str) -> Record:
        calculated = calculate(path, model, arguments)
        modes = vibrations(calculated.hessian)
        thermal = thermodynamics(
            modes, arguments.temperature, arguments.acoustic, arguments.scale_factor
        )
        finished.append((calculated.label, modes))
        warnings = tuple(dict.fromkeys([*calculated.warnings, *modes.warnings, *thermal.warnings]))
        if arguments.json != "-":
            tables.print_calculation(calculated)
            tables.print_modes(modes)
            tables.print_thermodynamics(thermal)
            tables.print_warnings(warnings)
        return {
            **calculated.record(),
            "modes": modes.summary(),
            "heat_capacity": thermal.heat_capacity_summary(),
            "acoustic": thermal.acoustic,
            "scale_factor": thermal.scale_factor,
            "warnings": list(warnings),
        }

    status = run_batch(arguments, one)
    if arguments.plot and finished:
        heat_capacity_figure(
            arguments.plot,
            finished,
            arguments.temperature,
            arguments.acoustic,
            arguments.scale_factor,
        )
    return status
