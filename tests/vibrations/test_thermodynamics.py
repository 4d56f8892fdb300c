import numpy as np
import pytest
from ase import Atoms
from ase import units as ase_units
from ase.thermochemistry import CrystalThermo, HarmonicThermo
from numpy.testing import assert_allclose

from nearsight import units
from nearsight.errors import MethodError
from nearsight.vibrations.modes import vibrations
from nearsight.vibrations.thermodynamics import thermodynamics
from nearsight.vibrations.wording import remarks_at_gamma

KB = units.BOLTZMANN_EV_PER_K
# The peers take ln(1 - e⁻ˣ) of a rounded difference, so an entropy below 1e-16 k_B is noise there.
CANCELLED = 1e-15 * KB
TEMPERATURES = np.array([20.0, 77.0, 150.0, 298.15, 600.0, 1500.0])


@pytest.fixture(scope="module")
def crystal(spring_crystal):
    return vibrations(spring_crystal())


@pytest.fixture(scope="module")
def saddle(saddle_crystal):
    return vibrations(saddle_crystal)


def test_an_einstein_solid_has_einsteins_heat_capacity(einstein_solid):
    found = vibrations(einstein_solid("Al4", constant=4.0))
    quantum = units.HBAR_OMEGA_IN_EV * np.sqrt(4.0 / found.atoms.get_masses()[0])
    half = quantum / (2 * KB * TEMPERATURES)

    for acoustic, n_oscillators in (("exclude", 9), ("as-computed", 12)):
        result = thermodynamics(found, TEMPERATURES, acoustic)
        expected = n_oscillators * KB * (half / np.sinh(half)) ** 2
        assert_allclose(result.heat_capacity_eV_per_K, expected, rtol=1e-12)
        expected = n_oscillators * quantum / 2 / np.tanh(half)
        assert_allclose(result.internal_energy_eV, expected, rtol=1e-12)
        expected = n_oscillators * KB * TEMPERATURES * np.log(2 * np.sinh(half))
        assert_allclose(result.free_energy_eV, expected, rtol=1e-12, atol=1e-14)
        assert result.zero_point_energy_eV == pytest.approx(n_oscillators * quantum / 2)
        assert result.n_oscillators == n_oscillators


def test_a_chain_has_the_closed_sum(make_hessian):
    n_atoms, constant, mass = 24, 6.0, 28.0
    ring = 2 * np.eye(n_atoms) - np.roll(np.eye(n_atoms), 1, 0) - np.roll(np.eye(n_atoms), -1, 0)
    atoms = Atoms(f"Si{n_atoms}", cell=[2.0 * n_atoms, 9, 9], pbc=True, masses=[mass] * n_atoms)
    atoms.positions[:, 0] = 2.0 * np.arange(n_atoms)
    found = vibrations(make_hessian(atoms, np.kron(ring, constant * np.eye(3))))

    result = thermodynamics(found, TEMPERATURES)

    omega = 2 * np.sqrt(constant / mass) * np.sin(np.pi * np.arange(1, n_atoms) / n_atoms)
    half = units.HBAR_OMEGA_IN_EV * omega / (2 * KB * TEMPERATURES[:, np.newaxis])
    expected = 3 * KB * np.sum((half / np.sinh(half)) ** 2, axis=1)
    assert_allclose(result.heat_capacity_eV_per_K, expected, rtol=1e-11)
    assert_allclose(
        result.entropy_eV_per_K,
        3 * KB * np.sum(half / np.tanh(half) - np.log(2 * np.sinh(half)), axis=1),
        rtol=1e-11,
    )


def test_hot_solids_obey_dulong_and_petit(crystal):
    result = thermodynamics(crystal, [1e5, 1e7])
    assert result.heat_capacity_eV_per_K == pytest.approx([9 * KB, 9 * KB], rel=1e-4)
    assert result.heat_capacity_eV_per_K[1] == pytest.approx(9 * KB, rel=1e-8)
    classical = thermodynamics(crystal, 1e7, "classical")
    assert classical.heat_capacity_J_per_molatom_K[0] == pytest.approx(3 * 8.31446261815324)


