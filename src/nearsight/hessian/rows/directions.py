"""The fewest directions that a site's operations spread over the whole of space."""

from functools import lru_cache
from itertools import combinations

import numpy as np

from nearsight.arrays import FloatArray

_N_CANDIDATES = 96
_SPANNING = 0.05
"""Smallest eigenvalue of the mean square from which directions count as independent.

One direction in general position has at best 1/3, two have 2/3."""


def spread_directions(rotations: FloatArray) -> tuple[FloatArray, float]:
    """Return directions from which the rotations make three independent ones.

    Parameters
    ----------
    rotations
        Cartesian rotations of the site symmetry, shape ``(n, 3, 3)``, the identity among them.

    Returns
    -------
    tuple
        One to three unit vectors, shape ``(k, 3)``, as few as possible and among those the
        best-conditioned of a fixed set; and the smallest singular value of all their images
        stacked and divided by √n, which is at best √(k/3).
    """
    # Rounded for the key only: sites of one structure share few orientations.
    return _spread(np.round(rotations, 9).tobytes(), len(rotations))


@lru_cache(maxsize=256)
def _spread(key: bytes, n_rotations: int) -> tuple[FloatArray, float]:
    rotations = np.frombuffer(key).reshape(n_rotations, 3, 3)
    candidates = _hemisphere(_N_CANDIDATES)
    turned = np.einsum("gab,cb->cga", rotations, candidates)
    squares = np.einsum("cga,cgb->cab", turned, turned) / len(rotations)
    for count in (1, 2):
        chosen = np.array(list(combinations(range(len(candidates)), count)))
        smallest = np.linalg.eigvalsh(squares[chosen].sum(axis=1))[:, 0]
        # Rounded, so that equally good ones are chosen in the order of the list.
        best = int(np.argmax(np.round(smallest, 9)))
        if smallest[best] > _SPANNING:
            return candidates[chosen[best]], float(np.sqrt(smallest[best]))
    return np.eye(3), 1.0


def _hemisphere(count: int) -> FloatArray:
    """Return unit vectors spread evenly over half a sphere, on a golden spiral."""
    height = (np.arange(count) + 0.5) / count
    angle = np.arange(count) * np.pi * (3.0 - np.sqrt(5.0))
    radius = np.sqrt(1.0 - height**2)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle), height])
