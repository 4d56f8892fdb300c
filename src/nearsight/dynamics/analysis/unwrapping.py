"""Positions that were carried back into the cell, followed across its boundaries.

In a cell of constant shape there is one way to do it. In one that fluctuates, an unwrapped position
is the wrapped one plus lattice vectors *of this frame*, and an atom that has gone through n cells
jumps by n times each fluctuation: its mean squared displacement is that of the cell. The
toroidal-view-preserving scheme adds up the displacements within the cell instead,
u(i+1) = u(i) + [w(i+1) - w(i) at the nearest image in the cell i+1]
(S. von Bülow, J. T. Bullerjahn and G. Hummer, J. Chem. Phys. 153, 021101 (2020),
doi:10.1063/5.0008316). The atoms of a molecule are carried along by one of them: each by itself, a
molecule would be drawn out of shape (M. Kulke and J. V. Vermaas, J. Chem. Theory Comput. 18, 6161
(2022), doi:10.1021/acs.jctc.2c00327). J. T. Bullerjahn et al. compare what there is
(J. Chem. Theory Comput. 19, 3406 (2023), doi:10.1021/acs.jctc.3c00308).
"""

from collections.abc import Sequence

import numpy as np

from nearsight.arrays import BoolArray, FloatArray, IntArray
from nearsight.errors import StructureError

_FARTHEST = 0.45
"""Of a cell vector: who is seen to move that far from frame to frame may have gone the other way
around, since no displacement beyond a half can be seen."""


def fractional(positions_A: FloatArray, cells_A: FloatArray, pbc: BoolArray) -> FloatArray:
    """Return positions in units of the cell vectors, 0 along directions that are not periodic.

    Parameters
    ----------
    positions_A
        Shape ``(n_frames, n_atoms, 3)``.
    cells_A
        Shape ``(n_frames, 3, 3)``.
    pbc
        Shape ``(3,)``.
    """
    inverse = np.linalg.inv(_completed(cells_A, pbc))
    scaled: FloatArray = np.einsum("fai,fij->faj", positions_A, inverse) * pbc
    return scaled


def follow_images(positions_A: FloatArray, cells_A: FloatArray, pbc: BoolArray) -> FloatArray:
    """Return wrapped positions moved by lattice vectors so that no atom jumps between frames.

    Parameters
    ----------
    positions_A
        Wrapped in whichever way, shape ``(n_frames, n_atoms, 3)``.
    cells_A
        Shape ``(n_frames, 3, 3)``.
    pbc
        Shape ``(3,)``.

    Raises
    ------
    StructureError
        As of `ImageFollower`.
    """
    follower = ImageFollower(pbc)
    images = [follower.images(*frame) for frame in zip(positions_A, cells_A, strict=True)]
    follower.require_followed()
    return follower.moved(positions_A, cells_A, images)


