"""Growing supercells: when to stop, what to keep, and what to say."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, graphene, molecule
from matplotlib.figure import Figure

from nearsight.errors import MemoryBudgetError, MethodError, StructureError
from nearsight.hessian.force_constants import force_constants
from nearsight.structures.reduced_cell import reduced_basis
from nearsight.vibrations.phonon_mesh import phonon_mesh
from nearsight.vibrations.supercell_convergence import (
    Attempt,
    converge_supercell,
    growing_supercells,
)
from nearsight.vibrations.thermodynamics import thermodynamics

STABLE_A = 3.7494662305  # where rocksalt has its lowest energy with the pair potential


@pytest.fixture
def silicon():
    return bulk("Si", cubic=True)


class Curve:
    """Heat capacities that are known beforehand, one supercell after the other."""

    def __init__(self, heats, room=np.inf):
        self.heats, self.room = list(heats), room
        self.tried = []

    def __call__(self, matrix):
        n_atoms = 8 * round(np.linalg.det(matrix))
        if n_atoms > self.room:
            raise MemoryBudgetError(f"{n_atoms} atoms need more than there is")
        heat = np.atleast_1d(self.heats[len(self.tried)])
        self.tried.append(np.diag(matrix).tolist())
        thermal = SimpleNamespace(
            heat_capacity_J_per_g_K=heat, temperatures_K=100.0 * np.arange(1, len(heat) + 1)
        )
        return Attempt(SimpleNamespace(boundary_eV_per_A2=0.5), thermal, len(self.tried))


# When to stop


def test_growing_stops_where_the_curve_is_flat(silicon):
    attempt = Curve([0.5, 0.6, 0.65, 0.6501, 0.9])
    last, curve = converge_supercell(silicon, attempt, 0.001)
    assert last.kept == 4
    assert curve.converged
    assert curve.stopped == "two supercells agree"
    assert curve.warnings == ()
    assert [step.heat_capacity_J_per_g_K.tolist() for step in curve.steps] == [
        [0.5],
        [0.6],
        [0.65],
        [0.6501],
    ]


def test_every_temperature_must_agree(silicon):
    attempt = Curve([[0.10, 0.5], [0.11, 0.5], [0.11001, 0.5]])
    last, curve = converge_supercell(silicon, attempt, 0.001)
    assert last.kept == 3
    assert curve.temperatures_K.tolist() == [100.0, 200.0]


@pytest.mark.parametrize(("tolerance", "n_steps"), [(0.0101, 2), (0.0099, 3)])
def test_tolerance_is_relative_to_the_larger_supercell(silicon, tolerance, n_steps):
    attempt = Curve([0.99, 1.0, 1.0])
    assert len(converge_supercell(silicon, attempt, tolerance)[1].steps) == n_steps


def test_nothing_at_zero_kelvin_agrees_with_nothing(silicon):
    assert converge_supercell(silicon, Curve([[0.0, 1.0]] * 2), 0.01)[1].converged


def test_curve_that_never_gets_flat_ends_with_a_warning(silicon):
    attempt = Curve(np.linspace(1.0, 2.0, 20))
    last, curve = converge_supercell(silicon, attempt, 0.001)
    assert last.kept == len(curve.steps) == len(attempt.tried) == 8
    assert not curve.converged
    (warning,) = curve.warnings
    assert "did not converge to 0.001" in warning
    assert "×".join(map(str, attempt.tried[-1])) in warning
    assert "8 supercells were tried" in warning


def test_memory_that_runs_out_keeps_the_last_supercell(silicon):
    last, curve = converge_supercell(silicon, Curve([0.5, 0.6, 0.7], room=8 * 8), 0.001)
    assert last.kept == 2
    assert curve.steps[-1].n_atoms == 64
    assert not curve.converged
    assert curve.stopped == "216 atoms need more than there is"
    (warning,) = curve.warnings
    assert "216 atoms need more than there is" in warning


def test_memory_too_small_for_any_supercell_is_an_error(silicon):
    with pytest.raises(MemoryBudgetError, match="8 atoms need"):
        converge_supercell(silicon, Curve([], room=1), 0.001)


def test_other_errors_are_not_taken_for_a_lack_of_memory(silicon):
    def broken(matrix):
        if (matrix != np.eye(3)).any():
            raise StructureError("something else")
        return Curve([1.0])(matrix)

    with pytest.raises(StructureError, match="something else"):
        converge_supercell(silicon, broken, 0.001)


@pytest.mark.parametrize("tolerance", [0.0, -0.1, np.nan, np.inf])
def test_tolerance_must_be_positive(silicon, tolerance):
    with pytest.raises(MethodError, match="makes no sense"):
        converge_supercell(silicon, Curve([1.0]), tolerance)


@pytest.mark.parametrize("atoms", [molecule("H2O"), graphene(vacuum=5.0)])
def test_what_is_no_crystal_does_not_grow(atoms):
    with pytest.raises(StructureError, match="not periodic in three directions"):
        converge_supercell(atoms, Curve([1.0]), 0.001)


# Which supercells


def repeats_of(matrices):
    return [np.diag(matrix).tolist() for matrix in matrices if not np.any(np.triu(matrix, 1))]


def test_cube_grows_as_a_cube(silicon):
    assert repeats_of(growing_supercells(silicon)) == [[n, n, n] for n in range(1, 9)]


def test_narrowest_direction_grows_first():
    flat = Atoms("Si", cell=[4.0, 7.0, 11.0], pbc=True)
    tried = repeats_of(growing_supercells(flat))
    assert tried[:5] == [[2, 1, 1], [2, 2, 1], [3, 2, 1], [3, 2, 2], [4, 2, 2]]


@pytest.mark.parametrize("seed", range(5))
def test_supercells_grow_in_volume_and_never_shrink_in_a_direction(seed):
    cell = np.diag([3.0, 5.0, 8.0]) + np.random.default_rng(seed).normal(scale=0.8, size=(3, 3))
    atoms = Atoms("Si", cell=cell, pbc=True)
    tried = np.array(list(growing_supercells(atoms)))
    repeats = np.diagonal(tried @ np.linalg.inv(reduced_basis(atoms)), axis1=1, axis2=2)
    assert (np.diff(repeats, axis=0) > -1e-9).all()
    assert (np.diff(np.linalg.det(tried)) > 0.5).all()
    widths = 1 / np.linalg.norm(np.linalg.inv(tried @ atoms.cell.array), axis=1)
    assert (widths >= 5.0 - 1e-5).all()
    assert (np.diff(widths.min(axis=1)) > 0).all()


# What is kept


def test_summary_is_json(silicon):
    curve = converge_supercell(silicon, Curve([[0.5, 1.0], [0.5, 1.0]]), 0.01)[1]
    summary = json.loads(json.dumps(curve.summary(), allow_nan=False))
    assert summary["converged"] is True
    assert summary["tolerance"] == 0.01
    assert summary["steps"][1] == {
        "supercell": [2, 2, 2],
        "n_atoms": 64,
        "J_per_g_K": [0.5, 1.0],
        "boundary_eV_per_A2": 0.5,
    }


def test_drawing_shows_the_change_to_the_last_supercell(silicon):
    curve = converge_supercell(silicon, Curve([[0.0, 0.9], [0.0, 1.0], [0.0, 1.0]]), 0.01)[1]
    axes = Figure().subplots()
    curve.plot(axes, "silicon, ")
    # At the lower temperature nothing vibrates.
    (line,) = [each for each in axes.lines if "silicon" in each.get_label()]
    assert line.get_xdata().tolist() == [8, 64, 216]
    assert line.get_ydata().tolist() == pytest.approx([-10.0, 0.0, 0.0])
    assert line.get_label() == "silicon, 200 K"


def test_heat_capacity_of_a_crystal_has_converged_where_it_says_so(pair_model):
    """With a finite range nothing changes once the supercell is twice as wide as it."""
    atoms, model = bulk("MgO", "rocksalt", a=STABLE_A), pair_model()

    def attempt(matrix):
        constants = force_constants(atoms, model, matrix, method="rows")
        phonons = phonon_mesh(constants, (6, 6, 6))
        return Attempt(phonons, thermodynamics(phonons, [80.0, 300.0], "classical"), constants)

    last, curve = converge_supercell(atoms, attempt, 1e-3)
    assert curve.converged
    steps = curve.steps
    assert steps[-1].n_atoms == len(last.kept.supercell)
    assert steps[-1].boundary_eV_per_A2 == last.kept.boundary_eV_per_A2
    larger = attempt(steps[-1].matrix + np.eye(3, dtype=int))
    found = steps[-1].heat_capacity_J_per_g_K
    change = np.abs(larger.thermodynamics.heat_capacity_J_per_g_K / found - 1)
    assert change.max() < 1e-3
