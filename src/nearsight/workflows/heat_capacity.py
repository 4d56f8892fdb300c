"""From a structure to the vibrations that its heat capacity is from: at Γ, or over a mesh."""

import argparse
from dataclasses import dataclass, replace

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.cli.born import require_born_file
from nearsight.cli.calculated import Calculated
from nearsight.cli.calculation import calculate, force_constants_of, hessian_of, prepare
from nearsight.cli.probing import Probed, cheaper_by_probing, probe, require_probing_settings
from nearsight.cli.saved import is_finished, require_force_constants_file, saved_force_constants
from nearsight.cli.work import WorkDirectory
from nearsight.errors import MethodError
from nearsight.hessian.phonopy_results import is_phonopy_file
from nearsight.models.contract import Model
from nearsight.records.results import HarmonicResults
from nearsight.vibrations.modes import require_room_for_modes, vibrations
from nearsight.vibrations.phonon_mesh import phonon_mesh
from nearsight.vibrations.spectrum import Spectrum
from nearsight.vibrations.supercell_convergence import (
    Attempt,
    converge_supercell,
)
from nearsight.vibrations.thermodynamics import thermodynamics
from nearsight.vibrations.wording import PERIODIC_WITH_VACUUM


@dataclass(frozen=True)
class Chosen:
    """Which spectrum a heat capacity is taken from, and why."""

    method: str
    reason: str


@dataclass(frozen=True)
class WithHeat:
    """One structure with its spectrum and thermodynamic functions."""

    calculated: Calculated
    entry: HarmonicResults


def require_spectrum_settings(arguments: argparse.Namespace) -> None:
    """Check that the options of the spectrum go together.

    Raises
    ------
    MethodError
        They do not.
    CheckpointError
        The BORN file is none.
    """
    require_born_file(arguments.nac)
    require_force_constants_file(arguments)
    wanted = _mesh_options(arguments)
    if arguments.spectrum in {"dense", "probing"} and wanted:
        raise MethodError(
            f"--spectrum {arguments.spectrum} has no q-points; leave {', '.join(wanted)} out."
        )
    require_probing_settings(arguments)
    require_one_size(arguments)
    if arguments.converge_supercell and (arguments.supercell or arguments.length):
        raise MethodError(
            "--converge-supercell chooses the supercells; leave --supercell and --length out."
        )


def require_one_size(arguments: argparse.Namespace) -> None:
    """Check that the supercell of force constants is not asked for twice.

    Raises
    ------
    MethodError
        It is.
    """
    if arguments.supercell and arguments.length is not None:
        raise MethodError("give either --supercell or --length, not both.")


def _mesh_options(arguments: argparse.Namespace) -> list[str]:
    given = {
        "--mesh": arguments.mesh,
        "--length": arguments.length,
        "--nac": arguments.nac,
        "--converge-supercell": arguments.converge_supercell,
    }
    return [name for name, value in given.items() if value is not None]


def choose_spectrum(arguments: argparse.Namespace, atoms: Atoms, model: Model | None) -> Chosen:
    """Decide whether heat is taken from the modes at Γ of one cell, from a mesh, or probed.

    Parameters
    ----------
    model
        None for a saved Hessian, which needs none.

    Raises
    ------
    MethodError
        A mesh was asked for, but the structure is no crystal.
    """
    wanted = _mesh_options(arguments)
    if arguments.spectrum == "mesh" or wanted:
        name = wanted[0] if wanted else "--spectrum mesh"
        require_crystal(atoms, name)
        return Chosen("mesh", f"{name} was given")
    if arguments.spectrum in {"dense", "probing"}:
        return Chosen(arguments.spectrum, f"--spectrum {arguments.spectrum} was given")
    if not atoms.pbc.all():
        return Chosen("dense", "the structure is no crystal")
    if model is None:
        return Chosen("dense", "a saved Hessian is that of its cell; --mesh interpolates it")
    cheaper = cheaper_by_probing(atoms, model, arguments)
    if cheaper is not None:
        return Chosen("probing", cheaper)
    return Chosen("mesh", "a crystal has phonons, not modes at Γ only")


