"""Each kind of atom has the temperature of all, with the degrees of freedom that it has."""

import numpy as np
import pytest
from ase import units
from ase.build import bulk
from matplotlib.figure import Figure

from nearsight.dynamics.analysis.reading import read_trajectory
from nearsight.dynamics.analysis.temperatures import temperatures
from nearsight.dynamics.run import run_dynamics
from nearsight.dynamics.settings import DynamicsSettings, OutputSettings
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


def test_no_velocities_no_temperature(make_trajectory) -> None:
    with pytest.raises(MethodError, match="has no velocities"):
        temperatures(make_trajectory(np.zeros((9, 2, 3))))


def test_the_chart_has_a_curve_for_each_element(make_trajectory) -> None:
    result = temperatures(drawn(make_trajectory, 300.0, stands=False, n_frames=200))
    assert list(result.chart().series) == ["Cu", "H", "O", "all"]
    result.plot(Figure().add_subplot())
