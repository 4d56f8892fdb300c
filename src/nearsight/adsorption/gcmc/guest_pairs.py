"""A sum over pairs of elements as a level: of guests with a framework, and with each other."""

from dataclasses import dataclass

import numpy as np

from nearsight.adsorption.framework import Framework
from nearsight.adsorption.gases import Gas
from nearsight.adsorption.gcmc.guests import Guests
from nearsight.adsorption.gcmc.pair_kernels import (
    PairedGuest,
    PairedHost,
    PairTables,
    changes,
    count_pairs,
    state,
)
from nearsight.adsorption.pair_functions import CUTOFF_A, TABLE_STEP_A, functions, table_distances_A
from nearsight.arrays import FloatArray
from nearsight.models.guests import GuestMove, GuestSites, GuestState
from nearsight.structures.blocks import Blocks, box_of


class GuestPairs:
    """The pairs of a gas in a framework by their elements, and functions of their distances.

    Parameters
    ----------
    framework
        With the supercell that guests are in.
    gas
        The molecule, as the model has it.
    """

    def __init__(self, framework: Framework, gas: Gas) -> None:
        host = framework.cell
        of_host, host_kinds = np.unique(host.numbers, return_inverse=True)
        of_guest, guest_kinds = np.unique(gas.atoms.numbers, return_inverse=True)
        blocks = Blocks(host, CUTOFF_A)
        starts, atoms, places = blocks.all_near()
        self.guest = PairedGuest(
            guest_kinds.astype(np.int64),
            gas.radius_A,
            *box_of(framework.atoms.cell.array, CUTOFF_A + 2 * gas.radius_A),
        )
        self.host = PairedHost(
            blocks.to_fractions,
            blocks.cell_A,
            blocks.counts,
            starts,
            host_kinds[atoms].astype(np.int64),
            places,
        )
        self._functions = functions(table_distances_A())
        self._rows, self._columns = np.triu_indices(len(of_guest))
        self._host_shape = (len(of_guest), len(of_host))
        self.n_features = (np.prod(self._host_shape) + len(self._rows)) * self._functions.shape[1]

    def features(self, guests: Guests) -> FloatArray:
        """Return the sums of all functions over the pairs of each chain, and how many it has.

        Returns
        -------
        ndarray
            Shape ``(n_chains, n_features + 1)``, the last column with the number of molecules.
        """
        return np.stack([self._of_chain(guests, chain) for chain in range(guests.n_chains)])

    def energies(
        self, coefficients_eV: FloatArray, lowest_eV: float = -np.inf
    ) -> "TabulatedGuests":
        """Return the energies that are features times coefficients.

        Parameters
        ----------
        coefficients_eV
            Shape ``(n_features + 1,)``.
        lowest_eV
            No molecule has less by its pairs with the framework.
        """
        n_functions = self._functions.shape[1]
        tables = coefficients_eV[:-1].reshape(-1, n_functions) @ self._functions.T
        tables_of = self._empty_tables(float(coefficients_eV[-1]), lowest_eV)
        n_host = int(np.prod(self._host_shape))
        tables_of.host[:] = tables[:n_host].reshape(tables_of.host.shape)
        for row, column, table in zip(self._rows, self._columns, tables[n_host:], strict=True):
            tables_of.guest[row, column] = tables_of.guest[column, row] = table
        return TabulatedGuests(self, tables_of)

    def _of_chain(self, guests: Guests, chain: int) -> FloatArray:
        counted = self._empty_tables(0.0, -np.inf)
        count = int(guests.counts[chain])
        count_pairs(
            count, guests.sites_A[chain], guests.centres_A[chain], self.guest, self.host, counted
        )
        both = counted.guest + counted.guest.transpose(1, 0, 2)
        of_guests = both[self._rows, self._columns]
        of_guests[self._rows == self._columns] /= 2
        n_distances = len(self._functions)
        counts = np.concatenate([counted.host.reshape(-1, n_distances), of_guests])
        return np.append((counts @ self._functions).ravel(), count)

    def _empty_tables(self, constant_eV: float, lowest_eV: float) -> PairTables:
        n_guest, n_distances = self._host_shape[0], len(self._functions)
        return PairTables(
            np.zeros((*self._host_shape, n_distances)),
            np.zeros((n_guest, n_guest, n_distances)),
            TABLE_STEP_A,
            CUTOFF_A,
            constant_eV,
            lowest_eV,
        )


@dataclass(frozen=True, eq=False)
class TabulatedGuests:
    """Energies of guests by tables; see `nearsight.models.guests.GuestEnergies`."""

    pairs: GuestPairs
    tables: PairTables

    def state(self, guests: GuestSites) -> tuple[FloatArray, GuestState]:
        """Return the energy of each chain in eV, and what changes need."""
        n_chains, n_places = guests.sites_A.shape[:2]
        of_host, energies = np.zeros((n_chains, n_places)), np.zeros(n_chains)
        state(
            guests.counts,
            guests.sites_A,
            guests.centres_A,
            self.pairs.guest,
            self.pairs.host,
            self.tables,
            of_host,
            energies,
        )
        return energies, GuestState(of_host, np.zeros((n_chains, 2, 0)))

    def changes_eV(
        self, guests: GuestSites, state: GuestState, move: GuestMove, after: GuestState
    ) -> FloatArray:
        """Return by how much a move changes the energy of each chain in eV."""
        out = np.empty(len(guests.counts))
        changes(
            guests.counts,
            guests.sites_A,
            guests.centres_A,
            state.of_host_eV,
            move.slots,
            move.removes,
            move.adds,
            move.sites_A,
            move.centres_A,
            move.asked,
            self.pairs.guest,
            self.pairs.host,
            self.tables,
            after.of_host_eV[:, 0],
            out,
        )
        return out
