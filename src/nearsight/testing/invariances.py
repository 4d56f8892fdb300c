"""Checks of what must not change: under motions, copies, distance and company."""

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from scipy.spatial.transform import Rotation

from nearsight.models.contract import Model
from nearsight.testing.report import Check, not_applicable
from nearsight.testing.structures import displaced

_ENERGY_TOLERANCE_PER_ATOM = {"float64": 1e-9, "float32": 2e-5}
_FORCE_TOLERANCE = {"float64": 1e-8, "float32": 2e-3}
_FAR_A = 15.0


def rotation(model: Model, name: str, atoms: Atoms) -> Check:
    """Turn the structure with its cell: the energy stays, the forces turn with it."""
    title = "forces turn with structure"
    if model.capabilities.equivariant is False:
        return not_applicable(title, name, "the model is not equivariant")
    atoms = displaced(atoms)
    turn = Rotation.random(rng=np.random.default_rng(3)).as_matrix()
    turned = atoms.copy()
    turned.set_cell(atoms.cell.array @ turn.T)
    turned.positions = atoms.positions @ turn.T
    before, after = _forces(model, [atoms, turned])
    return _forces_agree(title, name, model, before @ turn.T, after)


def translation(model: Model, name: str, atoms: Atoms) -> Check:
    """Move everything by one vector: nothing changes."""
    atoms = displaced(atoms)
    moved = atoms.copy()
    moved.positions += np.array([0.37, -1.21, 2.09])
    before, after = _forces(model, [atoms, moved])
    return _forces_agree("translation", name, model, before, after)


def permutation(model: Model, name: str, atoms: Atoms) -> Check:
    """Give the atoms another order: the forces follow their atoms."""
    atoms = displaced(atoms)
    order = np.random.default_rng(5).permutation(len(atoms))
    before, after = _forces(model, [atoms, atoms[order]])
    return _forces_agree("permutation", name, model, before[order], after)


def batch_equals_single(model: Model, name: str, atoms: Atoms) -> Check:
    """Evaluate two structures together and alone."""
    first, second = displaced(atoms, seed=1), displaced(atoms, seed=2)
    together = model.evaluate([first, second])
    alone = [model.evaluate([first])[0], model.evaluate([second])[0]]
    deviation = max(
        float(np.abs(a.forces_eV_per_A - b.forces_eV_per_A).max())
        for a, b in zip(together, alone, strict=True)
    )
    tolerance = _FORCE_TOLERANCE.get(model.identity.dtype, 1e-6)
    return Check("batch = single", name, deviation, tolerance, "eV/Å")


def extensivity(model: Model, name: str, atoms: Atoms) -> Check:
    """Double a crystal: the energy doubles."""
    title = "supercell extensivity"
    if not atoms.pbc.any():
        return not_applicable(title, name, "not periodic")
    repetitions = np.ones(3, dtype=int)
    repetitions[int(np.argmax(atoms.pbc))] = 2
    once, twice = model.evaluate([atoms]), model.evaluate([atoms.repeat(repetitions)])
    deviation = abs(twice[0].energy_eV - 2 * once[0].energy_eV) / (2 * len(atoms))
    return _energy_check(title, name, model, deviation)


def size_consistency(model: Model, name: str, atoms: Atoms) -> Check:
    """Put two clusters far apart into one cell: the energy is the sum of theirs."""
    title = "size consistency"
    if model.capabilities.size_consistent is False:
        return not_applicable(title, name, "the model is not size-consistent")
    first = Atoms(atoms.symbols[:2], positions=[(0, 0, 0), (0, 0, 2.0)])
    second = Atoms(atoms.symbols[-2:], positions=[(0, 0, 0), (0, 1.4, 1.4)])
    distance = max(_FAR_A, 2 * (model.capabilities.cutoff_A or 0.0))
    box = np.diag([2 * distance + 5.0, distance + 5.0, distance + 5.0])
    for cluster in (first, second):
        cluster.set_cell(box)
        cluster.pbc = True
    second.positions += (distance, 0.0, 0.0)
    parts = [evaluation.energy_eV for evaluation in model.evaluate([first, second])]
    whole = model.evaluate([first + second])[0].energy_eV
    return _energy_check(title, name, model, abs(whole - sum(parts)) / 4)


def atomic_energies_sum_up(model: Model, name: str, atoms: Atoms) -> Check:
    """Add the atomic energies up."""
    title = "atomic energies add up"
    evaluation = model.evaluate([displaced(atoms)])[0]
    if evaluation.atomic_energies_eV is None:
        return not_applicable(title, name, "the model gives no atomic energies")
    deviation = abs(float(evaluation.atomic_energies_eV.sum()) - evaluation.energy_eV) / len(atoms)
    return _energy_check(title, name, model, deviation)


def _forces(model: Model, structures: Sequence[Atoms]) -> list[np.ndarray]:
    return [model.evaluate([atoms])[0].forces_eV_per_A for atoms in structures]


def _forces_agree(
    title: str, name: str, model: Model, expected: np.ndarray, found: np.ndarray
) -> Check:
    tolerance = _FORCE_TOLERANCE.get(model.identity.dtype, 1e-6)
    return Check(title, name, float(np.abs(expected - found).max()), tolerance, "eV/Å")


def _energy_check(title: str, name: str, model: Model, deviation: float) -> Check:
    tolerance = _ENERGY_TOLERANCE_PER_ATOM.get(model.identity.dtype, 1e-7)
    return Check(title, name, deviation, tolerance, "eV/atom")
