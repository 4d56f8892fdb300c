"""Means of series whose correlation is known."""

import numpy as np
import pytest

from nearsight.adsorption.gcmc.series import equilibrium_begin, mean_of
from nearsight.arrays import FloatArray
from nearsight.errors import MethodError


def autoregressive(correlation: float, shape: tuple[int, int], seed: int = 0) -> FloatArray:
    """Return series of variance 1 in which neighbours are correlated so."""
    rng = np.random.default_rng(seed)
    series = np.empty(shape)
    series[:, 0] = rng.standard_normal(shape[0])
    for step in range(1, shape[1]):
        noise = np.sqrt(1 - correlation**2) * rng.standard_normal(shape[0])
        series[:, step] = correlation * series[:, step - 1] + noise
    return series


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_the_inefficiency_of_a_known_process(correlation: float) -> None:
    mean = mean_of(autoregressive(correlation, (4, 20_000)))
    expected = (1 + correlation) / (1 - correlation)
    assert mean.inefficiency == pytest.approx(expected, rel=0.1)
    assert mean.error == pytest.approx(np.sqrt(expected / 80_000), rel=0.1)


def test_intervals_have_the_mean_as_often_as_they_say() -> None:
    inside = 0
    for seed in range(300):
        low, high = mean_of(autoregressive(0.7, (2, 400), seed)).interval
        inside += low < 0 < high
    assert abs(inside / 300 - 0.95) < 0.04


def test_series_that_stay_apart_are_few_values() -> None:
    apart = np.repeat([[0.0], [10.0]], 500, axis=1)
    apart += 0.1 * autoregressive(0.0, (2, 500))
    mean = mean_of(apart)
    assert mean.n_effective < 5
    low, high = mean.interval
    assert low < 0
    assert high > 10


def test_mser_leaves_out_the_beginning() -> None:
    series = autoregressive(0.3, (1, 1000))[0]
    assert equilibrium_begin(series) < 100
    rising = series - 8 * np.exp(-np.arange(1000) / 60)
    assert 100 < equilibrium_begin(rising) < 400
    assert equilibrium_begin(np.arange(1000.0)) == 1000  # never
    assert equilibrium_begin(np.zeros(1000)) == 0
    assert equilibrium_begin(series[:10]) == 10


def test_the_variance_that_mser_makes_smallest() -> None:
    series = autoregressive(0.3, (1, 200), seed=5)[0]
    series[:40] += 3
    batches = series.reshape(-1, 5).mean(axis=1)
    variances = [batches[cut:].var() / len(batches[cut:]) for cut in range(len(batches) - 3)]
    assert equilibrium_begin(series) == 5 * int(np.argmin(variances))


def test_a_constant_is_one_value_and_nothing_has_no_mean() -> None:
    mean = mean_of(np.full((3, 10), 2.0))
    assert (mean.value, mean.error, mean.n_effective) == (2.0, 0.0, 3.0)
    with pytest.raises(MethodError, match="1 values have no error"):
        mean_of(np.ones((1, 1)))
    with pytest.raises(MethodError, match="is no number"):
        mean_of(np.array([[1.0, np.nan]]))
