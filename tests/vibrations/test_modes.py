import numpy as np
import pytest
from ase import Atoms
from ase import units as ase_units
from ase.build import molecule
from numpy.testing import assert_allclose

from nearsight import units
from nearsight.errors import CheckpointError, ModelError
from nearsight.structures.rigid_body import rigid_body_basis
from nearsight.vibrations.modes import Vibrations, vibrations


def test_a_diatomic_has_one_vibration_at_the_reduced_mass(make_hessian):
    constant, masses = 71.0, np.array([12.0, 15.9949146])
    axis = np.array([1.0, 2.0, -0.5]) / np.linalg.norm([1.0, 2.0, -0.5])
    atoms = Atoms("CO", positions=np.outer([0, 1.13], axis), masses=masses)
    square = constant * np.kron([[1, -1], [-1, 1]], np.outer(axis, axis))

    found = vibrations(make_hessian(atoms, square))

    expected = constant * masses.sum() / masses.prod()
    assert found.eigenvalues_eV_per_A2_amu == pytest.approx([expected], rel=1e-13)
    assert found.n_rigid_body == 5
    assert np.abs(found.rigid_body_eigenvalues_eV_per_A2_amu).max() < 1e-13
    assert found.warnings == ()


@pytest.mark.parametrize("n_atoms", [2, 5, 12])
def test_a_periodic_chain_has_its_dispersion_and_no_other_mode_at_zero(make_hessian, n_atoms):
    constants, mass = np.array([9.0, 4.0, 2.5]), 39.0
    ring = 2 * np.eye(n_atoms) - np.roll(np.eye(n_atoms), 1, 0) - np.roll(np.eye(n_atoms), -1, 0)
    atoms = Atoms(f"K{n_atoms}", cell=[2.0 * n_atoms, 9, 9], pbc=True, masses=[mass] * n_atoms)
    atoms.positions[:, 0] = 2.0 * np.arange(n_atoms)

    found = vibrations(make_hessian(atoms, np.kron(ring, np.diag(constants))))

    half_qa = np.pi * np.arange(1, n_atoms) / n_atoms
    omega_squared = 4 * constants[:, np.newaxis] / mass * np.sin(half_qa) ** 2
    expected = np.sort(omega_squared.ravel())
    assert found.n_rigid_body == 3
    assert_allclose(found.eigenvalues_eV_per_A2_amu, expected, rtol=1e-12)
    assert np.abs(found.rigid_body_eigenvalues_eV_per_A2_amu).max() < 1e-14
    assert found.warnings == ()


def test_the_modes_are_orthonormal_and_orthogonal_to_rigid_body_motion(spring_molecule):
    found = vibrations(spring_molecule())
    flat = found.modes.reshape(found.n_modes, -1)
    roots = np.sqrt(found.atoms.get_masses())[:, np.newaxis]
    assert_allclose(flat @ flat.T, np.eye(9), atol=1e-12)
    assert np.abs(np.sum(roots * found.modes, axis=1)).max() < 1e-12
    spins = np.cross(found.atoms.positions, roots * found.modes).sum(axis=1)
    assert np.abs(spins).max() < 1e-12
    assert found.cartesian_modes() == pytest.approx(found.modes / roots)


