"""What insertions say that a cheap level lacks."""

from dataclasses import replace

import numpy as np
import pytest

from nearsight.adsorption.gcmc.guests import Guests
from nearsight.adsorption.gcmc.lacking import lacking
from nearsight.adsorption.placements import uniform_placements
from nearsight.adsorption.trials import Trials

THERMAL_EV = 0.0257
ATOM_A = np.zeros((1, 3))
EDGE_A = 10.0


class Wave:
    """Wells and barriers over x."""

    def energies_eV(self, guests: Guests) -> np.ndarray:
        return 0.2 * np.sin(2 * np.pi * guests.centres_A[:, 0, 0] / EDGE_A)


def trials(n_trials: int) -> Trials:
    """By a model that has 0.3 eV more than the wave, but for some that have no energy."""
    placements = uniform_placements(EDGE_A * np.eye(3), n_trials, np.random.default_rng(5))
    energies = 0.3 + 0.2 * np.sin(2 * np.pi * placements.centres_A[:, 0] / EDGE_A)
    energies[::5] = np.nan
    none = np.zeros(n_trials, dtype=bool)
    return Trials(placements, energies, none, none, np.full(n_trials, np.nan))


@pytest.mark.parametrize("most", [None, 40])
def test_a_constant_is_found(most: int | None) -> None:
    lacks = lacking(Wave(), trials(200), ATOM_A, THERMAL_EV, offset_eV=0.1, most=most)
    assert len(lacks.energies_eV) == (most or 160)
    np.testing.assert_allclose(lacks.energies_eV, 0.2, atol=1e-12)
    assert lacks.mean_eV == pytest.approx(0.2)
    lowest = np.argsort(Wave().energies_eV(Guests.of(lacks.configurations, ATOM_A)))
    assert (np.diff(lacks.weights[lowest]) <= 0).all()


def test_a_false_well_counts_no_more_than_a_deep_place() -> None:
    some = trials(200)
    energies = some.energies_eV.copy()
    energies[1] = -1500.0
    lacks = lacking(Wave(), replace(some, energies_eV=energies), ATOM_A, THERMAL_EV)
    assert abs(lacks.mean_eV - 0.3) < THERMAL_EV


def test_too_few_say_nothing() -> None:
    few = lacking(Wave(), trials(20), ATOM_A, THERMAL_EV)
    assert not few.is_enough
    assert few.mean_eV == 0
    none = trials(5)
    none = replace(none, energies_eV=np.full(5, np.nan))
    assert lacking(Wave(), none, ATOM_A, THERMAL_EV).mean_eV == 0