class ImageFollower:
    """Follows atoms from frame to frame by the lattice vectors that they have crossed.

    Right where no atom moves by half a cell vector or more between two frames, which wrapped
    positions cannot show: an atom that moves farther is seen to go the other way. What comes near
    to that is refused.

    Parameters
    ----------
    pbc
        Shape ``(3,)``.
    """

    def __init__(self, pbc: BoolArray) -> None:
        self._pbc = pbc
        self._n_frames = 0
        self._before: FloatArray | None = None
        self._images: FloatArray | None = None
        self._farthest = 0.0
        self._place = (0, 0, 0)
        self._crossed = False

    def images(self, positions_A: FloatArray, cell_A: FloatArray) -> FloatArray:
        """Return the lattice vectors to add to the positions of the next frame.

        Parameters
        ----------
        positions_A
            Shape ``(n_atoms, 3)``.
        cell_A
            Shape ``(3, 3)``.

        Returns
        -------
        ndarray
            Whole numbers of the cell vectors, shape ``(n_atoms, 3)``; the same array as long as
            none is crossed.
        """
        self._n_frames += 1
        if self._images is None:
            self._images = np.zeros(positions_A.shape)
        if not self._pbc.any():
            return self._images
        scaled = fractional(positions_A[np.newaxis], cell_A[np.newaxis], self._pbc)[0]
        if self._before is not None:
            step = scaled - self._before
            crossed = np.rint(step)
            left = np.abs(step - crossed)
            if left.max() > self._farthest:
                atom, axis = np.unravel_index(int(left.argmax()), left.shape)
                self._farthest = float(left.max())
                self._place = (self._n_frames - 1, int(atom), int(axis))
            if crossed.any():
                self._crossed = True
                self._images = self._images - crossed
        self._before = scaled
        return self._images

    @property
    def shows_wrapping(self) -> bool:
        """Whether atoms jump by what is nearly a cell vector, and by nothing in between."""
        return self._crossed and self._farthest <= _FARTHEST

    def require_followed(self) -> None:
        """Check that it can be told which way atoms went.

        Raises
        ------
        StructureError
            An atom has crossed a boundary, and one moves by more than 0.45 of a cell vector.
        """
        if self._crossed and self._farthest > _FARTHEST:
            frame, atom, axis = self._place
            raise StructureError(
                f"atom {atom} moves by {self._farthest:.2f} of cell vector {'abc'[axis]} from "
                f"frame {frame} to {frame + 1}: whether it went forth or back around the cell "
                f"cannot be told. Write frames more often, or unwrapped positions."
            )

    def moved(
        self, positions_A: FloatArray, cells_A: FloatArray, images: Sequence[FloatArray]
    ) -> FloatArray:
        """Return positions moved by their images, all of some frames at once."""
        if not self._crossed:
            return positions_A
        moved = positions_A.copy()
        for index, (cell, image) in enumerate(zip(cells_A, images, strict=True)):
            moved[index] += image @ cell
        return moved


def toroidal_paths_A(
    positions_A: FloatArray,
    cells_A: FloatArray,
    pbc: BoolArray,
    carriers_A: FloatArray | None = None,
) -> FloatArray:
    """Return paths from the first positions, without what a changing cell does to far images.

    Of u = w + n·L, with w in the cell and whole numbers n, the step is
    u(i+1) - u(i) - n(i)·[L(i+1) - L(i)], which is that of the toroidal view.

    Parameters
    ----------
    positions_A
        Unwrapped positions, shape ``(n_frames, n_points, 3)``.
    cells_A
        Shape ``(n_frames, 3, 3)``.
    pbc
        Shape ``(3,)``.
    carriers_A
        The points whose cell counts, such as one atom of each molecule; by default the points
        themselves. Shape as the positions.

    Returns
    -------
    ndarray
        Paths in Å, zero in the first frame, shape ``(n_frames, n_points, 3)``.
    """
    if not pbc.any() or (cells_A == cells_A[0]).all():
        straight: FloatArray = positions_A - positions_A[0]
        return straight
    carriers = positions_A if carriers_A is None else carriers_A
    images = np.floor(fractional(carriers[:-1], cells_A[:-1], pbc)) * pbc
    steps = np.diff(positions_A, axis=0)
    steps -= np.einsum("fai,fij->faj", images, np.diff(cells_A, axis=0))
    paths = np.zeros_like(positions_A)
    np.cumsum(steps, axis=0, out=paths[1:])
    return paths


def widths_A(cells_A: FloatArray, pbc: BoolArray) -> FloatArray:
    """Return the distances between opposite faces of cells, shape ``(n_frames, 3)``.

    They are infinite along directions that are not periodic.
    """
    across = np.linalg.norm(np.linalg.inv(_completed(cells_A, pbc)), axis=1)
    widths: FloatArray = np.where(pbc, 1.0 / across, np.inf)
    return widths


def nearest_images(vectors_A: FloatArray, cell_A: FloatArray, pbc: BoolArray) -> IntArray:
    """Return the lattice vectors to add to vectors so that they are short, as whole numbers.

    Parameters
    ----------
    vectors_A
        Shape ``(n, 3)``.
    cell_A
        Shape ``(3, 3)``.
    pbc
        Shape ``(3,)``.
    """
    scaled = fractional(vectors_A[np.newaxis], cell_A[np.newaxis], pbc)[0]
    images: IntArray = -np.rint(scaled).astype(np.int64)
    return images


def _completed(cells_A: FloatArray, pbc: BoolArray) -> FloatArray:
    """Return cells with a unit vector for each direction that is not periodic."""
    if pbc.all():
        return cells_A
    from ase.geometry import complete_cell

    return np.array([complete_cell(cell * pbc[:, np.newaxis]) for cell in cells_A])
