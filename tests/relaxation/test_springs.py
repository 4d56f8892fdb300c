"""Networks of springs: what they are for any constants, and the constants that fit."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from nearsight.hessian.products.operator import HessianOperator
from nearsight.relaxation.springs import Constants, SpringNetwork
from nearsight.relaxation.strains import ALL_STRAINS, NO_STRAINS


@pytest.fixture
def solid() -> Atoms:
    atoms = bulk("MgO", "rocksalt", a=4.2, cubic=True)
    atoms.rattle(0.1, seed=1)
    return atoms


def some_constants(network: SpringNetwork) -> Constants:
    random = np.random.default_rng(3)
    return {label: random.uniform(1.0, 5.0) for label in network.labels}


def test_a_bond_is_a_spring_along_and_across() -> None:
    network = SpringNetwork(Atoms("O2", positions=[[0, 0, 0], [0, 0, 1.2]]), NO_STRAINS)
    constants = {label: {"along": 7.0, "across": 2.0}[label[1]] for label in network.labels}
    block = np.diag([2.0, 2.0, 7.0])
    expected = np.block([[block, -block], [-block, block]])
    np.testing.assert_allclose(network.matrix(constants).toarray(), expected, atol=1e-12)


def test_moving_everything_stretches_nothing(solid: Atoms) -> None:
    network = SpringNetwork(solid, ALL_STRAINS)
    matrix = network.matrix(some_constants(network)).toarray()
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-12)
    assert np.linalg.eigvalsh(matrix).min() > -1e-10
    moved = np.concatenate([np.tile([1.0, 2.0, 3.0], len(solid)), np.zeros(6)])
    np.testing.assert_allclose(matrix @ moved, 0.0, atol=1e-10)


def test_strain_is_the_displacement_of_a_cluster_that_grows() -> None:
    cluster = molecule("C6H6")
    network = SpringNetwork(cluster, ALL_STRAINS)
    matrix = network.matrix(some_constants(network)).toarray()
    strain = np.array([0.1, 0.2, -0.1, 0.3, -0.2, 0.4])
    xx, yy, zz, yz, xz, xy = strain
    tensor = np.array([[xx, xy / 2, xz / 2], [xy / 2, yy, yz / 2], [xz / 2, yz / 2, zz]])
    displaced = np.concatenate([(cluster.positions @ tensor).ravel(), np.zeros(6)])
    strained = np.concatenate([np.zeros(3 * len(cluster)), strain])
    np.testing.assert_allclose(matrix @ displaced, matrix @ strained, atol=1e-9)


def test_a_network_turns_with_its_structure(solid: Atoms) -> None:
    turned = solid.copy()
    turned.rotate(50, (1, 2, 3), rotate_cell=True)
    rotation = turned.cell.array.T @ np.linalg.inv(solid.cell.array.T)
    network = SpringNetwork(solid, NO_STRAINS)
    constants = some_constants(network)
    everywhere = np.kron(np.eye(len(solid)), rotation)
    np.testing.assert_allclose(
        SpringNetwork(turned, NO_STRAINS).matrix(constants).toarray(),
        everywhere @ network.matrix(constants).toarray() @ everywhere.T,
        atol=1e-10,
    )


def test_constants_of_a_network_are_found_again(solid: Atoms) -> None:
    network = SpringNetwork(solid, ALL_STRAINS)
    constants = some_constants(network)
    vectors = np.random.default_rng(4).normal(size=(4, len(solid), 3))
    size = vectors[0].size
    matrix = network.matrix(constants)[:size, :size]
    products = (vectors.reshape(4, -1) @ matrix).reshape(vectors.shape)
    assert network.fit(vectors, products) == pytest.approx(constants, rel=1e-8)


def test_a_fit_comes_close_to_a_model_and_is_never_negative(
    solid: Atoms, pair_model: Callable[..., Any]
) -> None:
    network = SpringNetwork(solid, NO_STRAINS)
    operator = HessianOperator(solid, pair_model(), "analytic")
    vectors = np.random.default_rng(4).normal(size=(3, len(solid), 3))
    products = operator.products(vectors)
    constants = network.fit(vectors, products)
    assert min(constants.values()) >= 0
    others = np.random.default_rng(5).normal(size=(2, len(solid), 3))
    exact = operator.products(others).reshape(2, -1)
    close = others.reshape(2, -1) @ network.matrix(constants)
    assert np.linalg.norm(close - exact) < 0.5 * np.linalg.norm(exact)


def test_atoms_far_apart_have_no_springs() -> None:
    network = SpringNetwork(Atoms("H2", positions=[[0, 0, 0], [0, 0, 9]]), NO_STRAINS)
    vectors = np.ones((1, 2, 3))
    assert network.fit(vectors, vectors) == {}
    assert network.matrix({}).nnz == 0
