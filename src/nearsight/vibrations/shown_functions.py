"""Thermodynamic functions per mole of formula units, per gram, per mole of atoms, or per cell."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nearsight import units

if TYPE_CHECKING:
    from nearsight.vibrations.thermodynamic_functions import Thermodynamics

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class ShownFunctions:
    """Thermodynamic functions per one of several amounts; arrays are ``(n_temperatures,)``."""

    temperatures_K: FloatArray
    heat_capacity: FloatArray
    entropy: FloatArray
    """In the same unit as the heat capacity."""
    internal_energy: FloatArray
    free_energy: FloatArray
    zero_point_energy: float
    """In the same unit as the other energies."""
    entropy_unit: str
    energy_unit: str
    amount: str
    """What they are per, in words."""
    digits: tuple[int, int]
    """Decimal places for heat capacity and entropy, and for energies."""

    @property
    def rows(self) -> list[list[float]]:
        """Temperature, heat capacity, entropy, internal and free energy, one row for each."""
        columns = (
            self.temperatures_K,
            self.heat_capacity,
            self.entropy,
            self.internal_energy,
            self.free_energy,
        )
        values: list[list[float]] = np.stack(columns, axis=1).tolist()
        return values


def shown_functions(thermodynamics: "Thermodynamics", per: str) -> ShownFunctions:
    """Return thermodynamic functions per `per`: ``formula``, ``gram``, ``atom`` or ``cell``."""
    mole = units.EV_PER_CELL_IN_J_PER_MOL
    grams = thermodynamics.mass_amu * units.AMU_IN_GRAM
    cell = f"per cell of {thermodynamics.n_atoms} atoms"
    by_amount: dict[str, tuple[float, str, float, str, str, tuple[int, int]]] = {
        "formula": (
            mole / thermodynamics.formula_units_per_cell,
            "J/(mol K)",
            1e-3,
            "kJ/mol",
            thermodynamics.per_mole,
            (4, 3),
        ),
        "gram": (units.EV_IN_JOULE / grams, "J/(g K)", 1e-3, "kJ/g", "per gram", (5, 5)),
        "atom": (
            mole / thermodynamics.n_atoms,
            "J/(mol K)",
            1e-3,
            "kJ/mol",
            "per mole of atoms",
            (4, 4),
        ),
        "cell": (1e3, "meV/K", 1e-3, "eV", cell, (5, 5)),
    }
    factor, entropy_unit, of_energy, energy_unit, amount, digits = by_amount[per]
    energy = factor * of_energy
    return ShownFunctions(
        thermodynamics.temperatures_K,
        factor * thermodynamics.heat_capacity_eV_per_K,
        factor * thermodynamics.entropy_eV_per_K,
        energy * thermodynamics.internal_energy_eV,
        energy * thermodynamics.free_energy_eV,
        energy * thermodynamics.zero_point_energy_eV,
        entropy_unit,
        energy_unit,
        amount,
        digits,
    )
