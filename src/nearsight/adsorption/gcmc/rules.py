"""Which configurations have any weight: a part of what is sampled, the same at every level."""

from typing import Protocol

from nearsight.adsorption.gcmc.guests import Guests
from nearsight.adsorption.gcmc.moves import Proposals
from nearsight.arrays import BoolArray


class Rule(Protocol):
    """Which moves lead to configurations that have any weight."""

    def allows(self, guests: Guests, proposals: Proposals, asked: BoolArray) -> BoolArray:
        """Return which of the chains that are asked for may make their moves, ``(n_chains,)``."""
        ...


class Anywhere:
    """The rule that forbids nothing."""

    def allows(
        self,
        guests: Guests,  # noqa: ARG002 - of the protocol
        proposals: Proposals,  # noqa: ARG002 - of the protocol
        asked: BoolArray,
    ) -> BoolArray:
        """Return `asked`."""
        return asked
