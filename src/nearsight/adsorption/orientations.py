"""Uniform rotations, as unit quaternions of four normal deviates (K. Shoemake, 1992)."""

import numpy as np

from nearsight.arrays import FloatArray


def uniform_quaternions(n_rotations: int, rng: np.random.Generator) -> FloatArray:
    """Return quaternions (w, x, y, z) of rotations that favour no direction, shape ``(n, 4)``."""
    deviates = rng.standard_normal((n_rotations, 4))
    quaternions: FloatArray = deviates / np.linalg.norm(deviates, axis=1, keepdims=True)
    return quaternions


def rotation_matrices(quaternions: FloatArray) -> FloatArray:
    """Return the rotation matrix of each unit quaternion (w, x, y, z).

    Parameters
    ----------
    quaternions
        Shape ``(n, 4)``.

    Returns
    -------
    FloatArray
        Shape ``(n, 3, 3)``; a matrix times a column turns it.
    """
    w, x, y, z = quaternions.T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), -1, 0)
