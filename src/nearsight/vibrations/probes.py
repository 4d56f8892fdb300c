"""Vectors that probe many atoms at once."""

import numpy as np
from numpy.typing import NDArray

from nearsight.arrays import FloatArray


def random_triads(n_atoms: int, seed: int) -> FloatArray:
    """Return an orthonormal triad (columns) for each atom, turned at random, ``(n_atoms, 3, 3)``.

    Uniform over all rotations and reflections (F. Mezzadri, Notices AMS 2007, 54, 592).
    """
    normal = np.random.default_rng(seed).normal(size=(n_atoms, 3, 3))
    orthogonal, upper = np.linalg.qr(normal)
    signs = np.sign(np.diagonal(upper, axis1=1, axis2=2))
    triads: FloatArray = orthogonal * signs[:, np.newaxis, :]
    return triads


def probing_vectors(colours: NDArray[np.int64], triads: FloatArray) -> FloatArray:
    """Return three vectors for each colour, made of the triads of its atoms.

    Returns
    -------
    NDArray[np.float64]
        Shape ``(3 n_colours, 3 n_atoms)``; vector 3 k + α has column α of the triads of colour k.
    """
    n_colours = int(colours.max()) + 1
    vectors = np.zeros((n_colours, 3, len(colours), 3))
    for atom, colour in enumerate(colours):
        vectors[colour, :, atom] = triads[atom].T
    return vectors.reshape(3 * n_colours, -1)
