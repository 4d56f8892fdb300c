"""Displacements over all origins are those of a double loop, of tidynamics and of known walks."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from nearsight.dynamics.analysis.correlations import autocorrelations, squared_displacements
from nearsight.dynamics.analysis.displacement import mean_squared_displacement
from nearsight.dynamics.analysis.molecules import groups_of, molecules, paths_of_centres_A
from nearsight.dynamics.analysis.unwrapping import follow_images, toroidal_paths_A
from nearsight.errors import MethodError


def test_sums_over_origins_are_those_of_a_double_loop() -> None:
    rng = np.random.default_rng(0)
    series = rng.normal(5.0, 1.0, (37, 4)).cumsum(axis=0)
    for lag in (0, 1, 5, 20, 36):
        products = (series[: 37 - lag] * series[lag:]).mean(axis=0)
        squares = ((series[lag:] - series[: 37 - lag]) ** 2).mean(axis=0)
        np.testing.assert_allclose(autocorrelations(series, 37)[lag], products, rtol=1e-12)
        np.testing.assert_allclose(
            squared_displacements(series, 37)[lag], squares, rtol=1e-11, atol=1e-10
        )
    np.testing.assert_array_equal(squared_displacements(series, 3).shape, (3, 4))


def test_they_are_those_of_tidynamics(make_trajectory, random_walk) -> None:
    tidynamics = pytest.importorskip("tidynamics")
    paths = random_walk(0.01, 1.0, 1000, 3, seed=4)
    ours = mean_squared_displacement(make_trajectory(paths), longest_fs=999.0).total_A2("Ar")
    theirs = np.mean([tidynamics.msd(paths[:, atom]) for atom in range(3)], axis=0)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10)


def test_straight_motion_grows_with_the_square_of_time(make_trajectory) -> None:
    velocity = np.array([0.3, -0.2, 0.1])
    positions = 1e4 + velocity * np.arange(500.0)[:, np.newaxis, np.newaxis]
    result = mean_squared_displacement(make_trajectory(positions, interval_fs=2.0))
    np.testing.assert_allclose(
        result.axes_A2["Ar"], (velocity * result.times_fs[:, np.newaxis] / 2) ** 2, atol=1e-7
    )
    still = mean_squared_displacement(make_trajectory(positions), remove_drift=True)
    np.testing.assert_allclose(still.axes_A2["Ar"], 0.0, atol=1e-7)


def test_a_random_walk_goes_2_D_t_along_each_axis(make_trajectory, random_walk) -> None:
    walk = random_walk(0.02, 5.0, 400, 2000, seed=1)
    result = mean_squared_displacement(make_trajectory(walk, interval_fs=5.0), longest_fs=50.0)
    # Over windows that overlap by lag m, the relative variance is that of m/n_frames/2000 squares.
    sigma = np.sqrt(2 * np.arange(1, 11) / (400 * 2000))[:, np.newaxis]
    ratio = result.axes_A2["Ar"][1:] / (2 * 0.02 * result.times_fs[1:, np.newaxis])
    assert np.abs((ratio - 1) / sigma).max() < 4


def simulated_in_a_breathing_cell(n_frames: int, n_atoms: int, seed: int):
    """Atoms that walk in a cell whose size fluctuates, and are carried back at each step."""
    rng = np.random.default_rng(seed)
    sizes = 10.0 * (1 + 0.02 * rng.standard_normal(n_frames))
    cell = np.array([[1.0, 0, 0], [0.3, 1.1, 0], [-0.2, 0.1, 0.9]])
    cells = sizes[:, np.newaxis, np.newaxis] * cell
    inside = np.empty((n_frames, n_atoms, 3))
    walked = np.zeros((n_frames, n_atoms, 3))
    images = np.zeros((n_frames, n_atoms, 3))
    scaled = rng.random((n_atoms, 3))
    for index in range(n_frames):
        if index:
            step = rng.normal(0.0, 0.5, (n_atoms, 3))
            before = inside[index - 1]
            now = scaled @ cells[index] + step  # scaled with the cell, then the step
            walked[index] = walked[index - 1] + now - before
            scaled = now @ np.linalg.inv(cells[index])
            images[index] = images[index - 1] + np.floor(scaled)
            scaled -= np.floor(scaled)
        inside[index] = scaled @ cells[index]
    return cells, inside, walked, images


def test_paths_through_a_breathing_cell_are_those_that_were_walked(make_trajectory) -> None:
    cells, inside, walked, images = simulated_in_a_breathing_cell(3000, 20, seed=3)
    pbc = np.ones(3, dtype=bool)
    unwrapped = follow_images(inside, cells, pbc)
    of_lammps = inside + images @ cells  # as its columns x and ix
    np.testing.assert_allclose(unwrapped, of_lammps - images[0] @ cells, atol=1e-8)
    for positions in (
        unwrapped,
        of_lammps,
        of_lammps + (np.array([2.0, -1.0, 4.0]) @ cells)[:, np.newaxis],
    ):
        np.testing.assert_allclose(toroidal_paths_A(positions, cells, pbc), walked, atol=1e-7)
    wrong = np.mean((of_lammps[1:] - of_lammps[:-1]) ** 2)
    right = np.mean((walked[1:] - walked[:-1]) ** 2)
    assert wrong > 1.5 * right  # what the fluctuations of the cell do to images far away
    result = mean_squared_displacement(make_trajectory(of_lammps, cells_A=cells), longest_fs=400.0)
    # The walk has 0.25 Å² a step; what the atom moves with the cell does not add up.
    slope = np.polyfit(result.times_fs[100:], result.total_A2("Ar")[100:] / 3, 1)[0]
    assert slope == pytest.approx(0.25, rel=0.15)


def water_in_a_cell(n_frames: int = 30, *, breathing: bool = False):
    """Three molecules of water that drift, across the boundary, in a cell that may breathe."""
    rng = np.random.default_rng(8)
    sizes = 9.0 * (1 + (0.03 * rng.standard_normal(n_frames) if breathing else np.zeros(n_frames)))
    cells = sizes[:, np.newaxis, np.newaxis] * np.eye(3)
    water = molecule("H2O")
    start = np.array([[0.1, 0.2, 0.3], [5.0, 4.5, 8.9], [3.0, 8.8, 2.0]])
    velocity = np.array([[0.5, 0.0, -0.3], [0.0, -0.6, 0.4], [0.3, 0.3, 0.3]])
    positions = np.empty((n_frames, 9, 3))
    for index in range(n_frames):
        centres = start + velocity * index
        whole = (centres[:, np.newaxis] + water.positions).reshape(-1, 3)
        positions[index] = whole
    return cells, positions, velocity, water


def test_molecules_are_found_whole_and_followed_by_their_centres(make_trajectory) -> None:
    cells, positions, velocity, water = water_in_a_cell()
    wrapped = positions - np.floor(positions / 9.0) * 9.0
    trajectory = make_trajectory(
        follow_images(wrapped, cells, np.ones(3, dtype=bool)),
        cells_A=cells,
        numbers=[8, 1, 1] * 3,
        masses_amu=np.tile(water.get_masses(), 3),
    )
    found = molecules(trajectory)
    assert [group.name for group in found] == ["H2O"] * 3
    np.testing.assert_array_equal([group.atoms for group in found], np.arange(9).reshape(3, 3))
    paths = paths_of_centres_A(trajectory, found)
    expected = velocity * np.arange(30)[:, np.newaxis, np.newaxis]
    np.testing.assert_allclose(paths, expected, atol=1e-9)
    given = groups_of(trajectory, [[0, 1, 2], [3, 4, 5]], "water")
    np.testing.assert_allclose(paths_of_centres_A(trajectory, given), expected[:, :2], atol=1e-9)
    result = mean_squared_displacement(trajectory, found)
    speed = np.mean(np.sum(velocity**2, axis=1))
    np.testing.assert_allclose(result.total_A2("H2O"), speed * result.times_fs**2, atol=1e-8)


def test_a_changing_cell_draws_no_molecule_out_of_shape(make_trajectory) -> None:
    cells, positions, _, water = water_in_a_cell(breathing=True)
    # A molecule at rest as it is in files of lattice images: two cells away, carried with them.
    far = water.positions + 1.0 + np.array([2.0, -1.0, 3.0]) @ cells[:, np.newaxis]
    far = far.reshape(30, 3, 3)
    # One hydrogen atom is written at another image in all frames.
    far[:, 2] += np.array([0.0, 1.0, 0.0]) @ cells
    trajectory = make_trajectory(
        far, cells_A=cells, numbers=[8, 1, 1], masses_amu=water.get_masses()
    )
    assert positions.shape == (30, 9, 3)
    found = molecules(trajectory)
    np.testing.assert_allclose(paths_of_centres_A(trajectory, found), 0.0, atol=1e-9)


def test_what_goes_on_through_the_cell_is_no_molecule(make_trajectory) -> None:
    chain = Atoms("C2", [[0, 0, 0], [1.4, 0, 0]], cell=[2.8, 8, 8], pbc=True)
    cells = np.repeat(chain.cell.array[np.newaxis], 2, axis=0)
    positions = np.repeat(chain.positions[np.newaxis], 2, axis=0)
    with pytest.raises(MethodError, match="has no molecules"):
        molecules(make_trajectory(positions, cells_A=cells, numbers=[6, 6]))


@pytest.mark.parametrize("members", [[[]], [[0, 0]], [[5]], [[-1]]])
def test_groups_are_atoms_that_are_there(members, make_trajectory) -> None:
    with pytest.raises(MethodError, match="is no group"):
        groups_of(make_trajectory(np.zeros((2, 3, 3))), members)


def test_times_beyond_the_trajectory_are_refused(make_trajectory) -> None:
    trajectory = make_trajectory(np.zeros((5, 1, 3)))
    for longest in (0.5, 5.0):
        with pytest.raises(MethodError, match="is not between"):
            mean_squared_displacement(trajectory, longest_fs=longest)
    with pytest.raises(MethodError, match="one frame is no motion"):
        mean_squared_displacement(make_trajectory(np.zeros((1, 1, 3))))
