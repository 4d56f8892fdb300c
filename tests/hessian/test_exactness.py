"""Analytic Hessians of networks against differences: how exact, how symmetric."""

import numpy as np
import pytest
from ase.build import bulk

from nearsight.hessian.matrix import Hessian, hessian
from nearsight.models.contract import Model


@pytest.fixture(scope="module")
def oxide_rows(request: pytest.FixtureRequest) -> Hessian:
    """The analytic Hessian of displaced magnesium oxide with a network in double precision.

    Dense, so that few atoms have many neighbours: differences are of every element.
    """
    atoms = bulk("MgO", "rocksalt", a=4.25) * (2, 1, 1)
    atoms.rattle(0.05, seed=11)
    return hessian(atoms, request.getfixturevalue("network"), "rows")


def assert_exact(analytic: Hessian, model: Model) -> None:
    differences = hessian(analytic.atoms, model, "fourth-order")
    error = np.abs(analytic.matrix_eV_per_A2 - differences.matrix_eV_per_A2).max()
    assert np.abs(analytic.matrix_eV_per_A2).max() > 5
    assert error <= 1e-6
    assert analytic.asymmetry_eV_per_A2 <= 1e-8
    assert analytic.sum_rule_eV_per_A2 <= 1e-7
    assert (analytic.method, differences.method) == ("rows", "fourth-order")
    assert (analytic.step_A, differences.step_A) == (None, 1e-4)


def test_network_on_magnesium_oxide(oxide_rows: Hessian, network: Model) -> None:
    """Slow: every element of a network by fourth-order differences, for each network."""
    assert_exact(oxide_rows, network)


def test_sevennet_l3i5_on_magnesium_oxide(sevennet_l3i5: Model) -> None:
    """Slow: every element by fourth-order differences, with a network of l_max 3."""
    compressed = bulk("MgO", "rocksalt", a=4.0) * (2, 1, 1)  # of two atoms all blocks are the same
    compressed.rattle(0.05, seed=4)
    assert_exact(hessian(compressed, sevennet_l3i5, "rows"), sevennet_l3i5)


def test_batched_hessian_is_the_same(oxide_rows: Hessian, network: Model) -> None:
    """Slow: a whole Hessian of a network once more, in batches."""
    batched = hessian(oxide_rows.atoms, network, "batched")
    assert batched.method == "batched"
    difference = np.abs(batched.matrix_eV_per_A2 - oxide_rows.matrix_eV_per_A2).max()
    assert difference <= 1e-10


def test_single_precision_costs_three_digits(oxide_rows: Hessian, network_float32: Model) -> None:
    single = hessian(oxide_rows.atoms, network_float32, "rows")
    difference = np.abs(single.matrix_eV_per_A2 - oxide_rows.matrix_eV_per_A2).max()
    assert 1e-7 < difference < 5e-4
    assert single.asymmetry_eV_per_A2 < 5e-4
