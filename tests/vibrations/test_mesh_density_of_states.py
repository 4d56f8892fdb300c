"""The density of phonon states: against a closed form, by its integral, and by scaling."""

from dataclasses import replace

import numpy as np
import pytest
from ase.build import bulk
from matplotlib.figure import Figure
from numpy.testing import assert_allclose
from scipy.integrate import simpson

from nearsight.errors import MethodError
from nearsight.hessian.force_constants import force_constants
from nearsight.units import EV_IN_THZ, mode_energies
from nearsight.vibrations.mesh_density_of_states import mesh_density_of_states
from nearsight.vibrations.phonon_mesh import phonon_mesh

STABLE_A = 3.7494662305  # where rocksalt has its lowest energy with the pair potential
FCC_IN_CUBIC = np.array([[-1, 1, 1], [1, -1, 1], [1, 1, -1]])


@pytest.fixture(scope="module")
def of_primitive(pair_model):
    primitive = bulk("MgO", "rocksalt", a=STABLE_A)
    return force_constants(primitive, pair_model(), FCC_IN_CUBIC, method="rows")


@pytest.fixture(scope="module")
def of_cubic(pair_model):
    cubic = bulk("MgO", "rocksalt", a=STABLE_A, cubic=True)
    return force_constants(cubic, pair_model(), (1, 1, 1), method="rows")


def integral(density):
    return simpson(density.states_per_THz, x=density.frequencies_THz)


def highest_THz(phonons):
    return float(mode_energies(phonons.eigenvalues_eV_per_A2_amu).max()) * EV_IN_THZ


@pytest.mark.parametrize("mesh", [(1, 1, 1), (2, 3, 4), (6, 6, 6)])
@pytest.mark.parametrize("width_THz", [None, 0.05, 1.0])
def test_density_integrates_to_the_modes_of_the_unit_cell(of_primitive, of_cubic, mesh, width_THz):
    for constants, n_modes in ((of_primitive, 6), (of_cubic, 24)):
        density = mesh_density_of_states(phonon_mesh(constants, mesh), width_THz)
        # four widths on both sides leave out 6e-5 of a Gaussian
        assert integral(density) == pytest.approx(n_modes, rel=1e-4)


def test_conventional_cell_has_four_times_the_states_of_the_primitive_one(of_primitive, of_cubic):
    small = mesh_density_of_states(phonon_mesh(of_primitive, (4, 4, 4)))
    large = mesh_density_of_states(phonon_mesh(of_cubic, (4, 4, 4)))
    assert_allclose(large.frequencies_THz, small.frequencies_THz, atol=1e-4)
    assert_allclose(
        large.states_per_THz, 4 * small.states_per_THz, atol=1e-3 * large.states_per_THz.max()
    )


def test_chain_has_the_density_of_its_closed_form(spring_lattice):
    """One neighbour on a line: g(ν) = 2 / (π (ν_max² - ν²)^½) for each of three branches."""
    phonons = phonon_mesh(spring_lattice((3.0, 0.0, 0.0), mass=40.0), (4001, 1, 1))
    highest = highest_THz(phonons)
    density = mesh_density_of_states(phonons, width_THz=highest / 200)
    inside = (density.frequencies_THz > 0.1 * highest) & (density.frequencies_THz < 0.9 * highest)
    frequencies = density.frequencies_THz[inside]
    expected = 3 * 2 / (np.pi * np.sqrt(highest**2 - frequencies**2))
    assert_allclose(density.states_per_THz[inside], expected, rtol=2e-3)


def test_density_is_the_sum_of_one_gaussian_per_mode(of_primitive):
    """Second route: no bins."""
    phonons = phonon_mesh(of_primitive, (3, 3, 3))
    width = 0.2
    density = mesh_density_of_states(phonons, width)
    modes = mode_energies(phonons.eigenvalues_eV_per_A2_amu) * EV_IN_THZ
    expected = np.zeros_like(density.frequencies_THz)
    for weight, frequencies in zip(phonons.weights, modes, strict=True):
        for frequency in frequencies:
            x = (density.frequencies_THz - frequency) / width
            expected += weight * np.exp(-(x**2) / 2) / (width * np.sqrt(2 * np.pi))
    assert_allclose(density.states_per_THz, expected, atol=2e-3 * expected.max())


def test_finer_mesh_changes_a_broad_density_little(of_primitive):
    coarse, fine = (
        mesh_density_of_states(phonon_mesh(of_primitive, (n, n, n)), 1.0) for n in (12, 24)
    )
    common = np.interp(fine.frequencies_THz, coarse.frequencies_THz, coarse.states_per_THz)
    assert_allclose(common, fine.states_per_THz, atol=0.01 * fine.states_per_THz.max())


def test_imaginary_modes_lie_below_zero(spring_lattice):
    phonons = phonon_mesh(spring_lattice((3.0, 3.0, -2.0), mass=40.0), (8, 8, 8))
    density = mesh_density_of_states(phonons)
    assert phonons.share_imaginary > 0
    below = density.frequencies_THz < 0
    share = simpson(density.states_per_THz[below], x=density.frequencies_THz[below]) / 3
    assert share == pytest.approx(phonons.share_imaginary, abs=0.03)
    assert integral(density) == pytest.approx(3, rel=1e-4)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_sign_of_the_noise_at_gamma_changes_nothing(of_primitive, sign):
    phonons = phonon_mesh(of_primitive, (4, 4, 4))
    eigenvalues = phonons.eigenvalues_eV_per_A2_amu.copy()
    eigenvalues[0, :3] = 0.0
    still = mesh_density_of_states(replace(phonons, eigenvalues_eV_per_A2_amu=eigenvalues))
    noisy = eigenvalues.copy()
    noisy[0, :3] = sign * 1e-14
    found = mesh_density_of_states(replace(phonons, eigenvalues_eV_per_A2_amu=noisy))
    assert_allclose(found.frequencies_THz, still.frequencies_THz, atol=1e-5)
    assert_allclose(
        found.states_per_THz, still.states_per_THz, atol=1e-3 * still.states_per_THz.max()
    )


def test_atom_that_only_moves_as_a_whole_has_its_states_at_zero(spring_lattice):
    density = mesh_density_of_states(phonon_mesh(spring_lattice(), (1, 1, 1)))
    assert integral(density) == pytest.approx(3, rel=1e-4)
    assert np.abs(density.frequencies_THz).max() < 0.1


@pytest.mark.parametrize("width_THz", [0.0, -1.0, np.inf, np.nan])
def test_width_must_be_positive(of_primitive, width_THz):
    with pytest.raises(MethodError, match="positive width"):
        mesh_density_of_states(phonon_mesh(of_primitive, (1, 1, 1)), width_THz)


def test_drawing_is_the_density(of_primitive):
    density = mesh_density_of_states(phonon_mesh(of_primitive, (2, 2, 2)))
    for unit, per_THz in (("THz", 1.0), ("cm-1", 33.3564095198)):
        axes = Figure().subplots()
        density.plot(axes, unit)
        line = axes.lines[0]  # the other is at zero
        frequencies, states = line.get_xydata().T
        assert_allclose(frequencies, per_THz * density.frequencies_THz)
        # Whatever the unit, the area is the number of modes.
        assert_allclose(states, density.states_per_THz / per_THz)
        assert unit.replace("-1", "⁻¹") in axes.get_xlabel()
    assert density.provenance == of_primitive.provenance
