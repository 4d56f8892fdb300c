"""Densities and counts from Chebyshev moments, against all modes."""

import numpy as np
import pytest
from ase.build import bulk
from numpy.testing import assert_allclose

from nearsight.errors import MethodError
from nearsight.hessian.matrix import hessian
from nearsight.hessian.products.operator import HessianOperator
from nearsight.vibrations.kernel_polynomial import kernel_polynomial
from nearsight.vibrations.modes import vibrations

STABLE_A = 3.7494662305  # where rocksalt has its lowest energy with the pair potential


def rocksalt(a):
    return bulk("MgO", "rocksalt", a=a, cubic=True).repeat(3)


@pytest.fixture(scope="module")
def stable(pair_model):
    atoms = rocksalt(STABLE_A)
    dense = vibrations(hessian(atoms, pair_model()))
    operator = HessianOperator(atoms, pair_model(), "analytic")
    return dense, kernel_polynomial(operator, n_moments=120, n_vectors=6)


def test_moments_are_those_of_the_eigenvalues(stable):
    dense, found = stable
    scaled = (dense.eigenvalues_eV_per_A2_amu - found.centre_eV_per_A2_amu) / (
        found.half_width_eV_per_A2_amu
    )
    assert np.abs(scaled).max() < 1
    exact = np.cos(np.outer(np.arange(120), np.arccos(scaled))).mean(axis=1)
    scatter = found.moments.std(axis=0, ddof=1) / np.sqrt(6)
    assert (np.abs(found.moments.mean(axis=0) - exact) < 5 * scatter + 1e-12).all()
    assert found.n_products == 12 + 6 * 60
    assert found.moments.shape == (6, 120)
    assert found.n_modes == 3 * 216 - 3


def test_density_integrates_to_the_number_of_modes(stable):
    dense, found = stable
    grid = np.linspace(0.0, 1.05 * dense.wavenumbers_per_cm[-1], 4001)
    states = found.states_per_wavenumber_cm(grid)
    assert np.trapezoid(states, grid) == pytest.approx(found.n_modes, rel=2e-3)
    upper = grid > 500.0
    count = np.count_nonzero(dense.wavenumbers_per_cm > 500.0)
    assert np.trapezoid(states[upper], grid[upper]) == pytest.approx(count, rel=0.05)


def test_counts_are_those_of_the_modes_within_their_error(stable):
    dense, found = stable
    for eigenvalue in np.quantile(dense.eigenvalues_eV_per_A2_amu, [0.25, 0.5, 0.9]):
        count, error = found.count_below(eigenvalue)
        exact = np.count_nonzero(dense.eigenvalues_eV_per_A2_amu < eigenvalue)
        # the step is not sharp: what lies within the resolution counts in part
        near = np.abs(dense.eigenvalues_eV_per_A2_amu - eigenvalue)
        blurred = np.count_nonzero(near < found.resolution_eV_per_A2_amu)
        assert abs(count - exact) < 4 * error + blurred
    assert found.count_below(-10.0) == pytest.approx((0.0, 0.0), abs=1e-6)
    assert found.count_below(1e3)[0] == pytest.approx(found.n_modes)


def test_imaginary_modes_of_a_stretched_solid_are_counted(pair_model):
    atoms = rocksalt(4.4)
    dense = vibrations(hessian(atoms, pair_model()))
    found = kernel_polynomial(HessianOperator(atoms, pair_model(), "analytic"), 160, 12)
    bound = -found.resolution_eV_per_A2_amu
    exact = np.count_nonzero(dense.eigenvalues_eV_per_A2_amu < bound)
    assert exact > 20
    count, error = found.count_below(bound)
    near = np.abs(dense.eigenvalues_eV_per_A2_amu - bound) < found.resolution_eV_per_A2_amu
    assert abs(count - exact) < 4 * error + np.count_nonzero(near)
    assert error < 0.2 * count


def test_one_vector_has_no_error_estimate(pair_model):
    operator = HessianOperator(rocksalt(STABLE_A), pair_model(), "analytic")
    assert kernel_polynomial(operator, 16, 1).count_below(0.0)[1] == np.inf
    repeated = [kernel_polynomial(operator, 16, 2, seed=3).moments for _ in range(2)]
    assert_allclose(*repeated, rtol=1e-12)


@pytest.mark.parametrize(("n_moments", "n_vectors"), [(4, 3), (100, 0)])
def test_too_little_is_refused(pair_model, n_moments, n_vectors):
    operator = HessianOperator(rocksalt(STABLE_A), pair_model(), "analytic")
    with pytest.raises(MethodError, match="say nothing"):
        kernel_polynomial(operator, n_moments, n_vectors)
