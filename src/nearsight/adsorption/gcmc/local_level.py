"""A force field as a level: what a move changes of the host's field and of the guests' pairs."""

from dataclasses import dataclass

import numpy as np

from nearsight.adsorption.gcmc.guests import Guests
from nearsight.adsorption.gcmc.levels import Memory, follow_molecules
from nearsight.adsorption.gcmc.moves import Proposals
from nearsight.arrays import BoolArray, FloatArray
from nearsight.models.guests import GuestEnergies, GuestMove, GuestSites, GuestState


@dataclass(frozen=True)
class LocalLevel:
    """Energies of which a move changes what is near the molecule, and their structure factors."""

    energies: GuestEnergies

    def energies_eV(self, guests: Guests) -> FloatArray:
        """Return the energy of each chain in eV, shape ``(n_chains,)``."""
        return self.energies.state(_sites(guests))[0]

    def memory(self, guests: Guests) -> Memory:
        """Return what `GuestState` has, and room for what it is after a move."""
        _, state = self.energies.state(_sites(guests))
        return Memory(
            {
                "factors": state.factors,
                "factors_after": np.zeros_like(state.factors),
                "put_of_host_eV": np.zeros((guests.n_chains, 1)),
            },
            {"of_host_eV": state.of_host_eV},
        )

    def changes_eV(
        self, guests: Guests, memory: Memory, proposals: Proposals, asked: BoolArray
    ) -> FloatArray:
        """Return the changes of the energies."""
        of_chains = memory.of_chains
        return self.energies.changes_eV(
            _sites(guests),
            GuestState(memory.of_molecules["of_host_eV"], of_chains["factors"]),
            GuestMove(
                proposals.slots,
                proposals.removes,
                proposals.adds,
                proposals.sites_A,
                proposals.centres_A,
                asked,
            ),
            GuestState(of_chains["put_of_host_eV"], of_chains["factors_after"]),
        )

    def follow(
        self, guests: Guests, memory: Memory, proposals: Proposals, accepted: BoolArray
    ) -> None:
        """Take over the energies and structure factors of the accepted moves."""
        of_chains = memory.of_chains
        of_chains["factors"][accepted] = of_chains["factors_after"][accepted]
        follow_molecules(
            memory.of_molecules["of_host_eV"],
            of_chains["put_of_host_eV"][:, 0],
            guests,
            proposals,
            accepted,
        )


def _sites(guests: Guests) -> GuestSites:
    return GuestSites(guests.counts, guests.sites_A, guests.centres_A)
