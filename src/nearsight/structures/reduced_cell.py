"""The reduced cell of a lattice: what supercells, meshes and searches for pairs go by.

A lattice has infinitely many cells, and a very skewed one is narrow whatever its volume. The
reduced cell (P. Niggli, 1928; International Tables for Crystallography A, chapter 3.1.3) has the
shortest vectors, and there is one only, up to equivalent ones.
"""

import contextlib

import numpy as np
from ase import Atoms
from ase.cell import Cell
from numpy.typing import NDArray

from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import StructureError
from nearsight.structures.operations import exceptions_from_spglib

_SAME_WIDTH = 1e-4
"""Relative: cells whose widths agree within it are taken for equally good."""

_SMALLEST_SINE = 1e-8
"""Of the angle between cell vectors: a cell may be very skewed."""

_SHORTEST_VECTOR_A = 1e-3

_TOLERANCES_A2 = (1e-5, 1e-6, 1e-4, 1e-8)
"""By which squares of lengths are compared: spglib's own, and others for cells that are off a
symmetric one by just as much, which it finds no end for."""


def require_lattice(atoms: Atoms) -> None:
    """Check that the periodic directions of `atoms` have cell vectors that span a lattice.

    Raises
    ------
    StructureError
        One has none, or they are linearly dependent.
    """
    lengths = np.linalg.norm(atoms.cell.array, axis=1)
    missing = [
        name
        for name, length, periodic in zip("abc", lengths, atoms.pbc, strict=True)
        if periodic and length < _SHORTEST_VECTOR_A
    ]
    if missing:
        raise StructureError(
            f"The structure is periodic along {', '.join(missing)} but has no cell vector there; "
            f"set the cell, or set pbc to False for a molecule."
        )
    vectors = atoms.cell.array[atoms.pbc]
    directions = vectors / lengths[atoms.pbc, np.newaxis]
    if len(directions) > 1:
        smallest_sine = float(np.linalg.svd(directions, compute_uv=False)[-1])
        if smallest_sine < _SMALLEST_SINE:
            raise StructureError(
                f"The periodic cell vectors {vectors.tolist()} Å are linearly dependent, so that "
                f"the cell has no volume; correct the cell."
            )


def reduced_basis(atoms: Atoms) -> IntArray:
    """Return the reduced cell vectors (rows) of a structure in units of its own, ``(3, 3)``.

    The identity where the structure's own cell is as wide as the reduced one in every direction:
    what is given in a usual setting stays in it. Directions that are not periodic stay as they are.
    The determinant is 1.
    """
    given = periodic_cell(atoms)
    combination = _reducing(given, atoms.pbc)
    own, reduced = (
        np.sort(cell_widths_A(cell, atoms.pbc)) for cell in (given, combination @ given)
    )
    if np.allclose(own, reduced, rtol=_SAME_WIDTH, atol=0.0):
        return np.eye(3, dtype=np.int64)
    return combination


def periodic_cell(atoms: Atoms) -> FloatArray:
    """Return three cell vectors of which those along periodic directions are the structure's.

    What a structure has along the others may be anything, even another vector once more; here they
    are orthonormal to the periodic ones.
    """
    cell: FloatArray = (
        Cell(np.where(atoms.pbc[:, np.newaxis], atoms.cell.array, 0.0)).complete().array
    )
    return cell


def cell_widths_A(cell_A: FloatArray, pbc: NDArray[np.bool_]) -> FloatArray:
    """Return the distances in Å between opposite faces of a cell along its periodic directions."""
    widths: FloatArray = 1.0 / np.linalg.norm(np.linalg.inv(cell_A).T[pbc], axis=1)
    return widths


def reduced_widths_A(atoms: Atoms) -> FloatArray:
    """Return the widths in Å of the reduced cell of a structure along its periodic directions."""
    return cell_widths_A(reduced_basis(atoms) @ periodic_cell(atoms), atoms.pbc)


def _reducing(cell_A: FloatArray, pbc: NDArray[np.bool_]) -> IntArray:
    """Return the vectors of the reduced cell in units of the given ones; the determinant is 1."""
    from ase.geometry import minkowski_reduce

    reduced = minkowski_reduce(cell_A, pbc)[0]  # it converges from any skew
    if pbc.all():
        reduced = _niggli(reduced)  # of all shortest ones this is the same from any start
    combination: IntArray = np.round(reduced @ np.linalg.inv(cell_A)).astype(np.int64)
    if np.linalg.det(combination) < 0:
        turned = np.flatnonzero(pbc)
        combination[turned if len(turned) % 2 else turned[:1]] *= -1
    return combination


def _niggli(cell_A: FloatArray) -> FloatArray:
    import spglib
    from spglib.error import SpglibError

    with exceptions_from_spglib():
        for tolerance_A2 in _TOLERANCES_A2:
            with contextlib.suppress(SpglibError):
                if (reduced := spglib.niggli_reduce(cell_A, eps=tolerance_A2)) is not None:
                    return reduced
    return cell_A  # whose vectors are the shortest all the same
