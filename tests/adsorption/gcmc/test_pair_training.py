"""Cheap levels that are trained: what they learn, and that the model stays what is sampled."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from gcmc_toys import Boxes
from nearsight.adsorption.framework import Framework, framework_of
from nearsight.adsorption.gases import Gas
from nearsight.adsorption.gcmc.ensemble import Ensemble
from nearsight.adsorption.gcmc.guest_pairs import GuestPairs
from nearsight.adsorption.gcmc.guests import Configuration, Guests
from nearsight.adsorption.gcmc.kept_samples import KeptSamples
from nearsight.adsorption.gcmc.kept_surrogate import KeptSurrogate
from nearsight.adsorption.gcmc.learning import Learnt, Sums, ridge
from nearsight.adsorption.gcmc.levels import Energies, Wholes
from nearsight.adsorption.gcmc.local_level import LocalLevel
from nearsight.adsorption.gcmc.moves import Probabilities, StepSizes, draw, make, propose
from nearsight.adsorption.gcmc.pair_training import PairTraining, pair_training
from nearsight.adsorption.gcmc.sampling import System, sample
from nearsight.adsorption.gcmc.schedule import Schedule
from nearsight.adsorption.gcmc.series import mean_of
from nearsight.adsorption.gcmc.summed import Summed
from nearsight.adsorption.orientations import uniform_quaternions
from nearsight.adsorption.placements import uniform_placements
from nearsight.adsorption.trials import Trials
from nearsight.errors import CheckpointError, MethodError
from nearsight.units import BOLTZMANN_EV_PER_K, EV_IN_JOULE

TEMPERATURE_K = 300.0
THERMAL_EV = BOLTZMANN_EV_PER_K * TEMPERATURE_K
EDGE_A = 12.0
HOST = Atoms("NeAr", [[1.0, 2.0, 3.0], [4.0, 5.5, 2.0]], cell=[6.0, 7.0, 6.0], pbc=True)
ROD = Gas("CO", Atoms("CO", [[0.0, 0.0, 0.0], [0.0, 0.0, 1.1]]), "here")
SMALL = framework_of(Atoms("Ne", cell=EDGE_A * np.eye(3), pbc=True), EDGE_A)
ATOM = Gas("Ar", Atoms("Ar"), "here")


class Nothing:
    def energies_eV(self, guests: Guests) -> np.ndarray:
        return np.zeros(guests.n_chains)


@dataclass
class ByPairs:
    """Energies of pairs by all images, with no kernel: LJ-like wells that end at 6 Å."""

    framework: Framework
    gas: Gas

    def energies_eV(self, guests: Guests) -> np.ndarray:
        atoms = self.framework.atoms
        shifts = np.array(list(np.ndindex(3, 3, 3))) - 1
        images = shifts @ atoms.cell.array
        energies = np.zeros(guests.n_chains)
        for chain, count in enumerate(guests.counts):
            sites = guests.sites_A[chain, :count]
            for one in range(count):
                host = (atoms.positions[:, np.newaxis] + images).reshape(-1, 3)
                depths = np.repeat(0.01 * atoms.numbers, len(images))
                energies[chain] += self._sum(sites[one], self._inside(host, sites[one]), depths)
                for other in range(count):
                    them = (sites[other][:, np.newaxis] + images).reshape(-1, 3)
                    if other == one:  # its own images, without itself
                        them = (sites[one][:, np.newaxis] + images[shifts.any(axis=1)]).reshape(
                            -1, 3
                        )
                    depths = np.full(len(them), 0.02)
                    energies[chain] += 0.5 * self._sum(sites[one], them, depths)
        return energies

    def _inside(self, host: np.ndarray, sites: np.ndarray) -> np.ndarray:
        cell = self.framework.atoms.cell.array
        centre = sites.mean(axis=0) @ np.linalg.inv(cell)
        return host + np.floor(centre) @ cell

    def _sum(self, sites: np.ndarray, others: np.ndarray, depths: np.ndarray) -> float:
        distances = np.linalg.norm(sites[:, np.newaxis] - others, axis=2)
        wells = (1 + np.cos(np.pi * np.minimum(distances / 6.0, 1.0))) / 2
        return float((depths * wells * np.cos(distances)).sum())


def some(framework: Framework, gas: Gas, *numbers: int, seed: int = 0) -> Guests:
    rng = np.random.default_rng(seed)
    cell_A = framework.atoms.cell.array
    return Guests.of(
        [Configuration(rng.random((n, 3)) @ cell_A, uniform_quaternions(n, rng)) for n in numbers],
        gas.sites_A,
    )


def trials(framework: Framework, gas: Gas, energies: Energies, n_trials: int) -> Trials:
    placements = uniform_placements(framework.cell.cell.array, n_trials, np.random.default_rng(5))
    ones = [
        Configuration(placements.centres_A[[n]], placements.quaternions[[n]])
        for n in range(n_trials)
    ]
    computed = energies.energies_eV(Guests.of(ones, gas.sites_A))
    none = np.zeros(n_trials, dtype=bool)
    return Trials(placements, computed, none, none, np.full(n_trials, np.nan))


def test_energies_are_features_times_coefficients() -> None:
    """A level of tables, and what a move changes of it, against histograms of distances."""
    framework = framework_of(HOST, 12.0)
    pairs = GuestPairs(framework, ROD)
    coefficients = 0.1 * np.random.default_rng(1).standard_normal(pairs.n_features + 1)
    level = Summed(Wholes(Nothing()), LocalLevel(pairs.energies(coefficients)))
    guests = some(framework, ROD, 4, 0, 7)
    features = pairs.features(guests)
    assert features[:, -1].tolist() == [4, 0, 7]
    np.testing.assert_allclose(level.energies_eV(guests), features @ coefficients, atol=1e-9)
    cell_A = framework.atoms.cell.array
    memory, energies = level.memory(guests), level.energies_eV(guests)
    draws = draw([np.random.default_rng(n) for n in range(3)], 40, Probabilities(), cell_A)
    for step in range(len(draws)):
        guests = guests.with_room()
        memory = memory.with_room(guests)
        moves = propose(guests, draws, step, StepSizes.first(3))
        asked = moves.possible
        changes = level.changes_eV(guests, memory, moves, asked)
        level.follow(guests, memory, moves, asked)
        energies[asked] += changes[asked]
        make(guests, moves, asked)
    np.testing.assert_allclose(energies, pairs.features(guests) @ coefficients, atol=1e-9)


def test_it_learns_what_is_a_sum_over_pairs() -> None:
    """From insertions the framework, and from proposals the molecules: unseen ones follow."""
    framework = framework_of(HOST, 12.0)
    truth = ByPairs(framework, ROD)
    pairs = GuestPairs(framework, ROD)
    training = pair_training(
        pairs,
        Wholes(Nothing()),
        trials(framework, ROD, truth, 400),
        ROD.sites_A,
        THERMAL_EV,
    )
    learnt = training.start()
    unseen = some(framework, ROD, *[1] * 30, seed=9)
    errors = training.level(learnt).energies_eV(unseen) - truth.energies_eV(unseen)
    assert truth.energies_eV(unseen).std() > THERMAL_EV
    assert np.median(np.abs(errors)) < 0.05 * THERMAL_EV
    many = some(framework, ROD, *[5] * 40, seed=10)
    before = training.level(learnt).energies_eV(many) - truth.energies_eV(many)
    seen = some(framework, ROD, *[5] * 120, seed=11)
    learnt = replace(learnt, sums=training.seen(learnt, seen, truth.energies_eV(seen)))
    learnt = training.fitted(learnt)
    after = training.level(learnt).energies_eV(many) - truth.energies_eV(many)
    rms_before, rms_after = (float(np.sqrt((each**2).mean())) for each in (before, after))
    assert rms_before > 2 * THERMAL_EV
    assert rms_after < min(0.5 * rms_before, THERMAL_EV)
    # What has no number teaches nothing.
    none = training.seen(learnt, seen, np.full(seen.n_chains, np.nan))
    assert not none.products.any()


def test_the_fit_is_that_of_all_observations_at_once() -> None:
    rng = np.random.default_rng(0)
    features = np.column_stack([rng.standard_normal((200, 3)), rng.integers(1, 5, 200)])
    weights = rng.random(200)
    truth = np.array([0.3, -0.2, 0.1, 0.7])
    energies = features @ truth
    halves = Sums.of(features[:90], energies[:90], weights[:90])
    halves += Sums.of(features[90:], energies[90:], weights[90:])
    np.testing.assert_allclose(ridge(halves), truth, atol=1e-6)
    noisy = energies + 0.1 * rng.standard_normal(200)
    by_all = ridge(Sums.of(features, noisy, weights))
    roots = np.sqrt(weights)[:, np.newaxis]
    plain = np.linalg.lstsq(features * roots, noisy * roots[:, 0], rcond=None)[0]
    np.testing.assert_allclose(by_all, plain, atol=0.01)


def test_too_few_insertions_teach_nothing() -> None:
    with pytest.raises(MethodError, match=r"20 of 20 insertions .* make more `insertions`"):
        pair_training(
            GuestPairs(SMALL, ATOM),
            Wholes(Nothing()),
            trials(SMALL, ATOM, Nothing(), 20),
            ATOM.sites_A,
            THERMAL_EV,
        )


BOXES = Boxes(EDGE_A, np.array([0.0, -0.06, 0.03]), 0.04)


def ensemble(activity: float, n_chains: int) -> Ensemble:
    fugacity = activity * THERMAL_EV * EV_IN_JOULE * 1e30 / EDGE_A**3
    return Ensemble(EDGE_A * np.eye(3), TEMPERATURE_K, np.full(n_chains, fugacity))


def training_of_boxes() -> PairTraining:
    pairs = GuestPairs(SMALL, ATOM)
    inserted = trials(SMALL, ATOM, BOXES, 60)
    return pair_training(pairs, Wholes(Nothing()), inserted, ATOM.sites_A, THERMAL_EV)


@dataclass(frozen=True, eq=False)
class Bad(PairTraining):
    """What is learnt is wrong on purpose, and another thing after each fit."""

    def start(self) -> Learnt:
        return self._spoilt(super().start())

    def fitted(self, learnt: Learnt) -> Learnt:
        return self._spoilt(super().fitted(learnt))

    def _spoilt(self, learnt: Learnt) -> Learnt:
        rng = np.random.default_rng(int(learnt.sums.number))
        wrong = 0.004 * rng.standard_normal(len(learnt.coefficients_eV))
        return replace(learnt, coefficients_eV=wrong, lowest_eV=np.array(-0.03))


@pytest.mark.parametrize("bad", [False, True], ids=["trained", "bad"])
def test_two_levels_stay_exact(*, bad: bool) -> None:
    """Boxes are no sum over pairs of elements: what is learnt is wrong in any case."""
    training = training_of_boxes()
    if bad:
        training = Bad(**vars(training))
    system = System(
        ensemble(4.0, 48),
        ATOM.sites_A,
        Wholes(Nothing()),
        BOXES,
        training=training,
    )
    schedule = Schedule(
        equilibration_blocks=6, production_blocks=5, samples=40, steps=10, fitted=True
    )
    sampled = sample(system, schedule)
    assert sampled.learnt is not None
    assert sampled.learnt.sums.number > 0
    assert sampled.composites is not None
    assert 0.05 < sampled.composites.accepted.sum() / sampled.composites.tried.sum() < 0.95
    exact = BOXES.exact(4.0, THERMAL_EV)
    numbers = sampled.production.counts.T
    for number in np.flatnonzero(exact > 0.03):
        share = mean_of((numbers == number).astype(float))
        assert abs(share.value - exact[number]) < 3.5 * share.error, number
    mean = mean_of(numbers.astype(float))
    assert abs(mean.value - exact @ np.arange(len(exact))) < 3 * mean.error
    assert mean.error < 0.04 * mean.value


class Interrupting:
    def __init__(self, n_calls: int) -> None:
        self.left = n_calls

    def energies_eV(self, guests: Guests) -> np.ndarray:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return BOXES.energies_eV(guests)


@pytest.mark.parametrize("n_calls", [30, 75])
def test_an_interrupted_run_learns_on_as_the_unbroken_one(tmp_path: Path, n_calls: int) -> None:
    schedule = Schedule(
        equilibration_blocks=6, production_blocks=3, samples=10, steps=5, fitted=True
    )

    def system(costly: Energies) -> System:
        level = Wholes(Nothing())
        return System(ensemble(4.0, 2), ATOM.sites_A, level, costly, training=training_of_boxes())

    def kept() -> KeptSamples:
        digests = {"structure": "s", "model": "m", "settings": "a"}
        return KeptSamples(tmp_path / "run.npz", digests, {})

    unbroken = sample(system(BOXES), schedule)
    with pytest.raises(KeyboardInterrupt):
        sample(system(Interrupting(n_calls)), schedule, kept=kept())
    begun = kept().resume()
    assert begun is not None
    assert 0 < begun.n_blocks < 9
    resumed = sample(system(BOXES), schedule, kept=kept())
    for name, array in vars(unbroken.production).items():
        np.testing.assert_array_equal(array, getattr(resumed.production, name))
    assert resumed.learnt is not None
    assert unbroken.learnt is not None
    np.testing.assert_array_equal(resumed.learnt.coefficients_eV, unbroken.learnt.coefficients_eV)
    np.testing.assert_array_equal(resumed.learnt.sums.products, unbroken.learnt.sums.products)


def test_production_teaches_nothing() -> None:
    system = System(
        ensemble(4.0, 2), ATOM.sites_A, Wholes(Nothing()), BOXES, training=training_of_boxes()
    )
    short, longer = (
        Schedule(equilibration_blocks=3, production_blocks=n, samples=10, steps=5, fitted=True)
        for n in (1, 4)
    )
    one, other = sample(system, short).learnt, sample(system, longer).learnt
    assert one is not None
    assert other is not None
    np.testing.assert_array_equal(one.coefficients_eV, other.coefficients_eV)


def test_a_file_is_for_what_it_was_trained_for(tmp_path: Path) -> None:
    digests = {"structure": "s", "model": "m", "settings": "g"}
    kept = KeptSurrogate(tmp_path / "co.npz", digests)
    assert kept.read("this run") is None
    learnt = training_of_boxes().start()
    kept.write(learnt, "this run")
    assert kept.read("this run") is None  # which makes it again
    read = kept.read("another run")
    assert read is not None
    np.testing.assert_array_equal(read.coefficients_eV, learnt.coefficients_eV)
    assert float(read.lowest_eV) == float(learnt.lowest_eV)
    other = KeptSurrogate(kept.path, {**digests, "settings": "h", "model": "n"})
    with pytest.raises(CheckpointError, match=r"was trained for another model.* and another gas"):
        other.read("another run")
    kept.path.write_bytes(b"nothing")
    with pytest.raises(CheckpointError):
        kept.read("another run")
