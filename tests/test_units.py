"""Conversions against ASE's, against the SI's exact numbers, and against each other."""

import ase.units
import numpy as np
import pytest
import scipy
from packaging.version import Version
from scipy import constants

from nearsight import units

# Exact since 2019.
E, H, K, N_A, C = 1.602176634e-19, 6.62607015e-34, 1.380649e-23, 6.02214076e23, 299792458.0


def test_constants_are_those_of_the_si() -> None:
    assert units.EV_IN_JOULE == E
    assert units.BOLTZMANN_EV_PER_K == K / E
    assert pytest.approx(E * N_A, rel=1e-15) == units.EV_PER_CELL_IN_J_PER_MOL
    assert pytest.approx(4184 / (E * N_A), rel=1e-15) == units.KCAL_PER_MOL_IN_EV
    assert pytest.approx(E * 1e21, rel=1e-15) == units.EV_PER_A3_IN_GPA
    assert pytest.approx(E / (H * C) / 100, rel=1e-15) == units.EV_IN_PER_CM
    assert pytest.approx(E / H / 1e12, rel=1e-15) == units.EV_IN_THZ
    # The atomic mass constant is measured: 1.660539068 92(52) x 10^-27 kg (CODATA 2022).
    assert pytest.approx(1.66053906892e-24, rel=1e-9) == units.AMU_IN_GRAM


@pytest.mark.parametrize(
    ("own", "of_scipy"),
    [
        (units.ANGSTROM_IN_M, constants.angstrom),
        (units.FEMTOSECOND_IN_S, constants.femto),
        (units.EV_IN_JOULE, constants.e),
        (units.PLANCK_J_S, constants.h),
        (units.HBAR_J_S, constants.hbar),
        (units.BOLTZMANN_J_PER_K, constants.k),
        (units.SPEED_OF_LIGHT_M_PER_S, constants.c),
        (units.AVOGADRO_PER_MOL, constants.N_A),
        (units.CALORIE_IN_J, constants.calorie),
        (units.BAR_IN_PA, constants.bar),
        (units.GAS_CONSTANT_J_PER_MOL_K, constants.R),
    ],
)
def test_exact_ones_are_those_of_scipy_to_the_bit(own: float, of_scipy: float) -> None:
    assert own == of_scipy


@pytest.mark.parametrize(
    ("own", "name"),
    [
        (units.AMU_IN_KG, "atomic mass constant"),
        (units.VACUUM_PERMITTIVITY_F_PER_M, "vacuum electric permittivity"),
        (units.HARTREE_IN_EV, "Hartree energy in eV"),
        (units.BOHR_IN_A * units.ANGSTROM_IN_M, "Bohr radius"),
    ],
)
def test_measured_ones_are_those_of_scipy_but_for_its_set(own: float, name: str) -> None:
    # SciPy had the set of 2018 until 1.15, which is up to 4.7 standard uncertainties away.
    has_same = Version(scipy.__version__) >= Version("1.15")
    allowed = 4 * np.finfo(float).eps if has_same else 5 * constants.precision(name)
    assert own == pytest.approx(constants.value(name), rel=allowed)


@pytest.mark.parametrize(
    ("own", "of_ase"),
    [
        (units.BOLTZMANN_EV_PER_K, ase.units.kB),
        (1 / units.EV_IN_JOULE, ase.units.J),
        (units.EV_PER_CELL_IN_J_PER_MOL, ase.units.mol / ase.units.J),
        (units.KCAL_PER_MOL_IN_EV, ase.units.kcal / ase.units.mol),
        (units.EV_PER_A3_IN_GPA, 1 / ase.units.GPa),
        (units.EV_IN_PER_CM, 1 / ase.units.invcm),
        (units.EV_IN_THZ, 1 / (ase.units._hplanck * 1e12 * ase.units.J)),
        (units.AMU_IN_GRAM, 1e-3 / ase.units.kg),
        (
            units.HBAR_OMEGA_IN_EV,
            ase.units._hbar * ase.units.m / np.sqrt(ase.units._e * ase.units._amu),
        ),
    ],
)
def test_they_agree_with_ase_but_for_its_older_set(own: float, of_ase: float) -> None:
    assert own == pytest.approx(of_ase, rel=1e-6)


def test_harmonic_oscillator_of_the_textbook() -> None:
    # HCl: k = 516 N/m and a reduced mass of 0.97959 amu give 2990 cm⁻¹.
    k_eV_per_A2 = 516 * 1e-20 / E
    eigenvalue = k_eV_per_A2 / 0.97959
    assert units.wavenumbers_per_cm(eigenvalue) == pytest.approx(2990, abs=1)
    angular = np.sqrt(516 / (0.97959 * 1.66053906892e-27))
    assert units.mode_energies(eigenvalue) == pytest.approx(angular * H / (2 * np.pi) / E, rel=1e-9)


def test_imaginary_modes_are_negative_and_come_back() -> None:
    wavenumbers = np.array([[-500.0, -1e-3, 0.0], [1e-3, 30.0, 3600.0]])
    eigenvalues = units.eigenvalues_from_wavenumbers(wavenumbers)
    assert eigenvalues.shape == wavenumbers.shape
    np.testing.assert_array_equal(np.sign(eigenvalues), np.sign(wavenumbers))
    np.testing.assert_allclose(units.wavenumbers_per_cm(eigenvalues), wavenumbers, rtol=1e-14)
    np.testing.assert_allclose(units.wavenumbers_per_cm(4 * eigenvalues), 2 * wavenumbers)
