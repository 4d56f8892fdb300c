from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_allclose

from nearsight.vibrations import oscillator

X = np.geomspace(1e-3, 60.0, 40)


def level_sums(x):
    """Return free energy, energy and heat capacity from the sum over levels n x."""
    levels = x * np.arange(int(80 / x) + 1)
    weights = np.exp(-levels)
    partition = weights.sum()
    energy = levels @ weights / partition
    return -np.log(partition), energy, levels**2 @ weights / partition - energy**2


@pytest.mark.parametrize("x", [0.01, 0.3, 1.0, 2.5, 9.0])
def test_the_functions_are_those_of_the_sum_over_levels(x):
    free_energy, energy, heat = level_sums(x)
    assert oscillator.thermal_free_energy(x) == pytest.approx(free_energy, rel=1e-11)
    assert oscillator.thermal_energy(x) == pytest.approx(energy, rel=1e-11)
    assert oscillator.heat_capacity(x) == pytest.approx(heat, rel=1e-9)


def test_small_x_follows_the_series_in_bernoulli_numbers():
    x = np.array([0.0, 1e-200, 1e-12, 1e-6, 1e-3])
    energy = 1 - x / 2 + float(Fraction(1, 12)) * x**2
    heat = 1 - x**2 / 12 + x**4 / 240
    assert_allclose(oscillator.thermal_energy(x), energy, rtol=1e-14, atol=0)
    assert_allclose(oscillator.heat_capacity(x), heat, rtol=1e-14, atol=0)
    assert_allclose(oscillator.entropy(x[1:]), 1 - np.log(x[1:]) + x[1:] ** 2 / 24, rtol=1e-13)


def test_large_x_decays_without_overflow_down_to_zero_temperature():
    x = np.array([50.0, 300.0, 700.0])
    decay = np.exp(-x)
    assert_allclose(oscillator.heat_capacity(x), x**2 * decay, rtol=1e-13, atol=0)
    assert_allclose(oscillator.thermal_free_energy(x), -decay, rtol=1e-13, atol=0)
    assert_allclose(oscillator.entropy(x), (1 + x) * decay, rtol=1e-13, atol=0)
    for function in (
        oscillator.heat_capacity,
        oscillator.thermal_energy,
        oscillator.thermal_free_energy,
        oscillator.entropy,
    ):
        assert np.all(function(np.array([1e3, 1e308, np.inf])) == 0)


def test_heat_capacity_is_the_derivative_of_energy_and_entropy():
    # With T = 1/x in units of ħω: c = dU/dT = T dS/dT, U = T u(x).
    step = 1e-5
    upper, lower = X / (1 + step), X / (1 - step)
    temperature = 1 / X
    energy = (
        oscillator.thermal_energy(upper) / upper - oscillator.thermal_energy(lower) / lower
    ) / (2 * step * temperature)
    entropy = (oscillator.entropy(upper) - oscillator.entropy(lower)) / (2 * step)
    # The truncation error is step² times the third derivative, some x³ of the value itself.
    assert_allclose(energy, oscillator.heat_capacity(X), rtol=1e-5)
    assert_allclose(entropy, oscillator.heat_capacity(X), rtol=1e-5)


def test_any_shape_is_kept():
    for shape in [(), (3,), (2, 0), (2, 3)]:
        x = np.ones(shape)
        assert oscillator.heat_capacity(x).shape == shape
        assert oscillator.entropy(x).shape == shape


def test_reduced_energies_are_infinite_at_zero_temperature():
    x = oscillator.reduced_energies([0.1, 0.2], [0.0, 0.05, 5e-324])
    assert x.tolist() == [[np.inf, np.inf], [2.0, 4.0], [np.inf, np.inf]]
