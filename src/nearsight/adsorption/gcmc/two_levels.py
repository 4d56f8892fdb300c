"""Many steps at a cheap level as one proposal to a costly one.

With C the energy of the cheap level and E that of the other, both interaction energies, a number of
steps that keep detailed balance for C in the grand canonical ensemble, each drawing its move at
random, are one reversible proposal. Its end is accepted with min(1, exp(-[(E' - E) - (C' -
C)]/k_B T)): factors of volume, fugacity and number cancel, since the cheap steps had them
(L. D. Gelb, J. Chem. Phys. 2003, 118, 7747). The result is exact for E wherever C and the rule
allow configurations to be; how well C is like E decides how often proposals are accepted.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from nearsight.adsorption.gcmc.chains import Chains, Walk, advance
from nearsight.adsorption.gcmc.guests import Guests
from nearsight.adsorption.gcmc.levels import Energies, some_of
from nearsight.adsorption.gcmc.moves import Draws
from nearsight.arrays import BoolArray, FloatArray, IntArray
from nearsight.errors import MethodError


@dataclass(eq=False)
class CompositeCounts:
    """What became of composite moves, shape ``(n_chains,)`` each."""

    tried: IntArray
    accepted: IntArray
    """Also those that changed nothing, which need no energy."""
    computed: IntArray
    failed: IntArray

    @classmethod
    def none(cls, n_chains: int) -> "CompositeCounts":
        """Return those before the first."""
        return cls(*(np.zeros(n_chains, dtype=np.int64) for _ in range(4)))

    def __add__(self, others: "CompositeCounts") -> "CompositeCounts":
        mine, theirs = vars(self), vars(others)
        return CompositeCounts(**{name: mine[name] + theirs[name] for name in mine})


@dataclass(eq=False)
class TwoLevelChains:
    """The present state of all chains, with the energies of both levels."""

    cheap: Chains
    energies_eV: FloatArray
    """Of the costly level, shape ``(n_chains,)``."""
    counts: CompositeCounts


def begin_two_levels(cheap: Chains, costly: Energies) -> TwoLevelChains:
    """Return chains of the cheap level with their energies at the costly one.

    Raises
    ------
    MethodError
        One has no finite energy there.
    """
    energies = costly.energies_eV(cheap.guests)
    finite = np.isfinite(energies)
    if not finite.all():
        chain = int(np.argmin(finite))
        raise MethodError(
            f"chain {chain} cannot begin with its {cheap.guests.counts[chain]} molecules, whose "
            f"energy by the model is {energies[chain]:g} eV; begin with none."
        )
    return TwoLevelChains(cheap, energies, CompositeCounts.none(len(energies)))


def advance_two_levels(
    chains: TwoLevelChains,
    walk: Walk,
    costly: Energies,
    draws: Iterable[Draws],
    log_uniform: FloatArray,
) -> None:
    """Let all chains make these steps at the cheap level, and take or leave them as one.

    Parameters
    ----------
    chains
        The state, which is changed.
    walk
        The cheap level, and by what else they advance.
    costly
        The other level.
    draws
        The random numbers of the steps, part by part.
    log_uniform
        Logarithms of a uniform random number of each chain, shape ``(n_chains,)``.
    """
    before = chains.cheap.copy()
    for part in draws:
        advance(chains.cheap, walk, part)
    after = chains.cheap
    changed = _changed(before.guests, after.guests)
    energies = chains.energies_eV.copy()
    asked = np.flatnonzero(changed)
    if len(asked):
        energies[asked] = costly.energies_eV(some_of(after.guests, asked))
    difference = (energies - chains.energies_eV) - (after.energies_eV - before.energies_eV)
    failed = changed & (np.isnan(energies) | (energies == -np.inf))
    enough = -difference / walk.ensemble.thermal_eV > log_uniform
    accepted = ~changed | (enough & ~failed)
    chains.energies_eV[accepted] = energies[accepted]
    after.take_back(before, ~accepted)
    counts = chains.counts
    counts.tried += 1
    counts.accepted += accepted
    counts.computed += changed
    counts.failed += failed


def _changed(before: Guests, after: Guests) -> BoolArray:
    """Return which chains are not what they were, shape ``(n_chains,)``."""
    changed: BoolArray = before.counts != after.counts
    for chain in np.flatnonzero(~changed):
        n = before.counts[chain]
        changed[chain] = not (
            np.array_equal(before.centres_A[chain, :n], after.centres_A[chain, :n])
            and np.array_equal(before.quaternions[chain, :n], after.quaternions[chain, :n])
        )
    return changed
