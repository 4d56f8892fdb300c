"""The lowest modes from products, against all modes; and on the way to a saddle point."""

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from numpy.testing import assert_allclose

from nearsight.errors import CheckpointError, MethodError
from nearsight.hessian.matrix import hessian
from nearsight.hessian.products.operator import HessianOperator
from nearsight.relaxation import RelaxationSettings, relax
from nearsight.vibrations.lowest import lowest_modes, lowest_of
from nearsight.vibrations.modes import vibrations

STABLE_A = 3.7494662305  # where rocksalt has its lowest energy with the pair potential


@pytest.fixture(scope="module")
def solid():
    """Without a symmetry that would make modes degenerate."""
    atoms = bulk("MgO", "rocksalt", a=STABLE_A, cubic=True).repeat(2)
    atoms.set_masses(np.random.default_rng(6).uniform(16.0, 25.0, len(atoms)))
    return atoms


@pytest.fixture(scope="module")
def hop():
    """An atom of a metal half way into a vacancy, everything else at rest."""
    metal = bulk("Mg", "fcc", a=3.75, cubic=True).repeat(2)
    distances = metal.get_distances(0, np.arange(1, len(metal)), mic=True)
    neighbour = 1 + int(np.argmin(distances))
    path = metal.get_distance(0, neighbour, mic=True, vector=True)
    metal.positions[neighbour] -= path / 2
    del metal[0]
    return metal, neighbour - 1, path / np.linalg.norm(path)


def overlap(found, dense, n):
    """Return how much of the space of the lowest n dense modes the found ones span."""
    ours, theirs = (modes[:n].reshape(n, -1) for modes in (found.modes, dense.modes))
    return np.linalg.svd(ours @ theirs.T, compute_uv=False)


def test_lowest_modes_are_those_of_the_matrix(solid, pair_model):
    dense = vibrations(hessian(solid, pair_model(), row_symmetry_A=None))
    operator = HessianOperator(solid, pair_model(), "analytic")
    found = lowest_modes(operator, 4)
    assert_allclose(found.wavenumbers_per_cm, dense.wavenumbers_per_cm[:4], rtol=1e-6)
    # Vectors are off by residual over gap, eigenvalues by its square.
    assert_allclose(overlap(found, dense, 4), 1.0, atol=1e-4)
    assert found.residuals_eV_per_A2_amu.max() <= found.tolerance_eV_per_A2_amu
    assert found.n_products == operator.n_products < 250
    assert found.warnings == ()
    assert not found.imaginary.any()


def test_all_modes_of_a_small_molecule_can_be_asked_for(pair_model):
    corners = 2.5 * np.array([[0, 0, 0], [1, 1, 0], [1, 0, 1], [0, 1, 1]]) / np.sqrt(2)
    atoms = relax(
        Atoms("Mg3Si", positions=corners), pair_model(), RelaxationSettings(fmax_eV_per_A=1e-5)
    ).atoms
    dense = vibrations(hessian(atoms, pair_model()))
    found = lowest_modes(HessianOperator(atoms, pair_model()), 6)
    assert_allclose(found.wavenumbers_per_cm, dense.wavenumbers_per_cm, rtol=1e-9)
    with pytest.raises(MethodError, match="has 6 modes beside the motions of a rigid body; 7"):
        lowest_modes(HessianOperator(atoms, pair_model()), 7)


def test_a_hop_into_a_vacancy_has_one_imaginary_mode_along_the_path(hop, pair_model):
    atoms, hopping, direction = hop
    dense = vibrations(hessian(atoms, pair_model(), row_symmetry_A=None))
    assert dense.n_imaginary == 1
    found = lowest_modes(HessianOperator(atoms, pair_model(), "analytic"))
    assert found.wavenumbers_per_cm[0] == pytest.approx(dense.wavenumbers_per_cm[0], rel=1e-6)
    assert found.imaginary.tolist() == [True]
    assert "not at a minimum" in found.warnings[0]
    along = np.abs(found.modes[0, hopping] @ direction)
    assert along == pytest.approx(np.linalg.norm(found.modes[0, hopping]), rel=1e-3)
    assert along > 0.9


