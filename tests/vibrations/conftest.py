import json
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from nearsight.hessian.force_constants import ForceConstants
from nearsight.hessian.matrix import Hessian
from nearsight.hessian.origin import Computed
from nearsight.provenance import ModelIdentity, record
from nearsight.structures.supercell import make_general_supercell

REFERENCE = Path(__file__).parents[1] / "data" / "molecular_hessians"


def origin(n_rows):
    """Return how rows came about."""
    identity = ModelIdentity("analytic", "test", None, "float64", "cpu")
    return Computed(
        method="rows",
        reason="asked for",
        step_A=None,
        rows_computed=n_rows,
        rows_needed=n_rows,
        rows_by_sum_rule=0,
        symmetry="no symmetry was asked for",
        space_group=None,
        row_symmetry_A=None,
        symmetry_deviation_eV_per_A2=None,
        precision_error=None,
        seconds=0.0,
        peak_memory_bytes=0,
        provenance=record(identity, purpose="test"),
    )


def hessian_of(atoms, square):
    """Wrap a (3N, 3N) matrix in eV/Å² as the Hessian of `atoms`."""
    matrix = np.asarray(square, dtype=float).reshape(len(atoms), 3, len(atoms), 3)
    return Hessian(origin=origin(3 * len(atoms)), atoms=atoms, matrix_eV_per_A2=matrix)


def springs(vectors, pairs, constants, n_atoms):
    """Return the Hessian of unstrained springs along `vectors`: exactly invariant."""
    matrix = np.zeros((n_atoms, 3, n_atoms, 3))
    for vector, (first, second), constant in zip(vectors, pairs, constants, strict=True):
        direction = vector / np.linalg.norm(vector)
        block = constant * np.outer(direction, direction)
        matrix[first, :, first, :] += block
        matrix[second, :, second, :] += block
        matrix[first, :, second, :] -= block
        matrix[second, :, first, :] -= block
    return matrix


def all_pairs(n_atoms):
    return [(first, second) for first in range(n_atoms) for second in range(first)]


@pytest.fixture(scope="session")
def make_hessian():
    return hessian_of


@pytest.fixture(scope="session")
def spring_lattice():
    """Return a function: the force constants of atoms on a cubic grid, joined along its axes.

    Springs along x, y and z hold in every direction, so that all three branches are alike:
    λ = Σ_i (4 k_i / m) sin²(π q_i).
    """

    def build(constants=(3.0, 3.0, 3.0), mass=40.0, n=4, rotations=None):
        atom = Atoms("Ar", cell=2.5 * np.eye(3), pbc=True, masses=[mass])
        numbers = np.where(np.array(constants) == 0, 1, n)
        values = np.zeros((*numbers, 3, 3))
        for axis in np.flatnonzero(constants):
            for step in (1, -1):
                neighbour = np.where(np.arange(3) == axis, step, 0)
                values[0, 0, 0] += constants[axis] * np.eye(3)
                values[tuple(neighbour)] -= constants[axis] * np.eye(3)
        return ForceConstants(
            origin=origin(3),
            unit_cell=atom,
            supercell=make_general_supercell(atom, numbers),
            supercell_matrix=np.diag(numbers),
            primitive_vectors=np.eye(3),
            rotations=np.eye(3, dtype=int)[np.newaxis] if rotations is None else rotations,
            primitive_atoms=np.array([0]),
            values_eV_per_A2=values.reshape(-1, 3, 3).transpose(1, 0, 2)[np.newaxis],
        )

    return build


@pytest.fixture(scope="session")
def spring_molecule():
    """Return a function: a rigid random molecule, every pair of its atoms joined by a spring."""

    def build(symbols="CNOHH", seed=7):
        random = np.random.default_rng(seed)
        atoms = Atoms(symbols, positions=random.normal(scale=1.5, size=(len(Atoms(symbols)), 3)))
        pairs = all_pairs(len(atoms))
        vectors = [atoms.positions[first] - atoms.positions[second] for first, second in pairs]
        constants = random.uniform(5.0, 40.0, size=len(pairs))
        return hessian_of(atoms, springs(vectors, pairs, constants, len(atoms)))

    return build


@pytest.fixture(scope="session")
def spring_crystal():
    """Return a function: a random crystal of springs, to periodic images too."""

    def build(symbols="SiOOC", seed=3, strength=1.0):
        random = np.random.default_rng(seed)
        n_atoms = len(Atoms(symbols))
        cell = np.diag([4.0, 4.5, 5.0]) + random.normal(scale=0.2, size=(3, 3))
        scaled = random.uniform(size=(n_atoms, 3))
        atoms = Atoms(symbols, scaled_positions=scaled, cell=cell, pbc=True)
        pairs, vectors = [], []
        for first, second in all_pairs(n_atoms):
            for image in ([0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]):
                pairs.append((first, second))
                shift = np.array(image) @ atoms.cell.array
                vectors.append(atoms.positions[first] - atoms.positions[second] + shift)
        constants = strength * random.uniform(2.0, 30.0, size=len(pairs))
        return hessian_of(atoms, springs(vectors, pairs, constants, n_atoms))

    return build


@pytest.fixture(scope="session")
def spring_chain():
    """Return a function: a random chain of springs, periodic along one cell vector of any way."""

    def build(periodic=2, symbols="COHH", seed=5):
        random = np.random.default_rng(seed)
        positions = random.normal(scale=1.5, size=(len(Atoms(symbols)), 3))
        cell = 3.0 * np.eye(3) + random.normal(scale=0.5, size=(3, 3))
        atoms = Atoms(symbols, positions=positions, cell=cell, pbc=np.arange(3) == periodic)
        pairs, vectors = [], []
        for first, second in all_pairs(len(atoms)):
            for image in (-1, 0, 1):
                pairs.append((first, second))
                shift = image * atoms.cell.array[periodic]
                vectors.append(atoms.positions[first] - atoms.positions[second] + shift)
        constants = random.uniform(2.0, 30.0, size=len(pairs))
        return hessian_of(atoms, springs(vectors, pairs, constants, len(atoms)))

    return build


@pytest.fixture(scope="session")
def einstein_solid():
    """Return a function: atoms that each vibrate alone with one spring constant in eV/Å²."""

    def build(symbols="Al4", constant=4.0):
        atoms = Atoms(symbols, cell=np.eye(3) * 6.0, pbc=True)
        atoms.positions[:, 0] = 1.4 * np.arange(len(atoms))
        return hessian_of(atoms, constant * np.eye(3 * len(atoms)))

    return build


@pytest.fixture(scope="session")
def saddle_crystal(spring_crystal):
    """A crystal with exactly one imaginary vibration beside its three translations."""
    hessian = spring_crystal()
    # The push moves no centre of mass of equal atoms, so the translations stay at zero.
    push = np.kron([1.0, -1.0, 1.0, -1.0], [0.0, 0.0, 1.0])
    return hessian_of(hessian.atoms, hessian.symmetric() - 40.0 * np.outer(push, push))


@pytest.fixture(scope="session")
def reference_molecule():
    """Return a function: the Hessian and the printed data of a molecule by its file name."""

    def load(name):
        data = json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))
        n_atoms = len(data["numbers"])
        matrix = np.zeros((3 * n_atoms, 3 * n_atoms))
        for index, row in enumerate(data["hessian_lower_triangle_eV_per_A2"]):
            matrix[index, : index + 1] = row
            matrix[: index + 1, index] = row
        atoms = Atoms(data["numbers"], positions=data["positions_A"], masses=data.get("masses_amu"))
        return hessian_of(atoms, matrix), data

    return load
