import numpy as np
import pytest
from ase import Atoms
from ase.io import read
from numpy.testing import assert_allclose

from nearsight import units
from nearsight.errors import MethodError
from nearsight.vibrations.modes import vibrations
from nearsight.vibrations.trajectories import mode_trajectory, write_mode_trajectory


@pytest.fixture(scope="module")
def saddle(saddle_crystal):
    return vibrations(saddle_crystal)


def displacements(frames, found):
    return np.array([frame.positions - found.atoms.positions for frame in frames])


@pytest.mark.parametrize("mode", [1, 5, 8])
def test_at_the_turning_point_the_potential_energy_is_that_of_the_temperature(
    saddle, saddle_crystal, mode
):
    frames = mode_trajectory(saddle, mode, temperature_K=450.0, n_frames=8)
    turning = displacements(frames, saddle)[2].ravel()
    energy = turning @ saddle_crystal.symmetric() @ turning / 2
    assert energy == pytest.approx(units.BOLTZMANN_EV_PER_K * 450.0, rel=1e-10)


def test_a_period_starts_at_the_structure_and_is_symmetric(saddle):
    frames = mode_trajectory(saddle, 4)
    moved = displacements(frames, saddle)
    assert len(frames) == 24
    assert np.all(moved[0] == 0)
    assert_allclose(moved[1:12], -moved[:12:-1], atol=1e-12)
    assert_allclose(moved.sum(axis=0), 0, atol=1e-12)


def test_the_centre_of_mass_stays(saddle):
    frames = mode_trajectory(saddle, 7)
    centres = np.array([frame.get_center_of_mass() for frame in frames])
    assert np.abs(centres - centres[0]).max() < 1e-12


def test_an_imaginary_mode_moves_by_a_tenth_of_an_angstrom_or_what_is_asked(saddle):
    for amplitude, expected in ((None, 0.1), (0.4, 0.4)):
        frames = mode_trajectory(saddle, 0, amplitude_A=amplitude)
        largest = np.linalg.norm(displacements(frames, saddle), axis=2).max()
        assert largest == pytest.approx(expected, rel=1e-12)
        assert frames[3].info["wavenumber_per_cm"] == saddle.wavenumbers_per_cm[0]


def test_an_amplitude_replaces_the_temperature_of_a_real_mode(saddle):
    frames = mode_trajectory(saddle, 3, amplitude_A=0.25)
    largest = np.linalg.norm(displacements(frames, saddle), axis=2).max()
    assert largest == pytest.approx(0.25, rel=1e-12)


def test_the_structure_itself_is_left_alone(saddle):
    before = saddle.atoms.copy()
    mode_trajectory(saddle, 2)
    assert saddle.atoms == before


@pytest.mark.parametrize("suffix", [".xyz", ".extxyz"])
def test_a_written_trajectory_is_read_back(saddle, tmp_path, suffix):
    frames = mode_trajectory(saddle, 2, n_frames=5)
    path = tmp_path / f"mode{suffix}"
    write_mode_trajectory(path, frames)
    again = read(path, index=":")
    assert len(again) == 5
    for frame, expected in zip(again, frames, strict=True):
        assert frame.get_chemical_symbols() == expected.get_chemical_symbols()
        assert_allclose(frame.positions, expected.positions, atol=1e-8)
    if suffix == ".extxyz":
        assert_allclose(again[1].cell.array, saddle.atoms.cell.array, atol=1e-8)
        assert again[1].info["phase"] == pytest.approx(0.2)


@pytest.mark.parametrize("mode", [-1, 9])
def test_a_mode_that_does_not_exist_is_refused(saddle, mode):
    with pytest.raises(MethodError, match=rf"no mode {mode}; choose 0 \(lowest\) to 8"):
        mode_trajectory(saddle, mode)


def test_an_atom_has_no_mode_to_show(make_hessian):
    found = vibrations(make_hessian(Atoms("Ar"), np.zeros((3, 3))))
    with pytest.raises(MethodError, match="no mode 0; the structure has no vibrations"):
        mode_trajectory(found, 0)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"temperature_K": 0.0}, "temperature_K=0.0; give a positive number in K"),
        ({"amplitude_A": -0.1}, "amplitude_A=-0.1; give a positive number in Å"),
        ({"n_frames": 0}, "n_frames=0"),
    ],
)
def test_numbers_out_of_range_are_refused(saddle, setting, message):
    with pytest.raises(MethodError, match=message):
        mode_trajectory(saddle, 3, **setting)


def test_other_file_formats_and_empty_trajectories_are_refused(saddle, tmp_path):
    with pytest.raises(MethodError, match=r"ends in '.gif'"):
        write_mode_trajectory(tmp_path / "mode.gif", mode_trajectory(saddle, 1))
    with pytest.raises(MethodError, match="no frames"):
        write_mode_trajectory(tmp_path / "mode.xyz", [])
