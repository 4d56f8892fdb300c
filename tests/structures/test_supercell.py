"""Supercells."""

import re

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, graphene
from ase.build import make_supercell as ase_supercell

from nearsight.errors import MemoryBudgetError, StructureError
from nearsight.structures.supercell import (
    lattice_points,
    make_general_supercell,
    make_supercell,
    name_supercell,
    supercell_for_length,
    supercell_matrix,
)

MATRICES = [
    [[1, 1, 0], [-1, 1, 1], [0, -1, 2]],
    [[-1, 1, 1], [1, -1, 1], [1, 1, -1]],
    [[0, 0, 1], [1, 0, 0], [0, 2, 0]],
    [[-1, 0, 0], [0, -2, 0], [0, 0, 1]],
]


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


@pytest.mark.parametrize("matrix", MATRICES)
def test_general_supercell_is_the_same_crystal(quartz: Atoms, matrix: list[list[int]]) -> None:
    quartz.set_masses(np.linspace(10.0, 40.0, 9))
    supercell = make_general_supercell(quartz, matrix)
    n_cells = round(np.linalg.det(matrix))
    assert len(supercell) == 9 * n_cells
    np.testing.assert_array_equal(supercell.cell.array, matrix @ quartz.cell.array)
    np.testing.assert_array_equal(supercell.positions[:9], quartz.positions)
    np.testing.assert_array_equal(supercell.get_masses(), np.tile(quartz.get_masses(), n_cells))
    np.testing.assert_array_equal(supercell.numbers, np.tile(quartz.numbers, n_cells))
    shifts = (supercell.positions - np.tile(quartz.positions, (n_cells, 1))).reshape(n_cells, 9, 3)
    np.testing.assert_allclose(shifts, np.repeat(shifts[:, :1], 9, axis=1), atol=1e-12)
    lattice = shifts[:, 0] @ np.linalg.inv(quartz.cell.array)
    np.testing.assert_allclose(lattice, np.round(lattice), atol=1e-12)


@pytest.mark.parametrize("matrix", MATRICES)
def test_ase_makes_the_same_supercell(quartz: Atoms, matrix: list[list[int]]) -> None:
    ours, theirs = make_general_supercell(quartz, matrix), ase_supercell(quartz, matrix)
    np.testing.assert_allclose(ours.cell.array, theirs.cell.array, atol=1e-12)
    apart = ours.positions[:, np.newaxis] - theirs.positions
    scaled = apart @ np.linalg.inv(ours.cell.array)
    same = np.abs(scaled - np.round(scaled)).max(axis=2) < 1e-9
    same &= ours.numbers[:, np.newaxis] == theirs.numbers
    np.testing.assert_array_equal(same.sum(axis=0), 1)
    np.testing.assert_array_equal(same.sum(axis=1), 1)


def test_diagonal_matrix_is_three_repeats(quartz: Atoms) -> None:
    expected = make_supercell(quartz, (2, 1, 3))
    for given in ((2, 1, 3), np.diag([2, 1, 3]), np.diag([2, 1, 3]).tolist()):
        assert make_general_supercell(quartz, given) == expected
        np.testing.assert_array_equal(supercell_matrix(given), np.diag([2, 1, 3]))


def test_left_handed_cell_stays_left_handed(quartz: Atoms) -> None:
    quartz.cell = quartz.cell.array[[1, 0, 2]]
    supercell = make_general_supercell(quartz, MATRICES[0])
    assert np.linalg.det(supercell.cell.array) == pytest.approx(5 * np.linalg.det(quartz.cell))
    assert np.linalg.det(supercell.cell.array) < 0


@pytest.mark.parametrize(
    "matrix",
    [(-1, 2, 2), (0, 1, 1), [[0, 1, 0], [1, 0, 0], [0, 0, 1]], [[1, 1, 0], [2, 2, 0], [0, 0, 1]]],
)
def test_supercell_without_volume_or_of_other_handedness_is_refused(matrix: object) -> None:
    with pytest.raises(StructureError, match="no volume, or another handedness"):
        make_general_supercell(bulk("Cu"), matrix)


@pytest.mark.parametrize(
    "matrix", [(2.0, 2, 2), 2, (2, 2), np.eye(3), np.eye(2, dtype=int), (True, True, True), "222"]
)
def test_supercell_of_something_but_three_or_nine_integers_is_refused(matrix: object) -> None:
    with pytest.raises(StructureError, match="three integers, or a matrix of nine"):
        make_general_supercell(bulk("Cu"), matrix)


def test_layer_is_repeated_within_its_plane_only() -> None:
    layer = graphene(a=2.46)
    assert len(make_general_supercell(layer, [[2, 1, 0], [-1, 2, 0], [0, 0, 1]])) == 10
    for matrix in (
        [[1, 0, 0], [0, 1, 0], [0, 0, 2]],
        [[1, 0, 1], [0, 1, 0], [0, 0, 1]],
        [[1, 0, 0], [0, 1, 0], [1, 0, 1]],
    ):
        with pytest.raises(StructureError, match="along c, where it is not periodic"):
            make_general_supercell(layer, matrix)


