"""The rule that molecules overlap with nothing, and stay out of pockets."""

import numpy as np
from ase import Atoms
from ase.data import covalent_radii

from nearsight.adsorption.gcmc.guests import Guests
from nearsight.adsorption.gcmc.moves import Proposals
from nearsight.adsorption.gcmc.overlap_kernels import GuestBox, HostAtoms, forbid_overlaps
from nearsight.adsorption.pockets import Pockets
from nearsight.arrays import BoolArray, FloatArray, IntArray
from nearsight.errors import MethodError
from nearsight.structures.blocks import Blocks, box_of


class NoOverlaps:
    """The rule that no atoms of different molecules, or of one and the framework, come too near.

    Atoms overlap if they are closer than a share of the sum of their covalent radii (B. Cordero et
    al., Dalton Trans. 2008, 2832), as in `nearsight.adsorption.overlaps`. Centres of molecules may
    also be kept out of pockets that a gas cannot come to from outside.

    Parameters
    ----------
    cell_A
        The cell that guests are in, shape ``(3, 3)``.
    numbers
        Atomic numbers of a molecule, shape ``(n_atoms,)``.
    share
        Of the sum of the radii; 0 for no overlaps.
    host
        One cell of the framework; None for an empty box.
    pockets
        Of one cell of the framework; None to block none.

    Raises
    ------
    MethodError
        The share is negative, or there are pockets of no framework.
    """

    def __init__(
        self,
        cell_A: FloatArray,
        numbers: IntArray,
        share: float,
        host: Atoms | None = None,
        pockets: Pockets | None = None,
    ) -> None:
        if not 0 <= share < np.inf:
            raise MethodError(f"`overlap_share` is 0 or more, not {share:g}.")
        if pockets is not None and host is None:
            raise MethodError("pockets are those of a framework; give the host, too.")
        radii = share * covalent_radii
        guest_limits = radii[numbers][:, np.newaxis] + radii[numbers]
        self._guest_limits: FloatArray = guest_limits**2
        self._box = GuestBox(*box_of(cell_A, max(float(guest_limits.max()), 1e-3)))
        self._pockets = pockets
        self._host_limits: FloatArray = np.zeros((len(numbers), 1))
        none = np.empty(0, dtype=np.int64)
        zero = np.zeros(1, dtype=np.int64)
        self._host = HostAtoms(np.eye(3), np.eye(3), zero, zero, none, np.empty((0, 3)))
        if host is not None:
            self._to_fractions = np.linalg.inv(host.cell.array)
            limits = radii[numbers][:, np.newaxis] + radii[host.numbers]
            self._host_limits = limits**2
            blocks = Blocks(host, float(limits.max()))
            self._host = HostAtoms(
                blocks.to_fractions, blocks.cell_A, blocks.counts, *blocks.all_near()
            )

    def allows(self, guests: Guests, proposals: Proposals, asked: BoolArray) -> BoolArray:
        """Return which of the chains that are asked for may make their moves, ``(n_chains,)``."""
        allowed = asked.copy()
        forbid_overlaps(
            guests.counts,
            guests.sites_A,
            proposals.slots,
            proposals.removes,
            proposals.adds,
            proposals.sites_A,
            self._host,
            self._box,
            self._host_limits,
            self._guest_limits,
            allowed,
        )
        if self._pockets is not None:
            blocked = self._pockets.is_blocked(proposals.centres_A @ self._to_fractions)
            allowed &= ~(proposals.adds & blocked)
        return allowed
