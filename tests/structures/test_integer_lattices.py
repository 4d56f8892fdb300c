"""Lattices of whole numbers."""

import numpy as np
import pytest

from nearsight.structures.integer_lattices import spanning_rows


@pytest.mark.parametrize("seed", range(10))
def test_rows_span_what_the_vectors_span(seed: int) -> None:
    random = np.random.default_rng(seed)
    basis = random.integers(-3, 4, (3, 3))
    while round(np.linalg.det(basis)) == 0:
        basis = random.integers(-3, 4, (3, 3))
    vectors = np.vstack([random.integers(-3, 4, (6, 3)) @ basis, basis])
    rows = np.array(spanning_rows(vectors.tolist()))
    assert rows.shape == (3, 3)
    np.testing.assert_array_equal(rows, np.triu(rows))
    assert abs(round(np.linalg.det(rows))) == abs(round(np.linalg.det(basis)))
    coefficients = vectors @ np.linalg.inv(rows)
    np.testing.assert_allclose(coefficients, np.round(coefficients), atol=1e-9)


def test_fewer_rows_for_planes_lines_and_nothing() -> None:
    assert spanning_rows([]) == []
    assert spanning_rows([(0, 0, 0)]) == []
    assert len(spanning_rows([(2, 4, 6), (3, 6, 9)])) == 1
    [row] = spanning_rows([(2, 4, 6), (3, 6, 9)])
    assert [abs(value) for value in row] == [1, 2, 3]
    assert len(spanning_rows([(1, 1, 0), (1, -1, 0), (2, 0, 0)])) == 2


def test_numbers_of_any_size_stay_exact() -> None:
    large = 10**30
    rows = spanning_rows([(large, large - 1, 0), (large + 1, large, 0), (0, 0, 1)])
    assert [abs(row[axis]) for axis, row in enumerate(rows)] == [1, 1, 1]
