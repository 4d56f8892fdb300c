"""Moves of rigid molecules: each is undone by one that is as likely."""

import numpy as np
import pytest

from gcmc_toys import ROD_A
from nearsight.adsorption.gcmc.guests import Configuration, Guests
from nearsight.adsorption.gcmc.moves import (
    DELETION,
    INSERTION,
    NAMES,
    REGROWTH,
    ROTATION,
    TRANSLATION,
    Draws,
    Probabilities,
    Proposals,
    StepSizes,
    draw,
    log_factors,
    make,
    propose,
)
from nearsight.adsorption.orientations import uniform_quaternions
from nearsight.errors import MethodError

CELL_A = np.array([[8.0, 0.0, 0.0], [2.0, 9.0, 0.0], [0.0, -1.0, 7.0]])
N_CHAINS = 3000
SIZES = StepSizes(np.full(N_CHAINS, 0.4), np.full(N_CHAINS, 0.3))


def full(number: int) -> Guests:
    """Return chains with the same molecules."""
    rng = np.random.default_rng(1)
    centres = rng.random((number, 3)) @ CELL_A
    return Guests.of(
        [Configuration(centres, uniform_quaternions(number, rng))] * N_CHAINS, ROD_A
    ).with_room()


def drawn(kind: int) -> Draws:
    draws = draw(
        [np.random.default_rng([2, chain]) for chain in range(N_CHAINS)], 1, Probabilities(), CELL_A
    )
    draws.kinds[:] = kind
    return draws


def proposed(guests: Guests, kind: int) -> Proposals:
    return propose(guests, drawn(kind), 0, SIZES)


def test_translations_go_as_far_in_each_sense() -> None:
    guests = full(4)
    proposals = proposed(guests, TRANSLATION)
    chains = np.arange(N_CHAINS)
    moved = proposals.centres_A - guests.centres_A[chains, proposals.slots]
    assert np.abs(moved).max() <= 0.4
    error = 0.4 / np.sqrt(3 * N_CHAINS)
    assert (np.abs(moved.mean(axis=0)) < 4 * error).all()
    np.testing.assert_allclose(moved.std(axis=0), 0.4 / np.sqrt(3), rtol=0.05)
    np.testing.assert_array_equal(
        proposals.quaternions, guests.quaternions[chains, proposals.slots]
    )
    assert set(proposals.slots.tolist()) == {0, 1, 2, 3}


def test_rotations_turn_about_the_centre_as_far_in_each_sense() -> None:
    guests = full(1)
    proposals = proposed(guests, ROTATION)
    np.testing.assert_allclose(proposals.centres_A, guests.centres_A[:, 0])
    np.testing.assert_allclose(proposals.sites_A[:, 1], guests.centres_A[:, 0])
    before = guests.sites_A[0, 0, 0] - guests.centres_A[0, 0]
    after = proposals.sites_A[:, 0] - proposals.centres_A
    np.testing.assert_allclose(np.linalg.norm(after, axis=1), 1.1, rtol=1e-12)
    cosines = after @ before / 1.1**2
    assert cosines.min() >= np.cos(0.3) - 1e-12
    # What is perpendicular to the axis goes to no side more than to any other.
    across = after - np.outer(after @ before, before) / 1.1**2
    assert (np.abs(across.mean(axis=0)) < 4 * across.std(axis=0) / np.sqrt(N_CHAINS)).all()


@pytest.mark.parametrize("kind", [INSERTION, REGROWTH])
def test_new_places_are_uniform_in_the_cell_and_turned_anyhow(kind: int) -> None:
    proposals = proposed(full(2), kind)
    fractions = proposals.centres_A @ np.linalg.inv(CELL_A)
    assert ((fractions >= 0) & (fractions < 1)).all()
    error = 1 / np.sqrt(12 * N_CHAINS)
    assert (np.abs(fractions.mean(axis=0) - 0.5) < 4 * error).all()
    rods = (proposals.sites_A[:, 0] - proposals.centres_A) / 1.1
    second = np.einsum("ni,nj->nij", rods, rods)
    errors = second.std(axis=0) / np.sqrt(N_CHAINS)
    assert (np.abs(second.mean(axis=0) - np.eye(3) / 3) < 4 * errors).all()


def test_factors_of_an_insertion_and_its_deletion_undo_each_other() -> None:
    for number in (0, 1, 7):
        counts = np.full(N_CHAINS, number)
        log_activities = np.linspace(-3, 3, N_CHAINS)
        there = log_factors(proposed(full(max(number, 1)), INSERTION), counts, log_activities)
        back = log_factors(proposed(full(number + 1), DELETION), counts + 1, log_activities)
        np.testing.assert_allclose(there, -back, atol=1e-12)
        np.testing.assert_allclose(there, log_activities - np.log(number + 1))
    for kind in (TRANSLATION, ROTATION, REGROWTH):
        assert not log_factors(proposed(full(2), kind), counts, log_activities).any()


def test_an_insertion_and_the_deletion_of_it_leave_what_was() -> None:
    guests = full(3)
    before = guests.copy()
    everyone = np.ones(N_CHAINS, dtype=bool)
    make(guests, proposed(guests, INSERTION), everyone)
    assert (guests.counts == 4).all()
    guests = guests.with_room()
    deletion = proposed(guests, DELETION)
    last = deletion.slots == 3
    make(guests, deletion, last)
    np.testing.assert_array_equal(guests.counts, np.where(last, 3, 4))
    np.testing.assert_array_equal(guests.sites_A[:, :3], before.sites_A[:, :3])
    # The place of another one is taken by the last.
    other = ~last
    moved = guests.sites_A[:, 3].copy()
    make(guests, deletion, other)
    np.testing.assert_array_equal(guests.sites_A[other, deletion.slots[other]], moved[other])


def test_nothing_is_taken_from_an_empty_chain() -> None:
    empty = Guests.of([Configuration(np.empty((0, 3)), np.empty((0, 4)))] * N_CHAINS, ROD_A)
    for kind in range(len(NAMES)):
        possible = proposed(empty, kind).possible
        assert possible.all() if kind == INSERTION else not possible.any()


def test_step_sizes_tend_to_one_half_accepted() -> None:
    sizes = StepSizes.first(3)
    tried = np.full((3, 5), 100)
    accepted = np.repeat([[10], [50], [100]], 5, axis=1)
    adapted = sizes.adapted(accepted, tried, 5.0)
    np.testing.assert_allclose(adapted.translation_A, [0.25, 0.5, 1.0])
    np.testing.assert_allclose(adapted.rotation_rad, [0.25, 0.5, 1.0])
    same = sizes.adapted(accepted // 50, tried // 50, 5.0)  # of two moves nothing is to be learnt
    np.testing.assert_allclose(same.translation_A, 0.5)


def test_probabilities_that_are_none_are_refused() -> None:
    with pytest.raises(MethodError, match="add up to 1"):
        Probabilities(0.3, 0.3, 0.3, 0.3, 0.3)
    with pytest.raises(MethodError, match=r"insertion 0\.2 and deletion 0\.3"):
        Probabilities(0.2, 0.3, 0.2, 0.2, 0.1)
    atom = Probabilities(0.25, 0.25, 0.2, 0.2, 0.1).for_molecule(1)
    assert (atom.translation, atom.rotation) == (0.4, 0.0)
