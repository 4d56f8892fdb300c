"""``nearsight phonons``."""

import argparse
from dataclasses import replace

import numpy as np

from nearsight.cli import tables
from nearsight.cli.batch import Outcome, run_batch
from nearsight.cli.born import require_born_file
from nearsight.cli.calculated import Calculated
from nearsight.cli.calculation import force_constants_of, load_requested_model, prepare
from nearsight.cli.figures import phonons_figure
from nearsight.cli.names import require_one_structure
from nearsight.cli.outputs import require_output_files
from nearsight.cli.saved import is_finished, require_force_constants_file, saved_force_constants
from nearsight.cli.spectra import WithHeat, finished, require_crystal, require_one_size
from nearsight.cli.work import WorkDirectory
from nearsight.hessian.phonopy_io import write_phonopy
from nearsight.models.contract import Model
from nearsight.records.making import phonons_record
from nearsight.structures.reduced_cell import reduced_basis
from nearsight.vibrations.band_structure import band_structure
from nearsight.vibrations.thermodynamics import require_thermodynamic_settings


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    _require_settings(arguments)
    model = load_requested_model(arguments)
    drawn: list[WithHeat] = []

    def one(path: str, work: WorkDirectory) -> Outcome:
        found = _phonons(_force_constants(path, model, arguments, work), arguments)
        if arguments.plot:
            drawn.append(found)
        record = phonons_record(found.entry)
        return Outcome(record.to_json(), lambda: _show(found, arguments.output), record)

    def draw() -> None:
        if drawn:
            phonons_figure(arguments.plot, drawn)

    return run_batch(arguments, one, draw)


def _require_settings(arguments: argparse.Namespace) -> None:
    require_output_files(arguments)
    if arguments.output:
        require_one_structure(arguments, "--output")
    require_born_file(arguments.nac)
    require_force_constants_file(arguments)
    require_one_size(arguments)
    require_thermodynamic_settings(
        arguments.temperature, arguments.acoustic, arguments.scale_factor
    )


def _force_constants(
    path: str, model: Model | None, arguments: argparse.Namespace, work: WorkDirectory
) -> Calculated:
    if model is None or is_finished(path, arguments):
        return saved_force_constants(path, arguments)
    prepared = prepare(
        path, model, arguments, work, require=lambda atoms: require_crystal(atoms, "phonons")
    )
    return force_constants_of(prepared, model, arguments, work)


def _phonons(calculated: Calculated, arguments: argparse.Namespace) -> WithHeat:
    found = finished(calculated, None, arguments)
    constants = calculated.force_constants
    assert constants is not None
    bands = band_structure(constants) if arguments.bands else None
    if arguments.output:
        write_phonopy(arguments.output, constants)
    return replace(found, entry=replace(found.entry, bands=bands))


def _show(found: WithHeat, output: str | None) -> None:
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
        skewed = not np.array_equal(reduced_basis(phonons.atoms), np.eye(3))
        print(f"\n  saved for phonopy as {output}{', in the reduced cell' if skewed else ''}")
