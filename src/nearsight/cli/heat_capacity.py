"""``nearsight heat-capacity``."""

import argparse

from nearsight.cli import tables
from nearsight.cli.batch import Outcome, run_batch
from nearsight.cli.calculation import load_requested_model
from nearsight.cli.figures import heat_capacity_figure
from nearsight.cli.names import require_one_structure
from nearsight.cli.outputs import require_output_files
from nearsight.cli.probing import Probed
from nearsight.cli.spectra import WithHeat, require_spectrum_settings, with_heat
from nearsight.cli.work import WorkDirectory
from nearsight.records.making import heat_capacity_record
from nearsight.vibrations.thermodynamics import require_thermodynamic_settings


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    require_output_files(arguments)
    require_spectrum_settings(arguments)
    require_thermodynamic_settings(
        arguments.temperature, arguments.acoustic, arguments.scale_factor
    )
    if arguments.atomic_heat:
        require_one_structure(arguments, "--atomic-heat")
    model = load_requested_model(arguments)
    drawn: list[WithHeat | Probed] = []

    def one(path: str, work: WorkDirectory) -> Outcome:
        found = with_heat(path, model, arguments, work)
        if arguments.plot:
            drawn.append(found)
        record = heat_capacity_record(found.entry)
        return Outcome(record.to_json(), lambda: show(found), record)

    def draw() -> None:
        if drawn:
            heat_capacity_figure(arguments.plot, drawn)

    return run_batch(arguments, one, draw)


def show(found: WithHeat | Probed) -> None:
    """Print one structure."""
    if isinstance(found, Probed):
        tables.print_probed(found.entry)
        tables.print_warnings(found.entry.warnings)
        return
    entry = found.entry
    assert entry.thermodynamics is not None
    tables.print_calculation(found.calculated)
    tables.print_spectrum(entry)
    if entry.convergence is not None:
        tables.print_convergence(entry.convergence)
    tables.print_thermodynamics(entry.thermodynamics)
    tables.print_warnings(entry.warnings)