def test_a_rigid_body_is_found_whatever_its_wavenumber(spring_molecule, make_hessian):
    # A vibration far below the noise of the rotations keeps its place: no threshold decides.
    soft = spring_molecule()
    weak = make_hessian(soft.atoms, soft.symmetric() * 1e-8)
    noise = np.random.default_rng(5).normal(scale=1e-4, size=(15, 15))
    noisy = vibrations(make_hessian(soft.atoms, weak.symmetric() + noise + noise.T))
    clean = vibrations(weak)
    assert clean.n_modes == noisy.n_modes == 9
    assert clean.n_imaginary == 0
    ratio = clean.eigenvalues_eV_per_A2_amu / vibrations(soft).eigenvalues_eV_per_A2_amu
    assert_allclose(ratio, 1e-8, rtol=1e-6)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_rotation_and_order_of_the_atoms_change_no_wavenumber(spring_molecule, make_hessian, seed):
    hessian = spring_molecule(seed=seed)
    random = np.random.default_rng(seed)
    rotation, _ = np.linalg.qr(random.normal(size=(3, 3)))
    order = random.permutation(hessian.n_atoms)
    atoms = hessian.atoms[order]
    atoms.positions = atoms.positions @ rotation.T + [5.0, -3.0, 11.0]
    turned = np.einsum("ia,AaBb,jb->AiBj", rotation, hessian.matrix_eV_per_A2, rotation)
    turned = turned[np.ix_(order, range(3), order, range(3))]

    moved = vibrations(make_hessian(atoms, turned))

    wavenumbers = vibrations(hessian).wavenumbers_per_cm
    assert_allclose(moved.wavenumbers_per_cm, wavenumbers, rtol=1e-11)


def test_isotopes_obey_the_teller_redlich_product_rule(spring_molecule, make_hessian):
    hessian = spring_molecule()
    heavy = hessian.atoms.copy()
    heavy.set_masses([13.00335, 15.00011, 17.99916, 2.014102, 2.014102])

    def constant_of_motion(found):
        # Π λ × Π m³ / (M³ I₁ I₂ I₃) depends on the force constants and the geometry alone.
        masses = found.atoms.get_masses()
        inertia = found.atoms.get_moments_of_inertia().prod()
        rigid = masses.sum() ** 3 * inertia
        return found.eigenvalues_eV_per_A2_amu.prod() * masses.prod() ** 3 / rigid

    light = constant_of_motion(vibrations(hessian))
    substituted = constant_of_motion(vibrations(make_hessian(heavy, hessian.symmetric())))
    assert substituted == pytest.approx(light, rel=1e-11)


def test_isotopes_of_a_crystal_obey_the_product_rule_of_translations(spring_crystal, make_hessian):
    hessian = spring_crystal()
    heavy = hessian.atoms.copy()
    heavy.set_masses([29.97377, 17.99916, 15.99491, 13.00335])
    products = []
    for atoms in (hessian.atoms, heavy):
        found = vibrations(make_hessian(atoms, hessian.symmetric()))
        masses = atoms.get_masses()
        products.append(
            found.eigenvalues_eV_per_A2_amu.prod() * (masses.prod() / masses.sum()) ** 3
        )
    assert products[1] == pytest.approx(products[0], rel=1e-11)


@pytest.mark.parametrize("kind", ["molecule", "crystal"])
def test_ase_finds_the_same_energies(spring_molecule, spring_crystal, kind):
    hessian = spring_molecule() if kind == "molecule" else spring_crystal()
    found = vibrations(hessian)
    # ASE's ħ√(eV/amu)/Å belongs to the 2014 constants; the ratio leaves only the linear algebra.
    ase_hbar_omega = ase_units._hbar * ase_units.m / np.sqrt(ase_units._e * ase_units._amu)
    quanta = units.mode_energies(found.eigenvalues_eV_per_A2_amu)
    energies = hessian.to_ase().get_energies().real[found.n_rigid_body :]
    assert_allclose(energies / ase_hbar_omega * units.HBAR_OMEGA_IN_EV, quanta, rtol=1e-8)
    # Without that, the two sets of constants differ by less than 1e-6.
    assert_allclose(energies, quanta, rtol=1e-6)


def test_to_ase_keeps_the_vibrations_and_stills_the_rigid_body(saddle_crystal):
    found = vibrations(saddle_crystal)
    squares = found.to_ase().get_energies() ** 2
    quanta = units.mode_energies(found.eigenvalues_eV_per_A2_amu)
    expected = np.sort(np.concatenate([np.sign(quanta) * quanta**2, np.zeros(3)]))
    assert_allclose(np.sort(squares.real), expected, rtol=1e-5, atol=1e-12)


