"""Pairs within a shorter distance than they were searched for, against a search of its own."""

from collections.abc import Callable

import numpy as np
import pytest
from ase import Atoms

from nearsight.structures.pairs import Pairs, pairs_of


def as_table(pairs: Pairs) -> np.ndarray:
    table = np.column_stack([pairs.first, pairs.second, np.round(pairs.shifts_A, 9) + 0.0])
    return table[np.lexsort(table.T)]


@pytest.mark.parametrize("seed", range(5))
def test_they_are_those_of_a_fresh_search(
    displaced_quartz: Atoms, skewed: Callable[[Atoms, int], Atoms], seed: int
) -> None:
    atoms = skewed(displaced_quartz, seed)
    far = pairs_of(atoms, 6.0)
    for cutoff in (5.9, 3.0, 1.7, 0.5):
        near = far.within(cutoff)
        np.testing.assert_array_equal(as_table(near), as_table(pairs_of(atoms, cutoff)))
        assert (near.cutoff_A, near.belong_to(atoms)) == (cutoff, True)
        assert (np.linalg.norm(near.vectors_A(), axis=1) < cutoff).all()


def test_what_was_not_searched_for_is_not_claimed(displaced_quartz: Atoms) -> None:
    pairs = pairs_of(displaced_quartz, 3.0)
    assert pairs.within(4.0).cutoff_A == pairs.within(3.0).cutoff_A == 3.0
