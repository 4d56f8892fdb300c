"""Models that tell what a move of one guest changes, without computing the others again."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ase import Atoms

from nearsight.arrays import BoolArray, FloatArray, IntArray
from nearsight.models.contract import HostingModel


@dataclass(frozen=True, eq=False)
class GuestSites:
    """Where the molecules of all chains are."""

    counts: IntArray
    """Molecules of each chain, shape ``(n_chains,)``."""
    sites_A: FloatArray
    """Their sites in Å, shape ``(n_chains, n_places, n_sites, 3)``, in the cell or not; what is
    behind the number of a chain means nothing."""
    centres_A: FloatArray
    """Their centres in Å, shape ``(n_chains, n_places, 3)``."""


@dataclass(frozen=True, eq=False)
class GuestState:
    """What changes of the energy of each chain of configurations are told from."""

    of_host_eV: FloatArray
    """Energy of each molecule with the host, shape ``(n_chains, n_places)``."""
    factors: FloatArray
    """Structure factors of the guests, real and imaginary, shape ``(n_chains, 2, n_waves)``."""


@dataclass(frozen=True, eq=False)
class GuestMove:
    """One move of each chain: a molecule is taken away, or put, or both."""

    slots: IntArray
    """Which one is taken away, shape ``(n_chains,)``."""
    removes: BoolArray
    adds: BoolArray
    sites_A: FloatArray
    """Of the one that is put, shape ``(n_chains, n_sites, 3)``."""
    centres_A: FloatArray
    """Shape ``(n_chains, 3)``."""
    asked: BoolArray
    """For which chains the change is computed."""


class GuestEnergies(Protocol):
    """The energy of guests of one kind with a host and with each other, of many chains at once."""

    def state(self, guests: GuestSites) -> tuple[FloatArray, GuestState]:
        """Return the energy of each chain in eV, shape ``(n_chains,)``, and what changes need.

        It is that of host and guests less those of the host and of each molecule alone.
        """
        ...

    def changes_eV(
        self, guests: GuestSites, state: GuestState, move: GuestMove, after: GuestState
    ) -> FloatArray:
        """Return by how much a move of each chain changes its energy in eV, shape ``(n_chains,)``.

        Infinite where a site comes so near to another that no temperature helps; NaN for chains
        that are not asked for.

        Parameters
        ----------
        guests, state
            The present state, which stays as it is.
        move
            One move of each chain.
        after
            Is set to the structure factors of each chain afterwards, and to the energy of the
            molecule that is put with the host, shape ``(n_chains, 1)``.
        """
        ...


@runtime_checkable
class GuestModel(HostingModel, Protocol):
    """A model whose energies of guests are sums over pairs and waves."""

    def of_guests(
        self, molecule: Atoms, cell_A: FloatArray, host: Atoms | None = None
    ) -> GuestEnergies:
        """Return the energies of guests of one kind.

        Parameters
        ----------
        molecule
            A guest with its centre at the origin.
        cell_A
            The cell in which guests have images, shape ``(3, 3)``: the host's, or a supercell.
        host
            One cell of the framework; None for an empty box.

        Raises
        ------
        ModelError
            A type or charge is missing, or the guest is charged.
        """
        ...
