"""Moments against those of all values at once, and what is left out by them."""

import numpy as np
import pytest

from nearsight.arrays import FloatArray
from nearsight.training.statistics import Moments, telling_functions


def values(n: int = 50) -> FloatArray:
    """Return a free function, a constant, one that follows the first, and another free one."""
    random = np.random.default_rng(0)
    first, last = random.normal(size=(2, n))
    follower = -3.0 * first + 1e-3 * random.normal(size=n)
    return np.column_stack([first, np.full(n, 7.0), follower, 1e6 + last])


def moments_of(all_values: FloatArray, n_blocks: int) -> Moments:
    moments = Moments(all_values.shape[1])
    for block in np.array_split(all_values, n_blocks):
        moments.add(block)
    moments.add(all_values[:0])
    return moments


@pytest.mark.parametrize("n_blocks", [1, 7, 50])
def test_blocks_add_up(n_blocks: int) -> None:
    statistics = moments_of(values(), n_blocks).statistics()
    np.testing.assert_array_equal(statistics.smallest, values().min(axis=0))
    np.testing.assert_array_equal(statistics.largest, values().max(axis=0))
    np.testing.assert_allclose(statistics.mean, values().mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(
        statistics.sigma, values().std(axis=0, ddof=1), rtol=1e-8, atol=1e-14
    )


def test_correlations_are_those_of_numpy() -> None:
    free = [0, 2, 3]
    correlations = moments_of(values(), 3).correlations()
    expected = np.corrcoef(values()[:, free].T)
    np.testing.assert_allclose(correlations[np.ix_(free, free)], expected, atol=1e-8)
    assert not correlations[1].any()


def test_small_ranges_are_small_beside_the_largest() -> None:
    """In whatever unit."""
    narrow = 1e-9 * values() * [1.0, 1.0, 0.01, 1.0]
    telling, reasons = telling_functions(
        moments_of(narrow, 2), smallest_range=0.05, largest_correlation=1.0
    )
    assert (telling.tolist(), reasons) == ([0, 3], ["constant", "constant"])


def test_constants_and_followers_are_left_out() -> None:
    telling, reasons = telling_functions(
        moments_of(values(), 2), smallest_range=1e-3, largest_correlation=0.999
    )
    assert telling.tolist() == [0, 3]
    assert reasons == ["constant", "correlated"]
    telling, reasons = telling_functions(
        moments_of(values(), 2), smallest_range=1e-3, largest_correlation=1.0
    )
    assert (telling.tolist(), reasons) == ([0, 2, 3], ["constant"])
