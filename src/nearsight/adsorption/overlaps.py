"""Trials whose atoms lie inside those of the framework: weight zero, and no call of a model."""

import numpy as np
from ase import Atoms
from ase.data import covalent_radii

from nearsight.arrays import BoolArray, FloatArray, IntArray
from nearsight.structures.host_pairs import HostPairs


class Overlaps:
    """Tells which placements of a molecule overlap with a framework.

    Two atoms overlap if they are closer than a share of the sum of their covalent radii (B. Cordero
    et al., Dalton Trans. 2008, 2832): a molecule that is not bound to the framework never comes
    that near.

    Parameters
    ----------
    host
        The framework.
    numbers
        Atomic numbers of the molecule, shape ``(n_atoms,)``.
    share
        Of the sum of the radii; 0 for no overlaps.
    """

    def __init__(self, host: Atoms, numbers: IntArray, share: float) -> None:
        self._limits_A: FloatArray = share * (
            covalent_radii[numbers][:, np.newaxis] + covalent_radii[host.numbers]
        )
        reach_A = float(self._limits_A.max())
        self._near = HostPairs(host, reach_A) if reach_A > 0 else None

    def of(self, sites_A: FloatArray) -> BoolArray:
        """Return which trials overlap, shape ``(n_trials,)``.

        Parameters
        ----------
        sites_A
            Atoms of each trial, shape ``(n_trials, n_atoms, 3)``.
        """
        n_trials, n_atoms = sites_A.shape[:2]
        overlapping: BoolArray = np.zeros(n_trials, dtype=bool)
        if self._near is None:
            return overlapping
        site, atom, distances_A = self._near.neighbours(sites_A.reshape(-1, 3))
        too_near = distances_A < self._limits_A[site % n_atoms, atom]
        overlapping[site[too_near] // n_atoms] = True
        return overlapping
