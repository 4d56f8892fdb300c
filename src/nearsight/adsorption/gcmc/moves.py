"""Trial moves of rigid molecules: drawn at random, each the reverse of one that is as likely.

A move takes one molecule away, puts one there, or does both. Insertion and regrowth choose a place
anywhere in the cell and a rotation anyhow; translation and rotation change a random molecule by as
much as `StepSizes` at most, in any direction. With z = f/(k_B T), the factors that detailed balance
needs beside exp(-ΔU/k_B T) are z V/(N + 1) for an insertion and N/(z V) for a deletion, N being the
number before the move (D. Frenkel, B. Smit, *Understanding Molecular Simulation*, chapter 5.6; the
intramolecular and rotational factors of rigid molecules are in the fugacity f).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from nearsight.adsorption.gcmc.guests import Guests, sites_at
from nearsight.arrays import BoolArray, FloatArray, IntArray
from nearsight.errors import MethodError

INSERTION: Final = 0
DELETION: Final = 1
TRANSLATION: Final = 2
ROTATION: Final = 3
REGROWTH: Final = 4
NAMES: Final = ("insertion", "deletion", "translation", "rotation", "regrowth")
_LEAST_STEP_A, _LEAST_TURN = 1e-3, 1e-3


@dataclass(frozen=True)
class Probabilities:
    """With which probability a step is which move; they add up to 1.

    Raises
    ------
    MethodError
        One is negative, they do not add up to 1, insertions are not as likely as deletions, or
        there are none.
    """

    insertion: float = 0.25
    deletion: float = 0.25
    translation: float = 0.2
    rotation: float = 0.2
    regrowth: float = 0.1

    def __post_init__(self) -> None:
        shares = self.shares
        if (shares < 0).any() or abs(shares.sum() - 1) > 1e-9:
            raise MethodError(
                f"the probabilities of moves are {shares.tolist()}; they are 0 or more and add up "
                f"to 1."
            )
        if self.insertion != self.deletion or not self.insertion:
            raise MethodError(
                f"insertion {self.insertion:g} and deletion {self.deletion:g} are reverse to "
                f"each other: give both the same probability above 0."
            )

    @property
    def shares(self) -> FloatArray:
        """In the order of `NAMES`, shape ``(5,)``."""
        return np.array([getattr(self, name) for name in NAMES])

    def for_molecule(self, n_atoms: int) -> "Probabilities":
        """Return those for a molecule: one atom has no rotation, and is translated instead."""
        if n_atoms > 1:
            return self
        return Probabilities(
            self.insertion, self.deletion, self.translation + self.rotation, 0.0, self.regrowth
        )


@dataclass(frozen=True, eq=False)
class StepSizes:
    """How far the moves of each chain go at most, both of shape ``(n_chains,)``."""

    translation_A: FloatArray
    """Along each Cartesian direction, in either sense."""
    rotation_rad: FloatArray
    """About a random axis, in either sense."""

    @classmethod
    def first(cls, n_chains: int) -> "StepSizes":
        """Return those to begin with."""
        return cls(np.full(n_chains, 0.5), np.full(n_chains, 0.5))

    def adapted(self, accepted: IntArray, tried: IntArray, longest_A: float) -> "StepSizes":
        """Return step sizes with which about half of the moves are accepted.

        Parameters
        ----------
        accepted, tried
            Moves of each chain and kind with the present ones, shape ``(n_chains, 5)``.
        longest_A
            No translation is longer.
        """
        share = accepted / np.maximum(tried, 1)
        # Twice or half at most: of a few moves, none may have been accepted.
        factors = np.where(tried >= 10, np.clip(share / 0.5, 0.5, 2.0), 1.0)
        return StepSizes(
            np.clip(self.translation_A * factors[:, TRANSLATION], _LEAST_STEP_A, longest_A),
            np.clip(self.rotation_rad * factors[:, ROTATION], _LEAST_TURN, np.pi),
        )


@dataclass(frozen=True, eq=False)
class Draws:
    """Random numbers of many steps of many chains, with what does not depend on the state.

    The first axes of all arrays are ``(n_steps, n_chains)``.
    """

    kinds: IntArray
    picks: FloatArray
    """Uniform in [0, 1): which molecule."""
    places_A: FloatArray
    """Uniform in the cell."""
    quaternions: FloatArray
    """Uniform rotations."""
    shifts: FloatArray
    """Uniform in [-1, 1] along each direction."""
    axes: FloatArray
    """Unit vectors."""
    angles: FloatArray
    """Uniform in [-1, 1]."""
    logarithms: FloatArray
    """Of a uniform number: a move is accepted whose logarithmic ratio is above it."""

    def __len__(self) -> int:
        return len(self.kinds)


def draw(
    rngs: "list[np.random.Generator]",
    n_steps: int,
    probabilities: Probabilities,
    cell_A: FloatArray,
) -> Draws:
    """Return the random numbers of `n_steps` steps, those of each chain by its own generator."""
    uniform = np.stack([rng.random((n_steps, 10)) for rng in rngs], axis=1)
    normal = np.stack([rng.standard_normal((n_steps, 7)) for rng in rngs], axis=1)
    ends = np.cumsum(probabilities.shares)
    kinds = np.searchsorted(ends, uniform[..., 0] * ends[-1], side="right")
    with np.errstate(divide="ignore"):  # of exactly 0, which accepts everything
        logarithms = np.log(uniform[..., 9])
    return Draws(
        kinds=kinds.astype(np.int64),
        picks=uniform[..., 1],
        places_A=uniform[..., 2:5] @ cell_A,
        quaternions=_normalised(normal[..., :4]),
        shifts=2 * uniform[..., 5:8] - 1,
        axes=_normalised(normal[..., 4:]),
        angles=2 * uniform[..., 8] - 1,
        logarithms=logarithms,
    )


@dataclass(frozen=True, eq=False)
class Proposals:
    """One trial move of each chain."""

    kinds: IntArray
    """Shape ``(n_chains,)``."""
    slots: IntArray
    """Which molecule is taken away or changed; the one behind the last for an insertion."""
    removes: BoolArray
    """Whether a molecule is taken from there."""
    adds: BoolArray
    """Whether one is put there."""
    centres_A: FloatArray
    """Of the one that is put there, shape ``(n_chains, 3)``."""
    quaternions: FloatArray
    """Shape ``(n_chains, 4)``."""
    sites_A: FloatArray
    """Shape ``(n_chains, n_atoms, 3)``."""

    @property
    def possible(self) -> BoolArray:
        """Whether there is a molecule that can be taken or moved, or one is put in."""
        possible: BoolArray = self.removes | self.adds
        return possible


def propose(guests: Guests, draws: Draws, step: int, sizes: StepSizes) -> Proposals:
    """Return the trial moves of one step."""
    kinds, counts = draws.kinds[step], guests.counts
    inserts = kinds == INSERTION
    # A product with a number just below 1 may round up.
    picked = np.minimum((draws.picks[step] * counts).astype(np.int64), np.maximum(counts - 1, 0))
    slots = np.where(inserts, counts, picked)
    there = inserts | (counts > 0)
    chains = np.arange(len(kinds))
    anew = (inserts | (kinds == REGROWTH))[:, np.newaxis]
    shifts = draws.shifts[step] * (sizes.translation_A * (kinds == TRANSLATION))[:, np.newaxis]
    centres = np.where(anew, draws.places_A[step], guests.centres_A[chains, slots] + shifts)
    quaternions = guests.quaternions[chains, slots]
    turning = np.flatnonzero((kinds == ROTATION) & there)
    if len(turning):
        halves = (draws.angles[step] * sizes.rotation_rad / 2)[turning]
        quaternions[turning] = _product(halves, draws.axes[step, turning], quaternions[turning])
    quaternions = np.where(anew, draws.quaternions[step], quaternions)
    return Proposals(
        kinds=kinds,
        slots=slots,
        removes=there & ~inserts,
        adds=there & (kinds != DELETION),
        centres_A=centres,
        quaternions=quaternions,
        sites_A=sites_at(centres, quaternions, guests.molecule_A),
    )


def log_factors(proposals: Proposals, counts: IntArray, log_activities: FloatArray) -> FloatArray:
    """Return the logarithms of z V/(N + 1), N/(z V) or 1 of each chain, shape ``(n_chains,)``.

    Parameters
    ----------
    proposals
        The trial moves.
    counts
        Molecules before the move.
    log_activities
        ln(z V) of each chain.
    """
    inserts, deletes = proposals.kinds == INSERTION, proposals.kinds == DELETION
    factors: FloatArray = np.where(
        inserts,
        log_activities - np.log(counts + 1.0),
        np.where(deletes, np.log(np.maximum(counts, 1.0)) - log_activities, 0.0),
    )
    return factors


def make(guests: Guests, proposals: Proposals, accepted: BoolArray) -> None:
    """Make the accepted moves, for which there is room."""
    chains = np.flatnonzero(accepted)
    if not len(chains):
        return
    put = chains[proposals.adds[chains]]
    slots = proposals.slots[put]
    guests.centres_A[put, slots] = proposals.centres_A[put]
    guests.quaternions[put, slots] = proposals.quaternions[put]
    guests.sites_A[put, slots] = proposals.sites_A[put]
    deletes = chains[~proposals.adds[chains]]
    if len(deletes):
        for array in (guests.centres_A, guests.quaternions, guests.sites_A):
            fill_gaps(array, guests.counts, proposals.slots, deletes)
        guests.counts[deletes] -= 1
    guests.counts[chains[~proposals.removes[chains]]] += 1


def fill_gaps(array: FloatArray, counts: IntArray, slots: IntArray, deletes: IntArray) -> None:
    """Put what is of the last molecule into the place of the one that is deleted.

    Parameters
    ----------
    array
        Shape ``(n_chains, n_places, ...)``.
    counts
        Molecules of each chain before.
    slots
        Which molecule each chain loses.
    deletes
        Indices of the chains that lose one.
    """
    array[deletes, slots[deletes]] = array[deletes, counts[deletes] - 1]


def _normalised(vectors: FloatArray) -> FloatArray:
    normalised: FloatArray = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return normalised


def _product(halves: FloatArray, axes: FloatArray, quaternions: FloatArray) -> FloatArray:
    """Return the rotations followed by one of twice `halves` about `axes`, of length 1."""
    a, (b, c, d) = np.cos(halves), np.sin(halves) * axes.T
    w, x, y, z = quaternions.T
    product = np.stack(
        [
            a * w - b * x - c * y - d * z,
            a * x + b * w + c * z - d * y,
            a * y - b * z + c * w + d * x,
            a * z + b * y - c * x + d * w,
        ],
        axis=1,
    )
    return _normalised(product)
