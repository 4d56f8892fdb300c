"""Linkers that are taken out of MOF-5."""

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
from ase import Atoms

from nearsight.structures.neighbours import neighbour_pairs
from nearsight.testing.structures import mof5 as make_mof5


@pytest.fixture
def cells(study: Callable[[str], ModuleType]) -> ModuleType:
    return study("mof5_cells")


@pytest.fixture
def mof5() -> Atoms:
    return make_mof5()


def test_the_primitive_cell_has_six_rings(cells: ModuleType, mof5: Atoms) -> None:
    rings = cells.phenylene_rings(mof5)
    assert len(rings) == 6
    for ring in rings:
        assert sorted(mof5.numbers[ring]) == [1] * 4 + [6] * 6


def test_a_missing_linker_leaves_two_formates(cells: ModuleType, mof5: Atoms) -> None:
    found = cells.without_linkers(mof5, [0, 3])
    assert len(found) == len(mof5) - 2 * (10 - 2)
    before, after = (np.bincount(atoms.numbers, minlength=31) for atoms in (mof5, found))
    assert (before - after)[[1, 6, 8, 30]].tolist() == [2 * (4 - 2), 2 * 6, 0, 0]
    assert len(cells.phenylene_rings(found)) == 4
    # Every new hydrogen belongs to a carbon that has two oxygens beside it.
    i, j, _ = neighbour_pairs(found, 1.65)
    for new in range(len(found) - 4, len(found)):
        [carbon] = j[i == new]
        assert sorted(found.numbers[j[i == carbon]]) == [1, 8, 8]
        assert found.get_distance(new, carbon, mic=True) == pytest.approx(1.10)


def test_no_missing_linker_changes_nothing(cells: ModuleType, mof5: Atoms) -> None:
    assert cells.without_linkers(mof5, []) == mof5
