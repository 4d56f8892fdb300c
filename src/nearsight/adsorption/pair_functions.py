"""Functions of the distance of two atoms, whose sums over pairs stand in place of a model."""

import numpy as np

from nearsight.arrays import FloatArray

NEAREST_A, CUTOFF_A = 1.0, 6.0
TABLE_STEP_A = 0.005
_N_FUNCTIONS = 12


def functions(distances_A: FloatArray) -> FloatArray:
    """Return Gaussians that end smoothly at the cutoff, shape ``(n_distances, n_functions)``."""
    width_A = (CUTOFF_A - NEAREST_A) / _N_FUNCTIONS
    centres_A = NEAREST_A + width_A * np.arange(_N_FUNCTIONS)
    ending = (np.cos(np.pi * np.minimum(distances_A / CUTOFF_A, 1.0)) + 1) / 2
    values: FloatArray = np.exp(-(((distances_A[:, np.newaxis] - centres_A) / width_A) ** 2) / 2)
    return values * ending[:, np.newaxis]


def table_distances_A() -> FloatArray:
    """Return the distances of tables in Å, shape ``(n_distances,)``.

    There is one more than up to the cutoff, as a table is asked for the next entry, too.
    """
    distances: FloatArray = TABLE_STEP_A * np.arange(round(CUTOFF_A / TABLE_STEP_A) + 2.0)
    return distances
