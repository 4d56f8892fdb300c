"""The rigid molecules in a framework, one configuration or those of many chains at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nearsight.adsorption.orientations import rotation_matrices
from nearsight.arrays import BoolArray, FloatArray, IntArray
from nearsight.notebooks import ShownInNotebooks
from nearsight.structures.naming import paragraph


@dataclass(frozen=True, eq=False, repr=False)
class Configuration(ShownInNotebooks):
    """Where the molecules of one gas are, and how they are turned."""

    centres_A: FloatArray
    """Centres of mass in Å, shape ``(n_molecules, 3)``."""
    quaternions: FloatArray
    """Unit quaternions (w, x, y, z), shape ``(n_molecules, 4)``."""

    def __repr__(self) -> str:
        return paragraph(self, f"{len(self)} molecules")

    def __len__(self) -> int:
        return len(self.centres_A)

    def sites_A(self, molecule_A: FloatArray) -> FloatArray:
        """Return where all atoms are in Å, shape ``(n_molecules, n_atoms, 3)``.

        Parameters
        ----------
        molecule_A
            Positions of a molecule's atoms about its centre of mass in Å.
        """
        return sites_at(self.centres_A, self.quaternions, molecule_A)


def wrapped(configuration: Configuration, cell_A: FloatArray) -> Configuration:
    """Return a configuration with all centres in a cell, which numbers stay precise by."""
    fractions = configuration.centres_A @ np.linalg.inv(cell_A)
    centres = configuration.centres_A - np.floor(fractions) @ cell_A
    return Configuration(centres, configuration.quaternions)


NO_MOLECULES = Configuration(np.empty((0, 3)), np.empty((0, 4)))


@dataclass(frozen=True, eq=False, repr=False)
class Guests(ShownInNotebooks):
    """The configurations of many chains, in arrays with room for more molecules.

    What is behind the number of molecules of a chain means nothing. A change is made in the arrays.
    """

    counts: IntArray
    """Molecules of each chain, shape ``(n_chains,)``."""
    centres_A: FloatArray
    """Shape ``(n_chains, n_places, 3)``."""
    quaternions: FloatArray
    """Shape ``(n_chains, n_places, 4)``."""
    sites_A: FloatArray
    """Atoms of all molecules, shape ``(n_chains, n_places, n_atoms, 3)``."""
    molecule_A: FloatArray
    """Atoms of a molecule about its centre of mass, shape ``(n_atoms, 3)``."""

    def __repr__(self) -> str:
        return paragraph(self, f"{self.n_chains} chains", f"{int(self.counts.sum())} molecules")

    @classmethod
    def of(cls, configurations: Sequence[Configuration], molecule_A: FloatArray) -> "Guests":
        """Return the chains that have these configurations."""
        counts = np.array([len(each) for each in configurations], dtype=np.int64)
        n_places = int(counts.max(initial=0)) + 1
        centres = np.zeros((len(counts), n_places, 3))
        quaternions = np.tile([1.0, 0.0, 0.0, 0.0], (len(counts), n_places, 1))
        for chain, each in enumerate(configurations):
            centres[chain, : len(each)] = each.centres_A
            quaternions[chain, : len(each)] = each.quaternions
        sites = sites_at(centres.reshape(-1, 3), quaternions.reshape(-1, 4), molecule_A)
        return cls(
            counts, centres, quaternions, sites.reshape(*centres.shape[:2], -1, 3), molecule_A
        )

    @property
    def n_chains(self) -> int:
        """How many chains there are."""
        return len(self.counts)

    def configuration(self, chain: int) -> Configuration:
        """Return the configuration of one chain."""
        n = self.counts[chain]
        return Configuration(self.centres_A[chain, :n].copy(), self.quaternions[chain, :n].copy())

    def configurations(self) -> tuple[Configuration, ...]:
        """Return the configuration of each chain."""
        return tuple(self.configuration(chain) for chain in range(self.n_chains))

    def with_room(self) -> "Guests":
        """Return the same guests with a place for one more molecule in each chain."""
        if self.counts.max(initial=0) < self.centres_A.shape[1]:
            return self
        return Guests(
            self.counts,
            with_more_places(self.centres_A),
            with_more_places(self.quaternions),
            with_more_places(self.sites_A),
            self.molecule_A,
        )

    def copy(self) -> "Guests":
        """Return guests that a change of these leaves as they are."""
        return Guests(
            self.counts.copy(),
            self.centres_A.copy(),
            self.quaternions.copy(),
            self.sites_A.copy(),
            self.molecule_A,
        )

    def take_back(self, before: "Guests", chains: BoolArray) -> None:
        """Put chains, shape ``(n_chains,)``, back to what they were in an earlier copy."""
        self.counts[chains] = before.counts[chains]
        for name in _OF_MOLECULES:
            earlier = getattr(before, name)
            getattr(self, name)[chains, : earlier.shape[1]] = earlier[chains]


_OF_MOLECULES = ("centres_A", "quaternions", "sites_A")


def with_more_places(array: FloatArray) -> FloatArray:
    """Return an array of shape ``(n_chains, n_places, ...)`` with twice as many places."""
    more: FloatArray = np.concatenate([array, np.zeros_like(array)], axis=1)
    return more


def sites_at(centres_A: FloatArray, quaternions: FloatArray, molecule_A: FloatArray) -> FloatArray:
    """Return the atoms in Å of molecules put and turned so, shape ``(n, n_atoms, 3)``."""
    if len(molecule_A) == 1:
        return centres_A[:, np.newaxis] + molecule_A  # its only atom is the centre of mass
    turned = rotation_matrices(quaternions) @ molecule_A.T
    sites: FloatArray = centres_A[:, np.newaxis] + turned.transpose(0, 2, 1)
    return sites