def test_phonopy_finds_the_same_frequencies_at_gamma(spring_crystal):
    from phonopy import Phonopy
    from phonopy.physical_units import get_physical_units
    from phonopy.structure.atoms import PhonopyAtoms

    hessian = spring_crystal()
    atoms = hessian.atoms
    cell = PhonopyAtoms(
        numbers=atoms.numbers,
        cell=atoms.cell.array,
        positions=atoms.positions,
        masses=atoms.get_masses(),
    )
    phonon = Phonopy(cell, supercell_matrix=np.eye(3, dtype=int), primitive_matrix="P")
    phonon.force_constants = hessian.matrix_eV_per_A2.transpose(0, 2, 1, 3).copy()
    frequencies = phonon.run_qpoints([[0.0, 0.0, 0.0]]).frequencies[0]
    found = vibrations(hessian)
    # phonopy's √(eV/amu)/Å is built on CODATA constants of another year.
    omega = np.sort(frequencies)[3:] / get_physical_units().DefaultToTHz
    assert_allclose(omega**2, found.eigenvalues_eV_per_A2_amu, rtol=1e-8)


def test_only_the_symmetric_part_counts(spring_molecule, make_hessian):
    hessian = spring_molecule()
    skew = np.random.default_rng(2).normal(size=(15, 15))
    skewed = make_hessian(hessian.atoms, hessian.symmetric() + skew - skew.T)
    expected = vibrations(hessian).eigenvalues_eV_per_A2_amu
    assert_allclose(vibrations(skewed).eigenvalues_eV_per_A2_amu, expected, rtol=1e-10)


def test_an_imaginary_mode_is_negative_counted_and_named(saddle_crystal):
    found = vibrations(saddle_crystal)
    lowest = found.wavenumbers_per_cm[0]
    assert lowest < 0 < found.wavenumbers_per_cm[1]
    assert found.n_imaginary == 1
    (warning,) = found.warnings
    assert warning.startswith(
        f"1 imaginary mode contributes nothing ({lowest:.1f} cm⁻¹): the structure"
    )
    assert "`follow_imaginary`" in warning


def test_no_tolerance_hides_a_mode_that_is_barely_imaginary(spring_crystal, make_hessian):
    hessian = spring_crystal()
    found = vibrations(hessian)
    roots = np.repeat(np.sqrt(found.atoms.get_masses()), 3)
    mode = roots * found.modes[0].ravel()
    shift = found.eigenvalues_eV_per_A2_amu[0] + 1e-9
    barely = vibrations(
        make_hessian(hessian.atoms, hessian.symmetric() - shift * np.outer(mode, mode))
    )
    assert barely.n_imaginary == 1
    assert barely.eigenvalues_eV_per_A2_amu[0] == pytest.approx(-1e-9, rel=1e-4)
    assert len(barely.warnings) == 1


def test_many_imaginary_modes_are_abbreviated(spring_crystal, make_hessian):
    hessian = spring_crystal()
    warning = vibrations(make_hessian(hessian.atoms, -hessian.symmetric())).warnings[0]
    assert warning.startswith("9 imaginary modes contribute nothing (")
    assert "cm⁻¹ and 3 more)" in warning


def test_a_chain_that_turns_a_little_is_judged_as_a_molecule(spring_chain, make_hessian):
    hessian = spring_chain()
    assert vibrations(hessian).n_rigid_body == 4
    assert vibrations(hessian).warnings == ()
    turning = rigid_body_basis(hessian.atoms, hessian.pieces)[:, 3]
    roots = np.repeat(hessian.atoms.get_masses() ** 0.5, 3)
    for wavenumber_per_cm, warned in ((20.0, False), (40.0, True)):
        eigenvalue = (wavenumber_per_cm / units.wavenumbers_per_cm(np.ones(1))[0]) ** 2
        resistance = eigenvalue * np.outer(roots * turning, roots * turning)
        turned = vibrations(make_hessian(hessian.atoms, hessian.symmetric() + resistance))
        assert turned.rigid_body_wavenumbers_per_cm[-1] == pytest.approx(wavenumber_per_cm)
        assert [("forces remain" in text) for text in turned.warnings] == [True] * warned


