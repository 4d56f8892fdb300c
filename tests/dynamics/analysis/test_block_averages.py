"""The error of a series with a known memory is the known one, by blocks and by correlations."""

import numpy as np
import pytest
from scipy.signal import lfilter

from nearsight.dynamics.analysis.block_averages import (
    block_average,
    jackknife,
    statistical_inefficiency,
)
from nearsight.errors import MethodError


def autoregressive(memory: float, n_values: int, seed: int) -> np.ndarray:
    """Normal deviates of variance 1 of which each remembers a share of the one before, AR(1)."""
    noise = np.random.default_rng(seed).standard_normal(n_values)
    noise[1:] *= np.sqrt(1 - memory**2)
    return lfilter([1.0], [1.0, -memory], noise)


def exact_error(memory: float, n_values: int) -> float:
    """Return the standard error of the mean of such a series, summed over all lags."""
    lags = np.arange(1, n_values)
    total = 1 + 2 * np.sum((1 - lags / n_values) * memory**lags)
    return float(np.sqrt(total / n_values))


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.9, 0.98])
def test_errors_are_those_of_an_autoregressive_process(memory: float) -> None:
    results = [block_average(3.0 + autoregressive(memory, 8000, seed)) for seed in range(40)]
    exact = exact_error(memory, 8000)
    assert np.mean([result.error for result in results]) == pytest.approx(exact, rel=0.1)
    by_correlation = np.mean([result.error_by_correlation for result in results])
    assert by_correlation == pytest.approx(exact, rel=0.06)
    inefficiency = np.mean([result.inefficiency for result in results])
    assert inefficiency == pytest.approx((1 + memory) / (1 - memory), rel=0.08)
    pulls = [(result.mean - 3.0) / result.error for result in results]
    assert abs(np.mean(pulls)) < 4 / np.sqrt(40)
    assert 0.7 < np.std(pulls) < 1.4


def test_values_that_are_there_twice_count_once() -> None:
    once = np.random.default_rng(3).standard_normal(4000)
    repeated = np.repeat(once, 8)
    assert statistical_inefficiency(once) == pytest.approx(1.0, abs=0.15)
    assert statistical_inefficiency(repeated) == pytest.approx(8.0, rel=0.15)
    result = block_average(repeated)
    assert result.error == pytest.approx(block_average(once).error, rel=0.15)
    assert result.chosen_length >= 8


def test_errors_scale_and_do_not_shift_with_the_values() -> None:
    series = autoregressive(0.8, 2000, 1)
    one, other = block_average(series), block_average(1e4 - 3 * series)
    assert other.error == pytest.approx(3 * one.error)
    assert other.inefficiency == pytest.approx(one.inefficiency)
    assert block_average(np.full(10, 2.0)).error == 0.0


def test_the_jackknife_has_the_error_of_a_mean_and_takes_the_bias_off_a_variance() -> None:
    series = np.random.default_rng(2).standard_normal(1000)
    value, error = jackknife(series, np.mean, 1000)
    assert value == pytest.approx(series.mean(), abs=1e-12)
    assert error == pytest.approx(series.std(ddof=1) / np.sqrt(1000))
    short = series[:10]
    assert jackknife(short, np.var, 10)[0] == pytest.approx(short.var(ddof=1))


def test_too_short_a_series_is_remarked_and_none_is_refused() -> None:
    result = block_average(autoregressive(0.98, 300, 0))
    assert [remark.code for remark in result.warnings] == ["few-independent"]
    assert not block_average(autoregressive(0.0, 300, 0)).warnings
    for bad in ([1.0, 2.0], [1.0, np.nan, 2.0, 3.0], np.zeros((4, 2))):
        with pytest.raises(MethodError, match="a series is"):
            block_average(bad)


def test_the_chart_shows_a_plateau() -> None:
    from matplotlib.figure import Figure

    result = block_average(autoregressive(0.9, 8000, 0))
    points = result.chart().marks[-1]
    late = points.y[(points.x >= result.chosen_length) & (points.x < 1000)]
    np.testing.assert_allclose(late, result.error, rtol=0.5)
    assert result.errors[0] < 0.3 * result.error
    axes = Figure().add_subplot()
    result.plot(axes)
    assert axes.get_xscale() == "log"
