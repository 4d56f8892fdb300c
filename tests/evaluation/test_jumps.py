"""Steps are found with their height, whatever else changes, and fast changes are none."""

import numpy as np
import pytest

from nearsight.evaluation.jumps import largest_jump

PLACES = np.linspace(0.0, 6.0, 301)


@pytest.mark.parametrize("place", [0.5, 1.51, 3.01, 5.499])
@pytest.mark.parametrize("height", [1e-6, -0.3])
def test_a_step_has_its_height(place: float, height: float) -> None:
    values = np.sin(PLACES) + height * (place < PLACES)
    assert largest_jump(values) == pytest.approx(abs(height), rel=1e-3, abs=1e-12)


def test_what_changes_fast_is_no_step() -> None:
    for width in (0.15, 0.1, 0.06):
        assert largest_jump(np.tanh((PLACES - 3.0) / width)) < 1e-12
    assert largest_jump(np.tanh((PLACES - 3.01) / 0.002)) == pytest.approx(2.0, rel=0.01)


def test_a_step_is_found_beside_a_wall() -> None:
    wall = 1e3 * np.exp(-PLACES / 0.1)
    assert largest_jump(wall + 0.01 * (PLACES > 4.5)) == pytest.approx(0.01, rel=1e-3)


def test_rounding_is_no_more_than_rounding() -> None:
    noise = np.random.default_rng(3).normal(scale=1e-6, size=300)
    assert largest_jump(noise) < 3e-5


def test_few_values_have_none() -> None:
    assert largest_jump(np.arange(12.0) ** 7) == 0.0