def test_a_guess_from_the_step_before_saves_products(hop, pair_model):
    atoms, hopping, direction = hop
    model = pair_model()
    before = lowest_modes(HessianOperator(atoms, model, "analytic"))
    moved = atoms.copy()
    moved.positions[hopping] += 0.02 * direction
    moved.rattle(0.002, seed=1)
    alone = lowest_modes(HessianOperator(moved, model, "analytic"))
    guided = lowest_modes(HessianOperator(moved, model, "analytic"), guess=before)
    assert guided.wavenumbers_per_cm[0] == pytest.approx(alone.wavenumbers_per_cm[0], rel=1e-6)
    assert guided.n_products < 0.5 * alone.n_products


def test_interrupted_search_goes_on_with_the_products_that_are_there(solid, pair_model, tmp_path):
    path = tmp_path / "modes.lowest"
    whole = lowest_modes(HessianOperator(solid, pair_model(), "analytic"), 2)

    class Interrupted(HessianOperator):
        def products(self, vectors):
            if self.n_products > whole.n_products // 2:
                raise KeyboardInterrupt
            return super().products(vectors)

    with pytest.raises(KeyboardInterrupt):
        lowest_modes(Interrupted(solid, pair_model(), "analytic"), 2, checkpoint=path)
    operator = HessianOperator(solid, pair_model(), "analytic")
    found = lowest_modes(operator, 2, checkpoint=path)
    assert found.n_products == whole.n_products
    assert operator.n_products < 0.6 * whole.n_products
    assert_allclose(found.eigenvalues_eV_per_A2_amu, whole.eigenvalues_eV_per_A2_amu, rtol=1e-9)
    with pytest.raises(CheckpointError, match="another settings"):
        lowest_modes(operator, 2, seed=1, checkpoint=path)


def test_inversion_of_ammonia(sevennet_0):
    height, side = 0.0, 1.0
    angles = 2 * np.pi * np.arange(3) / 3
    corners = np.column_stack([side * np.cos(angles), side * np.sin(angles), np.full(3, height)])
    planar = Atoms("NH3", positions=np.vstack([[0.0, 0.0, 0.0], corners]))
    flat = relax(
        planar, sevennet_0, RelaxationSettings(fmax_eV_per_A=1e-4)
    ).atoms  # no force leads out of the plane
    found = lowest_modes(HessianOperator(flat, sevennet_0))
    assert found.imaginary.tolist() == [True]
    out_of_plane = found.modes[0, :, 2]
    assert np.linalg.norm(out_of_plane) == pytest.approx(1.0, abs=1e-6)
    assert out_of_plane[0] * out_of_plane[1] < 0  # nitrogen against hydrogen


def test_what_did_not_converge_is_said(solid, pair_model):
    found = lowest_modes(HessianOperator(solid, pair_model(), "analytic"), 2, max_iterations=2)
    assert "2 of the 2 lowest modes did not converge" in found.warnings[0]


def test_a_guess_for_something_else_is_refused(solid, hop, pair_model):
    other = lowest_modes(HessianOperator(hop[0], pair_model(), "analytic"))
    with pytest.raises(MethodError, match="the guess is for 31 atoms, not 64"):
        lowest_modes(HessianOperator(solid, pair_model(), "analytic"), guess=other)


def test_a_whole_matrix_gives_the_same_modes(solid, pair_model):
    whole = hessian(solid, pair_model(), row_symmetry_A=None)
    found, products = lowest_of(whole, 4), lowest_modes(HessianOperator(solid, pair_model()), 4)
    assert_allclose(found.wavenumbers_per_cm, products.wavenumbers_per_cm, rtol=1e-6)
    assert found.residuals_eV_per_A2_amu.max() < 1e-10
    assert found.n_products == 0
    # what is not symmetric is no eigenvalue, and stays in the residuals
    skew = np.random.default_rng(5).normal(size=whole.matrix_eV_per_A2.shape)
    skew = 1e-3 * (skew - skew.transpose(2, 3, 0, 1))
    rough = lowest_of(replace(whole, matrix_eV_per_A2=whole.matrix_eV_per_A2 + skew), 4)
    assert_allclose(rough.wavenumbers_per_cm, found.wavenumbers_per_cm, rtol=1e-9)
    assert rough.residuals_eV_per_A2_amu.min() > 1e-5
