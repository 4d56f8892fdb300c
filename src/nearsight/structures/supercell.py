"""Supercells."""

import math
import sys
from collections.abc import Sequence
from numbers import Integral

import numpy as np
from ase import Atoms
from numpy.typing import ArrayLike

from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import StructureError
from nearsight.memory import require_room
from nearsight.printable import printable_count
from nearsight.structures.charge import repeat_electrons
from nearsight.structures.integer_lattices import spanning_rows
from nearsight.structures.molecules import MOLECULE, molecule_images, molecules_of
from nearsight.structures.reduced_cell import cell_widths_A, periodic_cell, reduced_basis

# Measured: 75 to 89 bytes for positions, lattice vectors, numbers and what they are made from.
_BYTES_PER_ATOM = 100
# Three integers, three fractions, and what they are made from.
_BYTES_PER_POINT = 100


def make_supercell(atoms: Atoms, repeats: Sequence[int]) -> Atoms:
    """Return the supercell that repeats `atoms` along its three cell vectors.

    The first ``len(atoms)`` atoms are those of `atoms` in their order; the copies follow cell by
    cell, the repeat along the last vector running fastest.

    Parameters
    ----------
    atoms
        The structure; it stays as it is.
    repeats
        How often along each cell vector: three positive integers, 1 where it is not periodic.

    Raises
    ------
    StructureError
        `repeats` is something else.
    MemoryBudgetError
        So many atoms do not fit into the memory.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.structures import make_supercell
    >>> make_supercell(bulk("NaCl", "rocksalt", a=5.64), (2, 2, 2)).get_chemical_formula()
    'Cl8Na8'
    """
    counts = tuple(repeats)
    if len(counts) != 3 or not all(_is_positive_integer(count) for count in counts):
        raise StructureError(
            f"A supercell needs three positive integers such as (2, 2, 2), not {repeats!r}."
        )
    return make_general_supercell(atoms, counts)


def make_general_supercell(atoms: Atoms, matrix: ArrayLike) -> Atoms:
    """Return the supercell whose vectors are whole-number combinations of those of `atoms`.

    The first ``len(atoms)`` atoms are those of `atoms` in their order.

    Parameters
    ----------
    atoms
        The structure; it stays as it is.
    matrix
        Three integers, or nine as a matrix M of shape ``(3, 3)``: the new vectors are the rows of
        M @ cell.

    Raises
    ------
    StructureError
        `matrix` holds no integers, has no positive determinant, or repeats a direction in which
        the structure is not periodic.
    MemoryBudgetError
        So many atoms do not fit into the memory.
    """
    integers = supercell_matrix(matrix)
    for axis, (name, periodic) in enumerate(zip("abc", atoms.pbc, strict=True)):
        unit = np.eye(3, dtype=np.int64)[axis]
        if not periodic and ((integers[axis] != unit).any() or (integers[:, axis] != unit).any()):
            raise StructureError(
                f"The structure cannot be repeated {integers[axis, axis]} times along {name}, "
                f"where it is not periodic, nor joined with it; repeat it once there, alone."
            )
    n_atoms = len(atoms) * _determinant(integers.tolist())
    require_room(
        _BYTES_PER_ATOM * n_atoms,
        f"A supercell of {n_atoms} atoms",
        "Take a smaller supercell (`supercell`, `length_A`).",
    )
    shifts = lattice_points(integers)
    supercell = atoms[np.tile(np.arange(len(atoms)), len(shifts))]
    supercell.positions += np.repeat(shifts @ atoms.cell.array, len(atoms), axis=0)
    supercell.cell = integers @ atoms.cell.array
    supercell.info.update(repeat_electrons(atoms, len(shifts)))
    if MOLECULE in supercell.arrays:
        supercell.arrays[MOLECULE] = _molecules_of_copies(atoms, integers, shifts)
    return supercell


def supercell_matrix(matrix: ArrayLike) -> IntArray:
    """Return three repeats, or nine integers, as a matrix of shape ``(3, 3)``.

    Raises
    ------
    StructureError
        They are no integers, or the determinant is not positive.
    MemoryBudgetError
        The lattice points that such a supercell is made from do not fit into the memory.
    """
    # As objects, numbers of any size stay what they are.
    given = np.asarray(matrix, dtype=object)
    if given.shape == (3,):
        given = np.diag(given)
    if given.shape != (3, 3) or not all(map(_is_integer, given.ravel())):
        raise StructureError(
            f"A supercell needs three integers, or a matrix of nine, not {matrix!r}: its vectors "
            f"must be whole multiples of those of the unit cell."
        )
    rows = [[int(value) for value in row] for row in given]
    if _determinant(rows) < 1:
        raise StructureError(
            f"The supercell {rows} has no volume, or another handedness than the unit cell; choose "
            f"integers with a positive determinant."
        )
    n_points = _determinant(rows)
    require_room(
        _BYTES_PER_POINT * n_points,
        f"A supercell of {printable_count(n_points)} lattice points",
        "Take a smaller supercell (`supercell`, `length_A`).",
    )
    return np.array(rows, dtype=np.int64)


