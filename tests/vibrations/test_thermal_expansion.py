"""The quasi-harmonic approximation: phonopy's own, identities, limits, what is left out."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from phonopy import Phonopy, PhonopyGruneisen
from phonopy.qha.core import QHA
from phonopy.structure.atoms import PhonopyAtoms

from nearsight import units
from nearsight.errors import MethodError
from nearsight.hessian import force_constants
from nearsight.models import AseModel
from nearsight.relaxation import RelaxationSettings, relax
from nearsight.remarks import Severity
from nearsight.vibrations import (
    CrystalAtVolume,
    ThermalExpansion,
    phonon_mesh,
    thermal_expansion,
    thermodynamics,
)

MESH = (6, 6, 6)
STEP_A = 1e-3
"""Differences are then off by 1e-6, whatever the direction."""
MODEL = AseModel(EMT())
SHARES = np.linspace(0.97, 1.06, 7)
KB = units.BOLTZMANN_EV_PER_K
Crystals = Sequence[CrystalAtVolume]


@pytest.fixture(scope="module")
def copper() -> Atoms:
    return relax(bulk("Cu", a=3.62), MODEL, RelaxationSettings(fmax_eV_per_A=1e-6)).atoms


def scaled(atoms: Atoms, share: float) -> Atoms:
    other = atoms.copy()
    other.calc = None
    other.set_cell(atoms.cell.array * np.cbrt(share), scale_atoms=True)
    return other


def at_volume(
    atoms: Atoms, supercell: tuple[int, int, int] = (2, 2, 2), mesh: tuple[int, int, int] = MESH
) -> CrystalAtVolume:
    [evaluation] = MODEL.evaluate([atoms], forces=False)
    constants = force_constants(atoms, MODEL, supercell, method="central-difference", step_A=STEP_A)
    return CrystalAtVolume(evaluation.energy_eV, phonon_mesh(constants, mesh))


@pytest.fixture(scope="module")
def crystals(copper: Atoms) -> Crystals:
    return [at_volume(scaled(copper, share)) for share in SHARES]


@pytest.fixture(scope="module")
def expansion(crystals: Crystals) -> ThermalExpansion:
    return thermal_expansion(crystals, (0.0, 5.0, 100.0, 300.0, 700.0))


def same(found: ThermalExpansion, number: int, qha: QHA, rel: float) -> None:
    """Compare with phonopy's results at the second of its temperatures, for the same cell.

    Its fits end within 2e-10 of the volume, which is more of a difference over temperature: that
    one, and what is made of it, may be off by ten times as much.
    """
    in_J_per_mol = units.EV_PER_CELL_IN_J_PER_MOL
    pairs = {
        "volume": (found.volume_A3, qha.volume_temperature),
        "expansion": (found.volumetric_expansion_per_K, qha.thermal_expansion),
        "bulk": (found.bulk_modulus_GPa, qha.bulk_modulus_temperature),
        "gibbs": (found.gibbs_energy_eV, qha.gibbs_temperature),
        "c_p": (found.heat_capacity_p_eV_per_K * in_J_per_mol, qha.heat_capacity_P_polyfit),
        "gamma": (found.gruneisen_parameter, qha.gruneisen_temperature),
    }
    for name, (ours, theirs) in pairs.items():
        tolerance = 10 * rel if name in {"expansion", "gamma"} else rel
        assert ours[number] == pytest.approx(theirs[1], rel=tolerance), name


def test_numbers_are_those_of_phonopy_on_the_same_free_energies(
    crystals: Crystals, expansion: ThermalExpansion
) -> None:
    in_J_per_mol = units.EV_PER_CELL_IN_J_PER_MOL
    window_K = np.array([299.0, 300.0, 301.0])
    thermal = [thermodynamics(each.phonons, window_K) for each in crystals]
    qha = QHA(
        volumes=[each.volume_A3 for each in crystals],
        electronic_energies=[each.energy_eV for each in crystals],
        temperatures=window_K,
        fe_phonon=np.transpose([each.free_energy_eV for each in thermal]) * in_J_per_mol / 1e3,
        cv=np.transpose([each.heat_capacity_eV_per_K for each in thermal]) * in_J_per_mol,
        entropy=np.transpose([each.entropy_eV_per_K for each in thermal]) * in_J_per_mol,
        eos="vinet",
    )
    qha.run()
    same(expansion, 3, qha, 1e-6)


def test_numbers_are_those_of_phonopy_on_its_own_force_constants(copper: Atoms) -> None:
    """From its displacements, symmetry, mesh and constants, with a function of Murnaghan."""
    window_K = np.array([199.0, 200.0, 201.0])
    energies, functions = [], []
    for share in SHARES:
        atoms = scaled(copper, share)
        energies.append(MODEL.evaluate([atoms], forces=False)[0].energy_eV)
        cell = PhonopyAtoms(["Cu"], cell=atoms.cell.array, scaled_positions=[[0, 0, 0]])
        phonon = Phonopy(cell, 2 * np.eye(3, dtype=int), primitive_matrix=np.eye(3))
        phonon.generate_displacements(distance=STEP_A, is_plusminus=True)
        forces = []
        for displaced in phonon.supercells_with_displacements:
            moved = Atoms("Cu8", cell=displaced.cell, positions=displaced.positions, pbc=True)
            moved.calc = EMT()
            forces.append(moved.get_forces())
        phonon.forces = forces
        phonon.produce_force_constants()
        phonon.run_mesh(MESH, is_gamma_center=True)
        phonon.run_thermal_properties(temperatures=window_K, cutoff_frequency=1e-3)
        functions.append(phonon.thermal_properties)
    qha = QHA(
        volumes=[scaled(copper, share).cell.volume for share in SHARES],
        electronic_energies=energies,
        temperatures=window_K,
        fe_phonon=np.transpose([each.free_energy for each in functions]),
        cv=np.transpose([each.heat_capacity for each in functions]),
        entropy=np.transpose([each.entropy for each in functions]),
        eos="murnaghan",
    )
    qha.run()
    ours = [at_volume(scaled(copper, share)) for share in SHARES]
    found = thermal_expansion(ours, 200.0, equation_of_state="murnaghan", acoustic="exclude")
    same(found, 0, qha, 1e-5)


def test_identity_of_both_heat_capacities(expansion: ThermalExpansion) -> None:
    """c_p - c_v = T V α² K_T, though c_p is from entropies and K_T from energies."""
    warm = expansion.temperatures_K >= 100
    bulk_eV_per_A3 = expansion.bulk_modulus_GPa / units.EV_PER_A3_IN_GPA
    expected = (
        expansion.temperatures_K
        * expansion.volume_A3
        * expansion.volumetric_expansion_per_K**2
        * bulk_eV_per_A3
    )
    found = expansion.heat_capacity_p_eV_per_K - expansion.heat_capacity_v_eV_per_K
    np.testing.assert_allclose(found[warm], expected[warm], rtol=2e-3)
    np.testing.assert_allclose(expansion.expansion_difference_per_K[1:], 0.0, atol=2e-3 * 6e-5)


def test_nothing_expands_at_zero_temperature(expansion: ThermalExpansion) -> None:
    assert expansion.temperatures_K[0] == 0.0
    assert expansion.volumetric_expansion_per_K[0] == 0.0
    assert expansion.heat_capacity_p_eV_per_K[0] == expansion.heat_capacity_v_eV_per_K[0] == 0.0
    assert np.isnan(expansion.gruneisen_parameter[0])
    assert np.isnan(expansion.expansion_difference_per_K[0])
    assert expansion.entropy_eV_per_K[0] == pytest.approx(0.0, abs=1e-12)
    room = expansion.volumetric_expansion_per_K[3]
    assert abs(expansion.volumetric_expansion_per_K[1]) < 1e-2 * room
    # zero-point motion alone makes the crystal larger
    assert expansion.volume_A3[0] > expansion.static_volume_A3


def test_differences_are_short_where_it_is_cold(crystals: Crystals) -> None:
    """Between temperatures that are near each other volumes go as the expansion at them says."""
    cold_K = np.array([19.8, 20.0, 20.2])
    cold = thermal_expansion(crystals, cold_K)
    slope = (cold.volume_A3[2] - cold.volume_A3[0]) / (cold_K[2] - cold_K[0]) / cold.volume_A3[1]
    assert cold.volumetric_expansion_per_K[1] == pytest.approx(slope, rel=0.015)


def test_classical_limit(crystals: Crystals) -> None:
    """Of frequencies that are a hundredth each mode has k_B, and the expansion is the classical."""
    slow = thermal_expansion(crystals, (300.0, 600.0), scale_factor=0.01)
    np.testing.assert_allclose(slow.heat_capacity_v_eV_per_K, 3 * KB, rtol=1e-5)
    factors = slow.volume_A3 * slow.volumetric_expansion_per_K * slow.bulk_modulus_GPa
    of_modes = 3 * KB * slow.gruneisen_parameter * units.EV_PER_A3_IN_GPA
    np.testing.assert_allclose(factors, of_modes, rtol=1e-4)


def test_gruneisen_parameter_is_the_mean_of_those_of_modes(
    copper: Atoms, expansion: ThermalExpansion
) -> None:
    """Weighted with the heat capacities of modes, at the volume of 300 K, as phonopy has them."""
    share = expansion.volume_A3[3] / copper.cell.volume
    phonons = [
        force_constants(
            scaled(copper, share * change),
            MODEL,
            (2, 2, 2),
            method="central-difference",
            step_A=STEP_A,
        ).to_phonopy()
        for change in (1.0, 1.003, 0.997)
    ]
    of_modes = PhonopyGruneisen(*phonons)
    of_modes.set_mesh(MESH, is_gamma_center=True, is_mesh_symmetry=False)
    _, _, frequencies_THz, _, parameters = of_modes.get_mesh()
    vibrating = frequencies_THz > 1e-3
    x = frequencies_THz[vibrating] / units.EV_IN_THZ / (KB * 300.0)
    heat = (x / 2 / np.sinh(x / 2)) ** 2
    mean = heat @ parameters[vibrating] / heat.sum()
    # the three modes at Γ have a heat capacity in c_v, and no parameter in the mean
    counted = 1 - 1 / np.prod(MESH)
    assert expansion.gruneisen_parameter[3] == pytest.approx(mean * counted, rel=3e-3)


def test_pressure_is_that_of_a_relaxation(copper: Atoms, crystals: Crystals) -> None:
    squeezed = thermal_expansion(crystals, 0.0, pressure_GPa=0.5)
    free = thermal_expansion(crystals, 0.0)
    at_pressure = RelaxationSettings(fmax_eV_per_A=1e-6, pressure_GPa=0.5)
    relaxed = relax(copper, MODEL, at_pressure).atoms
    assert squeezed.static_volume_A3 == pytest.approx(relaxed.cell.volume, rel=1e-4)
    # dG/dp = V, to second order by the mean of both ends
    work_eV = 0.5 / units.EV_PER_A3_IN_GPA * (squeezed.volume_A3 + free.volume_A3)[0] / 2
    gained_eV = (squeezed.gibbs_energy_eV - free.gibbs_energy_eV)[0]
    assert gained_eV == pytest.approx(work_eV, rel=2e-5)


def test_a_larger_or_turned_cell_changes_nothing(
    copper: Atoms, expansion: ThermalExpansion
) -> None:
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
    turn *= np.linalg.det(turn)
    larger = []
    for share in SHARES:
        atoms = scaled(copper, share).repeat((2, 1, 1))
        atoms.set_cell(atoms.cell.array @ turn, scale_atoms=True)
        larger.append(at_volume(atoms, (1, 2, 2)))
    found = thermal_expansion(larger, 300.0)
    for name, factor in {
        "volume_A3": 2,
        "gibbs_energy_eV": 2,
        "heat_capacity_p_eV_per_K": 2,
        "volumetric_expansion_per_K": 1,
        "bulk_modulus_GPa": 1,
        "gruneisen_parameter": 1,
    }.items():
        expected = factor * getattr(expansion, name)[3]
        assert getattr(found, name)[0] == pytest.approx(expected, rel=1e-5), name
    assert found.heat_capacity_p_J_per_g_K[0] == pytest.approx(
        expansion.heat_capacity_p_J_per_g_K[3], rel=1e-5
    )


def unstable(crystal: CrystalAtVolume) -> CrystalAtVolume:
    eigenvalues = crystal.phonons.eigenvalues_eV_per_A2_amu.copy()
    eigenvalues[-1, 0] = -eigenvalues[-1, 0]
    phonons = replace(
        crystal.phonons,
        eigenvalues_eV_per_A2_amu=eigenvalues,
        share_imaginary_uninterpolated=0.1,
    )
    return CrystalAtVolume(crystal.energy_eV, phonons)


def test_a_volume_with_imaginary_modes_is_left_out_and_named(
    crystals: Crystals, expansion: ThermalExpansion
) -> None:
    found = thermal_expansion([*crystals[:-1], unstable(crystals[-1])], 300.0)
    assert len(found.used) == 6
    [remark] = [each for each in found.warnings if each.code == "volumes-left-out"]
    assert "1 of 7 volumes have imaginary modes" in remark
    assert f"{crystals[-1].volume_A3:.3f} Å³" in remark
    assert f"{unstable(crystals[-1]).lowest_wavenumber_per_cm:.1f} cm⁻¹" in remark
    assert found.volumetric_expansion_per_K[0] == pytest.approx(
        expansion.volumetric_expansion_per_K[3], rel=1e-2
    )


def test_too_many_such_volumes_are_refused(crystals: Crystals) -> None:
    with pytest.raises(MethodError, match=r"3 of 7 volumes have imaginary modes .*: 1\d\.\d+ Å³"):
        thermal_expansion([*map(unstable, crystals[:3]), *crystals[3:]], 300.0)
    with pytest.raises(MethodError, match="there are 4 volumes, and fits over them need 5"):
        thermal_expansion(crystals[:4], 300.0)


def test_temperatures_beyond_the_volumes_are_left_out(crystals: Crystals) -> None:
    found = thermal_expansion(crystals, (300.0, 3000.0))
    assert found.temperatures_K.tolist() == [300.0]
    assert found.temperatures_left_out_K.tolist() == [3000.0]
    [remark] = [each for each in found.warnings if each.code == "temperatures-left-out"]
    assert "at 3000 K" in remark
    assert "`volume_to`" in remark
    with pytest.raises(MethodError, match=r"at no temperature .* move `volume_to`"):
        thermal_expansion(crystals, 3000.0)


def test_unknown_equation_of_state(crystals: Crystals) -> None:
    with pytest.raises(MethodError, match="`equation_of_state` 'ideal' is none of vinet"):
        thermal_expansion(crystals, 300.0, equation_of_state="ideal")


def test_negative_temperatures_are_refused(crystals: Crystals) -> None:
    with pytest.raises(MethodError, match=r"`temperatures_K` holds -1\.0 K"):
        thermal_expansion(crystals, (300.0, -1.0))


def test_energies_without_a_minimum_are_refused(crystals: Crystals) -> None:
    upside_down = [CrystalAtVolume(-100 * each.energy_eV, each.phonons) for each in crystals]
    with pytest.raises(MethodError, match=r"at no temperature .*lowest at 300 K: nowhere"):
        thermal_expansion(upside_down, 300.0)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(crystals: Crystals, wrong: float) -> None:
    with pytest.raises(MethodError, match="is not finite"):
        thermal_expansion(crystals, 300.0, pressure_GPa=wrong)
    with pytest.raises(MethodError, match="is not finite"):
        thermal_expansion([*crystals[:-1], replace(crystals[-1], energy_eV=wrong)], 300.0)


def test_one_volume_given_again_is_refused(crystals: Crystals) -> None:
    with pytest.raises(MethodError, match="too close for derivatives by the volume"):
        thermal_expansion([*crystals[:4], crystals[3]], 300.0)


def test_crystals_that_are_not_one_are_refused(crystals: Crystals, copper: Atoms) -> None:
    other_mesh = at_volume(scaled(copper, SHARES[-1]), mesh=(4, 4, 4))
    cubic = at_volume(scaled(bulk("Cu", a=3.6, cubic=True), 1.05), (1, 1, 1))
    for other, what in ((other_mesh, "a mesh"), (cubic, "atoms")):
        with pytest.raises(MethodError, match=f"do not have .*{what}.* in common"):
            thermal_expansion([*crystals[:-1], other], 300.0)


def test_the_order_of_volumes_and_temperatures_does_not_matter(
    crystals: Crystals, expansion: ThermalExpansion
) -> None:
    found = thermal_expansion(crystals[::-1], (700.0, 300.0))
    np.testing.assert_allclose(found.volume_A3, expansion.volume_A3[[4, 3]], rtol=1e-8)


def test_a_jump_of_curvature_between_two_volumes_is_found(crystals: Crystals) -> None:
    stiffer = [
        replace(
            each,
            phonons=replace(
                each.phonons,
                eigenvalues_eV_per_A2_amu=1.3 * each.phonons.eigenvalues_eV_per_A2_amu,
            ),
        )
        for each in crystals[4:]
    ]
    found = thermal_expansion([*crystals[:4], *stiffer], (300.0,))
    [remark] = [each for each in found.warnings if each.code == "routes-differ"]
    assert remark.severity is Severity.PROBLEM
    below, above = crystals[3].volume_A3, crystals[4].volume_A3
    assert f"between {below:.3f} and {above:.3f} Å³ the curvature of the model jumps" in remark
