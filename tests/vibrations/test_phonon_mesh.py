"""Phonons over the Brillouin zone: against closed sums, dense supercells and themselves."""

from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest
from ase.build import bulk, graphene
from numpy.testing import assert_allclose
from scipy.integrate import quad

from nearsight import units
from nearsight.errors import MethodError, StructureError
from nearsight.hessian.force_constants import force_constants
from nearsight.hessian.matrix import hessian
from nearsight.hessian.supercell_hessian import from_hessian
from nearsight.vibrations.modes import vibrations
from nearsight.vibrations.phonon_mesh import phonon_mesh
from nearsight.vibrations.qpoints import commensurate_points, mesh_numbers
from nearsight.vibrations.thermodynamics import thermodynamics

KB = units.BOLTZMANN_EV_PER_K
TEMPERATURES = np.array([30.0, 77.0, 298.15, 1000.0])
IDENTITY = np.eye(3, dtype=int)[np.newaxis]
STABLE_A = 3.7494662305  # where rocksalt has its lowest energy with the pair potential


@pytest.fixture(scope="module")
def primitive():
    return bulk("MgO", "rocksalt", a=STABLE_A)


@pytest.fixture(scope="module")
def cubic():
    return bulk("MgO", "rocksalt", a=STABLE_A, cubic=True)


@pytest.fixture(scope="module")
def of_mgo(pair_model, primitive):
    return force_constants(primitive, pair_model(), (4, 4, 4), method="rows")


def einstein(eigenvalues, temperatures):
    """Heat capacity of one oscillator in k_B."""
    half = units.HBAR_OMEGA_IN_EV * np.sqrt(eigenvalues) / (2 * KB * temperatures)
    return (half / np.sinh(half)) ** 2


def heat(spectrum, acoustic="classical", temperatures=TEMPERATURES):
    return thermodynamics(spectrum, temperatures, acoustic).heat_capacity_eV_per_K


# Closed forms


def test_lattice_of_springs_has_its_dispersion(spring_lattice):
    constants = np.array([3.0, 5.0, 8.0])
    found = phonon_mesh(spring_lattice(constants, mass=40.0), (7, 6, 5))
    expected = 4 / 40.0 * np.sin(np.pi * found.qpoints) ** 2 @ constants
    assert_allclose(
        found.eigenvalues_eV_per_A2_amu, np.repeat(expected[:, None], 3, axis=1), atol=1e-13
    )
    assert_allclose(found.weights.sum(), 1.0, rtol=1e-14)
    # the mean of sin² is a half along each axis
    assert_allclose(found.weights @ expected, 2 / 40.0 * constants.sum(), rtol=1e-12)


def test_heat_of_a_chain_converges_to_the_integral_over_its_band(spring_lattice):
    force = spring_lattice((6.0, 0.0, 0.0), mass=28.0)
    temperature = 150.0

    def of_angle(angle):
        return einstein(4 * 6.0 / 28.0 * np.sin(angle / 2) ** 2, temperature)

    exact = 3 * KB * quad(of_angle, 1e-12, np.pi, epsabs=1e-13)[0] / np.pi
    meshes = [phonon_mesh(force, (n, 1, 1)) for n in (2, 4, 8, 16, 32)]
    # The integrand is analytic and periodic: with the limit k_B at Γ convergence is exponential.
    errors = [abs(heat(mesh, "classical", temperature)[0] / exact - 1) for mesh in meshes]
    assert errors[0] > 1e-3
    assert errors[1] < errors[0] / 10
    assert errors[2] < errors[1] / 100
    assert max(errors[3:]) < 1e-10
    # Without Γ exactly its share is missing.
    for mesh in meshes:
        missing = heat(mesh, "classical", temperature) - heat(mesh, "exclude", temperature)
        assert_allclose(missing, 3 * KB / mesh.mesh[0], rtol=1e-12)


