"""Levels whose molecule has other sites than the one that is sampled."""

import numpy as np
import pytest
from ase import Atoms

from gcmc_toys import ROD_A, Aligned, Boxes
from nearsight.adsorption.gases import Gas, gas_named
from nearsight.adsorption.gcmc.ensemble import Ensemble
from nearsight.adsorption.gcmc.guests import Configuration, Guests
from nearsight.adsorption.gcmc.levels import Wholes
from nearsight.adsorption.gcmc.local_level import LocalLevel
from nearsight.adsorption.gcmc.moves import (
    Probabilities,
    StepSizes,
    draw,
    make,
    propose,
)
from nearsight.adsorption.gcmc.other_sites import OtherSites, aligned_A
from nearsight.adsorption.gcmc.sampling import System, sample
from nearsight.adsorption.gcmc.schedule import Schedule
from nearsight.adsorption.gcmc.series import mean_of
from nearsight.adsorption.orientations import rotation_matrices, uniform_quaternions
from nearsight.models.guests import GuestModel
from nearsight.models.registry import load_model
from nearsight.units import BOLTZMANN_EV_PER_K, EV_IN_JOULE

EDGE_A, TEMPERATURE_K = 12.0, 300.0
THERMAL_EV = BOLTZMANN_EV_PER_K * TEMPERATURE_K
HALF_A = np.array([[0.0, 0.0, 0.7], [0.0, 0.0, -0.2]])


def turned(gas: Gas, quaternion: np.ndarray) -> Gas:
    atoms = gas.atoms.copy()
    atoms.positions = gas.sites_A @ rotation_matrices(quaternion[np.newaxis])[0].T
    return Gas(gas.name, atoms, gas.source)


def with_massless(gas: Gas, place_A: np.ndarray) -> Gas:
    masses = [*gas.atoms.get_masses(), 0.0]
    numbers = [*gas.atoms.numbers, 0]
    positions = np.vstack([gas.atoms.positions, place_A])
    return Gas(gas.name, Atoms(numbers, positions, masses=masses), gas.source)


@pytest.mark.parametrize("name", ["N2", "CO", "H2O", "CH4"])
def test_sites_lie_on_the_atoms_however_both_were_given(name: str) -> None:
    plain = gas_named(name)
    quaternions = uniform_quaternions(8, np.random.default_rng(3))
    for one, other in zip(quaternions[:4], quaternions[4:], strict=True):
        molecule = turned(plain, one)
        sites = aligned_A(turned(with_massless(plain, np.zeros(3)), other), molecule)
        np.testing.assert_allclose(sites[-1], 0, atol=1e-12)
        by_element = np.where(
            plain.atoms.numbers[:, np.newaxis] == plain.atoms.numbers,
            np.linalg.norm(sites[:-1, np.newaxis] - molecule.sites_A, axis=2),
            np.inf,
        )
        np.testing.assert_allclose(by_element.min(axis=1), 0, atol=1e-6)


def test_a_united_atom_is_the_centre() -> None:
    united = Gas("CH4", Atoms("C"), "united")
    np.testing.assert_array_equal(aligned_A(united, gas_named("CH4")), np.zeros((1, 3)))
    assert aligned_A(gas_named("CH4"), united).shape == (5, 3)


def test_changes_are_those_of_the_energies() -> None:
    """Three sites of nitrogen with charges, for a molecule that was given turned."""
    model = load_model("forcefield:trappe+uff", device="cpu")
    assert isinstance(model, GuestModel)
    nitrogen = Gas("N2", model.molecule("N2"), "three sites")
    molecule = turned(gas_named("N2"), uniform_quaternions(1, np.random.default_rng(1))[0])
    sites_A = aligned_A(nitrogen, molecule)
    guest = nitrogen.atoms.copy()
    guest.positions = sites_A
    cell_A = EDGE_A * np.eye(3)
    level = OtherSites(LocalLevel(model.of_guests(guest, cell_A, None)), sites_A)
    rng = np.random.default_rng(2)
    grid = 4.0 * np.array(list(np.ndindex(2, 2, 1)))
    begun = [Configuration(grid[:n], uniform_quaternions(n, rng)) for n in (3, 0, 4)]
    guests = Guests.of(begun, molecule.sites_A)
    # One sees the same as if the level's molecule had been put itself.
    alone = Guests.of(begun, sites_A)
    np.testing.assert_allclose(level.energies_eV(guests), level.level.energies_eV(alone))
    memory = level.memory(guests)
    energies = level.energies_eV(guests)
    draws = draw([np.random.default_rng(each) for each in range(3)], 60, Probabilities(), cell_A)
    for step in range(len(draws)):
        guests = guests.with_room()
        memory = memory.with_room(guests)
        proposals = propose(guests, draws, step, StepSizes.first(3))
        asked = proposals.possible
        changes = level.changes_eV(guests, memory, proposals, asked)
        accepted = asked & (changes < 0.5)
        level.follow(guests, memory, proposals, accepted)
        energies[accepted] += changes[accepted]
        make(guests, proposals, accepted)
    assert guests.counts.max() > 4
    np.testing.assert_allclose(energies, level.energies_eV(guests), atol=1e-9)


@pytest.mark.parametrize("depth_eV", [0.04, -0.01], ids=["like", "bad"])
def test_two_levels_with_other_sites_are_exact(depth_eV: float) -> None:
    """How molecules are turned and where they are, against quadrature and all ways to fill."""
    boxes = Boxes(EDGE_A, np.array([0.0, -0.06, 0.03]), 0.04)

    class Both:
        def __init__(self, depth_eV: float) -> None:
            self.turned = Aligned(depth_eV)

        def energies_eV(self, guests: Guests) -> np.ndarray:
            return boxes.energies_eV(guests) + self.turned.energies_eV(guests)

    cosines = np.linspace(-1, 1, 20_001)
    weight = np.trapezoid(np.exp(0.05 * cosines**2 / THERMAL_EV), cosines) / 2
    activity = 2.0
    fugacity = activity * THERMAL_EV * EV_IN_JOULE * 1e30 / EDGE_A**3
    ensemble = Ensemble(EDGE_A * np.eye(3), TEMPERATURE_K, np.full(96, fugacity))
    cheap = OtherSites(Wholes(Both(depth_eV)), HALF_A)
    system = System(ensemble, ROD_A, cheap, Both(0.05))
    schedule = Schedule(equilibration_blocks=2, production_blocks=3, samples=40, steps=10)
    sampled = sample(system, schedule)
    assert sampled.composites is not None
    assert 0 < sampled.composites.accepted.sum() < 0.97 * sampled.composites.tried.sum()
    exact = boxes.exact(activity * weight, THERMAL_EV)
    numbers = sampled.production.counts.T
    for number in np.flatnonzero(exact > 0.03):
        share = mean_of((numbers == number).astype(float))
        assert abs(share.value - exact[number]) < 3.5 * share.error
    mean = mean_of(numbers.astype(float))
    assert abs(mean.value - exact @ np.arange(len(exact))) < 3 * mean.error
    assert mean.error < 0.04 * mean.value
