"""How far the mean of a committee is off, beside how far its members disagree."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.hdnnp.frames import Frame
from nearsight.hdnnp.kernels.compiled_potential import compile_potential
from nearsight.hdnnp.kernels.evaluation import KernelEvaluation
from nearsight.hdnnp.potential import Potential
from nearsight.notebooks import ShownInNotebooks
from nearsight.structures.naming import paragraph
from nearsight.training.potential_errors import is_labelled, predicted, set_of
from nearsight.training.prediction_errors import PotentialErrors, place_of_set
from nearsight.training.prediction_sums import MOST_POINTS, PredictionSums, ThinnedRows


@dataclass(frozen=True)
class Spread:
    """How far members disagree on the structures of a set.

    Standard deviations are those of a sample, as those of `nearsight.models.committee`; what all
    members got wrong alike is in none of them.
    """

    n_structures: int
    energy_eV_per_atom: float
    """Root mean square over structures of the standard deviation of the energy per atom."""
    force_eV_per_A: float
    """Root mean square over components of their standard deviations."""


@dataclass(frozen=True, eq=False)
class SpreadPoints:
    """Disagreement and error of forces on atoms, of some of them if there are many."""

    spreads_eV_per_A: FloatArray
    """Square root of the sum of the variances of the three components, ``(n_points,)``."""
    errors_eV_per_A: FloatArray
    """Size of the error of the mean force, ``(n_points,)``."""
    sets: FloatArray
    """0 for training and 1 for test structures, ``(n_points,)``."""

    def of_set(self, of_set: str) -> tuple[FloatArray, FloatArray]:
        """Return disagreements and errors of the atoms of a set."""
        own = self.sets == place_of_set(of_set)
        return self.spreads_eV_per_A[own], self.errors_eV_per_A[own]


@dataclass(frozen=True, eq=False, repr=False)
class CommitteeErrors(ShownInNotebooks):
    """How far a committee and its members are off for labelled structures."""

    mean: PotentialErrors
    """Of the mean of the predictions of all members."""
    members: tuple[PotentialErrors, ...]
    spreads: Mapping[str, Spread]
    """By set."""
    forces: SpreadPoints

    def __repr__(self) -> str:
        said = (
            f"{of_set} disagree by {1000 * each.energy_eV_per_atom:.3g} meV/atom and "
            f"{each.force_eV_per_A:.3g} eV/Å"
            for of_set, each in self.spreads.items()
        )
        return paragraph(self, f"{len(self.members)} members", *said)


def committee_errors(
    potentials: Sequence[Potential], frames: Iterable[Frame], *, test_frames: Iterable[int]
) -> CommitteeErrors:
    """Return how far the members of a committee and their mean are off for labelled structures.

    Parameters
    ----------
    potentials
        At least two, of the same elements, symmetry functions and statistics, whose extrapolations
        are therefore the same.
    frames
        Structures with energies, forces or both; one of them is in memory at a time.
    test_frames
        Which of them were kept for tests, counted from 0; the others were learnt.

    Raises
    ------
    ModelError
        The potentials have no network for an element.
    StructureError
        No structure has a label, or one cannot be evaluated.
    """
    compiled = [compile_potential(each) for each in potentials]
    tested = frozenset(test_frames)
    of_members = [PredictionSums(*each) for each in zip(potentials, compiled, strict=True)]
    of_mean = PredictionSums(potentials[0], compiled[0])
    spreads = _Spreads()
    for number, frame in enumerate(frames):
        if not is_labelled(frame):
            of_mean.n_unlabelled += 1
            continue
        of_set = set_of(number, frame, tested)
        evaluations = [predicted(each, number, frame) for each in compiled]
        for sums, evaluation in zip(of_members, evaluations, strict=True):
            sums.add(frame, of_set, evaluation)
        mean = _mean(evaluations)
        of_mean.add(frame, of_set, mean)
        spreads.add(frame, of_set, evaluations, mean)
    return CommitteeErrors(
        mean=of_mean.errors(without_offsets=False),
        members=tuple(each.errors(without_offsets=False) for each in of_members),
        spreads=spreads.by_set(),
        forces=spreads.points(),
    )


def _forces(evaluations: Sequence[KernelEvaluation]) -> FloatArray:
    """Return the forces of all members, shape ``(n_members, n_atoms, 3)``."""
    return np.array([each.forces_eV_per_A for each in evaluations], dtype=np.float64)


def _mean(evaluations: Sequence[KernelEvaluation]) -> KernelEvaluation:
    return KernelEvaluation(
        np.mean([each.atomic_energies_eV for each in evaluations], axis=0),
        _forces(evaluations).mean(axis=0),
        None,
        evaluations[0].extrapolations,
    )


@dataclass
class _OfSet:
    n_structures: int = 0
    n_components: int = 0
    energies: float = 0.0
    """Sum of the variances of energies per atom."""
    forces: float = 0.0
    """Sum of those of components of forces."""

    def spread(self) -> Spread:
        return Spread(
            self.n_structures,
            math.sqrt(self.energies / self.n_structures),
            math.sqrt(self.forces / self.n_components),
        )


@dataclass
class _Spreads:
    """Variances of predictions, added up structure after structure."""

    _sets: dict[str, _OfSet] = field(default_factory=dict)
    _atoms: ThinnedRows = field(default_factory=lambda: ThinnedRows(MOST_POINTS))

    def add(
        self,
        frame: Frame,
        of_set: str,
        evaluations: Sequence[KernelEvaluation],
        mean: KernelEvaluation,
    ) -> None:
        """Add a structure: what each member and their mean predict."""
        sums = self._sets.setdefault(of_set, _OfSet())
        energies = [each.energy_eV / len(frame.atoms) for each in evaluations]
        variances = _forces(evaluations).var(axis=0, ddof=1).sum(axis=1)
        sums.n_structures += 1
        sums.n_components += 3 * len(frame.atoms)
        sums.energies += float(np.var(energies, ddof=1))
        sums.forces += float(variances.sum())
        if frame.forces_eV_per_A is None:
            return
        assert mean.forces_eV_per_A is not None
        errors = np.linalg.norm(mean.forces_eV_per_A - frame.forces_eV_per_A, axis=1)
        place = float(place_of_set(of_set))
        self._atoms.add(
            (spread, error, place)
            for spread, error in zip(np.sqrt(variances).tolist(), errors.tolist(), strict=True)
        )

    def by_set(self) -> dict[str, Spread]:
        """Return the spreads of each set."""
        return {name: self._sets[name].spread() for name in sorted(self._sets, key=place_of_set)}

    def points(self) -> SpreadPoints:
        """Return what is left of the atoms."""
        table = np.array(self._atoms.rows).reshape(-1, 3)
        return SpreadPoints(table[:, 0], table[:, 1], table[:, 2])