def test_hot_crystals_obey_dulong_and_petit(of_mgo):
    hot = thermodynamics(phonon_mesh(of_mgo, (3, 3, 3)), 1e6, "classical")
    assert hot.heat_capacity_J_per_molatom_K[0] == pytest.approx(3 * 8.31446261815324, rel=1e-6)
    assert hot.n_oscillators == pytest.approx(6 - 3 / 27)
    without = thermodynamics(phonon_mesh(of_mgo, (3, 3, 3)), 1e6, "exclude")
    share = without.heat_capacity_eV_per_K[0] / hot.heat_capacity_eV_per_K[0]
    assert share == pytest.approx(1 - 3 / (6 * 27), rel=1e-6)


def test_imaginary_modes_are_counted_by_their_share(spring_lattice):
    # λ = (4/m) (3 s_x + 3 s_y - 2 s_z): on this mesh s is 0, 1/2, 1, 1/2 along each axis.
    found = phonon_mesh(spring_lattice((3.0, 3.0, -2.0)), (4, 4, 4))
    s = np.sin(np.pi * np.arange(4) / 4) ** 2
    x, y, z = np.meshgrid(s, s, s)
    negative = np.count_nonzero(3 * x + 3 * y - 2 * z < -1e-12)
    assert negative == 7  # by hand: five points with s_z = 1, two with s_z = 1/2
    assert found.share_imaginary == pytest.approx(negative / 64, rel=1e-12)
    assert found.spectrum_summary()["share_imaginary"] == found.share_imaginary
    lowest = -units.wavenumbers_per_cm(np.array([4 * 2 / 40.0]))[0]
    assert found.wavenumbers_per_cm.min() == pytest.approx(lowest, rel=1e-9)
    assert found.warnings[0].startswith(
        f"11 % of the modes of the Brillouin zone are imaginary, down to {lowest:.1f} cm⁻¹"
    )
    result = thermodynamics(found, 300.0)
    assert result.n_imaginary == pytest.approx(3 * negative / 64)
    assert result.n_oscillators == pytest.approx(3 * (63 - negative) / 64)
    assert result.warnings[: len(found.warnings)] == found.warnings
    # every point of this mesh is one of the supercell of four by four by four atoms
    assert found.share_imaginary_uninterpolated == found.share_imaginary
    assert "the structure is not at a minimum of this model" in found.warnings[0]
    # one atom has no mode at Γ to follow
    assert "a supercell that holds the wave with `follow_imaginary`" in found.warnings[0]


def test_imaginary_modes_of_interpolation_are_told_from_those_of_the_structure(spring_lattice):
    # λ = (4/m) (3 s - 4 s (1 - s)) with s = sin²(π q) is negative for 0 < s < 1/4 only, and the
    # points of a supercell of four atoms have s = 0, 1/2, 1 and 1/2.
    found = spring_lattice((3.0, 0.0, 0.0))
    values = found.values_eV_per_A2.copy()
    values[0, :, 0, :] -= 2 * np.eye(3)
    values[0, :, 2, :] += 2 * np.eye(3)
    mesh = phonon_mesh(replace(found, values_eV_per_A2=values), (8, 1, 1))
    assert mesh.share_imaginary == pytest.approx(2 / 8)  # q = ±1/8
    assert mesh.share_imaginary_uninterpolated == 0
    assert "so that they come from the interpolation" in mesh.warnings[0]
    summary = mesh.spectrum_summary()
    assert summary["share_imaginary_uninterpolated"] == 0 < summary["share_imaginary"]


# A second route


# The lattices of these supercells are the primitive one, doubled or tripled.
SUPERCELLS = {
    "primitive": ("primitive", (2, 2, 2), 2),
    "odd": ("primitive", (3, 3, 3), 3),
    "sheared": ("primitive", [[2, 2, 0], [0, 2, 2], [0, 0, 2]], 2),
    "conventional": ("cubic", [[0, 1, 1], [1, 0, 1], [1, 1, 0]], 2),
}


