"""Checks of what must not change: under motions, copies, distance and company."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from nearsight.models.contract import Evaluation, Model, forces_of
from nearsight.structures.pairs import pairs_of
from nearsight.testing.report import Check, failed, not_applicable
from nearsight.testing.structures import displaced

_ENERGY_TOLERANCE_PER_ATOM = {"float64": 1e-9, "float32": 2e-5}
_FORCE_TOLERANCE = {"float64": 1e-8, "float32": 2e-3}
_FAR_A = 15.0
_MARGIN_A = 0.5
_FEWEST_HANDED_ATOMS = 4


def rotation(model: Model, name: str, atoms: Atoms) -> Check:
    """Turn the structure with its cell: the energy stays, the forces turn with it."""
    title = "forces turn with structure"
    if model.capabilities.equivariant is False:
        return not_applicable(title, name, "the model is not equivariant")
    turn = Rotation.random(rng=np.random.default_rng(3)).as_matrix()
    return _worst(title, name, model, [_transformed(model, atoms, turn)])


def mirror_image(model: Model, name: str, atoms: Atoms) -> Check:
    """Mirror the structure with its cell: the energy stays, the forces are mirrored."""
    title = "forces mirrored with structure"
    if not model.capabilities.mirror_equivariant:
        return not_applicable(title, name, "the model does not claim to keep mirror images")
    if not atoms.pbc.any() and len(atoms) < _FEWEST_HANDED_ATOMS:
        return not_applicable(title, name, "so few atoms lie in a plane, their own mirror image")
    if len(atoms) < _FEWEST_HANDED_ATOMS:
        # A displaced cell of one or two atoms is its own mirror image but for high orders.
        atoms = atoms.repeat(np.where(atoms.pbc, 2, 1))
    return _worst(title, name, model, [_transformed(model, atoms, np.diag([1.0, 1.0, -1.0]))])


def translation(model: Model, name: str, atoms: Atoms) -> Check:
    """Move everything by one vector: nothing changes."""
    atoms = displaced(atoms)
    moved = atoms.copy()
    moved.positions += np.array([0.37, -1.21, 2.09])
    before, after = _evaluate(model, [atoms, moved])
    return _worst("translation", name, model, [(before, after)])


def permutation(model: Model, name: str, atoms: Atoms) -> Check:
    """Give the atoms another order: the forces follow their atoms."""
    atoms = displaced(atoms)
    order = np.random.default_rng(5).permutation(len(atoms))
    before, after = _evaluate(model, [atoms, atoms[order]])
    expected = replace(before, forces_eV_per_A=forces_of(before)[order])
    return _worst("permutation", name, model, [(expected, after)])


def batch_equals_single(model: Model, name: str, atoms: Atoms) -> Check:
    """Evaluate two structures together and alone."""
    structures = [displaced(atoms, seed=1), displaced(atoms, seed=2)]
    pairs = list(zip(_evaluate(model, structures), model.evaluate(structures), strict=True))
    return _worst("batch = single", name, model, pairs)


def energy_alone(model: Model, name: str, atoms: Atoms) -> Check:
    """Ask for the energy with forces and without: it is the same, and there are none without."""
    title = "energy alone"
    atoms = displaced(atoms)
    [beside], [alone] = model.evaluate([atoms]), model.evaluate([atoms], forces=False)
    if alone.forces_eV_per_A is not None:
        return failed(title, name, "eV/atom", "forces were not asked for, and were given")
    deviations = [abs(alone.energy_eV - beside.energy_eV) / len(atoms)]
    if beside.atomic_energies_eV is not None:
        if alone.atomic_energies_eV is None:
            return failed(title, name, "eV/atom", "without forces there are no atomic energies")
        deviations.append(float(np.abs(alone.atomic_energies_eV - beside.atomic_energies_eV).max()))
    return _energy_check(title, name, model, max(deviations))


def pairs_given(model: Model, name: str, atoms: Atoms) -> Check:
    """Give the model the pairs of the structure, more of them than it needs: nothing changes."""
    title = "pairs given = pairs found"
    cutoff = model.capabilities.cutoff_A
    if cutoff is None:
        return not_applicable(title, name, "no cutoff is stated")
    atoms = displaced(atoms)
    pairs = [pairs_of(atoms, cutoff + _MARGIN_A)]
    [found], [given] = model.evaluate([atoms]), model.evaluate([atoms], pairs=pairs)
    return _worst(title, name, model, [(found, given)])


def extensivity(model: Model, name: str, atoms: Atoms) -> Check:
    """Double a crystal: the energy doubles."""
    title = "supercell extensivity"
    if not atoms.pbc.any():
        return not_applicable(title, name, "not periodic")
    if model.capabilities.gamma_only:
        return not_applicable(title, name, "the model samples crystals at the Γ point only")
    repetitions = np.ones(3, dtype=int)
    repetitions[int(np.argmax(atoms.pbc))] = 2
    once, twice = _evaluate(model, [atoms, atoms.repeat(repetitions)], forces=False)
    deviation = abs(twice.energy_eV - 2 * once.energy_eV) / (2 * len(atoms))
    return _energy_check(title, name, model, deviation)


def size_consistency(model: Model, name: str, atoms: Atoms) -> Check:
    """Put two unlike clusters far apart into one cell: the energy is the sum of theirs."""
    title = "size consistency"
    if model.capabilities.size_consistent is False:
        return not_applicable(title, name, "the model is not size-consistent")
    symbols = 2 * atoms.get_chemical_symbols()  # twice, because there may be one atom only
    first = Atoms(symbols[:2], positions=[(0, 0, 0), (0, 0, 2.0)])
    second = Atoms(symbols[-2:], positions=[(0, 0, 0), (0, 1.8, 1.8)])
    distance = max(_FAR_A, 2 * (model.capabilities.cutoff_A or 0.0))
    box = np.diag([2 * distance + 5.0, distance + 5.0, distance + 5.0])
    for cluster in (first, second):
        cluster.set_cell(box)
        cluster.pbc = True
    second.positions += (distance, 0.0, 0.0)
    one, other, both = _evaluate(model, [first, second, first + second], forces=False)
    deviation = abs(both.energy_eV - one.energy_eV - other.energy_eV) / len(first + second)
    return _energy_check(title, name, model, deviation)


def atomic_energies_sum_up(model: Model, name: str, atoms: Atoms) -> Check:
    """Add the atomic energies up."""
    title = "atomic energies add up"
    evaluation = model.evaluate([displaced(atoms)], forces=False)[0]
    if evaluation.atomic_energies_eV is None:
        if model.capabilities.atomic_energies:
            return failed(title, name, "eV/atom", "the model states them, but gave None")
        return not_applicable(title, name, "the model gives no atomic energies")
    deviation = abs(float(evaluation.atomic_energies_eV.sum()) - evaluation.energy_eV) / len(atoms)
    return _energy_check(title, name, model, deviation)


def _transformed(
    model: Model, atoms: Atoms, matrix: NDArray[np.float64]
) -> tuple[Evaluation, Evaluation]:
    """Return what an orthogonal matrix makes of the forces, and the forces of what it makes."""
    atoms = displaced(atoms)
    image = atoms.copy()
    image.set_cell(atoms.cell.array @ matrix.T)
    image.positions = atoms.positions @ matrix.T
    before, after = _evaluate(model, [atoms, image])
    return replace(before, forces_eV_per_A=forces_of(before) @ matrix.T), after


def _evaluate(
    model: Model, structures: Sequence[Atoms], *, forces: bool = True
) -> tuple[Evaluation, ...]:
    """Evaluate the structures one by one."""
    return tuple(model.evaluate([atoms], forces=forces)[0] for atoms in structures)


def _worst(
    title: str, name: str, model: Model, pairs: Sequence[tuple[Evaluation, Evaluation]]
) -> Check:
    """Compare energies and forces, and return what is farther beyond its tolerance."""
    checks = []
    for expected, found in pairs:
        energy = abs(expected.energy_eV - found.energy_eV) / len(forces_of(expected))
        checks.append(_energy_check(title, name, model, energy))
        forces = float(np.abs(forces_of(expected) - forces_of(found)).max())
        tolerance = _FORCE_TOLERANCE.get(model.identity.dtype, 1e-6)
        checks.append(Check(title, name, forces, tolerance, "eV/Å"))
    return max(checks, key=Check.excess)


def _energy_check(title: str, name: str, model: Model, deviation: float) -> Check:
    tolerance = _ENERGY_TOLERANCE_PER_ATOM.get(model.identity.dtype, 1e-7)
    return Check(title, name, deviation, tolerance, "eV/atom")
