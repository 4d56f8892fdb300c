import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_allclose

from nearsight.vibrations import oscillator

X = np.geomspace(1e-3, 60.0, 40)


def entropy_at(x):
    """Return the entropy of one oscillator with the quantum 1 at the temperatures 1/x."""
    return oscillator.sum_oscillators(np.ones(1), np.ones(1), 1 / x).entropy


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
    assert_allclose(entropy_at(x[1:]), 1 - np.log(x[1:]) + x[1:] ** 2 / 24, rtol=1e-13)


def test_large_x_decays_without_overflow_down_to_zero_temperature():
    x = np.array([50.0, 300.0, 700.0])
    decay = np.exp(-x)
    assert_allclose(oscillator.heat_capacity(x), x**2 * decay, rtol=1e-13, atol=0)
    assert_allclose(oscillator.thermal_free_energy(x), -decay, rtol=1e-13, atol=0)
    assert_allclose(entropy_at(x), (1 + x) * decay, rtol=1e-13, atol=0)
    for function in (
        oscillator.heat_capacity,
        oscillator.thermal_energy,
        oscillator.thermal_free_energy,
        entropy_at,
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
    entropy = (entropy_at(upper) - entropy_at(lower)) / (2 * step)
    # The truncation error is step² times the third derivative, some x³ of the value itself.
    assert_allclose(energy, oscillator.heat_capacity(X), rtol=1e-5)
    assert_allclose(entropy, oscillator.heat_capacity(X), rtol=1e-5)


def test_any_shape_is_kept():
    for shape in [(), (3,), (2, 0), (2, 3)]:
        x = np.ones(shape)
        assert oscillator.heat_capacity(x).shape == shape
        assert oscillator.thermal_free_energy(x).shape == shape


def test_reduced_energies_are_infinite_at_zero_temperature():
    x = oscillator.reduced_energies([0.1, 0.2], [0.0, 0.05, 5e-324])
    assert x.tolist() == [[np.inf, np.inf], [2.0, 4.0], [np.inf, np.inf]]


def test_sums_over_many_modes_are_those_of_each_temperature_and_mode():
    generator = np.random.default_rng(3)
    quanta, weights = generator.uniform(1e-3, 0.2, 70_001), generator.uniform(0.0, 2.0, 70_001)
    thermal = np.array([0.0, 1e-3, 0.0258, 10.0])
    sums = oscillator.sum_oscillators(quanta, weights, thermal)
    for row, temperature in enumerate(thermal):
        x = quanta / temperature if temperature else np.full_like(quanta, np.inf)
        energy, free_energy = oscillator.thermal_energy(x), oscillator.thermal_free_energy(x)
        assert_allclose(sums.heat_capacity[row], weights @ oscillator.heat_capacity(x), rtol=1e-13)
        assert_allclose(sums.thermal_energy[row], weights @ energy, rtol=1e-13)
        assert_allclose(sums.thermal_free_energy[row], weights @ free_energy, rtol=1e-13)
        assert_allclose(sums.entropy[row], weights @ (energy - free_energy), rtol=1e-13)


def test_sums_over_no_mode_are_zero():
    sums = oscillator.sum_oscillators(np.zeros(0), np.zeros(0), np.array([0.0, 0.03]))
    assert sums.heat_capacity.tolist() == sums.entropy.tolist() == [0.0, 0.0]


def test_a_curve_over_a_fine_mesh_needs_no_array_of_modes_times_temperatures():
    quanta, thermal = np.linspace(1e-3, 0.1, 200_000), np.linspace(0.0, 0.1, 201)
    weights = np.ones(len(quanta))
    tracemalloc.start()
    oscillator.sum_oscillators(quanta, weights, thermal)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10e6  # one such array alone would be 320 MB
