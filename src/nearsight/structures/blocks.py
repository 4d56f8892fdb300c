"""A crystal cut into blocks with all atoms near each, and which images two places may have near."""

from typing import NamedTuple

import numpy as np
from ase import Atoms

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
        from scipy.spatial import cKDTree  # takes its time

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


class Box(NamedTuple):
    """A cell in which things move that see each other's images."""

    to_fractions: FloatArray
    """What makes fractional coordinates of places in Å, shape ``(3, 3)``."""
    vectors: FloatArray
    """Reduced cell vectors in Å, shape ``(3, 3)``."""
    images: FloatArray
    """Lattice vectors in Å, shape ``(n_images, 3)``: 0 first. A difference of two places whose
    fractions are rounded to [-1/2, 1/2] may be within reach with any of them added, and with no
    other."""


def box_of(cell_A: FloatArray, reach_A: float) -> Box:
    """Return a cell with the images that may be within reach.

    Parameters
    ----------
    cell_A
        Cell vectors in Å, shape ``(3, 3)``.
    reach_A
        Farther differences do not matter.
    """
    cell = Atoms(cell=cell_A, pbc=True)
    vectors: FloatArray = reduced_basis(cell) @ cell_A
    widths = cell_widths_A(vectors, cell.pbc)
    extents = np.ceil(reach_A / widths + 0.5).astype(int)
    steps = np.array(list(np.ndindex(*(2 * extents + 1)))) - extents
    near = (((np.abs(steps) - 0.5) * widths).max(axis=1) < reach_A) & steps.any(axis=1)
    images = np.concatenate([np.zeros((1, 3)), steps[near] @ vectors])
    return Box(np.linalg.inv(vectors).astype(np.float64), vectors, images)
