"""Supercells."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111

from nearsight.errors import StructureError
from nearsight.structures.supercell import make_supercell


def test_supercell_has_the_cells_one_after_the_other() -> None:
    cell = bulk("NaCl", "rocksalt", a=5.64)
    supercell = make_supercell(cell, (2, 1, 3))
    assert len(supercell) == 12
    np.testing.assert_allclose(supercell.cell.array, cell.cell.array * [[2], [1], [3]])
    for number, (i, k) in enumerate((i, k) for i in range(2) for k in range(3)):
        block = supercell[2 * number : 2 * number + 2]
        shift = i * cell.cell.array[0] + k * cell.cell.array[2]
        np.testing.assert_allclose(block.positions, cell.positions + shift)
        np.testing.assert_array_equal(block.numbers, cell.numbers)


def test_integers_of_numpy_are_integers() -> None:
    assert len(make_supercell(bulk("Cu"), np.array([2, 2, 2]))) == 8


@pytest.mark.parametrize("repeats", [(2, 2), (0, 1, 1), (-1, 1, 1), (1.5, 1, 1), (True, 1, 1)])
def test_other_repeats_are_refused(repeats: tuple[int, ...]) -> None:
    with pytest.raises(StructureError, match="three positive integers"):
        make_supercell(bulk("Cu"), repeats)


def test_only_periodic_directions_are_repeated() -> None:
    slab = fcc111("Cu", (1, 1, 2), vacuum=5.0)
    assert len(make_supercell(slab, (2, 2, 1))) == 8
    with pytest.raises(StructureError, match="3 times along c"):
        make_supercell(slab, (1, 1, 3))
    with pytest.raises(StructureError, match="2 times along a"):
        make_supercell(Atoms("He"), (2, 1, 1))
