"""What is in a cell as it is seen along one of its vectors, in hexagonal tiles."""

from typing import Final

import numpy as np

from nearsight.arrays import FloatArray, IntArray

_AXES: Final = ("a", "b", "c")


def axis_seen_along(cell_A: FloatArray, axis: str | None = None) -> int:
    """Return the number of the cell vector along which one looks.

    It is that of `axis`, which is ``a``, ``b`` or ``c``; by default that of the shortest, along
    which channels of most frameworks go.
    """
    if axis is not None:
        return _AXES.index(axis)
    return int(np.argmin(np.linalg.norm(cell_A, axis=1)))


def name_of_axis(axis: int) -> str:
    """Return ``a``, ``b`` or ``c``."""
    return _AXES[axis]


def seen_along(
    places_A: FloatArray, cell_A: FloatArray, axis: int, view_A: float
) -> tuple[FloatArray, IntArray]:
    """Return where places and their images are seen in a square, and of which place each is.

    Parameters
    ----------
    places_A
        In Å, shape ``(n_places, 3)``; those in one cell.
    cell_A
        Cell vectors in Å, shape ``(3, 3)``.
    axis
        Number of the cell vector along which one looks.
    view_A
        Edge of the square in Å, in whose middle the origin is.

    Returns
    -------
    tuple
        Places in the plane normal to that vector in Å, shape ``(n_seen, 2)``, the first direction
        near to the next cell vector; and an index for each.
    """
    plane = _plane(cell_A, axis)
    flat = places_A @ plane.T
    vectors = np.delete(cell_A, axis, axis=0) @ plane.T
    # Carried into the cell that has its middle at the origin, so that few images are tried.
    flat -= np.rint(flat @ np.linalg.inv(vectors)) @ vectors
    n = int(np.ceil(view_A / min(_widths(vectors)))) + 1
    places, images = [], []
    for shift in np.ndindex(2 * n + 1, 2 * n + 1):
        moved = flat + (np.array(shift) - n) @ vectors
        inside = np.flatnonzero((np.abs(moved) <= view_A / 2).all(axis=1))
        places.append(moved[inside])
        images.append(inside)
    return np.concatenate(places), np.concatenate(images)


def _plane(cell_A: FloatArray, axis: int) -> FloatArray:
    """Return two unit vectors normal to a cell vector, the first near to the next cell vector."""
    along = cell_A[axis] / np.linalg.norm(cell_A[axis])
    other = cell_A[(axis + 1) % 3]
    first = other - (other @ along) * along
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(along, first)])


def _widths(vectors: FloatArray) -> FloatArray:
    """Return the distances between opposite edges of a cell in two dimensions."""
    area = abs(np.linalg.det(vectors))
    widths: FloatArray = area / np.linalg.norm(vectors, axis=1)
    return widths


def hexagons(places: FloatArray, size: float) -> tuple[FloatArray, IntArray]:
    """Return the middles of the tiles that have places, and in which one each place is.

    Parameters
    ----------
    places
        Shape ``(n_places, 2)``.
    size
        Distance of the middles of two tiles that touch.

    Returns
    -------
    tuple
        Middles, shape ``(n_tiles, 2)``, and an index for each place.
    """
    lattice = size * np.array([[1.0, 0.0], [0.5, np.sqrt(3) / 2]])
    at = places @ np.linalg.inv(lattice)
    # Of the four lattice points around a place the nearest is the middle of its hexagon.
    corners = np.floor(at)[:, np.newaxis] + np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    distances = np.linalg.norm((corners - at[:, np.newaxis]) @ lattice, axis=2)
    nearest = corners[np.arange(len(places)), distances.argmin(axis=1)].astype(np.int64)
    tiles, which = np.unique(nearest, axis=0, return_inverse=True)
    return tiles @ lattice, which.reshape(-1)


def hexagon_area(size: float) -> float:
    """Return the area of a tile, `size` being the distance of the middles of two that touch."""
    return float(np.sqrt(3) / 2 * size**2)
