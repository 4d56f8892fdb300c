"""A model of near surroundings as a level: what a move changes of the structures of the chains."""

from dataclasses import dataclass, field

import numpy as np

from nearsight.adsorption.framework import Framework, with_guests
from nearsight.adsorption.gases import Gas
from nearsight.adsorption.gcmc.guests import Guests
from nearsight.adsorption.gcmc.levels import Memory
from nearsight.adsorption.gcmc.moves import Proposals
from nearsight.arrays import BoolArray, FloatArray, IntArray
from nearsight.models.local import ChangingStructure, LocalChange, LocalModel
from nearsight.structures.molecules import as_framework


@dataclass(eq=False)
class _Chain:
    """The structure of one chain, and which molecules are in it."""

    structure: ChangingStructure
    sites_A: FloatArray
    """Shape ``(n_molecules, n_atoms, 3)``."""
    tried: LocalChange | None = None
    """The last change that was asked for."""


@dataclass(eq=False)
class NearbyLevel:
    """Interaction energies by a model that tells what changes do.

    The structures are those of the last chains that were asked for, and are brought to other ones
    molecule by molecule, so that nothing needs to be taken back with the chains.

    Raises
    ------
    ModelError
        The model does not know an element, or computes only whole structures.
    """

    framework: Framework
    gas: Gas
    model: LocalModel
    framework_eV: float = field(init=False)
    """Energy of the empty framework."""
    molecule_eV: float = field(init=False)
    """Energy of the molecule alone, without a box."""

    def __post_init__(self) -> None:
        self._host = as_framework(self.framework.atoms)
        [molecule] = self.model.evaluate([self.gas.atoms], forces=False)
        self.molecule_eV = molecule.energy_eV
        self.framework_eV = self.model.changing(self._host).energy_eV
        self._chains: list[_Chain] = []

    def energies_eV(self, guests: Guests) -> FloatArray:
        """Return the energy of each chain in eV, shape ``(n_chains,)``, computed afresh."""
        structures = self._fresh(guests)
        energies = np.array([each.structure.energy_eV for each in structures])
        interaction: FloatArray = energies - self.framework_eV - guests.counts * self.molecule_eV
        return interaction

    def memory(self, guests: Guests) -> Memory:
        """Begin anew with the structures of these chains; nothing else needs to be known."""
        self._chains = self._fresh(guests)
        return Memory()

    def changes_eV(
        self,
        guests: Guests,
        memory: Memory,  # noqa: ARG002 - of the protocol
        proposals: Proposals,
        asked: BoolArray,
    ) -> FloatArray:
        """Return the changes of the energies."""
        changes = np.full(guests.n_chains, np.nan)
        for index in np.flatnonzero(asked):
            chain = self._chains[index]
            self._bring(chain, guests.sites_A[index, : guests.counts[index]])
            slot = [int(proposals.slots[index])]
            put_A = proposals.sites_A[index]
            if not proposals.adds[index]:
                chain.tried = chain.structure.delete(self._atoms_of(slot))
            elif proposals.removes[index]:
                chain.tried = chain.structure.move(self._atoms_of(slot), put_A)
            else:
                chain.tried = chain.structure.insert(self.gas.atoms.numbers, put_A)
            added = int(proposals.adds[index]) - int(proposals.removes[index])
            changes[index] = chain.tried.difference_eV - added * self.molecule_eV
        return changes

    def follow(
        self,
        guests: Guests,
        memory: Memory,  # noqa: ARG002 - of the protocol
        proposals: Proposals,
        accepted: BoolArray,
    ) -> None:
        """Make the accepted changes.

        Deletions are not: the last molecule then takes the place of the one that is gone, for which
        `_bring` sees.
        """
        for index in np.flatnonzero(accepted & proposals.adds):
            chain, slot = self._chains[index], proposals.slots[index]
            assert chain.tried is not None
            chain.structure.accept(chain.tried)
            sites_A = guests.sites_A[index, : max(guests.counts[index], slot + 1)].copy()
            sites_A[slot] = proposals.sites_A[index]
            chain.sites_A = sites_A

    def _bring(self, chain: _Chain, sites_A: FloatArray) -> None:
        """Bring the structure of a chain to these molecules, shape ``(n_molecules, n_atoms, 3)``.

        Surplus ones go first and missing ones come last, so that no two are at one place between.
        """
        structure, before_A = chain.structure, chain.sites_A
        n_before, n_after = len(before_A), len(sites_A)
        n_common = min(n_before, n_after)
        if n_before > n_common:
            structure.accept(structure.delete(self._atoms_of(range(n_common, n_before))))
        differs = (before_A[:n_common] != sites_A[:n_common]).any(axis=(1, 2))
        moved = np.flatnonzero(differs)
        if len(moved):
            structure.accept(structure.move(self._atoms_of(moved), sites_A[moved].reshape(-1, 3)))
        if n_after > n_common:
            numbers = np.tile(self.gas.atoms.numbers, n_after - n_common)
            structure.accept(structure.insert(numbers, sites_A[n_common:].reshape(-1, 3)))
        if n_before != n_after or len(moved):
            chain.sites_A = sites_A.copy()

    def _atoms_of(self, molecules: "range | list[int] | IntArray") -> IntArray:
        """Return the indices of the atoms of molecules, which are behind the framework's."""
        n_atoms = len(self.gas.atoms)
        firsts = len(self._host) + n_atoms * np.asarray(molecules, dtype=np.int64)
        indices: IntArray = (firsts[:, np.newaxis] + np.arange(n_atoms)).reshape(-1)
        return indices

    def _fresh(self, guests: Guests) -> list[_Chain]:
        chains = []
        for index, count in enumerate(guests.counts):
            sites_A = guests.sites_A[index, :count].copy()
            structure = self.model.changing(with_guests(self._host, self.gas, sites_A))
            chains.append(_Chain(structure, sites_A))
        return chains