@pytest.mark.parametrize("name", SUPERCELLS)
def test_dense_supercell_has_the_heat_of_the_mesh_that_fits_into_it(request, pair_model, name):
    cell, supercell, n = SUPERCELLS[name]
    force = force_constants(request.getfixturevalue(cell), pair_model(), supercell)
    dense = vibrations(hessian(force.supercell, pair_model(), row_symmetry_A=None))
    assert dense.n_imaginary == 0
    found = phonon_mesh(force, (n, n, n))
    n_cells = len(force.supercell) / len(force.unit_cell)
    for acoustic in ("exclude", "classical"):
        assert_allclose(n_cells * heat(found, acoustic), heat(dense, acoustic), rtol=1e-8)
    ours, theirs = (
        thermodynamics(spectrum, TEMPERATURES, "exclude") for spectrum in (found, dense)
    )
    assert_allclose(n_cells * ours.internal_energy_eV, theirs.internal_energy_eV, rtol=1e-8)
    assert_allclose(n_cells * ours.free_energy_eV, theirs.free_energy_eV, rtol=1e-8)
    assert_allclose(ours.heat_capacity_J_per_g_K, theirs.heat_capacity_J_per_g_K, rtol=1e-8)
    assert n_cells * ours.n_oscillators == pytest.approx(theirs.n_oscillators)


def test_hessian_of_a_supercell_gives_the_same_mesh(pair_model, of_mgo):
    whole = hessian(of_mgo.supercell, pair_model(), "rows")
    ours, theirs = phonon_mesh(of_mgo, (5, 5, 5)), phonon_mesh(from_hessian(whole), (5, 5, 5))
    assert theirs.cells == 64
    for acoustic in ("exclude", "classical"):
        assert_allclose(heat(theirs, acoustic), 64 * heat(ours, acoustic), rtol=1e-9)


# Invariances


def test_points_that_symmetry_leaves_out_change_nothing(of_mgo, spring_lattice):
    assert len(of_mgo.rotations) == 48
    signs = np.array(list(product((1, -1), repeat=3)))
    of_cube = np.array(
        [np.diag(sign)[list(order)] for sign in signs for order in permutations(range(3))]
    )
    assert len(of_cube) == 48
    lattices = spring_lattice(rotations=of_cube), spring_lattice()
    for symmetric, plain in ((of_mgo, replace(of_mgo, rotations=IDENTITY)), lattices):
        few, many = phonon_mesh(symmetric, (6, 6, 6)), phonon_mesh(plain, (6, 6, 6))
        # 216 points, 8 of which are their own reverse
        assert len(few.weights) < 25 < len(many.weights) == (216 + 8) / 2
        for acoustic in ("exclude", "classical", "as-computed"):
            assert_allclose(heat(few, acoustic), heat(many, acoustic), rtol=1e-9)
        assert few.spectrum_summary()["n_qpoints"] == len(few.weights)


@pytest.mark.parametrize("mesh", [(1, 1, 1), (4, 4, 4), (4, 3, 2), (5, 5, 2)])
def test_mesh_that_breaks_the_symmetry_is_reduced_by_what_is_left_of_it(of_mgo, mesh):
    ours, plain = phonon_mesh(of_mgo, mesh), phonon_mesh(replace(of_mgo, rotations=IDENTITY), mesh)
    assert len(ours.weights) <= len(plain.weights)
    for acoustic in ("exclude", "classical"):
        assert_allclose(heat(ours, acoustic), heat(plain, acoustic), rtol=1e-9)


def test_supercell_of_lower_symmetry_reduces_the_mesh_by_no_more_than_it_has(pair_model, primitive):
    force = force_constants(primitive, pair_model(), (3, 2, 2))
    assert 1 < len(force.rotations) < 48
    plain = replace(force, rotations=IDENTITY)
    ours, theirs = (phonon_mesh(which, (4, 4, 4)) for which in (force, plain))
    assert len(ours.weights) < len(theirs.weights)
    assert_allclose(heat(ours), heat(theirs), rtol=1e-9)


def test_reversed_points_are_left_out_on_any_mesh(spring_lattice):
    constants = np.array([3.0, 5.0, 8.0])
    for mesh in ((1, 1, 1), (2, 3, 4), (5, 1, 6)):
        found = phonon_mesh(spring_lattice(constants), mesh)
        every = np.array(list(np.ndindex(*mesh))) / mesh
        expected = 4 / 40.0 * np.sin(np.pi * every) ** 2 @ constants
        counts = np.round(found.weights * np.prod(mesh)).astype(int)
        assert counts.sum() == np.prod(mesh)
        ours = np.repeat(found.eigenvalues_eV_per_A2_amu[:, 0], counts)
        assert_allclose(np.sort(ours), np.sort(expected), atol=1e-13)
        assert not found.qpoints[0].any()


