"""How far predictions are off, by set and group."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.training.labelled import ALL, SETS


@dataclass(frozen=True)
class Errors:
    """Errors of some structures."""

    n_structures: int
    n_atoms: int
    energy_RMSE_eV_per_atom: float
    """Over structures, each by its number of atoms; NaN without any."""
    force_RMSE_eV_per_A: float
    """Over components; NaN without any."""
    energy_MAE_eV_per_atom: float
    force_MAE_eV_per_A: float

    def to_json(self) -> dict[str, Any]:
        """Return them as JSON values; null where there is no number."""
        return {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in vars(self).items()
        }


@dataclass
class _Sums:
    n_structures: int = 0
    n_atoms: int = 0
    energy_squares: float = 0.0
    energy_sizes: float = 0.0
    force_squares: float = 0.0
    force_sizes: float = 0.0

    def add(self, energy_error_eV: float, force_errors: FloatArray) -> None:
        per_atom = energy_error_eV / len(force_errors)
        self.n_structures += 1
        self.n_atoms += len(force_errors)
        self.energy_squares += per_atom**2
        self.energy_sizes += abs(per_atom)
        self.force_squares += float(np.sum(force_errors**2))
        self.force_sizes += float(np.abs(force_errors).sum())

    def errors(self) -> Errors:
        n, components = self.n_structures or math.nan, 3 * self.n_atoms or math.nan
        return Errors(
            self.n_structures,
            self.n_atoms,
            math.sqrt(self.energy_squares / n),
            math.sqrt(self.force_squares / components),
            self.energy_sizes / n,
            self.force_sizes / components,
        )


@dataclass
class ErrorSums:
    """Sums of errors, to which structure after structure is added."""

    _sums: dict[tuple[str, str], _Sums] = field(default_factory=dict)

    def add(
        self, of_set: str, group: str, energy_error_eV: float, force_errors: FloatArray
    ) -> None:
        """Add a structure: errors of its energy in eV and its forces, ``(n_atoms, 3)``, in eV/Å."""
        for name in {group, ALL}:
            self._sums.setdefault((of_set, name), _Sums()).add(energy_error_eV, force_errors)

    def errors(self) -> "SetErrors":
        """Return what was added up."""
        return SetErrors(
            {
                of_set: {
                    group: sums.errors()
                    for (its_set, group), sums in sorted(self._sums.items())
                    if its_set == of_set
                }
                for of_set in SETS
            }
        )


@dataclass(frozen=True)
class SetErrors:
    """Errors by set, then group, with ``all`` for the whole set."""

    by_set: Mapping[str, Mapping[str, Errors]]

    def of(self, of_set: str, group: str = ALL) -> Errors:
        """Return the errors of a set, or of a group in it."""
        return self.by_set[of_set][group]

    def rows(self) -> Iterator[tuple[str, str, Errors]]:
        """Yield set, group and errors; the whole set first."""
        for of_set, groups in self.by_set.items():
            for group in sorted(groups, key=lambda name: (name != ALL, name)):
                yield of_set, group, groups[group]

    @property
    def are_finite(self) -> bool:
        """Whether all of them are numbers."""
        return all(
            math.isfinite(each.energy_RMSE_eV_per_atom + each.force_RMSE_eV_per_A)
            for _, _, each in self.rows()
        )

    def to_json(self) -> dict[str, Any]:
        """Return them as JSON values."""
        return {
            of_set: {group: errors.to_json() for group, errors in groups.items()}
            for of_set, groups in self.by_set.items()
        }
