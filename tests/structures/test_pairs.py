"""Pairs as values: one rule at the cutoff, both directions, whose they are."""

from collections import Counter
from itertools import product

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nearsight.errors import MethodError, StructureError
from nearsight.structures.host_pairs import HostPairs
from nearsight.structures.neighbours import lattice_vectors_A, neighbour_pairs
from nearsight.structures.pairs import closer_than, pairs_of
from nearsight.structures.reduced_cell import periodic_cell
from nearsight.structures.skin_pairs import SkinPairs


def by_counting(atoms: Atoms, cutoff_A: float, reach: int) -> Counter:
    """Return the pairs among all images up to a number of cells."""
    ranges = [range(-reach, reach + 1) if periodic else (0,) for periodic in atoms.pbc]
    images = np.array(list(product(*ranges)))
    pairs: Counter = Counter()
    for i, j in product(range(len(atoms)), repeat=2):
        proper = images[images.any(axis=1)] if i == j else images
        shifts = lattice_vectors_A(proper, periodic_cell(atoms))
        near = closer_than(cutoff_A, atoms.positions[j] - atoms.positions[i] + shifts)
        pairs.update((i, j, *shift) for shift in shifts[near] + 0.0)
    return pairs


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 8, 9, 10, 11])
def test_pairs_are_those_counted_one_by_one(seed, pairs_counted, random_solid):
    atoms = random_solid(seed, n_atoms=4)
    assert pairs_counted(pairs_of(atoms, 3.0)) == by_counting(atoms, 3.0, reach=6)


@pytest.mark.parametrize("seed", range(4))
def test_pairs_are_those_of_the_lattice_whatever_its_cell(seed, random_solid, skewed):
    atoms = random_solid(seed)
    oblique = skewed(atoms, seed)
    in_one, in_other = (
        np.array(sorted(np.column_stack([p.first, p.second, p.vectors_A()]).round(8).tolist()))
        for p in (pairs_of(atoms, 3.0), pairs_of(oblique, 3.0))
    )
    np.testing.assert_allclose(in_one, in_other, atol=1e-7)


def test_pairs_at_the_cutoff_are_not_within_it(pairs_counted, displaced_quartz):
    # each distance that there is, as the cutoff: its own pairs are out, in both directions
    atoms = displaced_quartz
    far = pairs_of(atoms, 4.0)
    x, y, z = far.vectors_A().T
    squared = x * x + y * y + z * z
    for number in np.random.default_rng(3).choice(len(squared), 20, replace=False):
        cutoff = np.sqrt(squared[number])
        pairs = pairs_counted(pairs_of(atoms, cutoff))
        assert all(pairs[j, i, *(-np.array(shift) + 0.0)] for i, j, *shift in pairs)
        assert sum(pairs.values()) == (squared < cutoff * cutoff).sum()


def test_shells_whose_distance_is_the_cutoff_are_out():
    atoms = bulk("Po", "sc", a=3.0)
    assert len(pairs_of(atoms, 3.0).first) == 0
    assert len(pairs_of(atoms, np.nextafter(3.0, 4)).first) == 6
    copper = bulk("Cu", "fcc", a=3.6, cubic=True) * 2
    # rounding of a/√2 decides, and it decides the same for both directions
    pairs = pairs_of(copper, 3.6 / np.sqrt(2))
    directed = set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))
    assert directed == {(j, i) for i, j in directed}


def test_away_from_the_cutoff_they_are_those_of_the_search(displaced_quartz):
    i, j, shifts = neighbour_pairs(displaced_quartz, 5.0)
    pairs = pairs_of(displaced_quartz, 5.0)
    np.testing.assert_array_equal(pairs.first, i)
    np.testing.assert_array_equal(pairs.second, j)
    np.testing.assert_array_equal(pairs.shifts_A, shifts)


def test_pairs_belong_to_positions_and_cell(displaced_quartz):
    pairs = pairs_of(displaced_quartz, 4.0)
    assert pairs.belong_to(displaced_quartz)
    moved, strained = displaced_quartz.copy(), displaced_quartz.copy()
    moved.positions[3, 1] = np.nextafter(moved.positions[3, 1], 9)
    strained.cell[2, 2] *= 1.01
    assert not pairs.belong_to(moved)
    assert not pairs.belong_to(strained)
    assert not pairs.belong_to(displaced_quartz[:5])


def test_what_is_no_number_is_named(displaced_quartz):
    displaced_quartz.positions[4, 1] = np.nan
    with pytest.raises(StructureError, match=r"position 4 is \[.*nan.*\] Å"):
        pairs_of(displaced_quartz, 4.0)
    displaced_quartz.positions[4, 1] = 0.0
    displaced_quartz.cell[1, 1] = np.inf
    with pytest.raises(StructureError, match="cell vector 1 is"):
        pairs_of(displaced_quartz, 4.0)


def test_a_structure_without_atoms_has_no_pairs():
    assert len(pairs_of(Atoms(), 4.0).first) == 0


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ([3, 3, 0], "periodic along c but has no cell vector"),
        ([[3, 0, 0], [0, 3, 0], [3, 3, 0]], "linearly dependent"),
        ([[3, 0, 0], [0, 3, 0], [3, 3, 1e-3]], "images of an atom 0.001 Å apart"),
    ],
)
def test_cells_of_no_lattice_are_refused_whoever_searches(cell, said):
    helium = Atoms("He", cell=cell, pbc=True)
    searches = (
        lambda: pairs_of(helium, 4.0),
        lambda: HostPairs(helium, 4.0),
        lambda: SkinPairs(4.0, 1.0).of(helium),
    )
    for search in searches:
        with pytest.raises(StructureError, match=said):
            search()


@pytest.mark.parametrize("cutoff_A", [0.0, -1.0, np.inf, np.nan, None])
def test_cutoffs_that_are_no_length_are_refused(cutoff_A, displaced_quartz):
    for search in (pairs_of, HostPairs):
        with pytest.raises(MethodError, match="`cutoff_A` is a length above 0 Å"):
            search(displaced_quartz, cutoff_A)


def test_atoms_so_far_away_that_cells_are_not_counted_are_refused(pairs_counted):
    """The search counts cells with 32 bits, and loses pairs without a word beyond."""
    crystal = bulk("NaCl", "rocksalt", a=5.6, cubic=True)
    here = pairs_of(crystal, 4.0)
    crystal.positions[0, 0] += 5.6 * 2**20
    assert len(pairs_of(crystal, 4.0).first) == len(here.first)
    crystal.positions[0, 0] += 5.6 * 2**31
    with pytest.raises(StructureError, match=r"atom is 1.2e\+10 Å from the origin.*wrap"):
        pairs_of(crystal, 4.0)
