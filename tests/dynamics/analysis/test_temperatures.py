"""Each kind of atom has the temperature of all, with the degrees of freedom that it has."""

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk
from ase.constraints import FixAtoms, FixCartesian
from matplotlib.figure import Figure

from nearsight.dynamics.analysis.reading import read_trajectory
from nearsight.dynamics.analysis.temperatures import temperatures
from nearsight.dynamics.run import run_dynamics
from nearsight.dynamics.settings import DynamicsSettings, OutputSettings
from nearsight.dynamics.velocities import stilled
from nearsight.errors import MethodError

MASSES = np.array([1.008, 1.008, 15.999, 63.546])


def drawn(make_trajectory, temperature_K: float, *, stands: bool, n_frames: int = 6000):
    """Velocities of Maxwell and Boltzmann, each frame anew."""
    rng = np.random.default_rng(6)
    width = np.sqrt(units.kB * temperature_K / MASSES)[:, np.newaxis] * units.fs
    velocities = width * rng.standard_normal((n_frames, 4, 3))
    if stands:
        shares = MASSES / MASSES.sum()
        velocities -= np.einsum("a,fai->fi", shares, velocities)[:, np.newaxis]
    return make_trajectory(
        np.zeros_like(velocities),
        numbers=[1, 1, 8, 29],
        masses_amu=MASSES,
        velocities_A_per_fs=velocities,
    )


@pytest.mark.parametrize(("stands", "n_degrees"), [(False, 12), (True, 9)])
def test_equipartition(make_trajectory, stands: bool, n_degrees: int) -> None:
    result = temperatures(drawn(make_trajectory, 350.0, stands=stands))
    assert result.n_degrees == pytest.approx(n_degrees)
    assert list(result.by_element) == ["Cu", "H", "O"]
    for each in (result.total, *result.by_element.values()):
        assert abs(each.mean - 350.0) < 4 * each.error
        assert each.error < 0.03 * 350
    # The variance of a temperature is 2 T²/n.
    assert result.total_K.std() == pytest.approx(350 * np.sqrt(2 / n_degrees), rel=0.05)


def test_a_run_has_the_temperature_of_its_log(emt, tmp_path) -> None:
    file = tmp_path / "md.extxyz"
    copper = bulk("Cu", cubic=True)
    settings = DynamicsSettings(ensemble="nve", time_ps=0.05, timestep_fs=2.0)
    run = run_dynamics(
        copper, emt, settings, OutputSettings(every_fs=4.0, velocities=True), trajectory=file
    )
    result = temperatures(read_trajectory(file))
    logged = [sample.temperature_K for sample in run.samples]
    # The end, between two frames, is a sample only.
    assert len(logged) == len(result.total_K) + 1
    np.testing.assert_allclose(result.total_K, logged[:-1], rtol=1e-4)
    assert result.n_degrees == pytest.approx(9)


@pytest.mark.parametrize(
    ("atoms", "held"),
    [
        (bulk("Cu", cubic=True), [FixAtoms([0, 2])]),
        (bulk("Cu", cubic=True), [FixCartesian([1], mask=(False, True, True))]),
        (Atoms("Cu2", [[0, 0, 0], [0, 0, 2.4]]), []),
        (Atoms("CuAu2", [[0, 0, 0], [0, 0.2, 2.5], [2.5, 0, 0.1]]), []),
        (Atoms("CuAu2", [[0, 0, 0], [0, 0, 2.5], [0, 0, -2.5]]), []),
    ],
    ids=["two held", "two components held", "two atoms", "three atoms", "linear"],
)
def test_what_is_held_and_what_does_not_turn_has_no_heat(atoms, held, emt, tmp_path) -> None:
    """A run of the logged degrees of freedom, which constraints and the shape decide."""
    atoms.set_constraint(held)
    file = tmp_path / "md.extxyz"
    run = run_dynamics(
        atoms,
        emt,
        DynamicsSettings(ensemble="nve", time_ps=0.02, timestep_fs=1.0),
        OutputSettings(every_fs=2.0, velocities=True),
        trajectory=file,
    )
    result = temperatures(read_trajectory(file))
    np.testing.assert_allclose(
        result.total_K, [sample.temperature_K for sample in run.samples], rtol=1e-4
    )


def test_rotations_take_from_each_atom_what_a_still_molecule_lacks(make_trajectory) -> None:
    rng = np.random.default_rng(2)
    positions = rng.normal(size=(4, 3))
    velocities = []
    for _ in range(6000):
        atoms = Atoms("H2OCu", positions, masses=MASSES)
        width = np.sqrt(units.kB * 400.0 / MASSES)[:, np.newaxis]
        atoms.set_velocities(width * rng.standard_normal((4, 3)))
        velocities.append(stilled(atoms).get_velocities() * units.fs)
    result = temperatures(
        make_trajectory(
            np.repeat(positions[np.newaxis], 6000, axis=0),
            numbers=[1, 1, 8, 29],
            masses_amu=MASSES,
            velocities_A_per_fs=np.array(velocities),
        )
    )
    assert result.n_degrees == pytest.approx(6)
    for each in (result.total, *result.by_element.values()):
        assert abs(each.mean - 400.0) < 4 * each.error


def test_an_element_that_is_held_has_no_temperature(make_trajectory) -> None:
    held = drawn(make_trajectory, 300.0, stands=False, n_frames=100)
    held.velocities_A_per_fs[:, 2] = 0.0
    assert list(temperatures(held).by_element) == ["Cu", "H"]
    held.velocities_A_per_fs[:] = 0.0
    with pytest.raises(MethodError, match="no atom moves"):
        temperatures(held)


@pytest.mark.parametrize(("factor", "is_told"), [(1.0, False), (1e3, True), (1e-3, True)])
def test_velocities_in_other_units_are_told(make_trajectory, factor: float, is_told: bool) -> None:
    trajectory = drawn(make_trajectory, 300.0, stands=False, n_frames=100)
    trajectory.velocities_A_per_fs[:] *= factor
    codes = {remark.code for remark in temperatures(trajectory).warnings}
    assert ("units-doubtful" in codes) == is_told


def test_no_velocities_no_temperature(make_trajectory) -> None:
    with pytest.raises(MethodError, match="has no velocities"):
        temperatures(make_trajectory(np.zeros((9, 2, 3))))


def test_the_chart_has_a_curve_for_each_element(make_trajectory) -> None:
    result = temperatures(drawn(make_trajectory, 300.0, stands=False, n_frames=200))
    assert list(result.chart().series) == ["Cu", "H", "O", "all"]
    result.plot(Figure().add_subplot())
