"""Where a rigid molecule is put, and how it is turned."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nearsight.adsorption.orientations import rotation_matrices, uniform_quaternions
from nearsight.arrays import FloatArray
from nearsight.notebooks import ShownInNotebooks
from nearsight.structures.naming import paragraph


@dataclass(frozen=True, eq=False, repr=False)
class Placements(ShownInNotebooks):
    """Centres of mass and rotations of one molecule, each a trial by itself."""

    centres_A: FloatArray
    """Shape ``(n_trials, 3)``."""
    quaternions: FloatArray
    """Unit quaternions (w, x, y, z), shape ``(n_trials, 4)``."""
    densities: FloatArray
    """Density from which each was drawn over that of a uniform one, shape ``(n_trials,)``: its
    weight is divided by this (importance sampling)."""

    def __repr__(self) -> str:
        return paragraph(self, f"{len(self)} places")

    def __len__(self) -> int:
        return len(self.centres_A)

    def sites_A(self, molecule_A: FloatArray) -> FloatArray:
        """Return where the atoms of each trial are, shape ``(n_trials, n_atoms, 3)``.

        Parameters
        ----------
        molecule_A
            Positions of the molecule's atoms about its centre of mass in Å.
        """
        turned = np.einsum("nij,aj->nai", rotation_matrices(self.quaternions), molecule_A)
        sites: FloatArray = self.centres_A[:, np.newaxis] + turned
        return sites


PlacementEnergies = Callable[[Placements], FloatArray]
"""Interaction energies in eV of placements, inf where nothing fits, shape ``(n_trials,)``."""


def uniform_placements(cell_A: FloatArray, n_trials: int, rng: np.random.Generator) -> Placements:
    """Return placements anywhere in a cell, turned anyhow, all with the same probability.

    Parameters
    ----------
    cell_A
        Cell vectors in Å, shape ``(3, 3)``.
    n_trials
        How many.
    rng
        What they are drawn by.
    """
    centres_A = rng.random((n_trials, 3)) @ cell_A
    quaternions = uniform_quaternions(n_trials, rng)
    return Placements(centres_A, quaternions, np.ones(n_trials))
