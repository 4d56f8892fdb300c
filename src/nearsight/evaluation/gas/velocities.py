"""Velocities against those of Maxwell and Boltzmann, which are normal deviates along each axis."""

import numpy as np
from scipy.special import ndtr

from nearsight.arrays import FloatArray, IntArray
from nearsight.dynamics.analysis.temperatures import KELVIN_PER_AMU_A2_PER_FS2
from nearsight.dynamics.analysis.trajectory import Trajectory

EDGES: FloatArray = np.linspace(-4.0, 4.0, 81)
"""Ends of the bins into which reduced velocities are counted; one more bin lies beyond each end."""


def reduced_counts(trajectory: Trajectory, temperature_K: float) -> IntArray:
    """Return how many components v √(m/kT) of the velocities of all atoms lie in each bin.

    Shape ``(82,)``: below the first edge, between edges, and above the last one.
    """
    velocities = trajectory.require_velocities()
    widths = np.sqrt(temperature_K / (KELVIN_PER_AMU_A2_PER_FS2 * trajectory.masses_amu))
    reduced = (velocities / widths[:, np.newaxis]).ravel()
    return np.bincount(np.searchsorted(EDGES, reduced), minlength=len(EDGES) + 1)


def deviation(counts: IntArray) -> float:
    """Return √n times the largest difference between what was counted and the normal distribution.

    That is the statistic of Kolmogorov and Smirnov at the edges of the bins. Of independent normal
    deviates it is above 1.36 in 5 % of cases, and above 1.95 in one of a thousand.
    """
    n_values = counts.sum()
    found = np.cumsum(counts)[:-1] / n_values
    return float(np.sqrt(n_values) * np.abs(found - ndtr(EDGES)).max())
