"""How quantum a light gas is: its thermal wavelength beside the width of a pore."""

from typing import Final

import numpy as np
from scipy import constants

from nearsight.adsorption.gases import Gas

LARGE_A: Final = 0.8
"""Above it nuclei smear over what a wall does: H2 below 240 K, He below 120 K. That of CO2 at 298 K
is 0.15 Å."""


def thermal_wavelength_A(gas: Gas, temperature_K: float) -> float:
    """Return h/√(2π m k_B T) of a molecule in Å."""
    mass_kg = float(gas.atoms.get_masses().sum()) * constants.atomic_mass
    momentum = np.sqrt(2 * np.pi * mass_kg * constants.k * temperature_K)
    return float(constants.h / momentum / constants.angstrom)