@pytest.mark.parametrize("acoustic", ["exclude", "as-computed"])
def test_at_zero_temperature_only_the_zero_point_energy_is_left(einstein_solid, acoustic):
    found = vibrations(einstein_solid())
    result = thermodynamics(found, [0.0, 1e-300, 1e-3], acoustic)
    assert np.all(result.heat_capacity_eV_per_K == 0)
    assert np.all(result.entropy_eV_per_K == 0)
    assert np.all(result.internal_energy_eV == result.zero_point_energy_eV)
    assert np.all(result.free_energy_eV == result.zero_point_energy_eV)


@pytest.mark.parametrize("acoustic", ["exclude", "classical", "as-computed"])
def test_derivatives_hold(crystal, acoustic):
    step = 1e-3
    below, at, above = (
        thermodynamics(crystal, TEMPERATURES + shift, acoustic) for shift in (-step, 0, step)
    )
    heat = (above.internal_energy_eV - below.internal_energy_eV) / (2 * step)
    entropy = -(above.free_energy_eV - below.free_energy_eV) / (2 * step)
    # Energies of 1 eV carry 1e-16, so a difference over 2 mK carries 1e-13 eV/K, 1e-9 k_B.
    assert_allclose(heat, at.heat_capacity_eV_per_K, rtol=1e-7, atol=1e-12)
    assert_allclose(entropy, at.entropy_eV_per_K, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("acoustic", ["exclude", "as-computed"])
def test_free_energy_is_energy_minus_temperature_times_entropy(crystal, acoustic):
    result = thermodynamics(crystal, TEMPERATURES, acoustic)
    expected = result.internal_energy_eV - TEMPERATURES * result.entropy_eV_per_K
    assert_allclose(result.free_energy_eV, expected, rtol=1e-13, atol=1e-13)


def test_classical_adds_three_boltzmann_constants_and_leaves_entropy_alone(crystal):
    exclude = thermodynamics(crystal, TEMPERATURES)
    classical = thermodynamics(crystal, TEMPERATURES, "classical")
    more = classical.heat_capacity_eV_per_K - exclude.heat_capacity_eV_per_K
    assert_allclose(more, 3 * KB, rtol=1e-11)
    more = classical.internal_energy_eV - exclude.internal_energy_eV
    assert_allclose(more, 3 * KB * TEMPERATURES, rtol=1e-11)
    assert np.array_equal(classical.entropy_eV_per_K, exclude.entropy_eV_per_K)
    assert np.array_equal(classical.free_energy_eV, exclude.free_energy_eV)
    assert "entropy and free energy would diverge" in classical.warnings[0]
    (left_out,) = exclude.warnings
    assert left_out.startswith("3 of 12 modes are acoustic ones at Γ and left out")
    assert left_out.endswith("phonons over the Brillouin zone (a mesh) leave nothing out.")


def test_a_layer_without_a_third_direction_is_told_how_it_gets_a_mesh() -> None:
    said = remarks_at_gamma("exclude", 2, 3, molecular=False, has_mesh=False)
    assert "of the crystal" not in said[0]
    assert said[0].endswith("periodic in all three directions, with vacuum.")


def test_as_computed_counts_what_is_positive_without_projection(make_hessian, crystal):
    # A uniform spring on every atom lifts the translations by a known, tiny amount.
    lift = 1e-7
    masses = np.repeat(crystal.atoms.get_masses(), 3)
    square = crystal.to_ase().get_hessian_2d()
    result = {}
    for sign in (1, -1):
        lifted = vibrations(make_hessian(crystal.atoms, square + sign * lift * np.diag(masses)))
        result[sign] = thermodynamics(lifted, 300.0, "as-computed")
        assert "noise of the 3 rigid-body modes" in result[sign].warnings[-1]
    exclude = thermodynamics(crystal, 300.0)
    assert (result[1].n_oscillators, result[1].n_imaginary) == (12, 0)
    assert (result[-1].n_oscillators, result[-1].n_imaginary) == (9, 3)
    more = result[1].heat_capacity_eV_per_K - exclude.heat_capacity_eV_per_K
    assert more == pytest.approx(3 * KB, rel=1e-6)
    x = units.HBAR_OMEGA_IN_EV * np.sqrt(lift) / (KB * 300.0)
    more = result[1].entropy_eV_per_K - exclude.entropy_eV_per_K
    assert more == pytest.approx(3 * KB * (1 - np.log(x)), rel=1e-6)
    assert result[-1].heat_capacity_eV_per_K == pytest.approx(
        exclude.heat_capacity_eV_per_K, rel=1e-7
    )


def test_imaginary_modes_contribute_nothing_and_are_named(saddle):
    result = thermodynamics(saddle, TEMPERATURES)
    quanta = units.mode_energies(saddle.eigenvalues_eV_per_A2_amu[1:])
    half = quanta / (2 * KB * TEMPERATURES[:, np.newaxis])
    expected = KB * np.sum((half / np.sinh(half)) ** 2, axis=1)
    assert_allclose(result.heat_capacity_eV_per_K, expected, rtol=1e-11)
    assert result.zero_point_energy_eV == pytest.approx(quanta.sum() / 2)
    assert (result.n_oscillators, result.n_imaginary) == (8, 1)
    assert result.warnings[0].startswith(
        f"1 imaginary mode contributes nothing ({saddle.wavenumbers_per_cm[0]:.1f} cm⁻¹): "
    )


def test_a_scale_factor_is_a_scale_of_temperature(crystal):
    # Every function depends on ω/T, so scaling frequencies by s is scaling temperatures by 1/s.
    factor = 1.037
    scaled = thermodynamics(crystal, TEMPERATURES, scale_factor=factor)
    cooler = thermodynamics(crystal, TEMPERATURES / factor)
    assert_allclose(scaled.heat_capacity_eV_per_K, cooler.heat_capacity_eV_per_K, rtol=1e-12)
    assert_allclose(scaled.entropy_eV_per_K, cooler.entropy_eV_per_K, rtol=1e-12)
    assert_allclose(scaled.internal_energy_eV, factor * cooler.internal_energy_eV, rtol=1e-12)
    assert scaled.scale_factor == factor


def test_ase_harmonic_thermochemistry_agrees(crystal):
    quanta = units.mode_energies(crystal.eigenvalues_eV_per_A2_amu)
    peer = HarmonicThermo(quanta)
    ours = thermodynamics(crystal, TEMPERATURES)
    for index, temperature in enumerate(TEMPERATURES):
        # ASE keeps the 2014 Boltzmann constant: at its own k_B T equal to ours it must agree.
        matched = temperature * KB / ase_units.kB
        energy = peer.get_internal_energy(matched, verbose=False)
        entropy = peer.get_entropy(matched, verbose=False) * KB / ase_units.kB
        assert_allclose(energy, ours.internal_energy_eV[index], rtol=1e-8)
        assert_allclose(entropy, ours.entropy_eV_per_K[index], rtol=1e-8, atol=CANCELLED)


def test_ase_crystal_thermochemistry_agrees(crystal):
    quanta = units.mode_energies(crystal.eigenvalues_eV_per_A2_amu)
    # The trapezoidal rule sees a spike of height 1/h on a grid of spacing h as a Dirac peak.
    spacing = np.diff(quanta).min() / 4
    grid = np.sort(np.concatenate([quanta - spacing, quanta, quanta + spacing]))
    density = np.where(np.isin(grid, quanta), 1 / spacing, 0.0)
    peer = CrystalThermo(density, grid)
    ours = thermodynamics(crystal, TEMPERATURES)
    for index, temperature in enumerate(TEMPERATURES):
        matched = temperature * KB / ase_units.kB
        energy = peer.get_internal_energy(matched, verbose=False)
        entropy = peer.get_entropy(matched, verbose=False) * KB / ase_units.kB
        assert_allclose(energy, ours.internal_energy_eV[index], rtol=1e-8)
        assert_allclose(entropy, ours.entropy_eV_per_K[index], rtol=1e-8, atol=CANCELLED)


def test_phonopy_agrees_at_gamma(crystal, spring_crystal):
    from phonopy import Phonopy
    from phonopy.physical_units import get_physical_units
    from phonopy.structure.atoms import PhonopyAtoms

    atoms = crystal.atoms
    cell = PhonopyAtoms(
        numbers=atoms.numbers,
        cell=atoms.cell.array,
        positions=atoms.positions,
        masses=atoms.get_masses(),
    )
    phonon = Phonopy(cell, supercell_matrix=np.eye(3, dtype=int), primitive_matrix="P")
    matrix = spring_crystal().matrix_eV_per_A2
    phonon.force_constants = matrix.transpose(0, 2, 1, 3).copy()
    phonon.run_mesh([1, 1, 1])
    theirs = get_physical_units()
    # phonopy has other CODATA constants. With T scaled by the ratio of ħω/k_B, every x = ħω/k_BT
    # is ours, and its results differ from ours by known factors only.
    quantum_ratio = theirs.DefaultToTHz * theirs.THzToEv / units.HBAR_OMEGA_IN_EV
    boltzmann_ratio = theirs.KB / KB
    matched = TEMPERATURES * quantum_ratio / boltzmann_ratio
    peer = phonon.run_thermal_properties(temperatures=matched, exclude_gamma_acoustic=True)
    ours = thermodynamics(crystal, TEMPERATURES)

    per_mole = theirs.EvTokJmol
    heat = peer.heat_capacity / (1000 * per_mole) / boltzmann_ratio
    entropy = peer.entropy / (1000 * per_mole) / boltzmann_ratio
    free_energy = peer.free_energy / per_mole / quantum_ratio
    assert_allclose(heat, ours.heat_capacity_eV_per_K, rtol=1e-8, atol=0)
    assert_allclose(entropy, ours.entropy_eV_per_K, rtol=1e-8, atol=CANCELLED)
    assert_allclose(free_energy, ours.free_energy_eV, rtol=1e-8, atol=0)
    zero_point = peer.zero_point_energy / per_mole / quantum_ratio
    assert zero_point == pytest.approx(ours.zero_point_energy_eV, rel=1e-8)


def test_a_supercell_of_decoupled_cells_has_the_same_heat_capacity_per_gram(einstein_solid):
    small = thermodynamics(vibrations(einstein_solid("Al2")), 200.0, "as-computed")
    large = thermodynamics(vibrations(einstein_solid("Al6")), 200.0, "as-computed")
    assert large.heat_capacity_J_per_g_K == pytest.approx(small.heat_capacity_J_per_g_K, rel=1e-12)


def test_a_classical_convention_for_a_molecule_is_warned_of(spring_molecule):
    result = thermodynamics(vibrations(spring_molecule()), 300.0, "classical")
    assert "k_B/2" in result.warnings[-1]


def test_an_unknown_convention_is_refused(crystal):
    with pytest.raises(MethodError, match=r"`acoustic` 'drop' .* 'exclude', 'classical'"):
        thermodynamics(crystal, 300.0, "drop")


@pytest.mark.parametrize("temperature", [-1.0, np.nan, np.inf])
def test_a_temperature_out_of_range_is_refused(crystal, temperature):
    with pytest.raises(MethodError, match=f"`temperatures_K` holds {temperature} K; give finite"):
        thermodynamics(crystal, [300.0, temperature])


def test_a_table_of_temperatures_is_refused(crystal):
    with pytest.raises(MethodError, match=r"shape \(1, 2\)"):
        thermodynamics(crystal, [[100.0, 200.0]])


@pytest.mark.parametrize("factor", [0.0, -1.0, np.nan, np.inf])
def test_a_scale_factor_out_of_range_is_refused(crystal, factor):
    with pytest.raises(MethodError, match=f"`scale_factor` is {factor}; give a positive number"):
        thermodynamics(crystal, 300.0, scale_factor=factor)
