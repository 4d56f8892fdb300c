"""Pairs of a framework and guests: those of a fresh search of both, whatever the cell."""

import numpy as np
import pytest
from ase import Atoms

from nearsight.errors import StructureError
from nearsight.structures.host_pairs import HostPairs
from nearsight.structures.pairs import pairs_of

CUTOFF_A = 4.0


def together(host: Atoms, guests: np.ndarray) -> Atoms:
    """Return the host and guests as one structure."""
    return host + Atoms(f"O{len(guests)}", positions=guests)


@pytest.mark.parametrize("seed", range(24))
def test_pairs_are_those_of_a_fresh_search(seed, pairs_counted, random_solid):
    host = random_solid(seed)  # of every periodicity, narrow, skewed
    host_pairs = HostPairs(host, CUTOFF_A)
    random = np.random.default_rng(seed)
    for n_guest_atoms in (1, 3, 40):
        # in the cell, and a few cells away
        places = random.uniform(-3.0, 4.0, (n_guest_atoms, 3))
        guests = np.where(host.pbc, places, places / 2) @ host.cell.array
        pairs = host_pairs.with_guests(guests)
        both = together(host, guests)
        assert pairs_counted(pairs) == pairs_counted(pairs_of(both, CUTOFF_A))
        assert pairs.belong_to(both)
        assert pairs.cutoff_A == CUTOFF_A


@pytest.mark.parametrize("seed", range(8))
def test_a_pair_at_the_cutoff_is_in_both_or_in_neither(seed, pairs_counted, random_solid):
    host = random_solid(seed)
    guests = np.random.default_rng(seed).uniform(0, 1, (3, 3)) @ host.cell.array
    both = together(host, guests)
    far = pairs_of(both, CUTOFF_A)
    x, y, z = far.vectors_A()[far.first >= len(host)].T
    for squared in np.random.default_rng(seed).choice(x * x + y * y + z * z, 6):
        for cutoff in (
            np.nextafter(np.sqrt(squared), 0),
            np.sqrt(squared),
            np.sqrt(squared) + 1e-15,
        ):
            pairs = HostPairs(host, cutoff).with_guests(guests)
            assert pairs_counted(pairs) == pairs_counted(pairs_of(both, cutoff))


def test_a_guest_just_at_the_cutoff_has_no_pair():
    host = Atoms("C", positions=[(1.0, 1.0, 1.0)], cell=[20.0, 20.0, 20.0], pbc=True)
    host_pairs = HostPairs(host, CUTOFF_A)
    for away in ((5.0, 1.0, 1.0), (17.0, 1.0, 1.0), (1.0, 25.0, 1.0), (1.0, 1.0, -43.0)):
        assert len(host_pairs.with_guests([away]).first) == 0
        nearer = np.array(away) + (host.positions[0] - away) * 1e-9
        assert len(host_pairs.with_guests([nearer]).first) in (0, 2)
    assert len(host_pairs.with_guests([(np.nextafter(5.0, 0), 1.0, 1.0)]).first) == 2


def test_a_guest_has_pairs_with_its_own_images_in_a_narrow_cell():
    host = Atoms("C", cell=[3.0, 30.0, 30.0], pbc=True)
    pairs = HostPairs(host, 3.5).with_guests([(0.0, 15.0, 15.0)])
    of_guest = pairs.first == 1
    assert (pairs.second[of_guest] == 1).all()
    np.testing.assert_array_equal(
        sorted(pairs.shifts_A[of_guest].tolist()), [[-3.0, 0.0, 0.0], [3.0, 0.0, 0.0]]
    )


def test_guests_on_faces_of_the_cell_and_on_host_atoms(pairs_counted, displaced_quartz):
    cell = displaced_quartz.cell.array
    faces = [(0, 0, 0), (1, 1, 1), (1 - 1e-16, -1e-17, 0.5), (0, 0.5, 1), (-1, 2, 0)]
    guests = np.concatenate([np.array(faces) @ cell, displaced_quartz.positions[:2]])
    pairs = HostPairs(displaced_quartz, CUTOFF_A).with_guests(guests)
    expected = pairs_of(together(displaced_quartz, guests), CUTOFF_A)
    assert pairs_counted(pairs) == pairs_counted(expected)


def test_without_guests_they_are_the_pairs_of_the_host(pairs_counted, displaced_quartz):
    host_pairs = HostPairs(displaced_quartz, CUTOFF_A)
    pairs = host_pairs.with_guests(np.empty((0, 3)))
    assert pairs.belong_to(displaced_quartz)
    assert pairs_counted(pairs) == pairs_counted(host_pairs.pairs)
    assert pairs_counted(pairs) == pairs_counted(pairs_of(displaced_quartz, CUTOFF_A))


def test_all_trials_have_the_centre_and_the_numbers_of_the_host(displaced_quartz):
    host_pairs = HostPairs(displaced_quartz, CUTOFF_A)
    one, other = (host_pairs.with_guests([(x, 1.0, 2.0)]) for x in (0.5, 30.0))
    for pairs in (one, other):
        np.testing.assert_array_equal(pairs.centre_A, displaced_quartz.positions.mean(axis=0))
        np.testing.assert_array_equal(pairs.positions_A[:9], displaced_quartz.positions)


def test_a_later_change_of_host_or_guests_changes_nothing(pairs_counted, displaced_quartz):
    guests = np.array([(0.5, 1.0, 2.0)])
    original = displaced_quartz.copy()
    host_pairs = HostPairs(displaced_quartz, CUTOFF_A)
    displaced_quartz.rattle(0.3, seed=1)
    displaced_quartz.cell *= 1.1
    pairs = host_pairs.with_guests(guests)
    both = together(original, guests)
    guests[:] = 0.0
    assert pairs.belong_to(both)
    assert pairs_counted(pairs) == pairs_counted(pairs_of(both, CUTOFF_A))


@pytest.mark.parametrize("shape", [(3,), (2, 2), (1, 2, 3), (0,)])
def test_positions_of_another_shape_are_refused(shape, displaced_quartz):
    with pytest.raises(StructureError, match=r"have the shape .* not \(n_guest_atoms, 3\)"):
        HostPairs(displaced_quartz, CUTOFF_A).with_guests(np.zeros(shape))


def test_a_guest_that_is_nowhere_is_named(displaced_quartz):
    guests = [(0.0, 0.0, 0.0), (0.0, np.nan, 0.0)]
    with pytest.raises(StructureError, match=r"position of guest atom 1 is \[0.0, nan, 0.0\] Å"):
        HostPairs(displaced_quartz, CUTOFF_A).with_guests(guests)


@pytest.mark.parametrize("guests", [["a", "b", "c"], [[0.0, 0.0], [0.0]], Atoms("He")])
def test_guests_that_are_no_numbers_are_refused(guests, displaced_quartz):
    with pytest.raises(StructureError, match="positions of guests"):
        HostPairs(displaced_quartz, CUTOFF_A).with_guests(guests)
