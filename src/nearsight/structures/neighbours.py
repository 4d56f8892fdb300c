"""Pairs of atoms within a distance, periodic images included."""

import numpy as np
from ase import Atoms
from ase.cell import Cell
from matscipy.neighbours import neighbour_list
from numpy.typing import NDArray


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
    # matscipy needs three cell vectors. Along directions that are not periodic ASE makes them up;
    # what the structure has there may be anything, even another vector once more.
    cell = Cell(np.where(atoms.pbc[:, np.newaxis], atoms.cell.array, 0.0)).complete().array
    i, j, images = neighbour_list(
        "ijS", positions=atoms.positions, cell=cell, pbc=atoms.pbc, cutoff=distance_A
    )
    return i.astype(np.int64), j.astype(np.int64), images @ cell
