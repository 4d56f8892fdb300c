"""Chains where the distribution of what they sample is known in closed form."""

import numpy as np
import pytest

from gcmc_toys import ATOM_A, ROD_A, Aligned, Boxes, Nothing
from nearsight.adsorption.gcmc.ensemble import Ensemble
from nearsight.adsorption.gcmc.levels import Energies, Rescaled, Wholes
from nearsight.adsorption.gcmc.moves import Probabilities
from nearsight.adsorption.gcmc.samples import Sampled
from nearsight.adsorption.gcmc.sampling import System, sample
from nearsight.adsorption.gcmc.schedule import Schedule
from nearsight.adsorption.gcmc.series import mean_of
from nearsight.arrays import FloatArray
from nearsight.units import BOLTZMANN_EV_PER_K, EV_IN_JOULE

EDGE_A, TEMPERATURE_K = 12.0, 300.0
THERMAL_EV = BOLTZMANN_EV_PER_K * TEMPERATURE_K
BOXES = Boxes(EDGE_A, np.array([0.0, -0.06, 0.03]), 0.04)
BAD = Boxes(EDGE_A, np.array([-0.05, 0.04, 0.0]), -0.005)


def ensemble(activity: float, n_chains: int) -> Ensemble:
    """Return one in which an ideal gas has so many molecules."""
    cell = EDGE_A * np.eye(3)
    fugacity = activity * THERMAL_EV * EV_IN_JOULE * 1e30 / EDGE_A**3
    return Ensemble(cell, TEMPERATURE_K, np.full(n_chains, fugacity))


def run(
    energies: Energies,
    activity: float,
    *,
    costly: Energies | None = None,
    molecule_A: FloatArray = ATOM_A,
    n_chains: int = 128,
    probabilities: Probabilities | None = None,
    **schedule: object,
) -> Sampled:
    asked = {"equilibration_blocks": 4, "production_blocks": 5, "samples": 40, "steps": 10}
    system = System(
        ensemble(activity, n_chains),
        molecule_A,
        Wholes(energies),
        costly,
        probabilities=probabilities or Probabilities(),
    )
    return sample(system, Schedule(**{**asked, **schedule}))


def assert_distributed(sampled: Sampled, probabilities: FloatArray) -> None:
    """Check the share of each number of molecules that is not rare, and the mean."""
    series = sampled.production.counts.T
    for number in np.flatnonzero(probabilities > 0.02):
        share = mean_of((series == number).astype(float))
        assert abs(share.value - probabilities[number]) < 3.5 * share.error, number
    mean = mean_of(series.astype(float))
    assert abs(mean.value - probabilities @ np.arange(len(probabilities))) < 3 * mean.error
    assert mean.error < 0.04 * max(mean.value, 1)


def poisson(mean: float) -> FloatArray:
    n = np.arange(60)
    logs = n * np.log(mean) - np.concatenate([[0.0], np.cumsum(np.log(n[1:]))]) - mean
    return np.exp(logs)


@pytest.mark.parametrize(("activity", "molecule_A"), [(0.3, ROD_A), (6.0, ATOM_A)])
def test_an_ideal_gas_is_poisson_distributed(activity: float, molecule_A: FloatArray) -> None:
    sampled = run(Nothing(), activity, molecule_A=molecule_A)
    assert_distributed(sampled, poisson(activity))
    squares = mean_of((sampled.production.counts.T - activity) ** 2)
    assert abs(squares.value - activity) < 3 * squares.error


def test_molecules_in_boxes_against_all_ways_to_fill_them() -> None:
    sampled = run(BOXES, 4.0)
    assert_distributed(sampled, BOXES.exact(4.0, THERMAL_EV))


def test_the_mean_energy_follows_from_the_partition_function() -> None:
    # <U> = -d ln(Xi)/d(beta) at constant activity, here as a difference of two temperatures.
    sampled = run(BOXES, 4.0)
    step = 1e-4

    def log_partition(beta: float) -> float:
        total = 0.0
        n = np.arange(60)
        factorials = np.concatenate([[0.0], np.cumsum(np.log(n[1:]))])
        for energy in BOXES.energies_of_boxes_eV:
            of_box = n * energy + BOXES.pair_eV * n * (n - 1) / 2
            total += np.log(np.exp(n * np.log(4.0 / 3) - factorials - beta * of_box).sum())
        return total

    beta = 1 / THERMAL_EV
    expected = -(log_partition(beta + step) - log_partition(beta - step)) / (2 * step)
    mean = mean_of(sampled.production.energies_eV.T)
    assert abs(mean.value - expected) < 3 * mean.error


