"""A sum over pairs says what a model says after some hundred of its energies."""

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms

from nearsight.adsorption.gases import Gas
from nearsight.adsorption.overlaps import Overlaps
from nearsight.adsorption.pair_surrogate import Pairing, PairSurrogate, fit_pairs
from nearsight.adsorption.placements import Placements, uniform_placements
from nearsight.adsorption.trials import Trials
from nearsight.errors import MethodError
from nearsight.structures.host_pairs import HostPairs
from nearsight.units import BOLTZMANN_EV_PER_K

TEMPERATURE_K = 300.0
THERMAL_EV = BOLTZMANN_EV_PER_K * TEMPERATURE_K
HOST = Atoms(
    "MgO2Mg",
    [[1.0, 1.0, 1.0], [3.0, 1.2, 1.0], [1.0, 3.1, 1.4], [4.0, 9.0, 5.0]],
    cell=[[11.0, 0, 0], [2.0, 10.0, 0], [-1.0, 1.5, 9.0]],
    pbc=True,
)
DEPTHS_EV = {(6, 12): 0.02, (6, 8): 0.01, (8, 12): 0.15, (8, 8): 0.005}
RADII_A = {(6, 12): 3.3, (6, 8): 3.3, (8, 12): 2.3, (8, 8): 3.2}
NEIGHBOURS = HostPairs(HOST, 5.5)


@pytest.fixture(scope="module")
def gas() -> Gas:
    stick = Atoms("OCO", [[0, 0, -1.16], [0, 0, 0], [0, 0, 1.16]])
    return Gas("CO2", stick, "a stick")


@pytest.fixture(scope="module")
def overlaps(gas: Gas) -> Overlaps:
    return Overlaps(HOST, gas.atoms.numbers, 0.9)


def energies_eV(sites_A: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """A Morse potential of each pair of elements, which ends smoothly at 5.5 Å."""
    n_atoms = len(numbers)
    site, atom, distances_A = NEIGHBOURS.neighbours(sites_A.reshape(-1, 3))
    keys = list(zip(numbers[site % n_atoms], HOST.numbers[atom], strict=True))
    depths = np.array([DEPTHS_EV[key] for key in keys])
    radii_A = np.array([RADII_A[key] for key in keys])
    decay = np.exp(-1.8 * (distances_A - radii_A))
    ending = (1 - (distances_A / 5.5) ** 2) ** 2
    return np.bincount(
        site // n_atoms, depths * (decay**2 - 2 * decay) * ending, minlength=len(sites_A)
    )


def trials_of(placements: Placements, gas: Gas, overlaps: Overlaps) -> Trials:
    sites_A = placements.sites_A(gas.sites_A)
    overlapping = overlaps.of(sites_A)
    energies = np.where(overlapping, np.inf, energies_eV(sites_A, gas.atoms.numbers))
    nothing = np.zeros(len(placements), dtype=bool)
    return Trials(placements, energies, overlapping, nothing, np.full(len(energies), np.nan))


def uniform(n_trials: int, seed: int) -> Placements:
    return uniform_placements(HOST.cell.array, n_trials, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def learnt(gas: Gas, overlaps: Overlaps) -> Trials:
    return trials_of(uniform(512, 1), gas, overlaps)


@pytest.fixture(scope="module")
def surrogate(learnt: Trials, gas: Gas, overlaps: Overlaps) -> PairSurrogate:
    return fit_pairs(learnt, Pairing(HOST, gas), overlaps, TEMPERATURE_K)


def deviations(surrogate: PairSurrogate, gas: Gas, overlaps: Overlaps) -> tuple[float, float]:
    """Return by how much low energies of new places scatter about it, and by themselves, in kT."""
    others = trials_of(uniform(4000, 2), gas, overlaps)
    low = others.energies_eV < np.quantile(others.energies_eV[~others.overlapping], 0.2)
    energies = others.energies_eV[low]
    off = (energies - surrogate(others.placements)[low]) / THERMAL_EV
    return float(off.std()), float(energies.std() / THERMAL_EV)


def test_it_knows_places_that_it_was_not_taught(
    surrogate: PairSurrogate, gas: Gas, overlaps: Overlaps
) -> None:
    off, spread = deviations(surrogate, gas, overlaps)
    assert spread > 1.0
    assert off < 0.25 * spread


def test_lattice_vectors_change_nothing(surrogate: PairSurrogate) -> None:
    placements = uniform(200, 3)
    moved = replace(
        placements, centres_A=placements.centres_A + np.array([2, -1, 1]) @ HOST.cell.array
    )
    np.testing.assert_allclose(surrogate(moved), surrogate(placements), atol=1e-9)


def test_overlaps_have_no_weight(surrogate: PairSurrogate, gas: Gas, overlaps: Overlaps) -> None:
    placements = uniform(500, 4)
    overlapping = overlaps.of(placements.sites_A(gas.sites_A))
    assert 0 < overlapping.sum() < 500
    np.testing.assert_array_equal(np.isinf(surrogate(placements)), overlapping)


def test_a_base_that_is_right_stays(learnt: Trials, gas: Gas, overlaps: Overlaps) -> None:
    def truth(placements: Placements) -> np.ndarray:
        return energies_eV(placements.sites_A(gas.sites_A), gas.atoms.numbers)

    surrogate = fit_pairs(learnt, Pairing(HOST, gas), overlaps, TEMPERATURE_K, truth)
    others = trials_of(uniform(2000, 6), gas, overlaps)
    expected = np.maximum(others.energies_eV, learnt.energies_eV.min())
    within = others.energies_eV < 1.0
    np.testing.assert_allclose(
        surrogate(others.placements)[within], expected[within], atol=1e-6 * THERMAL_EV
    )


def test_a_false_well_bends_nothing_else(
    learnt: Trials, surrogate: PairSurrogate, gas: Gas, overlaps: Overlaps
) -> None:
    energies = learnt.energies_eV.copy()
    energies[np.flatnonzero(~learnt.overlapping)[7]] = -80.0
    spoilt = replace(learnt, energies_eV=energies)
    bent = fit_pairs(spoilt, Pairing(HOST, gas), overlaps, TEMPERATURE_K)
    off, spread = deviations(bent, gas, overlaps)
    assert off < 0.7 * spread


def test_nothing_is_deeper_than_what_was_learnt(surrogate: PairSurrogate, learnt: Trials) -> None:
    assert surrogate(uniform(5000, 5)).min() >= learnt.energies_eV.min()


def test_too_few_energies_are_refused(learnt: Trials, gas: Gas, overlaps: Overlaps) -> None:
    few = learnt.part(np.arange(len(learnt)) < 25)
    with pytest.raises(MethodError, match="`learning` takes at least 30 with one"):
        fit_pairs(few, Pairing(HOST, gas), overlaps, TEMPERATURE_K)