def test_quantities_per_gram_do_not_depend_on_the_cell(pair_model, primitive, cubic):
    # The same supercell of both, so that the same interactions are folded into it.
    to_cube = np.round(cubic.cell.array @ np.linalg.inv(primitive.cell.array)).astype(int)
    small = force_constants(primitive, pair_model(), 2 * to_cube)
    large = force_constants(cubic, pair_model(), (2, 2, 2))
    assert len(small.supercell) == len(large.supercell) == 64
    ours, theirs = (
        thermodynamics(phonon_mesh(force, (4, 4, 4)), TEMPERATURES) for force in (small, large)
    )
    assert (ours.n_atoms, theirs.n_atoms) == (2, 8)
    assert_allclose(ours.heat_capacity_J_per_g_K, theirs.heat_capacity_J_per_g_K, rtol=1e-9)
    assert_allclose(ours.entropy_J_per_molatom_K, theirs.entropy_J_per_molatom_K, rtol=1e-9)
    assert_allclose(
        4 * ours.heat_capacity_J_per_K_per_cell, theirs.heat_capacity_J_per_K_per_cell, rtol=1e-9
    )
    assert theirs.n_oscillators == pytest.approx(4 * ours.n_oscillators)
    assert_allclose(4 * ours.zero_point_energy_eV, theirs.zero_point_energy_eV, rtol=1e-9)
    assert (phonon_mesh(small, 20.0).cells, phonon_mesh(large, 20.0).cells) == (1, 4)


def test_heat_converges_with_the_mesh_and_the_supercell(pair_model, primitive, of_mgo):
    fine, medium, coarse = (heat(phonon_mesh(of_mgo, (n, n, n))) for n in (9, 4, 2))
    warm = TEMPERATURES > 200
    errors = [np.abs(found / fine - 1)[warm].max() for found in (medium, coarse)]
    assert 10 * errors[0] < errors[1] < 1e-2
    # The potential ends at 4 Å: a supercell that holds it all changes nothing any more.
    larger = force_constants(primitive, pair_model(), (5, 5, 5))
    assert of_mgo.boundary_eV_per_A2 == 0
    assert_allclose(heat(phonon_mesh(larger, (4, 4, 4))), medium, rtol=1e-9)


# Settings


def test_length_of_a_mesh_means_points_per_reciprocal_vector(primitive, cubic, alpha_quartz):
    # without 2π: the vectors of the cubic cell have 1/a, those of the primitive one √3/a
    assert mesh_numbers(cubic, 40.0) == 3 * (round(40.0 / STABLE_A),)
    assert mesh_numbers(primitive, 40.0) == 3 * (round(40.0 * np.sqrt(3) / STABLE_A),)
    expected = (round(60 / (4.9134 * np.sqrt(3 / 4))),) * 2 + (round(60 / 5.4052),)
    assert mesh_numbers(alpha_quartz, 60) == expected
    assert mesh_numbers(primitive, 0.1) == (1, 1, 1)
    assert mesh_numbers(primitive, [2, 3, 4]) == mesh_numbers(primitive, np.array([2, 3, 4]))


def test_length_of_a_mesh_is_its_numbers(of_mgo):
    by_length = phonon_mesh(of_mgo, 10.0)
    by_number = phonon_mesh(of_mgo, by_length.mesh)
    assert by_length.mesh == (5, 5, 5)
    assert np.array_equal(by_length.qpoints, by_number.qpoints)
    assert np.array_equal(by_length.eigenvalues_eV_per_A2_amu, by_number.eigenvalues_eV_per_A2_amu)


