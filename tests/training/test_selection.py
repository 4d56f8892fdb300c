"""Components of forces by chance, or by their errors."""

import numpy as np
import pytest

from nearsight.training.selection import large_components, random_components
from nearsight.training.settings import OptimizerSettings


def settings(n: int, **more: object) -> OptimizerSettings:
    return OptimizerSettings(n_force_components=n, **more)


@pytest.mark.parametrize(("n", "expected"), [(0, 0), (7, 7), (31, 30)])
def test_components_differ(n: int, expected: int) -> None:
    errors = np.random.default_rng(1).normal(size=30)
    for chosen in (
        random_components(30, settings(n), np.random.default_rng(0)),
        large_components(errors, 1.0, settings(n), np.random.default_rng(0)),
    ):
        assert len(set(chosen.tolist())) == len(chosen) == expected


def test_random_ones_are_evenly_spread() -> None:
    random = np.random.default_rng(2)
    chosen = [random_components(12, settings(3), random) for _ in range(2000)]
    counts = np.bincount(np.concatenate(chosen), minlength=12)
    # Each is in a quarter of them: 500, with a standard deviation of 19.
    assert np.abs(counts - 500).max() < 90


def test_the_first_large_error_is_taken_else_the_largest() -> None:
    random = np.random.default_rng(3)
    by_error = settings(4, threshold_trials=3, force_threshold=2.0)
    for _ in range(200):
        errors = random.exponential(size=12)
        state = random.bit_generator.state
        chosen = large_components(errors, 0.7, by_error, random)
        random.bit_generator.state = state
        tried = random.permutation(12).reshape(4, 3)
        for component, trials in zip(chosen, tried, strict=True):
            large = [each for each in trials if errors[each] > 1.4]
            assert component == (large[0] if large else max(trials, key=lambda each: errors[each]))


def test_few_components_leave_few_trials() -> None:
    errors = np.arange(9.0)
    by_error = settings(4, threshold_trials=3)
    assert len(large_components(errors, 1.0, by_error, np.random.default_rng(0))) == 4
