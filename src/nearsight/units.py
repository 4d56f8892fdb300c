"""The units inside (eV, Å, amu, K) and every conversion out of them.

Exact are the constants that define the SI since 2019 (SI Brochure, 9th edition, table 1), and what
follows from them. Measured ones are those of CODATA 2022 (E. Tiesinga, P. J. Mohr, D. B. Newell,
B. N. Taylor, https://physics.nist.gov/constants, version 9.0). They are numbers here, as
:mod:`scipy.constants` has them too: so they are the same whatever SciPy is installed, and nothing
waits for its tables. ASE's own differ by a few parts in 10⁷, because it keeps the 2014 set.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

FloatArray = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

ANGSTROM_IN_M: Final[float] = 1e-10
"""One Å in m."""

FEMTOSECOND_IN_S: Final[float] = 1e-15
"""One fs in s."""

EV_IN_JOULE: Final[float] = 1.602176634e-19
"""One eV in J, and the elementary charge in C (exact)."""

PLANCK_J_S: Final[float] = 6.62607015e-34
"""Planck's constant in J s (exact)."""

HBAR_J_S: Final[float] = PLANCK_J_S / (2 * np.pi)
"""Planck's constant over 2π in J s."""

BOLTZMANN_J_PER_K: Final[float] = 1.380649e-23
"""Boltzmann's constant in J/K (exact)."""

SPEED_OF_LIGHT_M_PER_S: Final[float] = 299792458.0
"""The speed of light in m/s (exact)."""

AVOGADRO_PER_MOL: Final[float] = 6.02214076e23
"""Avogadro's constant in 1/mol (exact)."""

CALORIE_IN_J: Final[float] = 4.184
"""One thermochemical calorie in J (exact)."""

AMU_IN_KG: Final[float] = 1.66053906892e-27
"""One atomic mass unit in kg (CODATA 2022)."""

VACUUM_PERMITTIVITY_F_PER_M: Final[float] = 8.8541878188e-12
"""The electric constant ε₀ in F/m (CODATA 2022)."""

HARTREE_IN_EV: Final[float] = 27.211386245981
"""One hartree in eV (CODATA 2022)."""

BOHR_IN_A: Final[float] = 5.29177210544e-11 / ANGSTROM_IN_M
"""One bohr in Å (CODATA 2022)."""

HARTREE_PER_BOHR2_IN_EV_PER_A2: Final[float] = HARTREE_IN_EV / BOHR_IN_A**2
"""One hartree/bohr², the unit of Hessians of quantum chemistry, in eV/Å²."""

BOLTZMANN_EV_PER_K: Final[float] = BOLTZMANN_J_PER_K / EV_IN_JOULE
"""Boltzmann's constant in eV/K."""

EV_PER_CELL_IN_J_PER_MOL: Final[float] = EV_IN_JOULE * AVOGADRO_PER_MOL
"""One eV per formula unit (or cell, or atom) in J/mol of that unit."""

KCAL_PER_MOL_IN_EV: Final[float] = CALORIE_IN_J * 1e3 / EV_PER_CELL_IN_J_PER_MOL
"""One kcal/mol, of thermochemical calories, in eV."""

BAR_IN_PA: Final[float] = 1e5
"""One bar in Pa."""

GAS_CONSTANT_J_PER_MOL_K: Final[float] = AVOGADRO_PER_MOL * BOLTZMANN_J_PER_K
"""The molar gas constant in J/(mol K)."""

AMU_IN_GRAM: Final[float] = AMU_IN_KG * 1e3
"""One atomic mass unit in g."""

EV_PER_A3_IN_GPA: Final[float] = EV_IN_JOULE / ANGSTROM_IN_M**3 * 1e-9
"""One eV/Å³ in GPa."""

_ANGULAR_FREQUENCY_IN_PER_SECOND: Final[float] = float(
    np.sqrt(EV_IN_JOULE / ANGSTROM_IN_M**2 / AMU_IN_KG)
)

HBAR_OMEGA_IN_EV: Final[float] = HBAR_J_S * _ANGULAR_FREQUENCY_IN_PER_SECOND / EV_IN_JOULE
"""ħ√λ in eV for an eigenvalue λ of the mass-weighted Hessian of 1 eV/(Å² amu)."""

EV_IN_PER_CM: Final[float] = EV_IN_JOULE / (PLANCK_J_S * SPEED_OF_LIGHT_M_PER_S) * 1e-2
"""The wavenumber in cm⁻¹ of a quantum of 1 eV."""

EV_IN_THZ: Final[float] = EV_IN_JOULE / PLANCK_J_S * 1e-12
"""The frequency in THz of a quantum of 1 eV."""

PER_CM_IN_THZ: Final[float] = EV_IN_THZ / EV_IN_PER_CM
"""The frequency in THz of a wavenumber of 1 cm⁻¹."""


def mode_energies(eigenvalues: ArrayLike) -> FloatArray:
    """Return the quantum ħω of each mode in eV, negative where the mode is imaginary.

    Parameters
    ----------
    eigenvalues
        Eigenvalues λ = ω² of the mass-weighted Hessian in eV/(Å² amu), any shape.

    Examples
    --------
    >>> from nearsight.units import mode_energies
    >>> print(1000 * mode_energies([1.0, 4.0]).round(4), "meV")
    [ 64.7 129.3] meV
    """
    values = np.asarray(eigenvalues, dtype=np.float64)
    return np.sign(values) * np.sqrt(np.abs(values)) * HBAR_OMEGA_IN_EV


def wavenumbers_per_cm(eigenvalues: ArrayLike) -> FloatArray:
    """Return wavenumbers ω/(2πc) in cm⁻¹, negative where the mode is imaginary.

    Parameters
    ----------
    eigenvalues
        Eigenvalues λ = ω² of the mass-weighted Hessian in eV/(Å² amu), any shape.

    Examples
    --------
    >>> from nearsight.units import wavenumbers_per_cm
    >>> print(wavenumbers_per_cm([-1.0, 1.0, 4.0]).round(1), "cm⁻¹")
    [-521.5  521.5 1042.9] cm⁻¹
    """
    return mode_energies(eigenvalues) * EV_IN_PER_CM


def eigenvalues_from_wavenumbers(wavenumbers: ArrayLike) -> FloatArray:
    """Return eigenvalues in eV/(Å² amu) from wavenumbers in cm⁻¹, imaginary ones negative.

    Examples
    --------
    >>> from nearsight.units import eigenvalues_from_wavenumbers
    >>> print(eigenvalues_from_wavenumbers([1000.0]).round(3), "eV/(Å² amu)")
    [3.677] eV/(Å² amu)
    """
    quanta = np.asarray(wavenumbers, dtype=np.float64) / EV_IN_PER_CM / HBAR_OMEGA_IN_EV
    eigenvalues: FloatArray = np.sign(quanta) * quanta**2
    return eigenvalues
