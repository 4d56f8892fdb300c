"""The units inside (eV, Å, amu, K) and every conversion out of them.

The constants are those of :mod:`scipy.constants` (exact SI values since 2019, CODATA for the atomic
mass constant). ASE's own differ from them by a few parts in 10⁷, because it keeps the 2014 set.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy import constants

FloatArray = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

BOLTZMANN_EV_PER_K: Final[float] = constants.k / constants.e
"""Boltzmann's constant in eV/K."""

EV_IN_JOULE: Final[float] = constants.e
"""One eV in J."""

EV_PER_CELL_IN_J_PER_MOL: Final[float] = constants.e * constants.N_A
"""One eV per formula unit (or cell, or atom) in J/mol of that unit."""

KCAL_PER_MOL_IN_EV: Final[float] = constants.calorie * 1e3 / (constants.e * constants.N_A)
"""One kcal/mol, of thermochemical calories, in eV."""

BAR_IN_PA: Final[float] = constants.bar
"""One bar in Pa."""

GAS_CONSTANT_J_PER_MOL_K: Final[float] = constants.R
"""The molar gas constant in J/(mol K)."""

AMU_IN_GRAM: Final[float] = constants.atomic_mass * 1e3
"""One atomic mass unit in g."""

EV_PER_A3_IN_GPA: Final[float] = constants.e / constants.angstrom**3 * 1e-9
"""One eV/Å³ in GPa."""

HARTREE_IN_EV: Final[float] = constants.value("Hartree energy in eV")
"""One hartree in eV (CODATA)."""

BOHR_IN_A: Final[float] = constants.value("Bohr radius") / constants.angstrom
"""One bohr in Å (CODATA)."""

HARTREE_PER_BOHR2_IN_EV_PER_A2: Final[float] = HARTREE_IN_EV / BOHR_IN_A**2
"""One hartree/bohr², the unit of Hessians of quantum chemistry, in eV/Å²."""

_ANGULAR_FREQUENCY_IN_PER_SECOND: Final[float] = float(
    np.sqrt(constants.e / constants.angstrom**2 / constants.atomic_mass)
)

HBAR_OMEGA_IN_EV: Final[float] = constants.hbar * _ANGULAR_FREQUENCY_IN_PER_SECOND / constants.e
"""ħ√λ in eV for an eigenvalue λ of the mass-weighted Hessian of 1 eV/(Å² amu)."""

EV_IN_PER_CM: Final[float] = constants.e / (constants.h * constants.c) * 1e-2
"""The wavenumber in cm⁻¹ of a quantum of 1 eV."""

EV_IN_THZ: Final[float] = constants.e / constants.h * 1e-12
"""The frequency in THz of a quantum of 1 eV."""

PER_CM_IN_THZ: Final[float] = EV_IN_THZ / EV_IN_PER_CM
"""The frequency in THz of a wavenumber of 1 cm⁻¹."""


def mode_energies(eigenvalues: ArrayLike) -> FloatArray:
    """Return the quantum ħω of each mode in eV, negative where the mode is imaginary.

    Parameters
    ----------
    eigenvalues
        Eigenvalues λ = ω² of the mass-weighted Hessian in eV/(Å² amu), any shape.
    """
    values = np.asarray(eigenvalues, dtype=np.float64)
    return np.sign(values) * np.sqrt(np.abs(values)) * HBAR_OMEGA_IN_EV


def wavenumbers_per_cm(eigenvalues: ArrayLike) -> FloatArray:
    """Return wavenumbers ω/(2πc) in cm⁻¹, negative where the mode is imaginary.

    Parameters
    ----------
    eigenvalues
        Eigenvalues λ = ω² of the mass-weighted Hessian in eV/(Å² amu), any shape.
    """
    return mode_energies(eigenvalues) * EV_IN_PER_CM


def eigenvalues_from_wavenumbers(wavenumbers: ArrayLike) -> FloatArray:
    """Return eigenvalues in eV/(Å² amu) from wavenumbers in cm⁻¹, imaginary ones negative."""
    quanta = np.asarray(wavenumbers, dtype=np.float64) / EV_IN_PER_CM / HBAR_OMEGA_IN_EV
    eigenvalues: FloatArray = np.sign(quanta) * quanta**2
    return eigenvalues
