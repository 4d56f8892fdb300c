"""Regions of grids whose channels and pockets are known."""

import numpy as np
import pytest

from nearsight.adsorption.pockets import pockets_of


def grid(shape: tuple[int, int, int] = (8, 9, 10)) -> np.ndarray:
    return np.full(shape, np.inf)


def test_a_channel_along_one_axis_and_a_cage() -> None:
    energies = grid()
    energies[2, 3, :] = -0.1
    energies[5:7, 6:8, 4:6] = 0.0
    pockets = pockets_of(energies, 0.1)
    assert sorted(pockets.dimensions) == [0, 1]
    assert pockets.blocked.sum() == 8
    assert (pockets.regions > 0).sum() == 18
    places = (np.array([[5, 6, 4], [2, 3, 9], [0, 0, 0]]) + 0.5) / energies.shape
    assert pockets.is_blocked(places).tolist() == [True, False, False]
    assert pockets.is_blocked(places + np.array([1, -2, 3])).tolist() == [True, False, False]


def test_a_cage_that_lies_over_a_corner_of_the_cell_is_one() -> None:
    energies = grid()
    energies[-1:, -1:, -1:] = energies[:1, :1, :1] = 0.0
    energies[-1, 0, 0] = energies[-1, -1, 0] = 0.0
    pockets = pockets_of(energies, 0.0)
    assert pockets.dimensions == (0,)
    assert pockets.blocked.sum() == 4


def test_a_channel_along_a_diagonal() -> None:
    # A staircase that goes up by one cell along c for each cell along b.
    energies = grid((4, 6, 6))
    for step in range(6):
        energies[1, step, step] = energies[1, (step + 1) % 6, step] = 0.0
    pockets = pockets_of(energies, 0.0)
    assert pockets.dimensions == (1,)
    assert not pockets.blocked.any()


@pytest.mark.parametrize(("open_axes", "dimension"), [((0, 1), 2), ((0, 1, 2), 3)])
def test_layers_and_networks(open_axes: tuple[int, ...], dimension: int) -> None:
    energies = grid((5, 5, 5))
    for axis in open_axes:
        line: list[object] = [2, 2, 2]
        line[axis] = slice(None)
        energies[tuple(line)] = 0.0
    assert pockets_of(energies, 0.0).dimensions == (dimension,)


def test_where_nothing_fits_nothing_is_blocked() -> None:
    pockets = pockets_of(grid(), 1.0)
    assert pockets.dimensions == ()
    assert not pockets.blocked.any()


def test_shifted_origins_change_nothing() -> None:
    rng = np.random.default_rng(0)
    energies = np.where(rng.random((7, 6, 8)) < 0.3, 0.0, np.inf)
    pockets = pockets_of(energies, 0.0)
    moved = pockets_of(np.roll(energies, (2, 3, 5), (0, 1, 2)), 0.0)
    assert sorted(moved.dimensions) == sorted(pockets.dimensions)
    np.testing.assert_array_equal(np.roll(pockets.blocked, (2, 3, 5), (0, 1, 2)), moved.blocked)
