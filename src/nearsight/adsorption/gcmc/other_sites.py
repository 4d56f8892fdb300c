"""A level whose molecule has other sites than the one that is sampled, put by the same placement.

Both are functions of where the centre is and how the molecule is turned, so that nothing that is
exact depends on it: a united atom under five atoms, or charges where there are no nuclei.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.distance import cdist
from scipy.spatial.transform import Rotation

from nearsight.adsorption.gases import Gas
from nearsight.adsorption.gcmc.guests import Guests, sites_at
from nearsight.adsorption.gcmc.levels import Level, Memory, follow_molecules
from nearsight.adsorption.gcmc.moves import Proposals
from nearsight.arrays import BoolArray, FloatArray

_SITES = "other_sites_A"
_REFINEMENTS = 5
_POINT_A = 1e-6


@dataclass(frozen=True)
class OtherSites:
    """A level of a molecule with sites of its own, which its memory keeps."""

    level: Level
    molecule_A: FloatArray
    """Its sites about the centre of mass in Å, turned as the molecule that is sampled is, shape
    ``(n_sites, 3)``."""

    def energies_eV(self, guests: Guests) -> FloatArray:
        """Return the energy of each chain in eV, shape ``(n_chains,)``."""
        return self.level.energies_eV(self._with_sites(guests, self._sites_A(guests)))

    def memory(self, guests: Guests) -> Memory:
        """Return that of the level, and the sites."""
        sites_A = self._sites_A(guests)
        memory = self.level.memory(self._with_sites(guests, sites_A))
        return Memory(memory.of_chains, {**memory.of_molecules, _SITES: sites_A})

    def changes_eV(
        self, guests: Guests, memory: Memory, proposals: Proposals, asked: BoolArray
    ) -> FloatArray:
        """Return the changes of the energies."""
        return self.level.changes_eV(*self._as_here(guests, memory, proposals), asked)

    def follow(
        self, guests: Guests, memory: Memory, proposals: Proposals, accepted: BoolArray
    ) -> None:
        """Let the level follow, and the sites."""
        there = self._as_here(guests, memory, proposals)
        self.level.follow(*there, accepted)
        _, _, put = there
        sites_A = memory.of_molecules[_SITES]
        follow_molecules(sites_A, put.sites_A, guests, proposals, accepted)

    def _as_here(
        self, guests: Guests, memory: Memory, proposals: Proposals
    ) -> tuple[Guests, Memory, Proposals]:
        """Return guests and proposals with the sites of this level."""
        sites_A = sites_at(proposals.centres_A, proposals.quaternions, self.molecule_A)
        here = self._with_sites(guests, memory.of_molecules[_SITES])
        return here, memory, replace(proposals, sites_A=sites_A)

    def _sites_A(self, guests: Guests) -> FloatArray:
        """Return all sites, shape ``(n_chains, n_places, n_sites, 3)``."""
        placements = guests.centres_A.reshape(-1, 3), guests.quaternions.reshape(-1, 4)
        return sites_at(*placements, self.molecule_A).reshape(
            *guests.centres_A.shape[:2], len(self.molecule_A), 3
        )

    def _with_sites(self, guests: Guests, sites_A: FloatArray) -> Guests:
        return replace(guests, sites_A=sites_A, molecule_A=self.molecule_A)


def aligned_A(other: Gas, molecule: Gas) -> FloatArray:
    """Return the sites of a molecule in Å, turned so that they lie on another's as well as can be.

    Axes of inertia are laid upon each other in all ways, and the nearest one is refined: each site
    to the nearest atom of its element, or of any where there is none (as by P. J. Besl, N. D.
    McKay, IEEE Trans. Pattern Anal. Mach. Intell. 1992, 14, 239).

    Parameters
    ----------
    other
        The molecule that is turned.
    molecule
        The one that it is to lie on.

    Returns
    -------
    ndarray
        Shape ``(n_sites, 3)``.
    """
    sites_A, atoms_A = other.sites_A, molecule.sites_A
    if other.radius_A < _POINT_A or molecule.radius_A < _POINT_A:
        return sites_A  # a point, which lies in any way
    elsewhere = other.atoms.numbers[:, np.newaxis] != molecule.atoms.numbers
    unlike = elsewhere & ~elsewhere.all(axis=1, keepdims=True)

    def nearest(turned_A: FloatArray) -> tuple[FloatArray, float]:
        distances_A = np.where(unlike, np.inf, cdist(turned_A, atoms_A))
        return atoms_A[distances_A.argmin(axis=1)], float((distances_A.min(axis=1) ** 2).sum())

    own, theirs = _axes(other), _axes(molecule)
    turned = [sites_A @ own @ way.as_matrix() @ theirs.T for way in Rotation.create_group("O")]
    best_A: FloatArray = min(turned, key=lambda each: nearest(each)[1])
    for _ in range(_REFINEMENTS):
        onto, before = nearest(best_A)
        refined_A = best_A @ _turning(best_A, onto)
        if nearest(refined_A)[1] >= before:
            break
        best_A = refined_A
    return best_A


def _turning(sites_A: FloatArray, onto_A: FloatArray) -> FloatArray:
    """Return the rotation of rows that brings sites nearest to others (W. Kabsch 1976)."""
    left, _, right = np.linalg.svd(sites_A.T @ onto_A)
    left[:, -1] *= np.sign(np.linalg.det(left @ right))
    rotation: FloatArray = left @ right
    return rotation


def _axes(gas: Gas) -> FloatArray:
    """Return the principal axes of a molecule as the columns of a rotation."""
    masses, sites_A = gas.atoms.get_masses(), gas.sites_A
    _, axes = np.linalg.eigh((masses[:, np.newaxis] * sites_A).T @ sites_A)
    rotation: FloatArray = axes * np.sign(np.linalg.det(axes))
    return rotation
