import numpy as np
import pytest
from ase import Atoms
from matplotlib.figure import Figure
from numpy.testing import assert_allclose
from scipy.integrate import trapezoid

from nearsight.errors import MethodError
from nearsight.vibrations.density_of_states import DensityOfStates, density_of_states
from nearsight.vibrations.modes import vibrations


@pytest.fixture(scope="module")
def crystal(saddle_crystal):
    return vibrations(saddle_crystal)


@pytest.mark.parametrize("width", [0.5, 10.0, 80.0])
def test_it_integrates_to_the_number_of_modes(crystal, width):
    result = density_of_states(crystal, width)
    area = trapezoid(result.total_cm, result.wavenumbers_per_cm)
    assert area == pytest.approx(crystal.n_modes, rel=1e-9)
    assert result.n_modes == 9


def test_its_moments_are_those_of_the_modes(crystal):
    width = 12.0
    result = density_of_states(crystal, width)
    grid = result.wavenumbers_per_cm
    wavenumbers = crystal.wavenumbers_per_cm
    first = trapezoid(grid * result.total_cm, grid)
    second = trapezoid(grid**2 * result.total_cm, grid)
    assert first == pytest.approx(wavenumbers.sum(), rel=1e-9)
    assert second == pytest.approx(np.sum(wavenumbers**2 + width**2), rel=1e-8)


def test_the_elements_add_up_to_the_total(crystal):
    result = density_of_states(crystal)
    assert list(result.by_element_cm) == ["C", "O", "Si"]
    total = sum(result.by_element_cm.values())
    assert_allclose(total, result.total_cm, rtol=1e-12, atol=1e-15)


def test_atoms_that_vibrate_alone_keep_their_own_peaks(make_hessian):
    # Four atoms on springs of their own, two of each element: of the translations removed, each
    # element loses what its mass has of the total mass.
    atoms = Atoms("C2Si2", cell=[9, 9, 9], pbc=True)
    atoms.positions[:, 0] = [0, 2, 4, 6]
    result = density_of_states(vibrations(make_hessian(atoms, np.eye(12) * 3.0)), 1.0)
    masses = atoms.get_masses()
    for symbol, mass in (("C", masses[:2].sum()), ("Si", masses[2:].sum())):
        area = trapezoid(result.by_element_cm[symbol], result.wavenumbers_per_cm)
        assert area == pytest.approx(6 - 3 * mass / masses.sum(), rel=1e-9)


def test_imaginary_modes_lie_at_negative_wavenumbers(crystal):
    result = density_of_states(crystal, 1.0)
    negative = result.wavenumbers_per_cm < 0
    area = trapezoid(result.total_cm[negative], result.wavenumbers_per_cm[negative])
    assert area == pytest.approx(1, rel=1e-6)


def test_a_grid_is_taken_as_given(crystal):
    grid = [0.0, 100.0, 250.0]
    result = density_of_states(crystal, 30.0, grid)
    assert result.wavenumbers_per_cm.tolist() == grid
    distance = (100.0 - crystal.wavenumbers_per_cm) / 30.0
    expected = np.sum(np.exp(-(distance**2) / 2)) / (30.0 * np.sqrt(2 * np.pi))
    assert result.total_cm[1] == pytest.approx(expected, rel=1e-12)


def test_saving_and_loading_keeps_everything(crystal, tmp_path):
    result = density_of_states(crystal)
    result.save(tmp_path / "dos.npz")
    again = DensityOfStates.load(tmp_path / "dos.npz")
    assert np.array_equal(again.total_cm, result.total_cm)
    assert list(again.by_element_cm) == list(result.by_element_cm)
    assert np.array_equal(again.by_element_cm["O"], result.by_element_cm["O"])
    assert (again.width_per_cm, again.n_modes) == (10.0, 9)
    assert again.provenance == result.provenance


def test_the_plot_shows_the_total_and_every_element(crystal):
    ax = Figure().subplots()
    found = density_of_states(crystal)
    found.plot(ax, "THz")
    [total] = [line for line in ax.lines if line.get_label() == "total"]
    frequencies, states = total.get_xydata().T
    assert frequencies == pytest.approx(found.wavenumbers_per_cm * 0.0299792458)
    assert trapezoid(states, frequencies) == pytest.approx(found.n_modes, rel=1e-6)
    assert ax.get_xlabel() == "frequency / THz"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["C", "O", "Si", "total"]


@pytest.mark.parametrize("width", [0.0, -1.0, np.nan])
def test_a_width_out_of_range_is_refused(crystal, width):
    with pytest.raises(MethodError, match=f"width_per_cm={width}"):
        density_of_states(crystal, width)


@pytest.mark.parametrize("grid", [[], [[1.0]], [np.nan]])
def test_a_grid_that_is_none_is_refused(crystal, grid):
    with pytest.raises(MethodError, match="grid_per_cm of shape"):
        density_of_states(crystal, grid_per_cm=grid)


def test_an_atom_has_no_density_of_states(make_hessian):
    with pytest.raises(MethodError, match="rigid-body modes only"):
        density_of_states(vibrations(make_hessian(Atoms("Ar"), np.zeros((3, 3)))))
