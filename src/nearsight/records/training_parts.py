"""What records say of a training."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from nearsight.records.described import Says
from nearsight.records.potential_parts import PotentialErrorsPart

_SHOWN_eV = 0.005
"""Less than a hundredth of an eV is no fall."""


@dataclass(frozen=True, kw_only=True)
class ErrorsPart:
    """Errors of some structures."""

    set: Annotated[str, Says("train or test.")]
    group: Annotated[str, Says("What the structures belong to; all for the whole set.")]
    n_structures: Annotated[int, Says("Number of structures.", "1")]
    n_atoms: Annotated[int, Says("Number of their atoms.", "1")]
    energy_RMSE_eV_per_atom: Annotated[
        float | None, Says("Root mean square over structures; null if no number.", "eV/atom")
    ]
    force_RMSE_eV_per_A: Annotated[
        float | None, Says("Root mean square over components; null if no number.", "eV/Å")
    ]
    energy_MAE_eV_per_atom: Annotated[
        float | None, Says("Mean absolute error; null if no number.", "eV/atom")
    ]
    force_MAE_eV_per_A: Annotated[
        float | None, Says("Mean absolute error of components; null if no number.", "eV/Å")
    ]


@dataclass(frozen=True, kw_only=True)
class EpochPart:
    """What is known after an epoch."""

    epoch: Annotated[int, Says("Whole epochs; 0 before anything was learnt.", "1")]
    n_updates: Annotated[int, Says("Updates of the weights by then.", "1")]
    n_observations: Annotated[
        int, Says("Energies and components of forces that were learnt by then.", "1")
    ]
    seconds: Annotated[float, Says("Wall time by then, of all processes.", "s")]
    score: Annotated[
        float | None,
        Says("Errors of the test set over the size of what is learnt, added.", "1"),
    ]
    errors: Annotated[tuple[ErrorsPart, ...], Says("Errors by set and group.")]


@dataclass(frozen=True, kw_only=True)
class PairDistancesPart:
    """Distances between atoms of two elements in the training set."""

    elements: Annotated[tuple[str, str], Says("The elements, by atomic number.")]
    shortest_A: Annotated[float, Says("The shortest distance.", "Å")]
    distances_A: Annotated[
        tuple[float, ...], Says("Middles of the intervals in which distances are counted.", "Å")
    ]
    counts: Annotated[tuple[int, ...], Says("Pairs in each interval.", "1")]
    largest_forces_eV_per_A: Annotated[
        tuple[float, ...],
        Says("Largest force on either atom of a pair in each interval; 0 without any.", "eV/Å"),
    ]


@dataclass(frozen=True, kw_only=True)
class FunctionPart:
    """A symmetry function, and its values over the training set."""

    element: Annotated[str, Says("Element of its centre.")]
    name: Annotated[str, Says("Elements and parameters, eta in 1/length² of its files.")]
    smallest: Annotated[float, Says("Smallest value.", "1")]
    largest: Annotated[float, Says("Largest value.", "1")]
    mean: Annotated[float, Says("Mean.", "1")]
    sigma: Annotated[float, Says("Standard deviation.", "1")]


@dataclass(frozen=True, kw_only=True)
class LeftOutPart:
    """A symmetry function that was proposed and has no part in the potential."""

    element: Annotated[str, Says("Element of its centre.")]
    name: Annotated[str, Says("Elements and parameters, eta in 1/length² of its files.")]
    reason: Annotated[
        str,
        Says("constant: it hardly changes; correlated: it follows another one."),
    ]


@dataclass(frozen=True, kw_only=True)
class WallPart:
    """B (exp(bx) - 1 - bx - (bx)²/2) of two elements that are x closer than an onset."""

    elements: Annotated[tuple[str, str], Says("In the order of their atomic numbers.")]
    onset_A: Annotated[float, Says("Distance from which on it is zero.", "Å")]
    strength_eV: Annotated[float, Says("B.", "eV")]
    rate_per_A: Annotated[float, Says("b.", "1/Å")]


@dataclass(frozen=True, kw_only=True)
class PriorPart:
    """The repulsion that networks are added to."""

    kind: Annotated[
        str,
        Says(
            "zbl: that of screened nuclei by Ziegler, Biersack and Littmark; repulsion: walls, and "
            "that of screened nuclei for pairs of elements without one."
        ),
    ]
    inner_A: Annotated[float, Says("Where that of screened nuclei begins to be cut off.", "Å")]
    outer_A: Annotated[float, Says("Where that ends.", "Å")]
    walls: Annotated[tuple[WallPart, ...], Says("Of pairs of elements; none with zbl.")]

    @property
    def sentence(self) -> str:
        """What it is, as a sentence goes on after “added to”."""
        nuclei = (
            f"the repulsion of screened nuclei (zbl), which ends between {self.inner_A:g} and "
            f"{self.outer_A:g} Å"
        )
        if self.kind == "zbl":
            return nuclei
        strongest = max((wall.strength_eV for wall in self.walls), default=0.0)
        return (
            f"walls of {strongest:.3g} eV below the closest distances of {len(self.walls)} pairs "
            f"of elements ({self.kind}), and for others {nuclei}"
        )


@dataclass(frozen=True, kw_only=True)
class ApproachPart:
    """The energy of two atoms alone that come closer than in the training set."""

    elements: Annotated[tuple[str, str], Says("In the order of their atomic numbers.")]
    closest_A: Annotated[float, Says("Shortest distance in the training set.", "Å")]
    fall_eV: Annotated[float, Says("The most by which it falls inwards; 0 where it rises.", "eV")]
    fall_ends_A: Annotated[float, Says("Distance at the end of that.", "Å")]


@dataclass(frozen=True, kw_only=True)
class MemberPart:
    """One potential that was trained."""

    folder: Annotated[str | None, Says("Where its files are; null if none were written.")]
    seed: Annotated[int, Says("Of its first weights and the order of learning.", "1")]
    checkpoint_sha256: Annotated[str | None, Says("Digest of the weights of the best.")]
    n_train: Annotated[int, Says("Structures that were learnt.", "1")]
    n_test: Annotated[int, Says("Structures that were kept for tests.", "1")]
    test_frames: Annotated[
        tuple[int, ...], Says("Which frames of the data those are, counted from 0.", "1")
    ]
    test_sha256: Annotated[str, Says("Digest of their elements, positions and energies.")]
    n_functions: Annotated[Mapping[str, int], Says("Symmetry functions of each element.", "1")]
    prior: Annotated[PriorPart | None, Says("What the networks are added to; null for nothing.")]
    approaches: Annotated[
        tuple[ApproachPart, ...], Says("Two atoms closer than in the training set.")
    ]
    n_weights: Annotated[int, Says("Weights and biases of all networks.", "1")]
    cutoff_A: Annotated[float, Says("The largest cutoff radius.", "Å")]
    length_unit: Annotated[str, Says("Unit of lengths in its files.")]
    energy_unit: Annotated[str, Says("Unit of energies in its files.")]
    atomic_energies_eV: Annotated[
        Mapping[str, float], Says("Energies of free atoms that were taken off first.", "eV")
    ]
    mean_energy_eV_per_atom: Annotated[
        float, Says("Mean energy per atom that was taken off then.", "eV/atom")
    ]
    conv_energy_per_eV: Annotated[float, Says("Units of the training for an energy.", "1/eV")]
    conv_length_per_A: Annotated[float, Says("Units of the training for a length.", "1/Å")]
    n_epochs: Annotated[int, Says("Whole epochs.", "1")]
    n_updates: Annotated[int, Says("Updates of the weights.", "1")]
    n_observations: Annotated[int, Says("Energies and components of forces that were learnt.", "1")]
    best_epoch: Annotated[int, Says("The epoch with the lowest score.", "1")]
    stopped: Annotated[str, Says("Why it ended, as a sentence goes on after “stopped”.")]
    resumed_epoch: Annotated[
        int | None, Says("Epoch from which the last process went on; null if it began.", "1")
    ]
    training_seconds: Annotated[float, Says("Wall time of all processes.", "s")]
    errors: Annotated[PotentialErrorsPart, Says("How far the best potential is off.")]
    epochs: Annotated[tuple[EpochPart, ...], Says("Errors over epochs.")]

    @property
    def approach_sentence(self) -> str:
        """What two atoms alone do, as a sentence goes on after “closer than the data”."""
        n_pairs = len(self.approaches)
        falls = sorted(
            (each for each in self.approaches if each.fall_eV > _SHOWN_eV),
            key=lambda each: -each.fall_eV,
        )
        if not falls:
            return f"energies of two atoms rise for all {n_pairs} pairs of elements"
        largest = falls[0]
        return (
            f"energies of two atoms fall for {len(falls)} of {n_pairs} pairs of elements, by up to "
            f"{largest.fall_eV:.2g} eV ({'-'.join(largest.elements)})"
        )

    @property
    def best(self) -> EpochPart:
        """The epoch after which the best potential was there."""
        return next(each for each in self.epochs if each.epoch == self.best_epoch)


@dataclass(frozen=True, kw_only=True)
class SpreadPart:
    """How far the members of a committee disagree on the structures of a set."""

    set: Annotated[str, Says("train or test.")]
    n_structures: Annotated[int, Says("Number of structures.", "1")]
    energy_eV_per_atom: Annotated[
        float,
        Says("Root mean square over structures of the standard deviation of energies.", "eV/atom"),
    ]
    force_eV_per_A: Annotated[
        float, Says("Root mean square over components of their standard deviations.", "eV/Å")
    ]


@dataclass(frozen=True, kw_only=True)
class CommitteePart:
    """The mean of the best potentials of all members."""

    errors: Annotated[PotentialErrorsPart, Says("How far the mean is off.")]
    spreads: Annotated[
        tuple[SpreadPart, ...],
        Says("How far members disagree, by set; standard deviations are those of a sample."),
    ]
