"""How far a potential is off for labelled structures: by set, group and element."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from ase.data import chemical_symbols

from nearsight.announcing import announces
from nearsight.arrays import FloatArray
from nearsight.errors import NearsightError, StructureError
from nearsight.hdnnp.frames import Frame
from nearsight.hdnnp.kernels.compiled_potential import compile_potential
from nearsight.hdnnp.kernels.evaluation import KernelEvaluation, evaluate
from nearsight.hdnnp.potential import Potential
from nearsight.progress import Progress, as_progress
from nearsight.remarks import Remark
from nearsight.structures.naming import paragraph
from nearsight.structures.pairs import pairs_of
from nearsight.training.error_distribution import ErrorDistribution
from nearsight.training.extrapolated import ExtrapolatedFunction, ExtrapolationCounts
from nearsight.training.labelled import ALL

UNASSIGNED = "data"
"""The set of structures of which nothing says whether they were learnt."""
MOST_POINTS = 4000
"""Pairs of numbers that are kept for a figure, evenly spread over the data."""


@dataclass(frozen=True, eq=False, repr=False)
class EnergyErrors:
    """Errors of energies per atom; predictions less labels."""

    errors_eV_per_atom: FloatArray
    """Shape ``(n_structures,)``."""
    offset_eV_per_atom: float
    """Their mean, NaN without any; it is part of the errors unless `without_offset`."""
    without_offset: bool = False

    def __repr__(self) -> str:
        n = len(self.errors_eV_per_atom)
        return paragraph(
            self,
            f"{n} energies",
            f"RMSE {1000 * self.RMSE_eV_per_atom:.3g} meV/atom",
            "without their mean" if self.without_offset else "",
        )

    @classmethod
    def of(cls, errors_eV_per_atom: FloatArray, *, without_offset: bool) -> "EnergyErrors":
        """Return errors, less their mean if that is asked for."""
        offset = float(errors_eV_per_atom.mean()) if len(errors_eV_per_atom) else math.nan
        errors = errors_eV_per_atom - offset if without_offset else errors_eV_per_atom
        return cls(errors, offset, without_offset)

    @property
    def RMSE_eV_per_atom(self) -> float:
        """Root mean square; NaN without any."""
        return _root_mean_square(self.errors_eV_per_atom)

    @property
    def MAE_eV_per_atom(self) -> float:
        """Mean absolute error; NaN without any."""
        errors = self.errors_eV_per_atom
        return float(np.abs(errors).mean()) if len(errors) else math.nan

    @property
    def largest_eV_per_atom(self) -> float:
        """The largest absolute error; NaN without any."""
        errors = self.errors_eV_per_atom
        return float(np.abs(errors).max()) if len(errors) else math.nan


@dataclass(frozen=True, eq=False)
class GroupErrors:
    """Errors of the structures of a group."""

    set: str
    """``train``, ``test``, or `UNASSIGNED`."""
    group: str
    """``all`` for the whole set."""
    n_structures: int
    n_atoms: int
    energies: EnergyErrors
    forces: ErrorDistribution
    """Of components of forces in eV/Å."""


@dataclass(frozen=True, eq=False)
class ElementErrors:
    """Errors of the forces on atoms of an element."""

    set: str
    element: str
    n_atoms: int
    forces: ErrorDistribution


@dataclass(frozen=True, eq=False, repr=False)
class Parity:
    """Labels and what is predicted in their place, some of them if there are many."""

    labels: FloatArray
    """Shape ``(n_points,)``, as of all of these: energies in eV/atom, or components in eV/Å."""
    predictions: FloatArray
    test: np.ndarray
    """Whether each was kept for tests."""

    def __repr__(self) -> str:
        return paragraph(self, f"{len(self.labels)} labels and predictions")


@dataclass(frozen=True, eq=False, repr=False)
class PotentialErrors:
    """How far a potential is off."""

    groups: tuple[GroupErrors, ...]
    """Whole sets first."""
    elements: tuple[ElementErrors, ...]
    extrapolations: Mapping[str, ExtrapolationCounts]
    """By set."""
    worst_functions: tuple[ExtrapolatedFunction, ...]
    """Symmetry functions that leave their range, those of most atoms first."""
    energies: Parity
    """Energies less those of elements that explain the labels best (least squares)."""
    forces: Parity
    without_offsets: bool
    """Whether the mean error of the energies of each group is taken off."""
    warnings: tuple[Remark, ...] = ()

    def __repr__(self) -> str:
        said = (
            f"{each.set} {1000 * each.energies.RMSE_eV_per_atom:.3g} meV/atom and "
            f"{each.forces.RMSE_eV_per_A:.3g} eV/Å"
            for each in self.groups
            if each.group == ALL
        )
        n_structures = sum(each.n_structures for each in self.extrapolations.values())
        return paragraph(self, f"{n_structures} structures", *said)

    @property
    def sets(self) -> tuple[str, ...]:
        """The sets that there are."""
        return tuple(dict.fromkeys(each.set for each in self.groups))


@announces
def potential_errors(
    potential: Potential,
    frames: Iterable[Frame],
    *,
    test_frames: Iterable[int] | None = None,
    without_offsets: bool = False,
    progress: Progress | bool | None = None,
) -> PotentialErrors:
    """Return how far a potential is off for labelled structures.

    One structure is in memory at a time, and of each what sums need: its energies, and counts of
    errors of its forces. A structure may lack one of both labels.

    Parameters
    ----------
    potential
        The potential.
    frames
        Structures with energies, forces or both.
    test_frames
        Which of them were kept for tests, counted from 0; the others were learnt then. None to
        take what the data says.
    without_offsets
        Take the mean error of the energies of each group off, by which energies of other origin
        differ, before anything else is computed of them. That of the whole set is then over what
        is left, group by group.
    progress
        Where progress goes; True for a bar.

    Raises
    ------
    ModelError
        The potential has no network for an element.
    StructureError
        No structure has a label, or one cannot be evaluated.
    """
    sums = _Sums(potential, None if test_frames is None else frozenset(test_frames))
    with as_progress(progress).task("structures", None) as advance:
        for number, frame in enumerate(frames):
            sums.add(number, frame)
            advance(number + 1, "")
    return sums.errors(without_offsets=without_offsets)


@dataclass
class _OfGroup:
    """What is added up of the structures of a group."""

    n_structures: int = 0
    n_atoms: int = 0
    energy_errors: list[float] = field(default_factory=list)
    forces: ErrorDistribution = field(default_factory=ErrorDistribution)


@dataclass
class _Thinned:
    """Some of many rows, evenly spread: every second one goes whenever there are too many."""

    most: int
    rows: list[tuple[float, ...]] = field(default_factory=list)
    step: int = 1
    n: int = 0

    def add(self, rows: Iterable[tuple[float, ...]]) -> None:
        """Add rows."""
        for row in rows:
            if self.n % self.step == 0:
                self.rows.append(row)
                if len(self.rows) > 2 * self.most:
                    self.rows = self.rows[::2]
                    self.step *= 2
            self.n += 1

    def parity(self) -> Parity:
        """Return what is left."""
        if not self.rows:
            return _NOTHING
        table = np.array(self.rows)
        return Parity(table[:, 0], table[:, 1], table[:, 2] > 0)


_NOTHING = Parity(np.empty(0), np.empty(0), np.empty(0, dtype=bool))


class _Sums:
    def __init__(self, potential: Potential, test_frames: frozenset[int] | None) -> None:
        self._potential, self._test_frames = potential, test_frames
        self._compiled = compile_potential(potential)
        self._groups: dict[tuple[str, str], _OfGroup] = {}
        self._elements: dict[tuple[str, int], ErrorDistribution] = {}
        self._extrapolations: dict[str, ExtrapolationCounts] = {}
        self._worst: dict[tuple[int, int], ExtrapolatedFunction] = {}
        self._energies, self._forces = _Thinned(MOST_POINTS), _Thinned(MOST_POINTS)
        n_elements = len(potential.elements)
        self._counts = np.zeros((n_elements, n_elements))
        self._energies_of_counts = np.zeros(n_elements)
        self._unlabelled = 0

    def add(self, number: int, frame: Frame) -> None:
        """Add a structure."""
        if frame.energy_eV is None and frame.forces_eV_per_A is None:
            self._unlabelled += 1
            return
        try:
            found = self._evaluated(frame)
        except NearsightError as error:
            raise type(error)(f"frame {number}, counted from 0: {error}") from error
        of_set = self._set_of(number, frame)
        group = self._groups.setdefault((of_set, frame.group or ALL), _OfGroup())
        group.n_structures += 1
        group.n_atoms += len(frame.atoms)
        test = float(of_set == "test")
        if frame.energy_eV is not None:
            n_atoms = len(frame.atoms)
            group.energy_errors.append((found.energy_eV - frame.energy_eV) / n_atoms)
            elements = self._compiled.elements_of(frame.atoms.numbers)
            counts = np.bincount(elements, minlength=len(self._counts)).astype(np.float64)
            self._counts += np.outer(counts, counts)
            self._energies_of_counts += frame.energy_eV * counts
            self._energies.add([(frame.energy_eV, found.energy_eV, test, *counts.tolist())])
        if frame.forces_eV_per_A is not None:
            assert found.forces_eV_per_A is not None
            self._add_forces(of_set, group, frame, found.forces_eV_per_A)
        self._add_extrapolations(of_set, frame, found)

    def _evaluated(self, frame: Frame) -> KernelEvaluation:
        pairs = pairs_of(frame.atoms, self._compiled.cutoff_A)
        return evaluate(self._compiled, frame.atoms.numbers, pairs)

    def _set_of(self, number: int, frame: Frame) -> str:
        if self._test_frames is not None:
            return "test" if number in self._test_frames else "train"
        return frame.split or UNASSIGNED

    def _add_forces(
        self, of_set: str, group: _OfGroup, frame: Frame, predicted: FloatArray
    ) -> None:
        assert frame.forces_eV_per_A is not None
        errors = predicted - frame.forces_eV_per_A
        group.forces.add(errors)
        for number in np.unique(frame.atoms.numbers):
            of_element = self._elements.setdefault((of_set, int(number)), ErrorDistribution())
            of_element.add(errors[frame.atoms.numbers == number])
        test = float(of_set == "test")
        self._forces.add(
            (label, value, test)
            for label, value in zip(
                frame.forces_eV_per_A.ravel().tolist(), predicted.ravel().tolist(), strict=True
            )
        )

    def _add_extrapolations(self, of_set: str, frame: Frame, found: KernelEvaluation) -> None:
        beyond = found.extrapolations
        counts = self._extrapolations.get(of_set, ExtrapolationCounts())
        self._extrapolations[of_set] = counts.plus(len(frame.atoms), beyond)
        elements = self._compiled.elements_of(frame.atoms.numbers)[beyond.atoms]
        for element, function, value in zip(
            elements.tolist(), beyond.functions.tolist(), beyond.values.tolist(), strict=True
        ):
            before = self._worst.get((element, function))
            if before is None:
                before = ExtrapolatedFunction.of(self._potential.elements[element], function)
            self._worst[element, function] = before.plus(value)

    def errors(self, *, without_offsets: bool) -> PotentialErrors:
        """Return what was added up."""
        if not self._groups:
            raise StructureError(
                f"of {self._unlabelled} structures none has an energy or forces; give data that a "
                f"calculator has labelled."
            )
        return PotentialErrors(
            groups=tuple(self._by_group(without_offsets)),
            elements=tuple(
                ElementErrors(of_set, chemical_symbols[number], errors.n // 3, errors)
                for (of_set, number), errors in sorted(
                    self._elements.items(), key=lambda item: (_place(item[0][0]), item[0][1])
                )
            ),
            extrapolations={
                of_set: self._extrapolations[of_set]
                for of_set in sorted(self._extrapolations, key=_place)
            },
            worst_functions=tuple(
                sorted(self._worst.values(), key=lambda each: (-each.n_atoms, str(each)))
            ),
            energies=self._energies_parity(),
            forces=self._forces.parity(),
            without_offsets=without_offsets,
            warnings=self._warnings(),
        )

    def _energies_parity(self) -> Parity:
        """Return energies per atom, less those of elements that explain the labels best."""
        if not self._energies.rows:
            return _NOTHING
        of_elements, *_ = np.linalg.lstsq(self._counts, self._energies_of_counts)
        table = np.array(self._energies.rows)
        counts = table[:, 3:]
        labels, predictions = (table[:, :2].T - counts @ of_elements) / counts.sum(axis=1)
        return Parity(labels, predictions, table[:, 2] > 0)

    def _by_group(self, without_offsets: bool) -> Iterator[GroupErrors]:
        for of_set in sorted({of_set for of_set, _ in self._groups}, key=_place):
            groups = {
                name: sums for (its, name), sums in sorted(self._groups.items()) if its == of_set
            }
            errors = {
                name: EnergyErrors.of(np.array(sums.energy_errors), without_offset=without_offsets)
                for name, sums in groups.items()
            }
            whole = EnergyErrors.of(
                np.concatenate([each.errors_eV_per_atom for each in errors.values()]),
                without_offset=False,
            )
            yield GroupErrors(
                of_set,
                ALL,
                sum(each.n_structures for each in groups.values()),
                sum(each.n_atoms for each in groups.values()),
                whole,
                ErrorDistribution.sum_of(each.forces for each in groups.values()),
            )
            for name, sums in groups.items():
                if len(groups) > 1 or name != ALL:
                    yield GroupErrors(
                        of_set, name, sums.n_structures, sums.n_atoms, errors[name], sums.forces
                    )

    def _warnings(self) -> tuple[Remark, ...]:
        if not self._unlabelled:
            return ()
        n = self._unlabelled
        count = "1 frame was" if n == 1 else f"{n} frames were"
        return (
            Remark("frames-unlabelled", f"{count} left out that have neither energy nor forces."),
        )


def _place(of_set: str) -> int:
    return ("train", "test", UNASSIGNED).index(of_set)


def _root_mean_square(values: FloatArray) -> float:
    return float(np.sqrt(np.mean(values**2))) if len(values) else math.nan
