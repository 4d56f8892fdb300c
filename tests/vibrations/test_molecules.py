import re

import numpy as np
import pytest
from ase import Atoms
from ase.thermochemistry import IdealGasThermo
from scipy import constants

from nearsight import units
from nearsight.errors import MethodError
from nearsight.hessian.reach import pieces_of
from nearsight.structures.rigid_body import rigid_body_basis
from nearsight.units import eigenvalues_from_wavenumbers
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
    return vibrations(spring_molecule("CNOHHH"))


@pytest.fixture(scope="module")
def radical(spring_molecule):
    return vibrations(spring_molecule("CNOHH"))


@pytest.fixture
def with_wavenumbers(make_hessian):
    """Return a function: the modes of a molecule with given wavenumbers, whichever is which."""

    def build(atoms, wavenumbers_per_cm):
        basis = rigid_body_basis(atoms, pieces_of(atoms, 4.0))
        vibrating = np.linalg.qr(basis, mode="complete")[0][:, basis.shape[1] :]
        weighted = vibrating * eigenvalues_from_wavenumbers(wavenumbers_per_cm) @ vibrating.T
        root = np.sqrt(np.repeat(atoms.get_masses(), 3))
        return vibrations(make_hessian(atoms, weighted * np.outer(root, root)))

    return build


def test_argon_has_its_tabulated_standard_entropy(make_hessian):
    argon = vibrations(make_hessian(Atoms("Ar", masses=[39.948]), np.zeros((3, 3))))
    gas = molecular_thermochemistry(argon, 298.15)
    # CODATA key values for thermodynamics (1989): 154.846 ± 0.003 J/(mol K).
    assert gas.entropy_eV_per_K * units.EV_PER_CELL_IN_J_PER_MOL == pytest.approx(154.846, abs=3e-3)
    assert gas.enthalpy_eV == pytest.approx(2.5 * KB * 298.15, rel=1e-6)
    assert (gas.geometry, gas.zero_point_energy_eV) == ("monatomic", 0.0)
    assert (gas.point_group, gas.symmetry_number) == ("Kh", 1)


@pytest.mark.parametrize("temperature", [5e-324, 1e-300, 1e300])
def test_what_exceeds_all_numbers_is_refused_with_its_temperature(radical, temperature):
    with pytest.raises(MethodError, match=re.escape(f"at {temperature:g} K and 100000 Pa ")):
        molecular_thermochemistry(radical, [300.0, temperature], symmetry_number=1, spin=0.5)


# ASE keeps the 2014 constants, which differ from ours by less than 1e-6: hence the tolerances.
def test_a_nonlinear_molecule_is_translation_rotation_and_vibration(radical):
    temperature, pressure, symmetry = 350.0, 2e4, 2
    gas = molecular_thermochemistry(
        radical,
        temperature,
        pressure,
        symmetry_number=symmetry,
        spin=0.5,
        potential_energy_eV=-3.0,
    )
    inside = thermodynamics(radical, temperature)
    turning = rotational_constants_in_thermal_units(
        radical.atoms.get_moments_of_inertia(), temperature
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
    gas = molecular_thermochemistry(found, 300.0, 101325.0)
    inside = thermodynamics(found, 300.0)
    inertia = atoms.get_masses()[0] * 1.098**2 / 2
    rotation = 1 - np.log(2 * rotational_constants_in_thermal_units(inertia, 300.0))
    translation = translational_entropy(inside.mass_amu, 300.0, 101325.0)
    expected = KB * (translation + rotation) + inside.entropy_eV_per_K[0]
    assert (gas.geometry, gas.point_group, gas.symmetry_number) == ("linear", "D∞h", 2)
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
        molecular_thermochemistry(found, 300.0, charge=-1)
    gas = molecular_thermochemistry(found, 300.0, charge=-1, ignore_imaginary=True)
    assert (gas.point_group, gas.symmetry_number) == ("C3v", 3)
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
        ({"temperatures_K": 0.0}, "temperatures_K holds 0 K; give positive ones: the entropy"),
        ({"temperatures_K": 1e-300}, "are no numbers"),
        ({"temperatures_K": [300.0, -10.0]}, "temperatures_K holds -10 K"),
        ({"temperatures_K": [np.inf]}, "temperatures_K holds inf K"),
        ({"temperatures_K": [[300.0]]}, r"shape \(1, 1\)"),
        ({"pressure_Pa": 0.0}, "pressure_Pa=0.0; give a positive number in Pa"),
        ({"pressure_Pa": np.nan}, "pressure_Pa=nan"),
        ({"symmetry_number": 0}, "symmetry_number=0; give a whole number"),
        ({"symmetry_number": 1.5}, "symmetry_number=1.5"),
        ({"spin": -0.5}, "`spin` is -0.5; give a multiple of one half"),
        ({"spin": 0.3}, "`spin` is 0.3"),
    ],
)
def test_numbers_out_of_range_are_refused(molecule, setting, message):
    with pytest.raises(MethodError, match=message):
        molecular_thermochemistry(
            molecule, **{"temperatures_K": 300.0, "symmetry_number": 1, **setting}
        )


