"""A constant that every interaction energy has is taken off what insertions say exactly."""

import numpy as np
import pytest

from nearsight.adsorption.henry import Henry, henry, without_offset
from nearsight.adsorption.weights import Weights
from nearsight.units import BOLTZMANN_EV_PER_K

VOLUME_A3, MASS_AMU = 900.0, 350.0


def of_energies(energies_eV: np.ndarray, temperature_K: float) -> Henry:
    logarithms = -energies_eV / (BOLTZMANN_EV_PER_K * temperature_K)
    return henry(Weights(logarithms, energies_eV, temperature_K), VOLUME_A3, MASS_AMU)


def energies() -> np.ndarray:
    """Return energies of places, some of which overlap."""
    random = np.random.default_rng(0)
    drawn = random.normal(-0.1, 0.08, 2000)
    return np.where(random.random(2000) < 0.3, np.inf, drawn)


@pytest.mark.parametrize("offset_eV", [-0.3, 0.07])
@pytest.mark.parametrize("temperature_K", [180.0, 298.0])
def test_an_offset_is_taken_off(offset_eV: float, temperature_K: float) -> None:
    exact = vars(of_energies(energies(), temperature_K))
    of_model = of_energies(energies() + offset_eV, temperature_K)
    for name, without in vars(without_offset(of_model, offset_eV)).items():
        if isinstance(without, float | int):
            assert without == pytest.approx(exact[name], rel=1e-9), name
        else:
            assert without.value == pytest.approx(exact[name].value, rel=1e-9), name
            assert without.error == pytest.approx(exact[name].error, rel=1e-7), name


def test_a_coefficient_without_a_number_has_its_logarithm() -> None:
    """At 3 K a few tenths of an eV are a factor that no number can be."""
    row = without_offset(of_energies(energies(), 3.0), 0.3)
    exact = of_energies(energies() - 0.3, 3.0)
    assert row.log_weight.value == pytest.approx(exact.log_weight.value)
    assert row.log_weight.value > 710
    assert row.mean_weight.value == exact.mean_weight.value == np.inf
