import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule

from nearsight.errors import StructureError
from nearsight.structures.strain import require_crystal_for_strain, strain_matrix, strained


def test_shears_are_doubled() -> None:
    wanted = [[1, 3, 2.5], [3, 2, 2], [2.5, 2, 3]]
    assert strain_matrix([1, 2, 3, 4, 5, 6]).tolist() == wanted


def test_atoms_go_with_the_cell(alpha_quartz: Atoms) -> None:
    before = alpha_quartz.copy()
    crystal = strained(alpha_quartz, strain_matrix([0.02, -0.01, 0.03, 0.04, -0.02, 0.01]))
    assert crystal.get_scaled_positions() == pytest.approx(before.get_scaled_positions())
    moved = (np.eye(3) + strain_matrix([0.02, -0.01, 0.03, 0.04, -0.02, 0.01])) @ before.cell[2]
    assert crystal.cell[2] == pytest.approx(moved)
    assert np.array_equal(alpha_quartz.positions, before.positions)


@pytest.mark.parametrize("atoms", [molecule("H2O"), fcc111("Cu", (1, 1, 2), vacuum=5)])
def test_only_crystals_are_strained(atoms: Atoms) -> None:
    require_crystal_for_strain(bulk("Cu"))
    with pytest.raises(StructureError, match=r"not periodic in three directions.*Give a crystal"):
        require_crystal_for_strain(atoms)
