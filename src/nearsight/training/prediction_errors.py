"""Errors of a potential for labelled structures, as values: by set, group and element."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.notebooks import ShownInNotebooks
from nearsight.remarks import Remark
from nearsight.structures.naming import paragraph
from nearsight.training.error_distribution import ErrorDistribution
from nearsight.training.extrapolated import ExtrapolatedFunction, ExtrapolationCounts
from nearsight.training.labelled import ALL

UNASSIGNED = "data"
"""The set of structures of which nothing says whether they were learnt."""


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
class Parity(ShownInNotebooks):
    """Labels and what is predicted in their place, some of them if there are many."""

    labels: FloatArray
    """Shape ``(n_points,)``, as of all of these: energies in eV/atom, or components in eV/Å."""
    predictions: FloatArray
    test: np.ndarray
    """Whether each was kept for tests."""

    def __repr__(self) -> str:
        return paragraph(self, f"{len(self.labels)} labels and predictions")


@dataclass(frozen=True, eq=False, repr=False)
class PotentialErrors(ShownInNotebooks):
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


def _root_mean_square(values: FloatArray) -> float:
    return float(np.sqrt(np.mean(values**2))) if len(values) else math.nan


def place_of_set(of_set: str) -> int:
    """Return which place a set has beside the others."""
    return ("train", "test", UNASSIGNED).index(of_set)