def supercell_for_length(atoms: Atoms, length_A: float) -> IntArray:
    """Return the smallest supercell that is at least `length_A` wide, as a matrix ``(3, 3)``.

    It repeats the reduced cell (`nearsight.structures.reduced_cell`), so that it does not depend on
    which cell of the lattice is given. A cell that is as wide as the reduced one is repeated
    itself: the matrix is diagonal then. Widths are those between opposite faces; a direction that
    is not periodic is not repeated.

    Raises
    ------
    StructureError
        The length is not positive and finite.
    MemoryBudgetError
        Such a supercell does not fit into the memory.
    """
    if not 0.0 < length_A < np.inf:
        raise StructureError(f"`length_A` is a positive length in Å, not {length_A}.")
    basis = reduced_basis(atoms)
    widths = cell_widths_A(basis @ periodic_cell(atoms), atoms.pbc).tolist()
    repeats = [1, 1, 1]
    for axis, width in zip(np.flatnonzero(atoms.pbc).tolist(), widths, strict=True):
        # A width that misses the length by rounding is wide enough. Python's integers hold any.
        repeats[axis] = max(math.ceil(min(length_A / width, sys.float_info.max) - 1e-6), 1)
    return supercell_matrix(
        [[n * value for value in row] for n, row in zip(repeats, basis.tolist(), strict=True)]
    )


def supercell_setting(matrix: IntArray) -> list[int] | list[list[int]]:
    """Return a supercell as a person would write it: three repeats where it is made of them."""
    if np.any(matrix - np.diag(np.diag(matrix))):
        rows: list[list[int]] = matrix.tolist()
        return rows
    repeats: list[int] = np.diag(matrix).tolist()
    return repeats


def name_supercell(matrix: ArrayLike) -> str:
    """Return a supercell in words: ``2×2×1``, ``2×2×1 reduced-cell``, or its nine integers."""
    integers = supercell_matrix(matrix)
    setting = supercell_setting(integers)
    if isinstance(setting[0], int):
        return "×".join(map(str, setting))
    factors = np.gcd.reduce(integers, axis=1)
    if round(float(np.linalg.det(integers))) == int(np.prod(factors)):
        return f"{'×'.join(map(str, factors.tolist()))} reduced-cell"
    return str(setting)


def lattice_points(matrix: IntArray) -> IntArray:
    """Return the lattice points in a supercell, the origin first, shape ``(n_cells, 3)``.

    Parameters
    ----------
    matrix
        Its vectors (rows), shape ``(3, 3)``, as whole numbers of lattice vectors.
    """
    if not np.any(matrix - np.diag(np.diag(matrix))) and (np.diag(matrix) > 0).all():
        points: IntArray = np.indices(np.diag(matrix).tolist()).reshape(3, -1).T
        return points
    sides = [abs(row[axis]) for axis, row in enumerate(spanning_rows(matrix.tolist()))]
    # Points of a box that differ by no vector of the supercell, and then where they are inside it.
    points = _inside(np.indices(sides).reshape(3, -1).T, matrix)
    return points[np.lexsort((*points.T[::-1], points.any(axis=1)))]


def _inside(points: IntArray, matrix: IntArray) -> IntArray:
    """Return lattice points carried into a supercell, shape ``(n_points, 3)`` both."""
    # In Python's integers, since nothing may be rounded.
    rows, exact = matrix.tolist(), points.astype(object)
    cells = exact @ np.array(_adjugate(rows), dtype=object) // _determinant(rows)
    inside: IntArray = (exact - cells @ np.array(rows, dtype=object)).astype(np.int64)
    return inside


def _molecules_of_copies(atoms: Atoms, matrix: IntArray, shifts: IntArray) -> IntArray:
    """Return the numbers of all molecules of a supercell, also of those that faces cut.

    The copy of an atom in one cell is of the molecule whose first atom is in the same cell, or in
    the one next to it that the molecule reaches into.
    """
    molecules = molecules_of(atoms)
    cell_of = {tuple(point): cell for cell, point in enumerate(shifts.tolist())}
    starts = shifts[:, np.newaxis] - molecule_images(atoms)
    inside = _inside(starts.reshape(-1, 3), matrix).tolist()
    cells = np.array([cell_of[tuple(point)] for point in inside], dtype=np.int64)
    copies = np.tile(molecules, len(shifts))
    apart = cells * int(molecules.max(initial=0))
    numbers: IntArray = np.where(copies > 0, copies + apart, copies)
    return numbers


def _adjugate(rows: list[list[int]]) -> list[list[int]]:
    """Return the inverse times the determinant, exact for integers of any size."""
    (a, b, c), (d, e, f), (g, h, i) = rows
    return [
        [e * i - f * h, c * h - b * i, b * f - c * e],
        [f * g - d * i, a * i - c * g, c * d - a * f],
        [d * h - e * g, b * g - a * h, a * e - b * d],
    ]


def _determinant(rows: list[list[int]]) -> int:
    """Return the determinant, exact for integers of any size."""
    (a, b, c), (d, e, f), (g, h, i) = rows
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)


def _is_integer(count: object) -> bool:
    return not isinstance(count, bool | np.bool) and isinstance(count, Integral)


def _is_positive_integer(count: object) -> bool:
    return _is_integer(count) and int(count) >= 1  # type: ignore[call-overload]  # it is an integer


def distances_in_supercell(supercell: Atoms, atoms: IntArray) -> tuple[FloatArray, float]:
    """Return how far some atoms are from all, and how far one sees before the images of itself.

    Returns
    -------
    tuple
        Distances in Å to the nearest images, shape ``(len(atoms), n_supercell)``, and the radius in
        Å of the sphere inscribed in the Wigner-Seitz cell of the supercell.
    """
    from ase.geometry import find_mic, minkowski_reduce

    cell, pbc = supercell.cell.complete(), supercell.pbc
    vectors = supercell.positions[np.newaxis] - supercell.positions[atoms][:, np.newaxis]
    _, lengths = find_mic(vectors.reshape(-1, 3), cell, pbc)
    shortest = np.linalg.norm(minkowski_reduce(cell, pbc)[0][pbc], axis=1)
    radius = float(shortest.min(initial=np.inf)) / 2
    return lengths.reshape(vectors.shape[:2]), radius
