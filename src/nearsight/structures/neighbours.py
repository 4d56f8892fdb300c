"""Pairs of atoms within a distance, periodic images included."""

import numpy as np
from ase import Atoms
from matscipy.neighbours import neighbour_list
from numpy.typing import NDArray

from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import StructureError
from nearsight.structures.reduced_cell import cell_widths_A, periodic_cell, reduced_basis

_NEAREST_IMAGE_A = 0.1
"""No atom is that close to an image of its own, and to list the images would take for ever."""

_MOST_CELLS = 1e9
"""A search counts cells with 32 bits."""


def neighbour_pairs(
    atoms: Atoms, distance_A: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return all pairs i, j closer than `distance_A` Å, in both directions.

    Returns
    -------
    tuple
        i and j, shape ``(n_pairs,)``, and the lattice vector in Å that is added to r_j, shape
        ``(n_pairs, 3)``.

    Raises
    ------
    StructureError
        Atoms would lie on images of their own.
    """
    i, j, images = neighbour_images(atoms, distance_A)
    return i, j, lattice_vectors_A(images, periodic_cell(atoms))


def neighbour_images(atoms: Atoms, distance_A: float) -> tuple[IntArray, IntArray, IntArray]:
    """Return the same pairs with the lattice vectors in units of those of `periodic_cell`.

    A pair whose distance is `distance_A` to rounding may be there or not.

    Raises
    ------
    StructureError
        Atoms would lie on images of their own, or are so far away that cells cannot be counted.
    """
    # A search in a skewed cell would visit many more images than there are within the distance.
    basis = reduced_basis(atoms)
    cell = basis @ periodic_cell(atoms)
    nearest_A = np.linalg.norm(cell[atoms.pbc], axis=1).min(initial=np.inf)
    if nearest_A < _NEAREST_IMAGE_A:
        raise StructureError(
            f"The periodic cell vectors {atoms.cell.array[atoms.pbc].tolist()} Å put images of an "
            f"atom {nearest_A:.2g} Å apart; correct the cell and its unit."
        )
    _require_near(atoms, cell)
    i, j, images = neighbour_list(
        "ijS",
        positions=atoms.positions,
        cell=cell,
        pbc=atoms.pbc,
        cutoff=distance_A,
    )
    return i.astype(np.int64), j.astype(np.int64), images.astype(np.int64) @ basis


def lattice_vectors_A(images: IntArray, cell_A: FloatArray) -> FloatArray:
    """Return lattice vectors in Å, shape ``(n, 3)``, from whole numbers of cell vectors.

    Term by term: a product of matrices may round the same lattice vector differently among others,
    and whether a pair at the cutoff is within it would depend on which others there are.
    """
    first, second, third = images.T[:, :, np.newaxis]
    vectors: FloatArray = first * cell_A[0] + second * cell_A[1] + third * cell_A[2]
    return vectors


def _require_near(atoms: Atoms, cell_A: FloatArray) -> None:
    """Check that no atom is more cells away than the search can count, which it would not tell."""
    widths_A = cell_widths_A(cell_A, atoms.pbc)
    farthest_A = np.linalg.norm(atoms.positions, axis=1).max(initial=0.0)
    if len(widths_A) and farthest_A > _MOST_CELLS * widths_A.min():
        raise StructureError(
            f"an atom is {farthest_A:.1e} Å from the origin, where its distances mean nothing any "
            f"more; carry it back into the cell (atoms.wrap())."
        )
