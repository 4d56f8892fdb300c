"""Supercells."""

from collections.abc import Sequence
from numbers import Integral

import numpy as np
from ase import Atoms
from numpy.typing import ArrayLike, NDArray

from nearsight.errors import StructureError
from nearsight.structures.reduced_cell import cell_widths_A, periodic_cell, reduced_basis


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
    """
    counts = tuple(repeats)
    if len(counts) != 3 or not all(_is_positive_integer(count) for count in counts):
        raise StructureError(
            f"A supercell needs three positive integers such as (2, 2, 2), not {repeats!r}."
        )
    return make_general_supercell(atoms, np.diag(counts))


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
    """
    integers = supercell_matrix(matrix)
    for axis, (name, periodic) in enumerate(zip("abc", atoms.pbc, strict=True)):
        unit = np.eye(3, dtype=np.int64)[axis]
        if not periodic and ((integers[axis] != unit).any() or (integers[:, axis] != unit).any()):
            raise StructureError(
                f"The structure cannot be repeated {integers[axis, axis]} times along {name}, "
                f"where it is not periodic, nor joined with it; repeat it once there, alone."
            )
    shifts = lattice_points(integers)
    supercell = atoms[np.tile(np.arange(len(atoms)), len(shifts))]
    supercell.positions += np.repeat(shifts @ atoms.cell.array, len(atoms), axis=0)
    supercell.cell = integers @ atoms.cell.array
    return supercell


def supercell_matrix(matrix: ArrayLike) -> NDArray[np.int64]:
    """Return three repeats, or nine integers, as a matrix of shape ``(3, 3)``.

    Raises
    ------
    StructureError
        They are no integers, or the determinant is not positive.
    """
    try:
        given = np.asarray(matrix)
    except ValueError:  # rows of different lengths
        given = np.empty(0)
    if given.shape == (3,):
        given = np.diag(given)
    if given.shape != (3, 3) or not np.issubdtype(given.dtype, np.integer):
        raise StructureError(
            f"A supercell needs three integers, or a matrix of nine, not {matrix!r}: its vectors "
            f"must be whole multiples of those of the unit cell."
        )
    if np.linalg.det(given) < 0.5:
        raise StructureError(
            f"The supercell {given.tolist()} has no volume, or another handedness than the unit "
            f"cell; choose integers with a positive determinant."
        )
    return given.astype(np.int64)


def supercell_for_length(atoms: Atoms, length_A: float) -> NDArray[np.int64]:
    """Return the smallest supercell that is at least `length_A` wide, as a matrix ``(3, 3)``.

    It repeats the reduced cell (`nearsight.structures.reduced_cell`), so that it does not depend on
    which cell of the lattice is given. A cell that is as wide as the reduced one is repeated
    itself: the matrix is diagonal then. Widths are those between opposite faces; a direction that
    is not periodic is not repeated.

    Raises
    ------
    StructureError
        The length is not positive and finite.
    """
    if not 0.0 < length_A < np.inf:
        raise StructureError(f"A supercell needs a positive length in Å, not {length_A}.")
    basis = reduced_basis(atoms)
    widths = cell_widths_A(basis @ periodic_cell(atoms), atoms.pbc)
    repeats = np.ones(3, dtype=np.int64)
    # A width that misses the length by rounding is wide enough.
    repeats[atoms.pbc] = np.maximum(np.ceil(length_A / widths - 1e-6), 1)
    return repeats[:, np.newaxis] * basis


def supercell_setting(matrix: NDArray[np.int64]) -> list[int] | list[list[int]]:
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


def lattice_points(matrix: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the lattice points in a supercell, the origin first, shape ``(n_cells, 3)``.

    Parameters
    ----------
    matrix
        Its vectors (rows), shape ``(3, 3)``, as whole numbers of lattice vectors.
    """
    if not np.any(matrix - np.diag(np.diag(matrix))) and (np.diag(matrix) > 0).all():
        points: NDArray[np.int64] = np.indices(np.diag(matrix).tolist()).reshape(3, -1).T
        return points
    corners = np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, -1).T @ matrix
    lowest, highest = corners.min(axis=0), corners.max(axis=0)
    box = np.indices((highest - lowest + 1).tolist()).reshape(3, -1).T + lowest
    scaled = box @ np.linalg.inv(matrix)
    inside = ((scaled > -1e-9) & (scaled < 1 - 1e-9)).all(axis=1)
    points = box[inside]
    return points[np.lexsort((*points.T[::-1], points.any(axis=1)))]


def _is_positive_integer(count: object) -> bool:
    return type(count) is not bool and isinstance(count, Integral) and int(count) >= 1
