"""Atoms by elements and indices."""

import numpy as np
import pytest

from nearsight.dynamics.analysis.selection import selected_atoms
from nearsight.dynamics.analysis.trajectory import Trajectory
from nearsight.errors import MethodError


@pytest.fixture
def water() -> Trajectory:
    rng = np.random.default_rng(0)
    return Trajectory(
        numbers=np.array([8, 1, 1, 8, 1, 1]),
        masses_amu=np.array([16.0, 1.0, 1.0] * 2),
        positions_A=rng.random((3, 6, 3)),
        cells_A=np.zeros((3, 3, 3)),
        pbc=np.zeros(3, dtype=bool),
        times_fs=np.arange(3.0),
        velocities_A_per_fs=rng.random((3, 6, 3)),
    )


def test_elements_indices_and_ranges_are_put_together(water: Trajectory) -> None:
    for words, atoms in (
        (["O"], [0, 3]),
        (["H"], [1, 2, 4, 5]),
        (["4", "0-2", "1"], [0, 1, 2, 4]),
        (["O", "5"], [0, 3, 5]),
    ):
        assert selected_atoms(water, words).tolist() == atoms
    part = water.of_atoms(selected_atoms(water, ["O"]))
    assert part.symbols == ("O", "O")
    assert part.masses_amu.tolist() == [16.0, 16.0]
    np.testing.assert_array_equal(part.positions_A, water.positions_A[:, [0, 3]])
    assert part.velocities_A_per_fs is not None
    np.testing.assert_array_equal(part.velocities_A_per_fs, water.require_velocities()[:, [0, 3]])


@pytest.mark.parametrize("word", ["Xe", "6", "2-9", "4-2", "o", "", "1-", "-1"])
def test_what_is_no_atom_is_refused(water: Trajectory, word: str) -> None:
    with pytest.raises(MethodError, match="elements are H, O, and indices go from 0 to 5"):
        selected_atoms(water, ["O", word])