@pytest.mark.parametrize("length_A", [1.0, 5.0, 10.0, 23.7])
def test_supercell_for_a_length_is_the_smallest_wide_enough(quartz: Atoms, length_A: float) -> None:
    repeats = repeats_for(quartz, length_A)
    # Between opposite faces: the volume over the area of the face.
    faces = [np.linalg.norm(np.cross(quartz.cell[i - 2], quartz.cell[i - 1])) for i in range(3)]
    widths = quartz.cell.volume / np.array(faces)
    assert widths[0] < 0.9 * quartz.cell.lengths()[0]  # hexagonal
    assert (np.array(repeats) * widths >= length_A).all()
    for count, width in zip(repeats, widths, strict=True):
        assert count == 1 or (count - 1) * width < length_A


def repeats_for(atoms: Atoms, length_A: float) -> list[int]:
    matrix = supercell_for_length(atoms, length_A)
    np.testing.assert_array_equal(matrix, np.diag(np.diag(matrix)))
    repeats: list[int] = np.diag(matrix).tolist()
    return repeats


def test_width_that_misses_the_length_by_rounding_is_wide_enough() -> None:
    cell = bulk("NaCl", "rocksalt", a=5.64, cubic=True)
    assert repeats_for(cell, 3 * 5.64 * (1 + 1e-9)) == [3, 3, 3]
    assert repeats_for(cell, 3 * 5.64 * (1 + 1e-5)) == [4, 4, 4]


def test_directions_that_are_not_periodic_are_not_repeated_for_a_length() -> None:
    assert repeats_for(graphene(a=2.46), 10.0) == [5, 5, 1]
    chain = Atoms("C2", positions=[(0, 0, 0), (0, 0, 1.3)], cell=[9, 9, 2.6], pbc=(0, 0, 1))
    assert repeats_for(chain, 10.0) == [1, 1, 4]
    assert repeats_for(Atoms("He"), 10.0) == [1, 1, 1]


@pytest.mark.parametrize(
    ("matrix", "name"),
    [
        ((2, 1, 3), "2×1×3"),
        (np.diag([2, 2, 2]) @ [[1, 7, 0], [0, 1, 0], [5, 0, 1]], "2×2×2 reduced-cell"),
        ([[1, 1, 0], [-1, 1, 0], [0, 0, 1]], "[[1, 1, 0], [-1, 1, 0], [0, 0, 1]]"),
    ],
)
def test_supercells_are_named_as_a_person_would(matrix: object, name: str) -> None:
    assert name_supercell(matrix) == name


@pytest.mark.parametrize("length_A", [0.0, -1.0, float("nan"), float("inf")])
def test_impossible_lengths_are_refused(quartz: Atoms, length_A: float) -> None:
    with pytest.raises(StructureError, match=f"positive length in Å, not {length_A}"):
        supercell_for_length(quartz, length_A)


@pytest.mark.parametrize("repeats", [(10**5, 10**5, 10**5), (10**30, 1, 1), (2**63, 2**63, 1)])
def test_what_no_memory_holds_is_not_built(repeats: tuple[int, int, int]) -> None:
    with pytest.raises(MemoryBudgetError, match=r"would take \S+ GiB of memory"):
        make_supercell(bulk("Cu"), repeats)
    with pytest.raises(MemoryBudgetError):
        make_general_supercell(bulk("Cu"), repeats)


def test_a_skewed_supercell_is_as_large_as_its_volume() -> None:
    skewed = [[3, 10**12, 0], [0, 1, 10**12], [0, 0, 2]]
    points = lattice_points(supercell_matrix(skewed))
    assert len(points) == 6
    np.testing.assert_array_equal(points[0], [0, 0, 0])
    with pytest.raises(MemoryBudgetError, match="lattice points"):
        supercell_matrix([[10**12, 1, 0], [0, 10**12, 1], [0, 0, 10**12]])


@pytest.mark.parametrize("seed", range(10))
def test_lattice_points_are_those_inside_the_supercell(seed: int) -> None:
    random = np.random.default_rng(seed)
    matrix = random.integers(-4, 5, (3, 3))
    while (volume := round(np.linalg.det(matrix))) < 1:
        matrix = random.integers(-4, 5, (3, 3))
    points = lattice_points(matrix)
    assert len(np.unique(points, axis=0)) == volume
    scaled = points @ np.linalg.inv(matrix)
    assert (scaled > -1e-9).all()
    assert (scaled < 1 - 1e-9).all()
    np.testing.assert_array_equal(points[0], [0, 0, 0])


@pytest.mark.parametrize(("length_A", "counted"), [(2e20, "10^39"), (1.7e308, "10^615")])
def test_a_length_of_any_size_is_counted(length_A: float, counted: str) -> None:
    cubic = Atoms("Cu", cell=[2.0, 4.0, 5.0], pbc=[True, True, False])
    with pytest.raises(MemoryBudgetError, match=re.escape(f"of {counted} lattice points")):
        supercell_for_length(cubic, length_A)


def test_a_determinant_is_exact() -> None:
    # In floating point this one is 0.
    large = 10**9
    matrix = [[large, large - 1, 0], [large + 1, large, 0], [0, 0, 1]]
    np.testing.assert_array_equal(lattice_points(supercell_matrix(matrix)), [[0, 0, 0]])
