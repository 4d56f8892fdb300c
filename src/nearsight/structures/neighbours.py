"""Pairs of atoms within a distance, periodic images included."""

import numpy as np
from ase import Atoms
from matscipy.neighbours import neighbour_list
from numpy.typing import NDArray

from nearsight.structures.reduced_cell import periodic_cell, reduced_basis


def neighbour_pairs(
    atoms: Atoms, distance_A: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return all pairs i, j closer than `distance_A` Å, in both directions.

    Returns
    -------
    tuple
        i and j, shape ``(n_pairs,)``, and the lattice vector in Å that is added to r_j, shape
        ``(n_pairs, 3)``.
    """
    # A search in a skewed cell would visit many more images than there are within the distance.
    cell = reduced_basis(atoms) @ periodic_cell(atoms)
    i, j, images = neighbour_list(
        "ijS", positions=atoms.positions, cell=cell, pbc=atoms.pbc, cutoff=distance_A
    )
    return i.astype(np.int64), j.astype(np.int64), images @ cell
