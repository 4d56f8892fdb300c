"""``nearsight heat-capacity``."""

import argparse

from nearsight.cli import tables
from nearsight.cli.batch import Outcome, require_writable, run_batch
from nearsight.cli.calculation import load_requested_model
from nearsight.cli.figures import heat_capacity_figure, require_figure_file
from nearsight.cli.report_output import require_report_file
from nearsight.cli.spectra import WithHeat, require_spectrum_settings, with_heat
from nearsight.cli.work import WorkDirectory
from nearsight.vibrations.thermodynamics import require_thermodynamic_settings


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    require_writable(arguments.json, arguments.structures)
    require_figure_file(arguments.plot, arguments.structures)
    require_report_file(arguments.report)
    require_writable(arguments.report, arguments.structures)
    require_spectrum_settings(arguments)
    require_thermodynamic_settings(
        arguments.temperature, arguments.acoustic or "exclude", arguments.scale_factor
    )
    model = load_requested_model(arguments)
    drawn: list[WithHeat] = []

    def one(path: str, work: WorkDirectory) -> Outcome:
        found = with_heat(path, model, arguments, work)
        if arguments.plot:
            drawn.append(found)
        return Outcome(record(found), lambda: show(found), found.entry)

    status = run_batch(arguments, one)
    if drawn:
        heat_capacity_figure(arguments.plot, drawn)
    return status


def record(found: WithHeat) -> dict[str, object]:
    """Return the JSON object of one structure."""
    made = found.entry.to_json()
    made["spectrum"] = {**made["spectrum"], "reason": found.chosen.reason}
    if found.convergence is not None:
        made["convergence"] = found.convergence.summary()
        made["warnings"] = [*made["warnings"], *found.convergence.warnings]
    return made


def show(found: WithHeat) -> None:
    """Print one structure."""
    thermal = found.entry.thermodynamics
    assert thermal is not None
    tables.print_calculation(found.calculated)
    tables.print_spectrum(found.entry, found.chosen.reason)
    if found.convergence is not None:
        tables.print_convergence(found.convergence)
    tables.print_thermodynamics(thermal)
    further = found.convergence.warnings if found.convergence else ()
    tables.print_warnings((*found.entry.warnings, *further))
