"""Whatever trials are drawn from, means are those of uniform ones, with smaller errors."""

import numpy as np
import pytest

from nearsight.adsorption.henry import Henry, henry
from nearsight.adsorption.placements import Placements
from nearsight.adsorption.proposals import (
    ChosenCandidates,
    GridProposal,
    chosen_by,
    everywhere,
    smeared_grid,
)
from nearsight.adsorption.trials import Trials
from nearsight.errors import MethodError
from nearsight.units import BOLTZMANN_EV_PER_K

CELL_A = np.array([[12.0, 0, 0], [3.0, 11.0, 0], [1.0, -2.0, 10.0]])
STICK_A = np.array([[0, 0, 1.16], [0, 0, 0], [0, 0, -1.16]])
TEMPERATURE_K = 300.0


def energies_eV(sites_A: np.ndarray, scale: float = 1.0, inner_A: float = 1.8) -> np.ndarray:
    """A stick that likes to touch the middle of the cell with its end."""
    distances_A = np.linalg.norm(sites_A - CELL_A.sum(axis=0) / 2, axis=2)
    well = -0.25 * scale * np.exp(-(((distances_A[:, 0] - 2.5) / 0.4) ** 2))
    return np.where((distances_A < inner_A).any(axis=1), np.inf, well)


def trials_of(placements: Placements, scale: float = 1.0) -> Trials:
    energies = energies_eV(placements.sites_A(STICK_A), scale)
    nothing = np.zeros(len(energies), dtype=bool)
    return Trials(placements, energies, nothing, nothing, np.full(len(energies), np.nan))


def result_of(placements: Placements) -> Henry:
    weights = trials_of(placements).weights(TEMPERATURE_K)
    return henry(weights, abs(np.linalg.det(CELL_A)), 500.0)


@pytest.fixture(scope="module")
def uniform() -> Henry:
    return result_of(everywhere(CELL_A)(400_000, np.random.default_rng(0)))


def cheap(placements: Placements) -> np.ndarray:
    """Too weak, and too thick."""
    return energies_eV(placements.sites_A(STICK_A), 0.7, 1.9)


def on_grid() -> GridProposal:
    first = everywhere(CELL_A)(5000, np.random.default_rng(1))
    logarithms = trials_of(first).weights(TEMPERATURE_K).logarithms
    return smeared_grid(first, logarithms, CELL_A, 0.2, 0.6)


def among_uniform() -> ChosenCandidates:
    candidates = everywhere(CELL_A)
    thermal_eV = BOLTZMANN_EV_PER_K * TEMPERATURE_K
    energies = cheap(candidates(5000, np.random.default_rng(2)))
    mean, flatter = (
        float(np.log(np.exp(-energies / kT).mean())) for kT in (thermal_eV, 2 * thermal_eV)
    )
    return ChosenCandidates(candidates, cheap, TEMPERATURE_K, 30, 0.1, (mean, flatter))


def among_grid() -> ChosenCandidates:
    return chosen_by(cheap, CELL_A, TEMPERATURE_K, 0.1, 3)


def agree(first, second) -> bool:
    return abs(first.value - second.value) < 3 * np.hypot(first.error, second.error)


@pytest.mark.parametrize(
    ("proposal", "gain"), [(on_grid, 2.0), (among_uniform, 4.0), (among_grid, 5.0)]
)
def test_means_are_those_of_uniform_trials_with_smaller_errors(
    proposal, gain: float, uniform: Henry
) -> None:
    placements = proposal()(100_000, np.random.default_rng(4))
    result = result_of(placements)
    assert agree(result.mean_weight, uniform.mean_weight)
    assert agree(result.heat_kJ_per_mol, uniform.heat_kJ_per_mol)
    # Errors of as many uniform trials; variances, so squares of errors.
    of_uniform = uniform.mean_weight.error * 2
    assert (of_uniform / result.mean_weight.error) ** 2 > gain


@pytest.mark.parametrize("proposal", [on_grid, among_uniform, among_grid])
def test_densities_are_those_of_a_distribution(proposal) -> None:
    # The mean of 1/density over draws is the volume, here 1.
    inverse = 1 / proposal()(50_000, np.random.default_rng(5)).densities
    assert abs(inverse.mean() - 1) < 4 * inverse.std() / np.sqrt(len(inverse))
    assert np.ptp(inverse) > 1


def test_voxels_are_taken_as_often_as_they_should() -> None:
    shares = np.zeros((2, 3, 2))
    shares[0, 2, 1], shares[1, 0, 0] = 3.0, 1.0
    placements = GridProposal(CELL_A, shares, 0.25)(40_000, np.random.default_rng(6))
    assert (1 / placements.densities).max() <= 1 / 0.25
    fractions = placements.centres_A @ np.linalg.inv(CELL_A)
    at = (fractions * shares.shape).astype(int)
    expected = 0.25 / 12 + 0.75 * shares / 4
    for voxel in np.ndindex(*shares.shape):
        here = (at == voxel).all(axis=1)
        error = np.sqrt(expected[voxel] / 40_000)
        assert abs(here.mean() - expected[voxel]) < 4 * error
        np.testing.assert_allclose(placements.densities[here], 12 * expected[voxel])


def test_a_false_well_of_the_cheap_energy_makes_single_weights_large_and_errors_not() -> None:
    def cheap(placements: Placements) -> np.ndarray:
        far_A = np.linalg.norm(placements.centres_A - CELL_A.sum(axis=0) / 2, axis=1)
        return np.where(far_A < 1.0, -0.4, 0.0)  # where nothing fits

    n_candidates, share = 8, 0.1
    thermal_eV = BOLTZMANN_EV_PER_K * TEMPERATURE_K
    volume_A3 = abs(np.linalg.det(CELL_A))
    in_well = 4 * np.pi / 3 / volume_A3
    deep = np.exp(0.4 / thermal_eV / np.array([1.0, 2.0]))
    means = in_well * deep + 1 - in_well
    proposal = ChosenCandidates(
        everywhere(CELL_A), cheap, TEMPERATURE_K, n_candidates, share, tuple(np.log(means))
    )
    inverse = 1 / proposal(200_000, np.random.default_rng(7)).densities
    assert inverse.max() > 3 / share
    # Of the candidates a share is in the well; the mean of q is 1.
    q = share + (1 - share) * np.array([deep / means, 1 / means]).mean(axis=1)
    mean_inverse_q = in_well / q[0] + (1 - in_well) / q[1]
    expected = 1 / n_candidates + (1 - 1 / n_candidates) * mean_inverse_q
    squares = inverse**2
    assert abs(squares.mean() - expected) < 4 * squares.std() / np.sqrt(len(squares))
    assert expected < 1 / share


def test_what_proposes_nothing_is_refused() -> None:
    with pytest.raises(MethodError, match="not all are 0"):
        GridProposal(CELL_A, np.zeros((2, 2, 2)), 0.5)
    with pytest.raises(MethodError, match=r"0\.05 of the trials would be uniform"):
        GridProposal(CELL_A, np.ones((2, 2, 2)), 0.05)
    with pytest.raises(MethodError, match="leave `propose_by` out"):
        chosen_by(
            lambda placements: np.full(len(placements), np.inf), CELL_A, TEMPERATURE_K, 0.1, 0
        )
