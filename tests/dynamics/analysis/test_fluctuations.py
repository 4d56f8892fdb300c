"""Fluctuations of systems whose heat capacity and compressibility are known."""

import numpy as np
import pytest
from ase import units as ase_units
from scipy.signal import lfilter

from nearsight.dynamics.analysis.fluctuations import (
    compressibility_of_fluctuations,
    heat_capacity_of_fluctuations,
)
from nearsight.errors import MethodError, NearsightWarning
from nearsight.units import BOLTZMANN_EV_PER_K, EV_PER_A3_IN_GPA

T = 300.0
kT = BOLTZMANN_EV_PER_K * T


def harmonic_energies(n_modes: int, n_values: int, memory: float, seed: int) -> np.ndarray:
    """Total energies of classical oscillators: half a squared normal deviate for each of 2 n."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((n_values, 2 * n_modes))
    noise[1:] *= np.sqrt(1 - memory**2)
    coordinates = lfilter([1.0], [1.0, -memory], noise, axis=0)
    return kT / 2 * np.sum(coordinates**2, axis=1)


@pytest.mark.parametrize("memory", [0.0, 0.9])
def test_oscillators_have_one_boltzmann_constant_each(memory: float) -> None:
    pulls = []
    for seed in range(30):
        result = heat_capacity_of_fluctuations(harmonic_energies(24, 2000, memory, seed), T)
        value, error = result.in_boltzmann
        assert error < 0.4 * 24
        pulls.append((value - 24) / error)
    assert abs(np.mean(pulls)) < 4 / np.sqrt(30)
    assert 0.6 < np.std(pulls) < 1.5


def test_the_heat_capacity_of_a_crystal_is_that_of_dulong_and_petit_in_joule() -> None:
    result = heat_capacity_of_fluctuations(harmonic_energies(3, 20_000, 0.0, 1), T)
    value, error = result.per_gram(63.546)  # one atom of copper
    assert abs(value - 3 * 8.314462 / 63.546) < 4 * error
    assert error < 0.03 * value
    assert not result.warnings


def test_an_energy_beside_a_constant_has_the_same_heat_capacity() -> None:
    energies = harmonic_energies(5, 500, 0.5, 0)
    one = heat_capacity_of_fluctuations(energies, T)
    other = heat_capacity_of_fluctuations(energies - 12345.0, T)
    assert other.value_eV_per_K == pytest.approx(one.value_eV_per_K)
    assert other.error_eV_per_K == pytest.approx(one.error_eV_per_K)


@pytest.mark.parametrize("memory", [0.0, 0.95])
def test_an_elastic_volume_has_its_bulk_modulus(memory: float) -> None:
    volume, modulus = 1000.0, 40.0
    width = np.sqrt(kT * volume * EV_PER_A3_IN_GPA / modulus)
    assert width == pytest.approx(np.sqrt(ase_units.kB * T * 1000 / (40 * ase_units.GPa)), rel=1e-5)
    pulls = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        noise = rng.standard_normal(4000)
        noise[1:] *= np.sqrt(1 - memory**2)
        volumes = volume + width * lfilter([1.0], [1.0, -memory], noise)
        result = compressibility_of_fluctuations(volumes, T)
        assert result.volume_A3 == pytest.approx(volume, abs=4 * width)
        assert result.value_per_GPa == pytest.approx(1 / result.bulk_modulus_GPa, rel=0.15)
        pulls.append((result.value_per_GPa - 1 / modulus) / result.error_per_GPa)
    assert abs(np.mean(pulls)) < 4 / np.sqrt(30)
    assert 0.6 < np.std(pulls) < 1.5


def test_a_series_with_too_little_in_it_is_remarked() -> None:
    rng = np.random.default_rng(0)
    volumes = np.repeat(100 + rng.standard_normal(8), 50)
    with pytest.warns(UserWarning, match="the volume has about"):
        compressibility_of_fluctuations(volumes, T)


def test_what_does_not_fluctuate_or_is_no_temperature_is_refused() -> None:
    with pytest.raises(MethodError, match="needs an npt run"):
        compressibility_of_fluctuations(np.full(20, 100.0), T)
    for temperature in (0.0, -5.0, np.inf):
        with pytest.raises(MethodError, match="a temperature is above"):
            heat_capacity_of_fluctuations(np.arange(20.0), temperature)


def test_a_series_that_drifts_is_no_equilibrium() -> None:
    values = 300.0 + np.random.default_rng(4).normal(size=4000)
    still = compressibility_of_fluctuations(values, 300.0)
    assert not still.warnings
    with pytest.warns(NearsightWarning):
        heated = heat_capacity_of_fluctuations(values + np.linspace(0, 4, 4000), 300.0)
    # The line has a variance of 4²/12, the rest 1.
    assert any(each.code == "drifting" and "57 %" in each for each in heated.warnings)
