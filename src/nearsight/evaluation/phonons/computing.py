"""One crystal: as it is given, by rows and by differences, beside a reference; and relaxed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from ase import Atoms

from nearsight.announcing import announces
from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import MissingPropertyError
from nearsight.evaluation.phonons.parts import AtRest, Bands, CrystalPhonons, PhononValues, Routes
from nearsight.hessian.force_constants import ForceConstants, force_constants
from nearsight.models.contract import Model
from nearsight.progress import Progress
from nearsight.relaxation import RelaxationSettings, relax
from nearsight.units import EV_IN_THZ, EV_PER_CELL_IN_J_PER_MOL, mode_energies
from nearsight.vibrations.band_path import BandPath, find_band_path
from nearsight.vibrations.band_structure import band_structure
from nearsight.vibrations.phonon_mesh import phonon_mesh
from nearsight.vibrations.qpoints import mesh_numbers
from nearsight.vibrations.thermodynamics import thermodynamics

_TEMPERATURE_K = 300.0
_STEP_A = 0.01
"""Displacement that is usual for phonons by differences."""
_RELAXATION = RelaxationSettings(fmax_eV_per_A=1e-3, symmetrize_A=1e-3, max_steps=500)
_POINTS = 31
_EXACT = "rows"


@dataclass(frozen=True)
class Setting:
    """In which cells, and how finely, a crystal is computed on both sides."""

    atoms: Atoms
    supercell: IntArray
    """Rows in units of the vectors of the cell."""
    mesh_length_A: float
    has_bands: bool
    reference: ForceConstants | None


@announces
def crystal_phonons(model: Model, setting: Setting, progress: Progress) -> CrystalPhonons:
    """Compute a crystal as it is given, and compare it with the reference where there is one."""
    reference = setting.reference
    usual = _usual_method(model)
    found = _force_constants(model, setting, setting.atoms, usual, progress)
    exact = found if usual == _EXACT else _exact(model, setting, progress)
    routes = None if exact is None else _routes(model, setting, exact, progress)
    path = find_band_path(reference or found) if setting.has_bands else None
    return CrystalPhonons(
        formula=setting.atoms.get_chemical_formula("metal", empirical=True),
        n_atoms=len(found.supercell),
        method=found.method,
        reference=None if reference is None else _values(reference, setting),
        as_given=_values(found, setting),
        relaxed=None,
        has_converged=False,
        # Rows by the sum rule keep it whatever the model does; exact ones have none of these.
        sum_rule_eV_per_A2=(exact or found).sum_rule_eV_per_A2,
        # Kinks of the curvature make differences of a gradient asymmetric, too.
        asymmetry=asymmetry(exact or found),
        routes=routes,
        bands=None if path is None else _bands(found, path),
        reference_bands=None if path is None or reference is None else _bands(reference, path),
    )


@announces
def phonons_at_rest(model: Model, setting: Setting, progress: Progress) -> AtRest:
    """Relax a crystal by a model, and compute it there; nothing for a model without a stress."""
    try:
        relaxed = relax(setting.atoms, model, _RELAXATION, progress=progress)
    except MissingPropertyError:
        return AtRest(values=None, has_converged=False)
    found = _force_constants(model, setting, relaxed.atoms, _usual_method(model), progress)
    return AtRest(values=_values(found, setting), has_converged=relaxed.converged)


def _force_constants(
    model: Model, setting: Setting, atoms: Atoms, method: str, progress: Progress
) -> ForceConstants:
    """Return force constants by the model, with cells and charges as the reference has them."""
    found = force_constants(
        atoms,
        model,
        setting.supercell,
        method=method,
        step_A=_STEP_A if method == "central-difference" else None,
        progress=progress,
    )
    return found if setting.reference is None else in_cells_of(found, setting.reference)


def _usual_method(model: Model) -> str:
    """Return how phonons are computed: by rows where they are those of the forces.

    Rows that are asked for by name are all computed: none follows from the sum rule.
    """
    known = model.capabilities
    return _EXACT if known.differentiable and known.curvature_smooth is not False else "auto"


def _exact(model: Model, setting: Setting, progress: Progress) -> ForceConstants | None:
    """Return force constants by exact rows nevertheless; None without such rows."""
    if not model.capabilities.differentiable:
        return None
    return _force_constants(model, setting, setting.atoms, _EXACT, progress)


def _routes(model: Model, setting: Setting, exact: ForceConstants, progress: Progress) -> Routes:
    by_differences = _force_constants(model, setting, setting.atoms, "central-difference", progress)
    one, other = (_values(each, setting) for each in (by_differences, exact))
    norm = np.linalg.norm(exact.values_eV_per_A2)
    apart = np.linalg.norm(by_differences.values_eV_per_A2 - exact.values_eV_per_A2)
    return Routes(
        rows_difference=float(apart / norm),
        free_energy_difference_kJ_per_mol=one.free_energy_kJ_per_mol - other.free_energy_kJ_per_mol,
        highest_difference_THz=one.highest_THz - other.highest_THz,
    )


def in_cells_of(found: ForceConstants, reference: ForceConstants) -> ForceConstants:
    """Return force constants of a supercell with the primitive cell of others of the same one.

    Born charges are those of the others, too, so that both have the same non-analytical term.
    """
    values = np.stack([_row_of(found, int(atom)) for atom in reference.primitive_atoms])
    return replace(
        found,
        primitive_vectors=reference.primitive_vectors,
        rotations=reference.rotations,
        primitive_atoms=reference.primitive_atoms,
        values_eV_per_A2=values,
        born=reference.born,
    )


def _row_of(found: ForceConstants, atom: int) -> FloatArray:
    """Return the force constants of any atom of the supercell with all: those of its copy, moved.

    Shape ``(3, n_supercell, 3)``.
    """
    copy = int(found.class_of_atom()[atom])
    stands_for = int(found.primitive_atoms[copy])
    places = found.supercell.get_scaled_positions()
    moved = places + places[atom] - places[stands_for]
    apart = moved[:, np.newaxis] - places
    order = np.argmin(np.linalg.norm(apart - np.round(apart), axis=2), axis=1)
    row: FloatArray = np.empty_like(found.values_eV_per_A2[copy])
    row[:, order] = found.values_eV_per_A2[copy]
    return row


def asymmetry(found: ForceConstants) -> float:
    """Return the norm of the antisymmetric part of force constants over that of the whole.

    That is of Φ(A, B) - Φ(B, A)ᵀ over the supercell: at Γ alone a crystal of one atom has none.
    """
    values = found.values_eV_per_A2
    swapped = np.stack(
        [_row_of(found, atom)[:, found.primitive_atoms] for atom in range(len(found.supercell))]
    )  # B, β, A, α
    apart = values - swapped.transpose(2, 3, 0, 1)
    return float(np.linalg.norm(apart) / 2 / np.linalg.norm(values))


def _values(found: ForceConstants, setting: Setting) -> PhononValues:
    mesh = phonon_mesh(found, mesh_numbers(_cell(setting, found), setting.mesh_length_A))
    n_atoms = len(found.unit_cell)
    heat = thermodynamics(mesh, _TEMPERATURE_K)
    per_mol = EV_PER_CELL_IN_J_PER_MOL / n_atoms
    frequencies = mode_energies(mesh.eigenvalues_eV_per_A2_amu) * EV_IN_THZ
    return PhononValues(
        highest_THz=float(frequencies.max()),
        lowest_THz=float(frequencies.min()),
        imaginary_share=mesh.share_imaginary_uninterpolated,
        imaginary_share_of_mesh=mesh.share_imaginary,
        free_energy_kJ_per_mol=1e-3 * per_mol * float(heat.free_energy_eV[0]),
        entropy_J_per_mol_K=per_mol * float(heat.entropy_eV_per_K[0]),
        heat_capacity_J_per_mol_K=per_mol * float(heat.heat_capacity_eV_per_K[0]),
        volume_A3_per_atom=float(found.unit_cell.cell.volume) / n_atoms,
    )


def _cell(setting: Setting, found: ForceConstants) -> Atoms:
    """Return the primitive cell by which the mesh is chosen, the same for all sides."""
    return (setting.reference or found).primitive_cell


def _bands(found: ForceConstants, path: BandPath) -> Bands:
    bands = band_structure(found, path, points_per_segment=_POINTS)
    return Bands(
        labels=tuple((each.start, each.end) for each in bands.segments),
        ways_per_A=tuple(_rounded(each.distances_per_A) for each in bands.segments),
        frequencies_THz=tuple(
            tuple(_rounded(point) for point in each.frequencies_THz) for each in bands.segments
        ),
    )


def _rounded(values: FloatArray | Sequence[float]) -> tuple[float, ...]:
    return tuple(round(float(value), 5) for value in values)
