"""A crystal cut into blocks, each with all atoms that are within reach of it."""

import numpy as np
from ase import Atoms
from scipy.spatial import cKDTree

from nearsight.arrays import FloatArray, IntArray
from nearsight.structures.reduced_cell import cell_widths_A, reduced_basis

_BLOCK_A = 3.0
"""Blocks are about as wide as this."""


class Blocks:
    """The blocks of a host's reduced cell.

    Parameters
    ----------
    host
        Periodic in three directions; a later change of it changes nothing.
    reach_A
        Atoms nearer than this to any place of a block are near the block.
    """

    def __init__(self, host: Atoms, reach_A: float) -> None:
        self.cell_A: FloatArray = reduced_basis(host) @ host.cell.array
        """Reduced cell vectors, shape ``(3, 3)``."""
        self.to_fractions: FloatArray = np.linalg.inv(self.cell_A).astype(np.float64)
        """What makes fractional coordinates in it of places in Å, shape ``(3, 3)``."""
        widths = cell_widths_A(self.cell_A, host.pbc)
        self.counts: IntArray = np.ceil(widths / _BLOCK_A).astype(np.int64)
        """Blocks along each reduced vector, shape ``(3,)``."""
        corners = np.array(list(np.ndindex(2, 2, 2))) - 0.5
        radius = np.linalg.norm(corners / self.counts @ self.cell_A, axis=1).max()
        self._reach_A = reach_A + float(radius)
        fractions = host.positions @ self.to_fractions
        inside = (fractions - np.floor(fractions)) @ self.cell_A
        extents = np.ceil(self._reach_A / widths).astype(int)
        images = np.array(list(np.ndindex(*(2 * extents + 1)))) - extents
        self._points: FloatArray = (inside[:, np.newaxis] + images @ self.cell_A).reshape(-1, 3)
        self._atoms: IntArray = np.repeat(np.arange(len(host)), len(images))
        self._tree = cKDTree(self._points)

    def near(self, *block: int) -> tuple[FloatArray, IntArray, FloatArray]:
        """Return the middle of a block in Å, the atoms near it, and where they are about it."""
        middle = (np.array(block) + 0.5) / self.counts @ self.cell_A
        points = np.array(self._tree.query_ball_point(middle, self._reach_A), dtype=np.int64)
        return middle, self._atoms[points], self._points[points] - middle

    def all_near(self) -> tuple[IntArray, IntArray, FloatArray]:
        """Return what is near every block, block after block.

        Returns
        -------
        tuple of arrays
            Where the atoms of each block begin, shape ``(n_blocks + 1,)``, in the order of
            `np.ndindex`; the atoms; and where they and their images are in Å, shape ``(n, 3)``.
        """
        starts, atoms, places = [0], [], []
        for block in np.ndindex(*self.counts):
            middle, near, about = self.near(*block)
            starts.append(starts[-1] + len(near))
            atoms.append(near)
            places.append(about + middle)
        return np.array(starts), np.concatenate(atoms), np.concatenate(places)
