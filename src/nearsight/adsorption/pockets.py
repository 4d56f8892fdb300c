"""Which part of a pore a gas can come to from outside, and which it cannot enter.

A region of low energy that reaches its own periodic image is a channel: the gas comes in along it.
One that does not is a pocket, where insertions succeed and no molecule ever is.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import label

from nearsight.arrays import BoolArray, FloatArray, IntArray

Offset = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Pockets:
    """The voxels of a cell by what a gas can do in them."""

    regions: IntArray
    """Number of the region of each voxel, from 1; 0 where nothing fits; shape of the grid."""
    dimensions: tuple[int, ...]
    """In how many directions each region goes on without an end, 0 for a pocket."""

    @property
    def blocked(self) -> BoolArray:
        """Voxels of pockets, shape of the grid."""
        is_pocket = np.array([False, *(dimension == 0 for dimension in self.dimensions)])
        blocked: BoolArray = is_pocket[self.regions]
        return blocked

    def is_blocked(self, fractions: FloatArray) -> BoolArray:
        """Return which places lie in pockets, shape ``(n_places,)``.

        Parameters
        ----------
        fractions
            Fractional coordinates in the cell of the grid, shape ``(n_places, 3)``.
        """
        shape = np.array(self.regions.shape)
        at = np.minimum((fractions % 1.0 * shape).astype(int), shape - 1)
        blocked: BoolArray = self.blocked[tuple(at.T)]
        return blocked


def pockets_of(energies_eV: FloatArray, highest_eV: float) -> Pockets:
    """Return the regions in which the energy stays low enough.

    Voxels are connected through their faces, over the borders of the cell too.

    Parameters
    ----------
    energies_eV
        At the middle of each voxel of a cell, inf where nothing fits, shape ``(n_a, n_b, n_c)``:
        the least over rotations, or a free energy over them.
    highest_eV
        What a molecule is taken to overcome.
    """
    pieces, n_pieces = label(energies_eV <= highest_eV)
    links = _links(pieces)
    region_of = np.zeros(n_pieces + 1, dtype=np.int64)
    dimensions: list[int] = []
    for piece in range(1, n_pieces + 1):
        if not region_of[piece]:
            members, dimension = _spread(piece, links)
            dimensions.append(dimension)
            region_of[members] = len(dimensions)
    return Pockets(region_of[pieces], tuple(dimensions))


def _links(pieces: IntArray) -> dict[int, set[tuple[int, Offset]]]:
    """Return which pieces of a cell touch which of the next cell, over its upper borders."""
    links: dict[int, set[tuple[int, Offset]]] = defaultdict(set)
    for axis in range(3):
        last, first = np.take(pieces, -1, axis), np.take(pieces, 0, axis)
        both = (last > 0) & (first > 0)
        up = np.eye(3, dtype=int)[axis]
        for low, high in set(zip(last[both].tolist(), first[both].tolist(), strict=True)):
            links[low].add((high, tuple(up.tolist())))
            links[high].add((low, tuple((-up).tolist())))
    return links


def _spread(start: int, links: dict[int, set[tuple[int, Offset]]]) -> tuple[list[int], int]:
    """Return what is connected with a piece, and in how many directions it comes to its images."""
    cell_of = {start: np.zeros(3, dtype=int)}
    waiting, translations = [start], []
    while waiting:
        piece = waiting.pop()
        for other, offset in links[piece]:
            cell = cell_of[piece] + offset
            if other not in cell_of:
                cell_of[other] = cell
                waiting.append(other)
            elif (cell != cell_of[other]).any():
                translations.append(cell - cell_of[other])
    dimension = int(np.linalg.matrix_rank(np.array(translations))) if translations else 0
    return list(cell_of), dimension