def require_crystal(atoms: Atoms, what: str) -> None:
    """Check that the structure has phonons, before its force constants are computed.

    Raises
    ------
    MethodError
        It is not periodic in three directions.
    """
    if not atoms.pbc.all():
        other = f"; or {PERIODIC_WITH_VACUUM}" if atoms.pbc.any() else ""
        raise MethodError(
            f"{what} can be had of a crystal only, but {atoms.get_chemical_formula()} is not "
            f"periodic in three directions: use its modes at Γ (heat-capacity --spectrum dense, or "
            f"vibrations){other}."
        )


def with_heat(
    path: str, model: Model | None, arguments: argparse.Namespace, work: WorkDirectory
) -> WithHeat | Probed:
    """Compute everything that a heat capacity needs.

    Raises
    ------
    NearsightError
        Something is wrong with the structure, the model, the settings, or the machine.
    """
    if model is None or is_finished(path, arguments):
        return _from_finished(path, arguments, work)

    def choose(atoms: Atoms) -> Chosen:
        return choose_spectrum(arguments, atoms, model)

    prepared = prepare(
        path,
        model,
        arguments,
        work,
        require=choose,
        dense=lambda atoms: choose(atoms).method == "dense",
        require_room=require_room_for_modes,
    )
    chosen = choose(prepared.atoms)
    if chosen.method == "probing":
        return probe(prepared, model, arguments, work, chosen.reason)
    if chosen.method == "dense":
        return finished(hessian_of(prepared, model, arguments, work), chosen.reason, arguments)
    if not arguments.converge_supercell:
        return finished(
            force_constants_of(prepared, model, arguments, work), chosen.reason, arguments
        )

    def attempt(matrix: NDArray[np.int64]) -> Attempt[WithHeat]:
        calculated = force_constants_of(prepared, model, arguments, work, matrix)
        found = finished(calculated, chosen.reason, arguments)
        assert found.entry.phonons is not None
        assert found.entry.thermodynamics is not None
        return Attempt(found.entry.phonons, found.entry.thermodynamics, found)

    largest, convergence = converge_supercell(prepared.atoms, attempt, arguments.converge_supercell)
    entry = replace(largest.kept.entry, convergence=convergence)
    return WithHeat(largest.kept.calculated, entry)


def _from_finished(path: str, arguments: argparse.Namespace, work: WorkDirectory) -> WithHeat:
    if arguments.converge_supercell:
        raise MethodError(
            f"{path} is a finished Hessian, of which no supercell can grow; --recompute takes its "
            f"structure."
        )
    if arguments.spectrum == "probing":
        raise MethodError(
            f"{path} is a finished Hessian; it has nothing to be probed. --recompute takes its "
            f"structure."
        )
    if is_phonopy_file(path):
        if arguments.spectrum == "dense":
            raise MethodError(f"{path} holds force constants; leave --spectrum dense out.")
        chosen = Chosen("mesh", "force constants were given")
        return finished(saved_force_constants(path, arguments), chosen.reason, arguments)
    calculated = calculate(path, None, arguments, work)
    chosen = choose_spectrum(arguments, calculated.atoms, None)
    if chosen.method == "mesh":
        calculated = saved_force_constants(path, arguments)
    return finished(calculated, chosen.reason, arguments)


def finished(calculated: Calculated, reason: str | None, arguments: argparse.Namespace) -> WithHeat:
    """Compute modes, phonons where there are force constants, and thermodynamic functions.

    Parameters
    ----------
    reason
        Why heat is taken from this spectrum; None where there was no choice.
    """
    modes = vibrations(calculated.hessian)
    phonons = None
    if calculated.force_constants is not None:
        mesh = {} if arguments.mesh is None else {"mesh": arguments.mesh}
        phonons = phonon_mesh(calculated.force_constants, **mesh)
    spectrum: Spectrum = phonons or modes
    thermal = thermodynamics(
        spectrum,
        arguments.temperature,
        arguments.acoustic,
        arguments.scale_factor,
    )
    entry = HarmonicResults(
        calculated.path,
        calculated.hessian,
        modes,
        thermal,
        calculated.relaxation,
        calculated.settings,
        calculated.force_constants,
        phonons,
        reason,
    )
    return WithHeat(calculated, entry)
