"""Atoms of a crystal, each periodic image by itself."""

import math
from itertools import product

import numpy as np
from ase import Atoms

from nearsight.arrays import FloatArray, IntArray
from nearsight.memory import require_room
from nearsight.structures.bonds import Image

_LONGEST_REACH = 1e100  # in cells; no memory holds so many, and floats still count them
_BYTES_PER_IMAGE = 200  # a tuple of three integers, and an array of them
_BYTES_PER_PLACE = 64  # two vectors, a distance, and the squares of one

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

    Raises
    ------
    MemoryBudgetError
        So many images do not fit into the memory.
    """
    vectors = atoms.positions - centre_A
    ranges: list[range] = [range(1), range(1), range(1)]
    periodic = np.flatnonzero(atoms.pbc)
    if len(periodic):
        # Along each axis only the distance between lattice planes counts.
        inverse = np.linalg.pinv(atoms.cell.array[periodic])
        fractional = vectors @ inverse
        reach = np.minimum(radius_A * np.linalg.norm(inverse, axis=0), _LONGEST_REACH)
        lowest = np.ceil(-reach - fractional.max(axis=0) - 1e-9).tolist()
        highest = np.floor(reach - fractional.min(axis=0) + 1e-9).tolist()
        for axis, low, high in zip(periodic, lowest, highest, strict=True):
            ranges[axis] = range(int(low), int(high) + 1)
    # Python's integers hold any number of images.
    n_images = math.prod(each.stop - each.start for each in ranges)
    require_room(
        n_images * (_BYTES_PER_IMAGE + _BYTES_PER_PLACE * len(atoms)),
        f"All atoms within {radius_A:g} Å, out of {n_images} images of {len(atoms)} atoms,",
        "Take a smaller radius.",
    )
    images = np.array(list(product(*ranges)), dtype=np.int64)
    shifted = vectors[np.newaxis] + (images @ atoms.cell.array)[:, np.newaxis]
    distances = np.linalg.norm(shifted, axis=2)
    cells, found = np.nonzero(distances <= radius_A)
    return found.astype(np.int64), images[cells], distances[cells, found]
