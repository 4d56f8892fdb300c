"""Chains of configurations that advance side by side, one move of each at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from nearsight.adsorption.gcmc.ensemble import Ensemble
from nearsight.adsorption.gcmc.guests import Configuration, Guests
from nearsight.adsorption.gcmc.levels import Level, Memory
from nearsight.adsorption.gcmc.moves import (
    NAMES,
    Draws,
    StepSizes,
    log_factors,
    make,
    propose,
)
from nearsight.adsorption.gcmc.rules import Rule
from nearsight.arrays import BoolArray, FloatArray, IntArray
from nearsight.errors import MethodError

_UNIT = 1e-6


@dataclass(frozen=True, eq=False)
class Walk:
    """By what chains advance."""

    level: Level
    """What gives energies."""
    rule: Rule
    """Which moves have any weight; no energy is asked for others."""
    ensemble: Ensemble
    """Temperature and fugacities."""
    sizes: StepSizes
    """How far moves go."""


@dataclass(eq=False)
class Counts:
    """What became of moves, of each chain and kind, shape ``(n_chains, 5)``, and of energies."""

    tried: IntArray
    accepted: IntArray
    computed: IntArray
    """Energies that were asked for, shape ``(n_chains,)``."""
    failed: IntArray
    """Those among them that were no number: the move was rejected; shape ``(n_chains,)``."""

    @classmethod
    def none(cls, n_chains: int) -> "Counts":
        """Return those before the first move."""
        kinds = (n_chains, len(NAMES))
        return cls(
            *(np.zeros(shape, dtype=np.int64) for shape in (kinds, kinds, n_chains, n_chains))
        )

    def __add__(self, others: "Counts") -> "Counts":
        mine, theirs = vars(self), vars(others)
        return Counts(**{name: mine[name] + theirs[name] for name in mine})


@dataclass(eq=False)
class Chains:
    """The present state of all chains at one level."""

    guests: Guests
    memory: Memory
    energies_eV: FloatArray
    """Interaction energies, shape ``(n_chains,)``: the first ones and all changes since."""
    counts: Counts = field(init=False)

    def __post_init__(self) -> None:
        self.counts = Counts.none(self.guests.n_chains)

    def copy(self) -> "Chains":
        """Return a state that later moves leave as it is, without the counts."""
        return Chains(self.guests.copy(), self.memory.copy(), self.energies_eV.copy())

    def take_back(self, before: "Chains", which: BoolArray) -> None:
        """Put chains, shape ``(n_chains,)``, back to what they were in an earlier copy."""
        self.guests.take_back(before.guests, which)
        self.memory.take_back(before.memory, which)
        self.energies_eV[which] = before.energies_eV[which]


def begin(configurations: Sequence[Configuration], molecule_A: FloatArray, level: Level) -> Chains:
    """Return chains with these configurations, all energies computed afresh.

    Parameters
    ----------
    configurations
        Of each chain.
    molecule_A
        Atoms of a molecule about its centre of mass in Å, shape ``(n_atoms, 3)``.
    level
        What gives energies.

    Raises
    ------
    MethodError
        A configuration has a position or rotation that is none, or no finite energy.
    """
    for chain, each in enumerate(configurations):
        turned = np.abs(np.linalg.norm(each.quaternions, axis=1) - 1) < _UNIT
        if not (np.isfinite(each.centres_A).all() and turned.all()):
            raise MethodError(
                f"chain {chain} cannot begin: centres of molecules are finite numbers in Å, and "
                f"rotations unit quaternions (w, x, y, z)."
            )
    guests = Guests.of(configurations, molecule_A)
    chains = Chains(guests, level.memory(guests), level.energies_eV(guests))
    finite = np.isfinite(chains.energies_eV)
    if not finite.all():
        chain = int(np.argmin(finite))
        raise MethodError(
            f"chain {chain} cannot begin with its {guests.counts[chain]} molecules, whose energy "
            f"is {chains.energies_eV[chain]:g} eV; begin with fewer, or with none."
        )
    return chains


def advance(chains: Chains, walk: Walk, draws: Draws) -> None:
    """Let all chains make a step for each draw: a move that is accepted or rejected.

    A move is accepted with min(1, factor exp(-ΔU/k_B T)), see `moves`; one whose energy is no
    number is rejected and counted.

    Parameters
    ----------
    chains
        The state, which is changed.
    walk
        By what they advance.
    draws
        The random numbers.
    """
    thermal_eV, log_activities = walk.ensemble.thermal_eV, walk.ensemble.log_activities
    every = np.arange(walk.ensemble.n_chains)
    counts = chains.counts
    for step in range(len(draws)):
        chains.guests = guests = chains.guests.with_room()
        chains.memory = memory = chains.memory.with_room(guests)
        proposals = propose(guests, draws, step, walk.sizes)
        asked = walk.rule.allows(guests, proposals, proposals.possible)
        changes = walk.level.changes_eV(guests, memory, proposals, asked)
        failed = asked & (np.isnan(changes) | (changes == -np.inf))
        ratios = log_factors(proposals, guests.counts, log_activities) - changes / thermal_eV
        accepted = asked & ~failed & (ratios > draws.logarithms[step])
        counts.tried[every, proposals.kinds] += 1
        counts.accepted[every, proposals.kinds] += accepted
        counts.computed += asked
        counts.failed += failed
        if accepted.any():
            walk.level.follow(guests, memory, proposals, accepted)
            chains.energies_eV[accepted] += changes[accepted]
            make(guests, proposals, accepted)
