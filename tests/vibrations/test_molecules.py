import numpy as np
import pytest
from ase import Atoms
from scipy import constants

from nearsight import units
from nearsight.errors import MethodError
from nearsight.vibrations.modes import vibrations
from nearsight.vibrations.molecules import molecular_thermochemistry
from nearsight.vibrations.thermodynamics import thermodynamics

KB = units.BOLTZMANN_EV_PER_K


def translational_entropy(mass_amu, temperature, pressure):
    """Return the Sackur-Tetrode entropy in k_B."""
    thermal = constants.k * temperature
    mass = mass_amu * constants.atomic_mass
    wavelength = constants.h / np.sqrt(2 * np.pi * mass * thermal)
    return np.log(thermal / pressure / wavelength**3) + 2.5


def rotational_constants_in_thermal_units(inertia_amu_A2, temperature):
    inertia = np.asarray(inertia_amu_A2) * constants.atomic_mass * constants.angstrom**2
    return constants.hbar**2 / (2 * inertia * constants.k * temperature)


@pytest.fixture(scope="module")
def molecule(spring_molecule):
    return vibrations(spring_molecule())


def test_argon_has_its_tabulated_standard_entropy(make_hessian):
    argon = vibrations(make_hessian(Atoms("Ar", masses=[39.948]), np.zeros((3, 3))))
    gas = molecular_thermochemistry(argon, 298.15, 1e5, symmetry_number=1)
    # CODATA key values for thermodynamics (1989): 154.846 ± 0.003 J/(mol K).
    assert gas.entropy_eV_per_K * units.EV_PER_CELL_IN_J_PER_MOL == pytest.approx(154.846, abs=3e-3)
    assert gas.enthalpy_eV == pytest.approx(2.5 * KB * 298.15, rel=1e-6)
    assert (gas.geometry, gas.zero_point_energy_eV) == ("monatomic", 0.0)


# ASE keeps the 2014 constants, which differ from ours by less than 1e-6: hence the tolerances.
def test_a_nonlinear_molecule_is_translation_rotation_and_vibration(molecule):
    temperature, pressure, symmetry = 350.0, 2e4, 2
    gas = molecular_thermochemistry(
        molecule,
        temperature,
        pressure,
        symmetry_number=symmetry,
        spin=0.5,
        potential_energy_eV=-3.0,
    )
    inside = thermodynamics(molecule, temperature)
    turning = rotational_constants_in_thermal_units(
        molecule.atoms.get_moments_of_inertia(), temperature
    )
    rotation = 1.5 + np.log(np.sqrt(np.pi / turning.prod()) / symmetry)
    translation = translational_entropy(inside.mass_amu, temperature, pressure)
    entropy = KB * (translation + rotation + np.log(2)) + inside.entropy_eV_per_K[0]
    enthalpy = -3.0 + inside.internal_energy_eV[0] + 4 * KB * temperature
    assert gas.geometry == "nonlinear"
    assert gas.entropy_eV_per_K == pytest.approx(entropy, rel=1e-6)
    assert gas.enthalpy_eV == pytest.approx(enthalpy, rel=1e-6)
    assert gas.internal_energy_eV == pytest.approx(enthalpy - KB * temperature, rel=1e-6)
    assert gas.gibbs_energy_eV == pytest.approx(enthalpy - temperature * entropy, rel=1e-6)
    assert gas.zero_point_energy_eV == pytest.approx(inside.zero_point_energy_eV, rel=1e-12)


def test_a_linear_molecule_turns_about_two_axes(make_hessian):
    atoms = Atoms("N2", positions=[[0, 0, 0], [0.0, 0.0, 1.098]])
    found = vibrations(make_hessian(atoms, 143.0 * np.kron([[1, -1], [-1, 1]], np.diag([0, 0, 1]))))
    gas = molecular_thermochemistry(found, 300.0, symmetry_number=2)
    inside = thermodynamics(found, 300.0)
    inertia = atoms.get_masses()[0] * 1.098**2 / 2
    rotation = 1 - np.log(2 * rotational_constants_in_thermal_units(inertia, 300.0))
    translation = translational_entropy(inside.mass_amu, 300.0, 101325.0)
    expected = KB * (translation + rotation) + inside.entropy_eV_per_K[0]
    assert gas.geometry == "linear"
    assert gas.entropy_eV_per_K == pytest.approx(expected, rel=1e-6)
    assert gas.enthalpy_eV == pytest.approx(inside.internal_energy_eV[0] + 3.5 * KB * 300, rel=1e-6)


def test_gibbs_energy_rises_with_the_logarithm_of_pressure(molecule):
    low, high = (
        molecular_thermochemistry(molecule, 300.0, pressure, symmetry_number=1).gibbs_energy_eV
        for pressure in (1e3, 1e5)
    )
    assert high - low == pytest.approx(KB * 300 * np.log(100), rel=1e-6)


def test_a_cold_gas_needs_no_exponential_that_overflows(molecule):
    gas = molecular_thermochemistry(molecule, 0.1, symmetry_number=1)
    expected = gas.zero_point_energy_eV + 3 * KB * 0.1
    assert gas.internal_energy_eV == pytest.approx(expected, rel=1e-10)


def test_a_transition_state_is_refused_unless_asked_for(reference_molecule):
    hessian, _ = reference_molecule("ch3clf_transition_state")
    found = vibrations(hessian)
    with pytest.raises(MethodError, match=r"1 imaginary \(-503\.2 cm⁻¹\)"):
        molecular_thermochemistry(found, 300.0, symmetry_number=3)
    gas = molecular_thermochemistry(found, 300.0, symmetry_number=3, ignore_imaginary=True)
    assert gas.warnings == ("modes left out: 1 imaginary (-503.2 cm⁻¹).",)
    quanta = units.mode_energies(found.eigenvalues_eV_per_A2_amu[1:])
    assert gas.zero_point_energy_eV == pytest.approx(quanta.sum() / 2, rel=1e-12)


def test_a_minimum_has_no_warning(molecule):
    gas = molecular_thermochemistry(molecule, 300.0, symmetry_number=1, ignore_imaginary=True)
    assert gas.warnings == ()
    assert gas.provenance == molecule.provenance


def test_a_crystal_is_refused(spring_crystal):
    with pytest.raises(MethodError, match=r"periodic \(pbc=\[True, True, True\]\)"):
        molecular_thermochemistry(vibrations(spring_crystal()), 300.0, symmetry_number=1)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"temperature_K": 0.0}, "temperature_K=0.0; give a positive number in K"),
        ({"temperature_K": -10.0}, "temperature_K=-10.0"),
        ({"pressure_Pa": 0.0}, "pressure_Pa=0.0; give a positive number in Pa"),
        ({"pressure_Pa": np.nan}, "pressure_Pa=nan"),
        ({"symmetry_number": 0}, "symmetry_number=0; give a whole number"),
        ({"symmetry_number": 1.5}, "symmetry_number=1.5"),
        ({"spin": -0.5}, "spin=-0.5; give a multiple of one half"),
        ({"spin": 0.3}, "spin=0.3"),
    ],
)
def test_numbers_out_of_range_are_refused(molecule, setting, message):
    with pytest.raises(MethodError, match=message):
        molecular_thermochemistry(
            molecule, **{"temperature_K": 300.0, "symmetry_number": 1, **setting}
        )
