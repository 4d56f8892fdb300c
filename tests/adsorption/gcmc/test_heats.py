"""Heats by fluctuations, of series whose slope is known."""

import numpy as np
import pytest

from nearsight.adsorption.gcmc.heats import fluctuation_heat_eV
from nearsight.adsorption.gcmc.samples import Samples
from nearsight.errors import MethodError

THERMAL_EV = 0.0257
CHAINS = np.array([0, 2])


def samples(counts: np.ndarray, energies: np.ndarray) -> Samples:
    ones = np.ones(len(counts), dtype=np.int64)
    return Samples(counts, energies, energies, ones, ones)


def test_energies_in_proportion_have_one_heat() -> None:
    counts = np.random.default_rng(0).poisson(4.0, size=(57, 3))
    heat = fluctuation_heat_eV(samples(counts, -0.3 * counts + 11.0), CHAINS, THERMAL_EV)
    assert heat is not None
    assert heat.value == pytest.approx(THERMAL_EV + 0.3, rel=1e-12)
    assert heat.error < 1e-12


def test_its_error_is_that_between_runs() -> None:
    heats = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        counts = rng.poisson(4.0, size=(200, 3))
        energies = -0.3 * counts + rng.normal(scale=0.5, size=counts.shape)
        heat = fluctuation_heat_eV(samples(counts, energies), CHAINS, THERMAL_EV)
        assert heat is not None
        heats.append((heat.value, heat.error))
    values, errors = np.array(heats).T
    spread = values.std(ddof=1)
    assert abs(values.mean() - THERMAL_EV - 0.3) < 4 * spread / np.sqrt(60)
    assert errors.mean() == pytest.approx(spread, rel=0.35)  # the spread is known to 10 %


def test_a_number_that_never_changes_has_none() -> None:
    counts = np.full((50, 3), 7)
    energies = np.random.default_rng(1).normal(size=(50, 3))
    assert fluctuation_heat_eV(samples(counts, energies), CHAINS, THERMAL_EV) is None


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(MethodError, match="9 samples give no heat"):
        fluctuation_heat_eV(samples(np.ones((9, 3)), np.ones((9, 3))), CHAINS, THERMAL_EV)
