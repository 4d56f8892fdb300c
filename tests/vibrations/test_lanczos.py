"""Lanczos steps against eigenvalues: exact degrees, breakdown, and convergence."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from nearsight.vibrations.lanczos import LanczosRun, take_steps

SIZE = 30


@pytest.fixture(scope="module")
def matrix():
    random = np.random.default_rng(2)
    vectors, _ = np.linalg.qr(random.normal(size=(SIZE, SIZE)))
    return vectors * random.uniform(0.0, 5.0, SIZE) @ vectors.T


def runs_of(matrix, starts, n_steps):
    runs = [LanczosRun(start) for start in starts]
    take_steps(runs, lambda keys, vectors: vectors @ matrix, n_steps)
    return runs


def test_quadrature_is_exact_up_to_its_degree(matrix):
    start = np.random.default_rng(3).normal(size=SIZE)
    [run] = runs_of(matrix, [start], 4)
    found = run.quadrature()
    power = np.eye(SIZE)
    for degree in range(8):  # 2 · 4 - 1 and below
        exact = start @ power @ start
        assert found.weights @ found.nodes**degree == pytest.approx(exact, rel=1e-10)
        if degree < 4:
            assert_allclose(found.apply(found.nodes**degree), power @ start, rtol=1e-9, atol=1e-9)
        power = power @ matrix
    ninth = start @ power @ start
    assert found.weights @ found.nodes**8 != pytest.approx(ninth, rel=1e-7)


def test_basis_stays_orthonormal_for_every_eigenvalue(matrix):
    # Eigenvalues that converge at once are what makes plain Lanczos lose orthogonality.
    spread = matrix + 1e3 * np.outer(np.eye(SIZE)[0], np.eye(SIZE)[0])
    [run] = runs_of(spread, [np.ones(SIZE)], SIZE)
    found = run.quadrature()
    assert_allclose(found.basis @ found.basis.T, np.eye(SIZE), atol=1e-12)
    assert_allclose(found.nodes, np.linalg.eigvalsh(spread), atol=1e-9)


def test_a_run_ends_where_its_space_does(matrix):
    values, vectors = np.linalg.eigh(matrix)
    inside = vectors[:, :3] @ [1.0, 2.0, -1.0]
    outside = np.ones(SIZE)
    short, long = runs_of(matrix, [inside, outside], 8)
    assert short.complete
    assert (short.n_steps, long.n_steps) == (3, 8)
    found = short.quadrature()
    assert_allclose(found.nodes, values[:3], atol=1e-10)
    assert found.weights @ np.exp(found.nodes) == pytest.approx(
        np.array([1.0, 4.0, 1.0]) @ np.exp(values[:3])
    )


def test_steps_go_on_where_they_stopped(matrix):
    start = np.ones(SIZE)
    [whole] = runs_of(matrix, [start], 7)
    [parts] = runs_of(matrix, [start], 3)
    steps = []

    def apply(keys, vectors):
        steps.extend(keys)
        return vectors @ matrix

    take_steps([parts], apply, 7)
    assert steps == [(0, 3), (0, 4), (0, 5), (0, 6)]
    assert_allclose(parts.quadrature().nodes, whole.quadrature().nodes, rtol=1e-12)
    assert_allclose(whole.quadrature(4).nodes, runs_of(matrix, [start], 4)[0].quadrature().nodes)


def test_the_zero_matrix_ends_every_run_at_once():
    [run] = runs_of(np.zeros((5, 5)), [np.arange(1.0, 6.0)], 4)
    assert run.complete
    assert run.quadrature().nodes.tolist() == [0.0]
    assert run.quadrature().weights.sum() == pytest.approx(55.0)
