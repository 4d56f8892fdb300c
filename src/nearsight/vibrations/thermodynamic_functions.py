"""The thermodynamic functions of a harmonic structure as a value, in the units of the field."""

import os
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nearsight import units
from nearsight.provenance import Provenance
from nearsight.remarks import remarks_from_json, remarks_to_json
from nearsight.result_archives import load_archive, rebuilds, save_archive
from nearsight.vibrations.heat_capacity import HeatCapacity

_EV_PER_CELL_IN_KJ_PER_MOL = units.EV_PER_CELL_IN_J_PER_MOL * 1e-3

_SAVED_ARRAYS = (
    "temperatures_K",
    "heat_capacity_eV_per_K",
    "internal_energy_eV",
    "free_energy_eV",
    "entropy_eV_per_K",
)
_SAVED_VALUES = (
    "zero_point_energy_eV",
    "acoustic",
    "scale_factor",
    "n_atoms",
    "mass_amu",
    "formula_unit",
    "formula_units_per_cell",
    "n_oscillators",
    "n_imaginary",
)


@dataclass(frozen=True, kw_only=True)
class Thermodynamics(HeatCapacity):
    """Harmonic thermodynamic functions per cell (or molecule); arrays are ``(n_temperatures,)``.

    Energies are relative to the potential energy of the structure.
    """

    shown: ClassVar[tuple[str, ...]] = (
        *HeatCapacity.shown,
        "entropy_J_per_molformula_K",
        "internal_energy_kJ_per_molformula",
        "free_energy_kJ_per_molformula",
        "zero_point_energy_kJ_per_molformula",
        "formula_unit",
    )

    internal_energy_eV: NDArray[np.float64]
    """Internal energy, zero-point energy included, in eV."""
    free_energy_eV: NDArray[np.float64]
    """Helmholtz free energy, zero-point energy included, in eV."""
    entropy_eV_per_K: NDArray[np.float64]
    """Entropy in eV/K."""
    formula_unit: str
    """What quantities per mole of formula units are per mole of, such as O2Si."""
    formula_units_per_cell: int
    """How many of it the cell holds; 1 for a molecule."""
    zero_point_energy_eV: float
    """Zero-point energy in eV."""
    n_oscillators: float
    """Modes per cell that contribute as quantum oscillators; on a mesh the mean over q-points."""
    n_imaginary: float
    """Imaginary modes per cell, which contribute nothing; on a mesh the mean over q-points."""

    def __repr__(self) -> str:
        return super().__repr__()

    def _said(self) -> tuple[str, ...]:
        return (*super()._said(), f"zero-point energy {self.zero_point_energy_eV:.4f} eV")

    @property
    def heat_capacity_J_per_molformula_K(self) -> NDArray[np.float64]:
        """Heat capacity at constant volume in J/K per mole of formula units."""
        return self.heat_capacity_eV_per_K * self._eV_in_J_per_molformula

    @property
    def entropy_J_per_molformula_K(self) -> NDArray[np.float64]:
        """Entropy in J/K per mole of formula units."""
        return self.entropy_eV_per_K * self._eV_in_J_per_molformula

    @property
    def internal_energy_kJ_per_molformula(self) -> NDArray[np.float64]:
        """Internal energy in kJ per mole of formula units."""
        return self.internal_energy_eV * self._eV_in_J_per_molformula * 1e-3

    @property
    def free_energy_kJ_per_molformula(self) -> NDArray[np.float64]:
        """Helmholtz free energy in kJ per mole of formula units."""
        return self.free_energy_eV * self._eV_in_J_per_molformula * 1e-3

    @property
    def zero_point_energy_kJ_per_molformula(self) -> float:
        """Zero-point energy in kJ per mole of formula units."""
        return float(self.zero_point_energy_eV * self._eV_in_J_per_molformula * 1e-3)

    @property
    def per_mole(self) -> str:
        """What the quantities per mole of formula units are per mole of, in words."""
        n = self.formula_units_per_cell
        return f"per mole of {self.formula_unit}{'' if n == 1 else f' ({n} in the cell)'}"

    def functions_summary(self) -> list[dict[str, float]]:
        """Return the ``thermodynamics`` list of the JSON output, one object per temperature."""
        columns = {
            "temperature_K": self.temperatures_K,
            "heat_capacity_J_per_molformula_K": self.heat_capacity_J_per_molformula_K,
            "entropy_J_per_molformula_K": self.entropy_J_per_molformula_K,
            "internal_energy_kJ_per_molformula": self.internal_energy_kJ_per_molformula,
            "free_energy_kJ_per_molformula": self.free_energy_kJ_per_molformula,
        }
        rows = zip(*(values.tolist() for values in columns.values()), strict=True)
        return [dict(zip(columns, row, strict=True)) for row in rows]

    @property
    def entropy_J_per_g_K(self) -> NDArray[np.float64]:
        """Entropy in J/(g K)."""
        return self.entropy_eV_per_K * self._eV_in_J_per_g

    @property
    def entropy_J_per_molatom_K(self) -> NDArray[np.float64]:
        """Entropy in J/K per mole of atoms."""
        return self.entropy_eV_per_K * self._eV_in_J_per_molatom

    @property
    def internal_energy_kJ_per_mol(self) -> NDArray[np.float64]:
        """Internal energy in kJ per mole of cells."""
        return self.internal_energy_eV * _EV_PER_CELL_IN_KJ_PER_MOL

    @property
    def free_energy_kJ_per_mol(self) -> NDArray[np.float64]:
        """Helmholtz free energy in kJ per mole of cells."""
        return self.free_energy_eV * _EV_PER_CELL_IN_KJ_PER_MOL

    @property
    def zero_point_energy_kJ_per_mol(self) -> float:
        """Zero-point energy in kJ per mole of cells."""
        return float(self.zero_point_energy_eV * _EV_PER_CELL_IN_KJ_PER_MOL)

    @property
    def _eV_in_J_per_molformula(self) -> float:
        return float(units.EV_PER_CELL_IN_J_PER_MOL / self.formula_units_per_cell)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save to `path`; an older file there stays intact if that fails.

        Raises
        ------
        StorageError
            The file cannot be written.
        """
        header: dict[str, Any] = {name: getattr(self, name) for name in _SAVED_VALUES}
        header |= {
            "warnings": remarks_to_json(self.warnings),
            "provenance": self.provenance.to_json(),
        }
        arrays = {name: getattr(self, name) for name in _SAVED_ARRAYS}
        save_archive(path, "thermodynamics", header, arrays)

    @classmethod
    @rebuilds("thermodynamics")
    def load(cls, path: str | os.PathLike[str]) -> "Thermodynamics":
        """Load what `save` wrote.

        Raises
        ------
        CheckpointError
            The file is missing, damaged, or something else.
        """
        header, arrays = load_archive(path, "thermodynamics")
        values: dict[str, Any] = {name: arrays[name] for name in _SAVED_ARRAYS}
        values |= {name: header[name] for name in _SAVED_VALUES}
        return cls(
            **values,
            warnings=remarks_from_json(header["warnings"]),
            provenance=Provenance.from_json(header["provenance"]),
        )
