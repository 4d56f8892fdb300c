"""What gives the energy of guests: the whole of each chain, and what a trial move changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from nearsight.adsorption.gcmc.guests import Guests, with_more_places
from nearsight.adsorption.gcmc.moves import Proposals, fill_gaps, make
from nearsight.arrays import BoolArray, FloatArray


@dataclass(frozen=True, eq=False)
class Memory:
    """What a level keeps of the present state, to tell changes from.

    It is made from the configurations alone, and follows what is accepted.
    """

    of_chains: Mapping[str, FloatArray] = field(default_factory=dict)
    """First axis: chains."""
    of_molecules: Mapping[str, FloatArray] = field(default_factory=dict)
    """First axes: chains and places of molecules, as in `Guests`."""

    def with_room(self, guests: Guests) -> "Memory":
        """Return it with as many places as guests have."""
        n_places = guests.centres_A.shape[1]
        return Memory(
            self.of_chains,
            {
                name: array if array.shape[1] >= n_places else with_more_places(array)
                for name, array in self.of_molecules.items()
            },
        )

    def copy(self) -> "Memory":
        """Return one that later changes leave as it is."""
        return Memory(
            {name: array.copy() for name, array in self.of_chains.items()},
            {name: array.copy() for name, array in self.of_molecules.items()},
        )

    def take_back(self, before: "Memory", chains: BoolArray) -> None:
        """Put chains, shape ``(n_chains,)``, back to what they were in an earlier copy."""
        for name, array in self.of_chains.items():
            array[chains] = before.of_chains[name][chains]
        for name, array in self.of_molecules.items():
            earlier = before.of_molecules[name]
            array[chains, : earlier.shape[1]] = earlier[chains]


class Energies(Protocol):
    """The interaction energy of guests with a framework and with each other.

    That is the energy of all less those of the empty framework and of each molecule alone.
    """

    def energies_eV(self, guests: Guests) -> FloatArray:
        """Return the energy of each chain in eV, shape ``(n_chains,)``.

        NaN is an energy that could not be told, inf one of what cannot be.
        """
        ...


class Level(Energies, Protocol):
    """Energies that also say what trial moves change."""

    def memory(self, guests: Guests) -> Memory:
        """Return what changes of these guests are told from."""
        ...

    def changes_eV(
        self, guests: Guests, memory: Memory, proposals: Proposals, asked: BoolArray
    ) -> FloatArray:
        """Return by how much moves change the energy of each chain in eV, shape ``(n_chains,)``.

        Parameters
        ----------
        guests, memory
            The present state, which stays as it is; `memory` may keep what was computed on the way.
        proposals
            One move of each chain.
        asked
            For which chains; what the others have means nothing.
        """
        ...

    def follow(
        self, guests: Guests, memory: Memory, proposals: Proposals, accepted: BoolArray
    ) -> None:
        """Let the memory follow moves that were just asked for and are about to be made."""
        ...


@dataclass(frozen=True)
class Wholes:
    """A level that computes the whole configuration after each move."""

    energies: Energies

    def energies_eV(self, guests: Guests) -> FloatArray:
        """Return the energy of each chain in eV, shape ``(n_chains,)``."""
        return self.energies.energies_eV(guests)

    def memory(self, guests: Guests) -> Memory:
        """Return the energies of the chains."""
        energies = self.energies.energies_eV(guests)
        return Memory({"energies_eV": energies, "after_eV": energies.copy()})

    def changes_eV(
        self, guests: Guests, memory: Memory, proposals: Proposals, asked: BoolArray
    ) -> FloatArray:
        """Return the energies after the moves less those before."""
        chains = np.flatnonzero(asked)
        changes = np.full(guests.n_chains, np.nan)
        if len(chains):
            after = some_of(guests, chains).with_room()
            make(after, _some_proposals(proposals, chains), np.ones(len(chains), dtype=bool))
            memory.of_chains["after_eV"][chains] = self.energies.energies_eV(after)
            before = memory.of_chains["energies_eV"][chains]
            changes[chains] = memory.of_chains["after_eV"][chains] - before
        return changes

    def follow(
        self,
        guests: Guests,  # noqa: ARG002 - of the protocol
        memory: Memory,
        proposals: Proposals,  # noqa: ARG002 - of the protocol
        accepted: BoolArray,
    ) -> None:
        """Keep the energies after the accepted moves."""
        of_chains = memory.of_chains
        of_chains["energies_eV"][accepted] = of_chains["after_eV"][accepted]


@dataclass(frozen=True)
class Rescaled:
    """A level with its energies times a factor, and a constant for each molecule."""

    level: Level
    scale: float = 1.0
    per_molecule_eV: float = 0.0

    def energies_eV(self, guests: Guests) -> FloatArray:
        """Return the energy of each chain in eV, shape ``(n_chains,)``."""
        energies = self.level.energies_eV(guests)
        scaled: FloatArray = self.scale * energies + self.per_molecule_eV * guests.counts
        return scaled

    def memory(self, guests: Guests) -> Memory:
        """Return that of the level."""
        return self.level.memory(guests)

    def changes_eV(
        self, guests: Guests, memory: Memory, proposals: Proposals, asked: BoolArray
    ) -> FloatArray:
        """Return the changes of these energies."""
        changes = self.level.changes_eV(guests, memory, proposals, asked)
        added = proposals.adds.astype(np.int64) - proposals.removes
        scaled: FloatArray = self.scale * changes + self.per_molecule_eV * added
        return scaled

    def follow(
        self, guests: Guests, memory: Memory, proposals: Proposals, accepted: BoolArray
    ) -> None:
        """Let the memory of the level follow."""
        self.level.follow(guests, memory, proposals, accepted)


def follow_molecules(
    array: FloatArray,
    values: FloatArray,
    guests: Guests,
    proposals: Proposals,
    accepted: BoolArray,
) -> None:
    """Let an array of molecules follow accepted moves, before they are made.

    Parameters
    ----------
    array
        Shape ``(n_chains, n_places, ...)``.
    values
        Of the molecule that each chain would have put, shape ``(n_chains, ...)``.
    guests, proposals, accepted
        As in `Level.follow`.
    """
    put = np.flatnonzero(accepted & proposals.adds)
    array[put, proposals.slots[put]] = values[put]
    deletes = np.flatnonzero(accepted & ~proposals.adds)
    if len(deletes):
        fill_gaps(array, guests.counts, proposals.slots, deletes)


def some_of(guests: Guests, chains: np.ndarray) -> Guests:
    """Return copies of some chains, by their indices."""
    return Guests(
        guests.counts[chains],
        guests.centres_A[chains],
        guests.quaternions[chains],
        guests.sites_A[chains],
        guests.molecule_A,
    )


def _some_proposals(proposals: Proposals, chains: np.ndarray) -> Proposals:
    return Proposals(*(array[chains] for array in vars(proposals).values()))
