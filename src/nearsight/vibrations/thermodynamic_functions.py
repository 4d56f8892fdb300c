"""The thermodynamic functions of a harmonic structure as a value, in the units of the field."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nearsight import units
from nearsight.provenance import Provenance
from nearsight.storage import load_archive, save_archive

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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
    "n_oscillators",
    "n_imaginary",
)


@dataclass(frozen=True)
class Thermodynamics:
    """Harmonic thermodynamic functions per cell (or molecule); arrays are ``(n_temperatures,)``.

    Energies are relative to the potential energy of the structure.
    """

    temperatures_K: NDArray[np.float64]
    """Temperatures in K, in the order asked for."""
    heat_capacity_eV_per_K: NDArray[np.float64]
    """Heat capacity at constant volume in eV/K."""
    internal_energy_eV: NDArray[np.float64]
    """Internal energy, zero-point energy included, in eV."""
    free_energy_eV: NDArray[np.float64]
    """Helmholtz free energy, zero-point energy included, in eV."""
    entropy_eV_per_K: NDArray[np.float64]
    """Entropy in eV/K."""
    zero_point_energy_eV: float
    """Zero-point energy in eV."""
    acoustic: str
    """``exclude``, ``classical`` or ``as-computed``: what the rigid-body modes contribute."""
    scale_factor: float
    """Factor on every frequency."""
    n_atoms: int
    """Number of atoms in the cell."""
    mass_amu: float
    """Mass of the cell in amu."""
    n_oscillators: float
    """Modes per cell that contribute as quantum oscillators; on a mesh the mean over q-points."""
    n_imaginary: float
    """Imaginary modes per cell, which contribute nothing; on a mesh the mean over q-points."""
    warnings: tuple[str, ...]
    """What was left out, in plain words; empty if nothing was."""
    provenance: Provenance
    """Where the Hessian comes from."""

    @property
    def heat_capacity_J_per_g_K(self) -> NDArray[np.float64]:
        """Heat capacity at constant volume in J/(g K)."""
        return _converted(self.heat_capacity_eV_per_K, self._eV_in_J_per_g)

    @property
    def heat_capacity_J_per_molatom_K(self) -> NDArray[np.float64]:
        """Heat capacity at constant volume in J/K per mole of atoms; Dulong-Petit is 24.94."""
        return _converted(self.heat_capacity_eV_per_K, self._eV_in_J_per_molatom)

    @property
    def heat_capacity_J_per_K_per_cell(self) -> NDArray[np.float64]:
        """Heat capacity at constant volume in J/K of one cell."""
        return _converted(self.heat_capacity_eV_per_K, units.EV_IN_JOULE)

    @property
    def entropy_J_per_g_K(self) -> NDArray[np.float64]:
        """Entropy in J/(g K)."""
        return _converted(self.entropy_eV_per_K, self._eV_in_J_per_g)

    @property
    def entropy_J_per_molatom_K(self) -> NDArray[np.float64]:
        """Entropy in J/K per mole of atoms."""
        return _converted(self.entropy_eV_per_K, self._eV_in_J_per_molatom)

    @property
    def internal_energy_kJ_per_mol(self) -> NDArray[np.float64]:
        """Internal energy in kJ per mole of cells."""
        return _converted(self.internal_energy_eV, _EV_PER_CELL_IN_KJ_PER_MOL)

    @property
    def free_energy_kJ_per_mol(self) -> NDArray[np.float64]:
        """Helmholtz free energy in kJ per mole of cells."""
        return _converted(self.free_energy_eV, _EV_PER_CELL_IN_KJ_PER_MOL)

    @property
    def zero_point_energy_kJ_per_mol(self) -> float:
        """Zero-point energy in kJ per mole of cells."""
        return float(self.zero_point_energy_eV * _EV_PER_CELL_IN_KJ_PER_MOL)

    def heat_capacity_summary(self) -> list[dict[str, float]]:
        """Return the ``heat_capacity`` list of the JSON output, one object per temperature."""
        columns = zip(
            self.temperatures_K,
            self.heat_capacity_J_per_g_K,
            self.heat_capacity_J_per_molatom_K,
            self.heat_capacity_J_per_K_per_cell,
            strict=True,
        )
        return [
            {
                "temperature_K": float(temperature),
                "J_per_g_K": float(per_gram),
                "J_per_molatom_K": float(per_molatom),
                "J_per_K_per_cell": float(per_cell),
            }
            for temperature, per_gram, per_molatom, per_cell in columns
        ]

    def plot(self, ax: "Axes") -> None:
        """Draw the heat capacity in J/(g K) over temperature into `ax`."""
        order = np.argsort(self.temperatures_K)
        ax.plot(self.temperatures_K[order], self.heat_capacity_J_per_g_K[order])
        ax.set_xlabel("temperature (K)")
        ax.set_ylabel("heat capacity (J g$^{-1}$ K$^{-1}$)")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save to `path`; an older file there stays intact if that fails.

        Raises
        ------
        StorageError
            The file cannot be written.
        """
        header: dict[str, Any] = {name: getattr(self, name) for name in _SAVED_VALUES}
        header |= {"warnings": list(self.warnings), "provenance": self.provenance.to_json()}
        arrays = {name: getattr(self, name) for name in _SAVED_ARRAYS}
        save_archive(path, "thermodynamics", header, arrays)

    @classmethod
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
            warnings=tuple(header["warnings"]),
            provenance=Provenance.from_json(header["provenance"]),
        )

    @property
    def _eV_in_J_per_g(self) -> float:
        return float(units.EV_IN_JOULE / (self.mass_amu * units.AMU_IN_GRAM))

    @property
    def _eV_in_J_per_molatom(self) -> float:
        return float(units.EV_PER_CELL_IN_J_PER_MOL / self.n_atoms)


def _converted(values: NDArray[np.float64], factor: float) -> NDArray[np.float64]:
    return values * factor
