"""Directions that are spread evenly over the sphere."""

from functools import cache

import numpy as np

from nearsight.arrays import FloatArray

_GOLDEN_ANGLE = np.pi * (3.0 - np.sqrt(5.0))
_TURN = (0.3, -0.5, 0.7, 0.4)
"""A quaternion without meaning, so that no direction lies along an axis of the box."""


@cache
def axes_over_the_sphere(number: int) -> FloatArray:
    """Return axes of a pair of equal atoms, one of each two opposite directions.

    They are where charges at both ends of each axis come to rest: six are those of an icosahedron.
    As points of departure they lie on a spiral.

    Parameters
    ----------
    number
        How many.

    Returns
    -------
    FloatArray
        Unit vectors, shape ``(number, 3)``.
    """
    from scipy.optimize import minimize
    from scipy.spatial.transform import Rotation

    place = np.arange(number)
    height = (place + 0.5) / number
    radius = np.sqrt(1.0 - height**2)
    angle = place * _GOLDEN_ANGLE
    spiral = np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1)
    rested = minimize(_repulsion, spiral.ravel(), jac=True, method="L-BFGS-B", tol=1e-12).x
    axes = rested.reshape(number, 3)
    turned: FloatArray = Rotation.from_quat(_TURN).apply(
        axes / np.linalg.norm(axes, axis=1, keepdims=True)
    )
    return turned


def _repulsion(flat: FloatArray) -> tuple[float, FloatArray]:
    """Return the energy of charges at both ends of axes of any length, and its gradient."""
    vectors = flat.reshape(-1, 3)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    axes = vectors / lengths
    energy, gradient = 0.0, np.zeros_like(axes)
    for sign in (1.0, -1.0):
        apart = axes[:, np.newaxis] - sign * axes
        distances = np.linalg.norm(apart, axis=2)
        np.fill_diagonal(distances, np.inf)
        energy += float((1 / distances).sum()) / 2
        gradient -= (apart / distances[..., np.newaxis] ** 3).sum(axis=1)
    along = (gradient * axes).sum(axis=1, keepdims=True)
    return energy, ((gradient - along * axes) / lengths).ravel()