# Lengths r_0 and fundamentals: K. P. Huber and G. Herzberg, Constants of Diatomic Molecules
# (1979); T. Shimanouchi, NSRDS-NBS 39 (1972). Standard entropies: J. D. Cox, D. D. Wagman,
# V. A. Medvedev, CODATA Key Values for Thermodynamics (1989).
@pytest.mark.parametrize(
    ("atoms", "wavenumbers_per_cm", "spin", "entropy_J_per_mol_K"),
    [
        (Atoms("N2", [[0, 0, 0], [0, 0, 1.1001]]), [2330], 0, 191.609),
        (Atoms("O2", [[0, 0, 0], [0, 0, 1.2107]]), [1556], 1, 205.152),
        (Atoms("CO", [[0, 0, 0], [0, 0, 1.1309]]), [2143], 0, 197.660),
        (Atoms("HCl", [[0, 0, 0], [0, 0, 1.2839]]), [2886], 0, 186.902),
        (
            Atoms("OCO", [[0, 0, -1.162], [0, 0, 0], [0, 0, 1.162]]),
            [667, 667, 1333, 2349],
            0,
            213.785,
        ),
        (
            Atoms("OH2", [[0, 0, 0], [0.7575, 0.5865, 0], [-0.7575, 0.5865, 0]]),
            [1595, 3657, 3756],
            0,
            188.835,
        ),
    ],
    ids=["N2", "O2", "CO", "HCl", "CO2", "H2O"],
)
def test_measured_wavenumbers_give_tabulated_entropies(
    with_wavenumbers, atoms, wavenumbers_per_cm, spin, entropy_J_per_mol_K
):
    gas = molecular_thermochemistry(with_wavenumbers(atoms, wavenumbers_per_cm), 298.15, spin=spin)
    # Centrifugal stretching and anharmonicity are left out, which is 0.2 J/(mol K) and less.
    assert gas.entropy_J_per_mol_K[0] == pytest.approx(entropy_J_per_mol_K, abs=0.2)


def test_temperatures_are_those_of_ase_one_by_one(molecule):
    temperatures = [50.0, 298.15, 900.0]
    gas = molecular_thermochemistry(molecule, temperatures, 2e5, potential_energy_eV=-1.5)
    for index, temperature in enumerate(temperatures):
        ase = IdealGasThermo(
            vib_energies=units.mode_energies(molecule.eigenvalues_eV_per_A2_amu),
            geometry="nonlinear",
            potentialenergy=-1.5,
            atoms=molecule.atoms,
            symmetrynumber=1,
            spin=0,
        )
        assert gas.gibbs_energy_eV[index] == pytest.approx(
            ase.get_gibbs_energy(temperature, 2e5, verbose=False), rel=1e-9
        )
    rows = gas.functions_summary()
    assert [row["temperature_K"] for row in rows] == temperatures
    for row, enthalpy, entropy in zip(rows, gas.enthalpy_eV, gas.entropy_eV_per_K, strict=True):
        above = (enthalpy + 1.5) * units.EV_PER_CELL_IN_J_PER_MOL
        assert row["enthalpy_kJ_per_mol"] == pytest.approx(above / 1000, rel=1e-12)
        assert row["gibbs_energy_kJ_per_mol"] == pytest.approx(
            (above - row["temperature_K"] * entropy * units.EV_PER_CELL_IN_J_PER_MOL) / 1000,
            rel=1e-12,
        )
    assert gas.pressure_bar == 2.0


def test_twice_the_symmetry_number_takes_off_r_ln_2(molecule):
    one, two = (
        molecular_thermochemistry(molecule, 300.0, symmetry_number=number).entropy_J_per_mol_K[0]
        for number in (1, 2)
    )
    assert one - two == pytest.approx(constants.R * np.log(2), rel=1e-6)


def test_a_symmetry_number_that_the_point_group_has_not_is_said(molecule):
    gas = molecular_thermochemistry(molecule, 300.0, symmetry_number=2)
    assert (gas.point_group, gas.symmetry_number, gas.symmetry_number_given) == ("C1", 2, True)
    [warning] = gas.warnings
    assert "that of the molecule's point group C1 is 1" in warning
    assert "+5.76 J/(mol K)" in warning


def test_the_spin_multiplies_the_ground_state(molecule):
    singlet, triplet = (
        molecular_thermochemistry(molecule, 300.0, spin=spin).entropy_eV_per_K[0] for spin in (0, 1)
    )
    assert triplet - singlet == pytest.approx(KB * np.log(3), rel=1e-6)


def test_electrons_that_cannot_have_a_spin_are_refused(radical, molecule):
    with pytest.raises(MethodError, match=r"23 electrons, .* possible are 0\.5, 1\.5, 2\.5, "):
        molecular_thermochemistry(radical, 300.0)
    with pytest.raises(MethodError, match=r"24 electrons, .* spin 0\.5; possible are 0, 1, 2"):
        molecular_thermochemistry(molecule, 300.0, spin=0.5)
    assert molecular_thermochemistry(radical, 300.0, charge=1).spin == 0.0


def test_a_molecule_that_is_nearly_linear_is_refused(with_wavenumbers):
    bent = Atoms("OCO", [[0, 0.01, -1.162], [0, 0, 0], [0, 0.01, 1.162]])
    with pytest.raises(MethodError, match=r"CO2 is nearly linear: within 0\.02 Å it is \(D∞h\)"):
        molecular_thermochemistry(with_wavenumbers(bent, [667, 1333, 2349]), 300.0)


def test_two_molecules_are_not_one(make_hessian):
    apart = vibrations(make_hessian(Atoms("Ar2", [[0, 0, 0], [0, 0, 30.0]]), np.zeros((6, 6))))
    with pytest.raises(MethodError, match="Ar2 is 2 molecules more than 4 Å apart"):
        molecular_thermochemistry(apart, 300.0)
