"""Frequencies and thermochemistry against what Gaussian and ORCA printed for the same Hessians."""

import numpy as np
import pytest
from ase import units as ase_units
from numpy.testing import assert_allclose
from scipy import constants

from nearsight import units
from nearsight.vibrations.modes import vibrations
from nearsight.vibrations.molecules import molecular_thermochemistry

HARTREE_IN_EV = 27.211386245981
HARTREE_PER_BOHR2 = HARTREE_IN_EV / 0.529177210544**2


def rounding_bound(hessian):
    """Return how far eight printed decimals can move an eigenvalue, in eV/(Å² amu).

    By Weyl's inequality no eigenvalue moves by more than the norm of the change, here the
    Frobenius norm of half a unit in the eighth decimal of every element in hartree/bohr².
    """
    inverse_masses = np.repeat(1 / hessian.atoms.get_masses(), 3)
    return 0.5e-8 * HARTREE_PER_BOHR2 * inverse_masses.sum()


def test_toluene_agrees_with_gaussian_within_its_printed_digits(reference_molecule):
    hessian, data = reference_molecule("toluene")
    found = vibrations(hessian)
    printed = np.array(data["printed_wavenumbers_per_cm"])
    squares = units.eigenvalues_from_wavenumbers(printed)
    half_digit = units.eigenvalues_from_wavenumbers(printed + 0.5e-4) - squares

    # Relative: the constants of 2003 and those of today differ by some 1e-8 in ω.
    tolerance = rounding_bound(hessian) + half_digit + 4e-8 * squares
    deviation = np.abs(found.eigenvalues_eV_per_A2_amu - squares)
    assert np.all(deviation < tolerance)
    # The same rounding of λ is more of a wavenumber where that is low: at the methyl rotor.
    difference = np.abs(found.wavenumbers_per_cm - printed)
    assert difference[0] < 1.2e-3
    assert difference[1:].max() < 1.6e-4


def test_toluene_without_projection_agrees_with_gaussians_low_frequencies(reference_molecule):
    hessian, data = reference_molecule("toluene")
    found = vibrations(hessian)
    printed = np.array(data["printed_unprojected_low_wavenumbers_per_cm"])
    squares = units.eigenvalues_from_wavenumbers(printed)
    deviation = np.abs(found.unprojected_eigenvalues_eV_per_A2_amu[: len(squares)] - squares)
    half_digit = units.eigenvalues_from_wavenumbers(np.abs(printed) + 0.5e-4) - np.abs(squares)
    assert np.all(deviation < rounding_bound(hessian) + half_digit)


def test_projection_moves_the_methyl_rotor_of_toluene(reference_molecule):
    hessian, _ = reference_molecule("toluene")
    found = vibrations(hessian)
    unprojected = units.wavenumbers_per_cm(found.unprojected_eigenvalues_eV_per_A2_amu)
    assert unprojected[6] == pytest.approx(29.4565, abs=1.2e-3)
    assert found.wavenumbers_per_cm[0] == pytest.approx(29.0180, abs=1.2e-3)
    assert (found.n_rigid_body, found.n_imaginary) == (6, 0)


def test_a_transition_state_agrees_with_orca_but_for_one_common_factor(reference_molecule):
    hessian, data = reference_molecule("ch3clf_transition_state")
    found = vibrations(hessian)
    printed = np.array(data["printed_wavenumbers_per_cm"])
    assert np.count_nonzero(printed == 0) == found.n_rigid_body == 6
    printed = printed[printed != 0]
    ratio = found.wavenumbers_per_cm / printed
    # The program's conversion to cm⁻¹ differs by 1.8e-5, the same for all modes to its 6 decimals.
    common = ratio[-1]
    assert common == pytest.approx(1, abs=2e-5)
    assert np.all(np.abs(found.wavenumbers_per_cm / common - printed) < 1.5e-6)
    assert found.n_imaginary == 1
    assert found.wavenumbers_per_cm[0] == pytest.approx(-503.236, rel=2e-5)


def test_water_agrees_with_ase(reference_molecule):
    hessian, _ = reference_molecule("water")
    found = vibrations(hessian)
    energies = hessian.to_ase().get_energies()
    squares = np.sort(np.sign((energies**2).real) * np.abs(energies) ** 2)
    matched = units.HBAR_OMEGA_IN_EV / (
        ase_units._hbar * ase_units.m / np.sqrt(ase_units._e * ase_units._amu)
    )
    expected = units.HBAR_OMEGA_IN_EV**2 * found.unprojected_eigenvalues_eV_per_A2_amu
    assert_allclose(squares[-3:] * matched**2, expected[-3:], rtol=1e-8)
    # The structure is not relaxed, so ASE's unprojected vibrations differ a little from ours.
    assert_allclose(found.wavenumbers_per_cm, np.abs(energies[-3:]) / ase_units.invcm, rtol=1e-4)
    assert any("rigid-body modes lie at" in warning for warning in found.warnings)


def test_toluene_has_gaussians_thermochemistry(reference_molecule):
    hessian, data = reference_molecule("toluene")
    printed = data["printed_thermochemistry"]
    gas = molecular_thermochemistry(
        vibrations(hessian),
        printed["temperature_K"],
        printed["pressure_Pa"],
        symmetry_number=printed["symmetry_number"],
    )
    zero_point = gas.zero_point_energy_eV * units.EV_PER_CELL_IN_J_PER_MOL
    entropy = gas.entropy_eV_per_K * units.EV_PER_CELL_IN_J_PER_MOL / constants.calorie
    assert zero_point == pytest.approx(printed["zero_point_energy_J_per_mol"], rel=2e-6)
    assert gas.internal_energy_eV / HARTREE_IN_EV == pytest.approx(
        printed["internal_energy_hartree"], abs=1e-6
    )
    assert gas.enthalpy_eV / HARTREE_IN_EV == pytest.approx(printed["enthalpy_hartree"], abs=1e-6)
    assert entropy == pytest.approx(printed["entropy_cal_per_mol_K"], abs=0.001)
    assert gas.gibbs_energy_eV / HARTREE_IN_EV == pytest.approx(
        printed["gibbs_energy_hartree"], abs=1e-6
    )


def test_the_transition_state_has_orcas_energies(reference_molecule):
    hessian, data = reference_molecule("ch3clf_transition_state")
    printed = data["printed_thermochemistry"]
    gas = molecular_thermochemistry(
        vibrations(hessian),
        printed["temperature_K"],
        symmetry_number=3,
        charge=-1,
        ignore_imaginary=True,
    )
    assert gas.zero_point_energy_eV / HARTREE_IN_EV == pytest.approx(
        printed["zero_point_energy_hartree"], rel=2e-5
    )
    assert gas.internal_energy_eV / HARTREE_IN_EV == pytest.approx(
        printed["internal_energy_hartree"], rel=2e-5
    )
