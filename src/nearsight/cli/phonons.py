"""``nearsight phonons``."""

import argparse
from dataclasses import dataclass

from nearsight.cli import tables
from nearsight.cli.batch import Outcome, require_writable, run_batch
from nearsight.cli.born import require_born_file
from nearsight.cli.calculation import (
    Calculated,
    force_constants_of,
    is_finished,
    load_requested_model,
    prepare,
    saved_force_constants,
)
from nearsight.cli.figures import phonons_figure, require_figure_file
from nearsight.cli.names import require_one_structure
from nearsight.cli.report_output import require_report_file
from nearsight.cli.spectra import heat_of, require_crystal
from nearsight.cli.work import WorkDirectory
from nearsight.errors import MethodError
from nearsight.hessian.phonopy_io import write_phonopy
from nearsight.models.contract import Model
from nearsight.reports.entries import ReportEntry
from nearsight.vibrations.band_structure import band_structure
from nearsight.vibrations.modes import vibrations
from nearsight.vibrations.phonon_mesh import phonon_mesh
from nearsight.vibrations.thermodynamics import require_thermodynamic_settings


@dataclass(frozen=True)
class Phonons:
    """One structure with all that was computed of its phonons."""

    calculated: Calculated
    entry: ReportEntry


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    _require_settings(arguments)
    model = load_requested_model(arguments)
    drawn: list[Phonons] = []

    def one(path: str, work: WorkDirectory) -> Outcome:
        found = _phonons(_force_constants(path, model, arguments, work), arguments)
        if arguments.plot:
            drawn.append(found)
        return Outcome(found.entry.to_json(), lambda: _show(found, arguments.output), found.entry)

    status = run_batch(arguments, one)
    if drawn:
        phonons_figure(arguments.plot, drawn)
    return status


def _require_settings(arguments: argparse.Namespace) -> None:
    require_writable(arguments.json, arguments.structures)
    require_figure_file(arguments.plot, arguments.structures)
    require_report_file(arguments.report)
    require_writable(arguments.report, arguments.structures)
    if arguments.output:
        require_one_structure(arguments, "--output")
        require_writable(arguments.output, arguments.structures)
    require_born_file(arguments.nac)
    if arguments.supercell and arguments.length is not None:
        raise MethodError("give either --supercell or --length, not both.")
    require_thermodynamic_settings(
        arguments.temperature, arguments.acoustic or "classical", arguments.scale_factor
    )


def _force_constants(
    path: str, model: Model | None, arguments: argparse.Namespace, work: WorkDirectory
) -> Calculated:
    if model is None or is_finished(path):
        return saved_force_constants(path, arguments)
    prepared = prepare(
        path, model, arguments, work, require=lambda atoms: require_crystal(atoms, "phonons")
    )
    return force_constants_of(prepared, model, arguments, work)


def _phonons(calculated: Calculated, arguments: argparse.Namespace) -> Phonons:
    constants = calculated.force_constants
    assert constants is not None
    mesh = {} if arguments.mesh is None else {"mesh": arguments.mesh}
    phonons = phonon_mesh(constants, nac=arguments.nac, **mesh)
    bands = band_structure(constants, nac=arguments.nac) if arguments.bands else None
    if arguments.output:
        write_phonopy(arguments.output, constants, arguments.nac)
    entry = ReportEntry(
        calculated.path,
        calculated.hessian,
        vibrations(calculated.hessian),
        heat_of(phonons, arguments, on_mesh=True),
        calculated.relaxation,
        calculated.settings,
        constants,
        phonons,
        bands=bands,
    )
    return Phonons(calculated, entry)


def _show(found: Phonons, output: str | None) -> None:
    phonons, thermal = found.entry.phonons, found.entry.thermodynamics
    assert phonons is not None
    assert thermal is not None
    tables.print_calculation(found.calculated)
    tables.print_phonons(phonons)
    if found.entry.bands is not None:
        tables.print_bands(found.entry.bands)
    tables.print_thermodynamics(thermal)
    tables.print_further_functions(thermal)
    tables.print_warnings(found.entry.warnings)
    if output:
        print(f"\n  saved for phonopy as {output}")