@pytest.mark.parametrize(
    "mesh", [(2, 2), (0, 2, 2), (-1, 2, 2), (2.0, 2, 2), "fine", 0.0, -5.0, np.nan, np.inf, 0]
)
def test_impossible_meshes_are_refused(of_mgo, mesh):
    with pytest.raises(MethodError, match="`mesh` needs"):
        phonon_mesh(of_mgo, mesh)


def test_layers_have_no_mesh(pair_model):
    layer = force_constants(graphene(a=2.46), pair_model(), (2, 2, 1))
    with pytest.raises(StructureError, match="not periodic in three directions"):
        phonon_mesh(layer, (4, 4, 1))


# What it says


def test_leaving_out_gamma_is_remarked_where_it_means_much(of_mgo):
    coarse, fine = phonon_mesh(of_mgo, (2, 2, 2)), phonon_mesh(of_mgo, (4, 4, 4))
    (remark,) = thermodynamics(coarse, 300.0, "exclude").warnings
    assert remark.startswith("the acoustic modes at Γ are 6.2 % of all modes of this mesh and left")
    assert "finer `mesh`" in remark
    assert thermodynamics(fine, 300.0, "exclude").warnings == ()  # 0.8 %
    assert thermodynamics(coarse, 300.0, "classical").warnings == ()


def test_convention_that_nobody_asks_for_is_that_of_the_spectrum(of_mgo):
    phonons = phonon_mesh(of_mgo, (2, 2, 2))
    for spectrum, convention in ((phonons, "classical"), (phonons.gamma, "exclude")):
        found = thermodynamics(spectrum, 300.0)
        assert found.acoustic == spectrum.default_acoustic == convention
        assert_allclose(heat(spectrum, convention, [300.0]), found.heat_capacity_eV_per_K)


def test_good_phonons_carry_no_warning_and_coarse_force_constants_do(pair_model, primitive, of_mgo):
    assert phonon_mesh(of_mgo, (3, 3, 3)).warnings == ()
    coarse = phonon_mesh(force_constants(primitive, pair_model(), (1, 1, 1)), (3, 3, 3))
    (warning,) = coarse.warnings
    assert f"{100 * coarse.interpolation_effect:+.1f} %: the supercell of the force" in warning
    atom = force_constants(bulk("Mg", "fcc", a=3.77), pair_model(), (1, 1, 1))
    assert "the supercell of the force constants is small" in phonon_mesh(atom).warnings[0]


def test_interpolation_effect_is_that_beside_the_points_of_the_supercell(of_mgo):
    own, fine = phonon_mesh(of_mgo, (4, 4, 4)), phonon_mesh(of_mgo, (7, 7, 7))
    assert abs(own.interpolation_effect) < 1e-12
    ratio = heat(fine, temperatures=300.0) / heat(own, temperatures=300.0)
    assert fine.interpolation_effect == pytest.approx(float(ratio[0]) - 1, abs=1e-12)


def test_commensurate_points_of_a_skewed_supercell(pair_model, primitive):
    matrix = np.array([[2, 1, 0], [0, 2, 1], [-1, 0, 2]])
    constants = force_constants(primitive, pair_model(), matrix)
    points = commensurate_points(constants)
    assert len(points) == round(np.linalg.det(matrix)) == 7
    phases = points @ matrix.T
    assert_allclose(phases, np.round(phases), atol=1e-12)
    assert len(np.unique(np.round(points % 1.0, 9) % 1.0, axis=0)) == 7


def test_summary_counts_what_was_computed(of_mgo):
    found = phonon_mesh(of_mgo, (4, 4, 4))
    summary = found.spectrum_summary()
    assert summary["mesh"] == [4, 4, 4]
    assert summary["n_qpoints"] == len(found.weights) == 8
    assert summary["highest_wavenumber_per_cm"] == found.wavenumbers_per_cm.max()
    assert summary["boundary_eV_per_A2"] == 0.0
    assert found.supercell == ((4, 0, 0), (0, 4, 0), (0, 0, 4))
    assert found.provenance == of_mgo.provenance
    at_gamma = found.gamma.unprojected_eigenvalues_eV_per_A2_amu
    assert_allclose(found.eigenvalues_eV_per_A2_amu[0], at_gamma, atol=1e-12)
