"""``nearsight heat-capacity``."""

import argparse

from nearsight.cli import tables
from nearsight.cli.batch import Outcome, require_writable, run_batch
from nearsight.cli.calculation import calculate, load_requested_model
from nearsight.cli.figures import heat_capacity_figure, require_figure_file
from nearsight.cli.report_output import require_report_file
from nearsight.cli.work import WorkDirectory
from nearsight.reports.entries import ReportEntry
from nearsight.vibrations.modes import Vibrations, vibrations
from nearsight.vibrations.thermodynamics import require_thermodynamic_settings, thermodynamics


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    require_writable(arguments.json, arguments.structures)
    require_figure_file(arguments.plot, arguments.structures)
    require_report_file(arguments.report)
    require_writable(arguments.report, arguments.structures)
    require_thermodynamic_settings(
        arguments.temperature, arguments.acoustic, arguments.scale_factor
    )
    model = load_requested_model(arguments)
    drawn: list[tuple[str, Vibrations]] = []

    def one(path: str, work: WorkDirectory) -> Outcome:
        calculated = calculate(path, model, arguments, work)
        modes = vibrations(calculated.hessian)
        thermal = thermodynamics(
            modes, arguments.temperature, arguments.acoustic, arguments.scale_factor
        )
        if arguments.plot:
            drawn.append((calculated.label, modes))
        entry = ReportEntry(
            path, calculated.hessian, modes, thermal, calculated.relaxation, calculated.settings
        )

        def show() -> None:
            tables.print_calculation(calculated)
            tables.print_modes(modes)
            tables.print_thermodynamics(thermal)
            tables.print_warnings(entry.warnings)

        return Outcome(entry.to_json(), show, entry)

    status = run_batch(arguments, one)
    if drawn:
        heat_capacity_figure(
            arguments.plot,
            drawn,
            arguments.temperature,
            arguments.acoustic,
            arguments.scale_factor,
        )
    return status