def test_rigid_body_modes_far_from_zero_are_named_with_their_cause(einstein_solid, make_hessian):
    solid = vibrations(einstein_solid())
    assert "rigid-body modes lie at" in solid.warnings[0]
    assert "translational sum rule" in solid.warnings[0]
    gas = molecule("H2O")
    assert "forces remain" in vibrations(make_hessian(gas, np.eye(9))).warnings[0]


def test_all_wavenumbers_are_vibrations_and_rigid_body_modes(saddle_crystal, einstein_solid):
    for hessian in (saddle_crystal, einstein_solid()):
        found = vibrations(hessian)
        everything = found.all_wavenumbers_per_cm
        assert len(everything) == 3 * found.n_atoms
        assert np.all(np.diff(everything) >= 0)
        unprojected = units.wavenumbers_per_cm(found.unprojected_eigenvalues_eV_per_A2_amu)
        # Both matrices keep translations and vibrations apart, so projection changes nothing;
        # a zero eigenvalue is a wavenumber of √(rounding error).
        assert_allclose(everything, unprojected, atol=1e-3)
        summary = found.summary()
        # The speed of light makes one of the other.
        assert_allclose(summary.pop("frequencies_THz"), everything * 0.0299792458, rtol=1e-12)
        assert summary == {
            "wavenumbers_per_cm": everything.tolist(),
            "n_rigid_body": 3,
            "n_imaginary": found.n_imaginary,
        }


def test_a_single_atom_has_no_vibrations(make_hessian):
    found = vibrations(make_hessian(Atoms("Ar"), np.zeros((3, 3))))
    assert (found.n_modes, found.n_rigid_body, found.n_imaginary) == (0, 3, 0)
    assert found.modes.shape == (0, 1, 3)
    assert found.all_wavenumbers_per_cm.tolist() == [0, 0, 0]


def test_saving_and_loading_keeps_everything(saddle_crystal, tmp_path):
    found = vibrations(saddle_crystal)
    found.save(tmp_path / "modes.npz")
    again = Vibrations.load(tmp_path / "modes.npz")
    assert np.array_equal(again.modes, found.modes)
    assert np.array_equal(again.all_wavenumbers_per_cm, found.all_wavenumbers_per_cm)
    assert np.array_equal(
        again.unprojected_eigenvalues_eV_per_A2_amu, found.unprojected_eigenvalues_eV_per_A2_amu
    )
    assert again.atoms == found.atoms
    assert again.provenance == found.provenance
    assert again.warnings == found.warnings


def test_loading_something_else_is_refused(spring_molecule, tmp_path):
    spring_molecule().save(tmp_path / "hessian.npz")
    with pytest.raises(CheckpointError, match="holds a 'hessian'"):
        Vibrations.load(tmp_path / "hessian.npz")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_hessian_that_is_not_finite_is_refused_with_the_element(spring_molecule, value):
    hessian = spring_molecule(seed=11)
    hessian.matrix_eV_per_A2[1, 2, 0, 1] = value
    with pytest.raises(ModelError, match=rf"1 of 225 elements, .* H\[1, z, 0, y\] = {value}"):
        vibrations(hessian)


@pytest.mark.parametrize("periodic", [0, 1, 2])
def test_a_chain_turns_about_its_own_axis_too(spring_chain, periodic):
    hessian = spring_chain(periodic)
    atoms = hessian.atoms
    basis = rigid_body_basis(atoms, hessian.pieces)
    assert basis.shape == (3 * len(atoms), 4)
    assert_allclose(basis.T @ basis, np.eye(4), atol=1e-12)

    # The springs of the chain resist every motion but these four.
    weights = np.repeat(atoms.get_masses() ** -0.5, 3)
    dynamical = weights[:, np.newaxis] * hessian.symmetric() * weights
    assert np.abs(dynamical @ basis).max() < 1e-12 * np.abs(dynamical).max()
    eigenvalues = np.linalg.eigvalsh(dynamical)
    assert np.count_nonzero(eigenvalues < 1e-10 * eigenvalues[-1]) == 4