@pytest.mark.parametrize("steps", [1, 10])
@pytest.mark.parametrize("cheap", [Nothing(), BAD], ids=["ideal gas", "bad"])
def test_two_levels_sample_the_costly_one(cheap: Energies, steps: int) -> None:
    sampled = run(cheap, 4.0, costly=BOXES, steps=steps, samples=60)
    assert sampled.composites is not None
    share = sampled.composites.accepted.sum() / sampled.composites.tried.sum()
    assert share < 0.95  # both levels differ, and it shows
    assert_distributed(sampled, BOXES.exact(4.0, THERMAL_EV))


def test_two_levels_with_all_that_equilibration_adapts() -> None:
    sampled = run(
        BAD,
        4.0,
        costly=BOXES,
        candidate_steps=(3, 30),
        fitted=True,
        equilibration_blocks=8,
        production_blocks=8,
    )
    assert sampled.steps in {3, 30}
    assert (sampled.scale, sampled.per_molecule_eV) != (1.0, 0.0)
    assert_distributed(sampled, BOXES.exact(4.0, THERMAL_EV))


def test_a_level_that_proposes_itself_is_always_accepted() -> None:
    few = {"n_chains": 16, "production_blocks": 2}
    sampled = run(BOXES, 4.0, costly=BOXES, **few)
    assert sampled.composites is not None
    np.testing.assert_array_equal(sampled.composites.accepted, sampled.composites.tried)
    # and a constant per molecule with a scale of the cheap one are found out
    half = Rescaled(Wholes(BOXES), 0.5, 0.02)
    fitted = run(half, 4.0, costly=BOXES, fitted=True, equilibration_blocks=6, **few)
    assert fitted.scale == pytest.approx(2.0, rel=1e-9)
    assert fitted.per_molecule_eV == pytest.approx(-0.04, rel=1e-9)
    assert fitted.composites is not None
    np.testing.assert_array_equal(fitted.composites.accepted, fitted.composites.tried)


def test_turned_molecules_against_quadrature() -> None:
    depth_eV = 0.08
    cosines = np.linspace(-1, 1, 20_001)
    weights = np.exp(depth_eV * cosines**2 / THERMAL_EV)
    mean_weight = np.trapezoid(weights, cosines) / 2
    sampled = run(Aligned(depth_eV), 1.0, molecule_A=ROD_A)
    assert_distributed(sampled, poisson(mean_weight))
    squared = np.trapezoid(cosines**2 * weights, cosines) / np.trapezoid(weights, cosines)
    energy = mean_of(sampled.production.energies_eV.T)
    assert abs(energy.value + depth_eV * squared * mean_weight) < 3 * energy.error


@pytest.mark.parametrize(
    "probabilities",
    [
        Probabilities(0.5, 0.5, 0, 0, 0),
        Probabilities(0.1, 0.1, 0.8, 0, 0),
        Probabilities(0.1, 0.1, 0, 0.8, 0),
        Probabilities(0.1, 0.1, 0, 0, 0.8),
    ],
    ids=["exchanges", "translations", "rotations", "regrowths"],
)
def test_each_move_leaves_the_distribution_as_it_is(probabilities: Probabilities) -> None:
    class Both:
        def energies_eV(self, guests: object) -> FloatArray:
            return BOXES.energies_eV(guests) + Aligned(0.05).energies_eV(guests)

    cosines = np.linspace(-1, 1, 20_001)
    mean_weight = np.trapezoid(np.exp(0.05 * cosines**2 / THERMAL_EV), cosines) / 2
    sampled = run(
        Both(), 2.0, molecule_A=ROD_A, probabilities=probabilities, steps=20, production_blocks=3
    )
    assert_distributed(sampled, BOXES.exact(2.0 * mean_weight, THERMAL_EV))
