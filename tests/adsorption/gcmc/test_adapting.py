"""What equilibration learns of two levels."""

import numpy as np
import pytest

from nearsight.adsorption.gcmc.adapting import best_steps, fitted_to
from nearsight.adsorption.gcmc.samples import Samples


def samples(counts: np.ndarray, energies: np.ndarray, cheap: np.ndarray) -> Samples:
    ten = np.full(len(counts), 10)
    return Samples(counts, energies, cheap, ten, ten)


def test_scale_and_constant_are_those_of_least_squares() -> None:
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 9, (100, 4))
    cheap = -0.3 * counts + 0.1 * rng.standard_normal((100, 4)) * counts
    exact = fitted_to(samples(counts, 1.3 * cheap + 0.05 * counts, cheap))
    assert exact == pytest.approx((1.3, 0.05))
    noise = 0.02 * rng.standard_normal((100, 4)) * (counts > 0)
    noisy = fitted_to(samples(counts, 1.3 * cheap + 0.05 * counts + noise, cheap))
    assert noisy == pytest.approx((1.3, 0.05), abs=0.02)


def test_what_samples_do_not_tell_is_not_fitted() -> None:
    empty = np.zeros((50, 2), dtype=np.int64)
    assert fitted_to(samples(empty, 1.0 * empty, 1.0 * empty)) is None
    ones = empty + 1
    assert fitted_to(samples(ones, -1.0 * ones, -0.5 * ones)) is None  # scale or constant?


def test_what_would_be_scaled_too_much_gets_a_constant_only() -> None:
    rng = np.random.default_rng(1)
    counts = rng.integers(1, 9, (100, 2))
    cheap = 0.1 * rng.standard_normal((100, 2)) * counts
    fitted = fitted_to(samples(counts, -5 * cheap - 0.2 * counts, cheap))
    assert fitted is not None
    scale, constant = fitted
    assert scale == 1.0
    rest = -5 * cheap - 0.2 * counts - cheap
    assert constant == pytest.approx((rest * counts).sum() / (counts**2).sum())


def test_the_fewest_steps_that_are_nearly_independent_are_best() -> None:
    rng = np.random.default_rng(2)
    # The correlation of neighbours: 0.9, 0.02 and 0; a squared jump over 2 var is 1 less that.
    blocks = []
    for correlation in (0.9, 0.02, 0.0):
        series = np.zeros((2000, 8))
        for step in range(1, 2000):
            noise = rng.standard_normal(8) * np.sqrt(1 - correlation**2)
            series[step] = correlation * series[step - 1] + noise
        blocks.append(series)
    energies = np.concatenate(blocks)
    counts = (10 * energies).round().astype(np.int64)
    steps = np.repeat([10, 100, 1000], 2000)
    calls = np.full(len(steps), 8)  # one of each chain
    assert best_steps(Samples(counts, energies, energies, steps, calls), (1000, 100, 10)) == 100


def test_proposals_that_change_nothing_cost_nothing() -> None:
    """Ten times as many moves change the state ten times as often, by as much for each call."""
    rng = np.random.default_rng(3)
    changes = np.concatenate([rng.random((2000, 8)) < share for share in (0.05, 0.5)])
    energies = np.zeros((4000, 8))
    for step in range(1, 4000):
        fresh = rng.standard_normal(8)
        energies[step] = np.where(changes[step], fresh, energies[step - 1])
    counts = (10 * energies).round().astype(np.int64)
    steps, calls = np.repeat([10, 100], 2000), changes.sum(axis=1)
    assert best_steps(Samples(counts, energies, energies, steps, calls), (10, 100)) == 10
    every = np.full(4000, 8)
    assert best_steps(Samples(counts, energies, energies, steps, every), (10, 100)) == 100
