"""How quantum a light gas is: its thermal wavelength beside the width of a pore."""

from typing import TYPE_CHECKING, Final

import numpy as np

from nearsight.adsorption.gases import Gas
from nearsight.units import (
    AMU_IN_KG,
    ANGSTROM_IN_M,
    BOLTZMANN_EV_PER_K,
    BOLTZMANN_J_PER_K,
    EV_PER_CELL_IN_J_PER_MOL,
    PLANCK_J_S,
)

if TYPE_CHECKING:
    from nearsight.adsorption.result import Adsorption

LARGE_A: Final = 0.8
"""Above it nuclei smear over what a wall does: H2 below 240 K, He below 120 K. That of CO2 at 298 K
is 0.15 Å."""
MOST_SECOND_ORDER: Final = 0.4
"""Times k_B T by which the second order in ħ may change the mean energy: where it is more, what
comes after it counts. A sample that it has taken to where it lowers the energy shows so, too."""


def thermal_wavelength_A(gas: Gas, temperature_K: float) -> float:
    """Return h/√(2π m k_B T) of a molecule in Å."""
    mass_kg = float(gas.atoms.get_masses().sum()) * AMU_IN_KG
    momentum = np.sqrt(2 * np.pi * mass_kg * BOLTZMANN_J_PER_K * temperature_K)
    return float(PLANCK_J_S / momentum / ANGSTROM_IN_M)


def second_order_share(adsorption: "Adsorption") -> float:
    """Return by how many k_B T the second order in ħ changes the mean energy of the gas.

    For a model of effective energies E of quantum nuclei, whose d(E/kT)/d(1/kT), of which the heat
    is a mean, is E and this once more; NaN if nothing has weight.
    """
    first = adsorption.henry[0]
    thermal_eV = BOLTZMANN_EV_PER_K * first.temperature_K
    slope_eV = thermal_eV - 1e3 / EV_PER_CELL_IN_J_PER_MOL * first.heat_kJ_per_mol.value
    mean_eV = adsorption.trials.weights(first.temperature_K).mean_energy_eV
    return float((slope_eV - mean_eV) / thermal_eV)
