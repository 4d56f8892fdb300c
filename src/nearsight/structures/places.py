"""Atoms of a crystal, each periodic image by itself."""

from itertools import product

import numpy as np
from ase import Atoms

from nearsight.structures.bonds import FloatArray, Image, IntArray

# An atom, or a group, and the lattice vector of its image.
Place = tuple[int, Image]


def position(atoms: Atoms, place: Place) -> FloatArray:
    """Return where an image of an atom is, in Å."""
    atom, image = place
    found: FloatArray = atoms.positions[atom] + np.asarray(image) @ atoms.cell.array
    return found


def places_within(
    atoms: Atoms, centre_A: FloatArray, radius_A: float
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return the atoms within a radius, its border included.

    Parameters
    ----------
    atoms
        The structure, repeated as its periodic directions say.
    centre_A
        Any point, shape ``(3,)``.
    radius_A
        The radius.

    Returns
    -------
    tuple
        Atoms, shape ``(n,)``, their images, shape ``(n, 3)``, and distances in Å, shape ``(n,)``.
    """
    vectors = atoms.positions - centre_A
    ranges: list[range] = [range(1), range(1), range(1)]
    periodic = np.flatnonzero(atoms.pbc)
    if len(periodic):
        # Along each axis only the distance between lattice planes counts.
        inverse = np.linalg.pinv(atoms.cell.array[periodic])
        fractional = vectors @ inverse
        reach = radius_A * np.linalg.norm(inverse, axis=0)
        lowest = np.ceil(-reach - fractional.max(axis=0) - 1e-9).astype(int)
        highest = np.floor(reach - fractional.min(axis=0) + 1e-9).astype(int)
        for axis, low, high in zip(periodic, lowest, highest, strict=True):
            ranges[axis] = range(low, high + 1)
    images = np.array(list(product(*ranges)), dtype=np.int64)
    shifted = vectors[np.newaxis] + (images @ atoms.cell.array)[:, np.newaxis]
    distances = np.linalg.norm(shifted, axis=2)
    cells, found = np.nonzero(distances <= radius_A)
    return found.astype(np.int64), images[cells], distances[cells, found]
