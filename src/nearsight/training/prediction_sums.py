"""Errors of predictions, added up structure after structure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from ase.data import chemical_symbols

from nearsight.arrays import FloatArray
from nearsight.errors import StructureError
from nearsight.hdnnp.frames import Frame
from nearsight.hdnnp.kernels.compiled_potential import CompiledPotential
from nearsight.hdnnp.kernels.evaluation import Extrapolations, KernelEvaluation
from nearsight.hdnnp.potential import Potential
from nearsight.remarks import Remark
from nearsight.training.error_distribution import ErrorDistribution
from nearsight.training.extrapolated import ExtrapolatedFunction, ExtrapolationCounts
from nearsight.training.labelled import ALL
from nearsight.training.prediction_errors import (
    ElementErrors,
    EnergyErrors,
    GroupErrors,
    Parity,
    PotentialErrors,
    place_of_set,
)

MOST_POINTS = 4000
"""Pairs of numbers that are kept for a figure, evenly spread over the data."""


@dataclass
class _OfGroup:
    """What is added up of the structures of a group."""

    n_structures: int = 0
    n_atoms: int = 0
    energy_errors: list[float] = field(default_factory=list)
    forces: ErrorDistribution = field(default_factory=ErrorDistribution)


@dataclass
class ThinnedRows:
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


class PredictionSums:
    """Sums over structures: of each its energy, and counts of errors of its forces.

    Parameters
    ----------
    potential
        Whose elements and symmetry functions those of the predictions are.
    compiled
        The same, compiled.
    """

    def __init__(self, potential: Potential, compiled: CompiledPotential) -> None:
        self._potential, self._compiled = potential, compiled
        self._groups: dict[tuple[str, str], _OfGroup] = {}
        self._elements: dict[tuple[str, int], ErrorDistribution] = {}
        self._extrapolations: dict[str, ExtrapolationCounts] = {}
        self._worst: dict[tuple[int, int], ExtrapolatedFunction] = {}
        self._energies, self._forces = ThinnedRows(MOST_POINTS), ThinnedRows(MOST_POINTS)
        n_elements = len(potential.elements)
        self._counts = np.zeros((n_elements, n_elements))
        self._energies_of_counts = np.zeros(n_elements)
        self.n_unlabelled = 0
        """Structures without any label, which have no part in the sums."""

    def add(self, frame: Frame, of_set: str, evaluation: KernelEvaluation) -> None:
        """Add a structure of a set, with what is predicted for it.

        Parameters
        ----------
        frame
            With energy, forces or both.
        of_set
            ``train``, ``test`` or `UNASSIGNED`.
        evaluation
            With forces.
        """
        group = self._groups.setdefault((of_set, frame.group or ALL), _OfGroup())
        group.n_structures += 1
        group.n_atoms += len(frame.atoms)
        test = float(of_set == "test")
        if frame.energy_eV is not None:
            n_atoms = len(frame.atoms)
            group.energy_errors.append((evaluation.energy_eV - frame.energy_eV) / n_atoms)
            elements = self._compiled.elements_of(frame.atoms.numbers)
            counts = np.bincount(elements, minlength=len(self._counts)).astype(np.float64)
            self._counts += np.outer(counts, counts)
            self._energies_of_counts += frame.energy_eV * counts
            self._energies.add([(frame.energy_eV, evaluation.energy_eV, test, *counts.tolist())])
        if frame.forces_eV_per_A is not None:
            assert evaluation.forces_eV_per_A is not None
            self._add_forces(of_set, group, frame, evaluation.forces_eV_per_A)
        self._add_extrapolations(of_set, frame, evaluation.extrapolations)

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

    def _add_extrapolations(self, of_set: str, frame: Frame, beyond: Extrapolations) -> None:
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
        """Return what was added up.

        Raises
        ------
        StructureError
            No structure had a label.
        """
        if not self._groups:
            raise StructureError(
                f"of {self.n_unlabelled} structures none has an energy or forces; give data that a "
                f"calculator has labelled."
            )
        return PotentialErrors(
            groups=tuple(self._by_group(without_offsets)),
            elements=tuple(
                ElementErrors(of_set, chemical_symbols[number], errors.n // 3, errors)
                for (of_set, number), errors in sorted(
                    self._elements.items(), key=lambda item: (place_of_set(item[0][0]), item[0][1])
                )
            ),
            extrapolations={
                of_set: self._extrapolations[of_set]
                for of_set in sorted(self._extrapolations, key=place_of_set)
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
        for of_set in sorted({of_set for of_set, _ in self._groups}, key=place_of_set):
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
        if not self.n_unlabelled:
            return ()
        n = self.n_unlabelled
        count = "1 frame was" if n == 1 else f"{n} frames were"
        return (
            Remark("frames-unlabelled", f"{count} left out that have neither energy nor forces."),
        )
