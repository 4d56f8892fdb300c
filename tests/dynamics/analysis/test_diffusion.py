"""D of walks and of free Langevin particles is the known one, within errors that are right."""

import sys
from collections.abc import Callable

import numpy as np
import pytest
from ase import Atoms, units
from ase.calculators.calculator import Calculator, all_changes
from scipy import constants

from nearsight.dynamics.analysis.diffusion import (
    A2_PER_FS_IN_M2_PER_S,
    DiffusionCoefficient,
    diffusion_coefficient,
)
from nearsight.dynamics.analysis.diffusion_fit import brownian_covariance
from nearsight.dynamics.analysis.molecules import groups_of
from nearsight.dynamics.analysis.reading import read_trajectory
from nearsight.dynamics.analysis.trajectory import Trajectory
from nearsight.dynamics.run import run_dynamics
from nearsight.dynamics.settings import DynamicsSettings, OutputSettings
from nearsight.errors import MethodError, NearsightWarning
from nearsight.models.engines.ase_model import AseModel

D = 0.01  # Å²/fs


def test_the_covariance_of_windows_is_that_of_many_walks() -> None:
    rng = np.random.default_rng(1)
    lags, n_frames, n_walks = np.array([1, 2, 5, 12, 30]), 41, 40_000
    walks = rng.standard_normal((n_frames - 1, n_walks)).cumsum(axis=0)
    walks = np.vstack([np.zeros(n_walks), walks])
    squares = np.array([((walks[lag:] - walks[:-lag]) ** 2).mean(axis=0) for lag in lags])
    expected, sampled = brownian_covariance(lags, n_frames), np.cov(squares)
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    np.testing.assert_allclose(sampled / scale, expected / scale, atol=0.06)
    assert expected[0, 0] == pytest.approx(2 / 40)  # independent squares of normal deviates


def test_errors_of_walks_are_their_scatter(make_trajectory, random_walk) -> None:
    results = [
        diffusion_coefficient(
            make_trajectory(random_walk(D, 2.0, 400, 8, seed), interval_fs=2.0),
            estimator="least-squares",
        )
        for seed in range(100)
    ]
    pulls = [
        (result.value_m2_per_s / A2_PER_FS_IN_M2_PER_S - D)
        / (result.error_m2_per_s / A2_PER_FS_IN_M2_PER_S)
        for result in results
    ]
    assert abs(np.mean(pulls)) < 4 / np.sqrt(100)
    assert 0.7 < np.std(pulls) < 1.3
    assert {result.estimator for result in results} == {"generalised least squares"}


def test_the_error_falls_with_the_number_of_particles(make_trajectory, random_walk) -> None:
    few, many = (
        diffusion_coefficient(
            make_trajectory(random_walk(D, 1.0, 300, n, seed=0)), estimator="least-squares"
        )
        for n in (10, 1000)
    )
    ratio = few.fit_error_m2_per_s / few.value_m2_per_s
    ratio /= many.fit_error_m2_per_s / many.value_m2_per_s
    assert ratio == pytest.approx(10)


def test_particles_that_move_together_count_once(make_trajectory, random_walk) -> None:
    alone, together = [], []
    for seed in range(20):
        walk = random_walk(D, 1.0, 2000, 1, seed)
        alone.append(diffusion_coefficient(make_trajectory(walk), estimator="least-squares"))
        copies = make_trajectory(np.repeat(walk, 25, axis=1))
        together.append(diffusion_coefficient(copies, estimator="least-squares"))
    for one, many in zip(alone, together, strict=True):
        assert many.value_m2_per_s == pytest.approx(one.value_m2_per_s)
        assert many.fit_error_m2_per_s == pytest.approx(one.fit_error_m2_per_s / 5)
        assert many.error_m2_per_s == many.block_error_m2_per_s
    scatter = np.std([result.value_m2_per_s for result in together], ddof=1)
    stated = np.mean([result.error_m2_per_s for result in together])
    assert 0.5 < stated / scatter < 2


def test_one_axis_of_a_channel_counts_alone(make_trajectory, random_walk) -> None:
    walk = random_walk(D, 1.0, 600, 200, seed=3) * np.array([0.0, 0.0, 1.0])
    result = diffusion_coefficient(make_trajectory(walk), axes="z", estimator="least-squares")
    assert_within_errors(result, D)
    whole = diffusion_coefficient(make_trajectory(walk), estimator="least-squares")
    assert whole.value_m2_per_s == pytest.approx(result.value_m2_per_s / 3)


def test_kinisi_agrees_and_leaves_random_numbers_alone(make_trajectory, random_walk) -> None:
    pytest.importorskip("kinisi")
    trajectory = make_trajectory(random_walk(D, 2.0, 600, 50, seed=5), interval_fs=2.0)
    own = diffusion_coefficient(trajectory, estimator="least-squares")
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    theirs = diffusion_coefficient(trajectory, seed=3)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    assert theirs.estimator.startswith("kinisi ")
    assert_within_errors(theirs, D)
    assert abs(theirs.value_m2_per_s - own.value_m2_per_s) < 3 * own.error_m2_per_s
    assert 0.5 < theirs.error_m2_per_s / own.error_m2_per_s < 2
    again = diffusion_coefficient(trajectory, estimator="kinisi", seed=3)
    assert again.value_m2_per_s == theirs.value_m2_per_s


def test_without_kinisi_the_result_says_what_was_used(
    make_trajectory, random_walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "kinisi", None)
    monkeypatch.setattr(
        "nearsight.dynamics.analysis.diffusion.find_spec", lambda _: None, raising=True
    )
    trajectory = make_trajectory(random_walk(D, 1.0, 100, 10, seed=5))
    assert diffusion_coefficient(trajectory).estimator == "generalised least squares"
    with pytest.raises(MethodError, match="kinisi is not installed"):
        diffusion_coefficient(trajectory, estimator="kinisi")
    with pytest.raises(MethodError, match="estimators are"):
        diffusion_coefficient(trajectory, estimator="ols")


def langevin(n_frames: int, n_atoms: int, seed: int) -> tuple[np.ndarray, float, float]:
    """Free Langevin particles of argon, sampled exactly, every 20 fs; D in Å²/fs, 1/γ in fs.

    D. T. Gillespie, Phys. Rev. E 54, 2084 (1996), doi:10.1103/PhysRevE.54.2084: position and
    velocity after any time are normal deviates, correlated with each other.
    """
    rng = np.random.default_rng(seed)
    tau, interval = 100.0, 20.0
    speed = np.sqrt(units.kB * 300 / 39.948) * units.fs  # Å/fs
    decay = np.exp(-interval / tau)
    vv = speed**2 * (1 - decay**2)
    xv = speed**2 * tau * (1 - decay) ** 2
    xx = speed**2 * tau * (2 * interval - tau * (3 - 4 * decay + decay**2))
    root = np.linalg.cholesky(np.array([[xx, xv], [xv, vv]]))
    x, v = np.zeros((n_frames, n_atoms, 3)), speed * rng.standard_normal((n_atoms, 3))
    for index in range(1, n_frames):
        kick = root @ rng.standard_normal((2, n_atoms * 3))
        x[index] = x[index - 1] + tau * (1 - decay) * v + kick[0].reshape(-1, 3)
        v = decay * v + kick[1].reshape(-1, 3)
    return x, speed**2 * tau, tau


def test_free_langevin_particles_have_kT_over_m_gamma(make_trajectory) -> None:
    x, expected, tau = langevin(2000, 100, seed=2)
    trajectory = make_trajectory(x, interval_fs=20.0)
    result = diffusion_coefficient(
        trajectory, start_fs=10 * tau, end_fs=60 * tau, estimator="least-squares"
    )
    assert_within_errors(result, expected)
    # <|x|²> = 6 D (t - τ) at long times.
    assert result.intercept_A2 == pytest.approx(-6 * expected * tau, rel=0.5)
    with pytest.warns(NearsightWarning, match=r"its slope changes by \+\d+% between 20"):
        diffusion_coefficient(trajectory, start_fs=20.0, end_fs=100.0, estimator="least-squares")


class Nothing(Calculator):
    """No forces."""

    implemented_properties = ("energy", "forces")

    def calculate(self, atoms=None, properties=None, system_changes=all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        self.results = {"energy": 0.0, "forces": np.zeros((len(atoms), 3))}


def test_our_langevin_dynamics_without_forces_do_so_too(tmp_path) -> None:
    rng = np.random.default_rng(7)
    grid = np.stack(np.meshgrid(*[np.arange(5.0)] * 3), axis=-1).reshape(-1, 3)
    gas = Atoms(["Ar"] * 125, 6.0 * grid + rng.random((125, 3)))
    settings = DynamicsSettings(
        time_ps=6.0, timestep_fs=4.0, thermostat="langevin", thermostat_time_fs=50.0, seed=11
    )
    file = tmp_path / "md.extxyz"
    output = OutputSettings(every_fs=20.0)
    run_dynamics(gas, AseModel(Nothing(), "nothing"), settings, output, trajectory=file)
    result = diffusion_coefficient(
        read_trajectory(file), start_fs=500.0, end_fs=2000.0, estimator="least-squares"
    )
    friction = 1 / 50.0
    expected = units.kB * 300 / 39.948 * units.fs**2 / friction
    assert_within_errors(result, expected)


def test_atoms_that_stay_do_not_diffuse(make_trajectory) -> None:
    rng = np.random.default_rng(0)
    trajectory = make_trajectory(rng.normal(0.0, 0.1, (400, 30, 3)))
    with pytest.warns(NearsightWarning, match="moves around its places"):
        result = diffusion_coefficient(trajectory, estimator="least-squares")
    assert abs(result.value_m2_per_s) < 3 * result.error_m2_per_s


def test_a_liquid_is_corrected_for_its_cell(make_trajectory, random_walk) -> None:
    walk = random_walk(D, 1.0, 200, 20, seed=1)
    cells = np.repeat(20.0 * np.eye(3)[np.newaxis], 200, axis=0)
    trajectory = make_trajectory(walk, cells_A=cells)
    with pytest.warns(NearsightWarning, match="Yeh and Hummer"):
        bare = diffusion_coefficient(trajectory, estimator="least-squares")
    assert bare.infinite_m2_per_s is None
    corrected = diffusion_coefficient(
        trajectory, estimator="least-squares", viscosity_Pa_s=8.9e-4, temperature_K=298.0
    )
    assert not corrected.warnings
    # Water at 298 K in a cell of 20 Å: by hand, 3.5e-10 m²/s.
    shift = 2.837297 * constants.k * 298 / (6 * np.pi * 8.9e-4 * 20e-10)
    assert shift == pytest.approx(3.48e-10, rel=0.01)
    assert corrected.infinite_m2_per_s == pytest.approx(corrected.value_m2_per_s + shift)
    for bad, reason in (
        ({"viscosity_Pa_s": 1e-3}, "needs both"),
        ({"viscosity_Pa_s": -1.0, "temperature_K": 300.0}, "above 0"),
    ):
        with pytest.raises(MethodError, match=reason):
            diffusion_coefficient(trajectory, **bad)
    skewed = make_trajectory(walk, cells_A=cells * np.array([1.0, 1.0, 1.3]))
    with pytest.raises(MethodError, match="that of a cubic one"):
        diffusion_coefficient(skewed, viscosity_Pa_s=1e-3, temperature_K=300.0)


def test_kinds_axes_and_times_are_those_of_the_trajectory(make_trajectory, random_walk) -> None:
    walk = random_walk(D, 1.0, 50, 4, seed=0)
    trajectory = make_trajectory(walk, numbers=[8, 8, 6, 6])
    for asked, reason in (
        ({}, "say which diffuses"),
        ({"kind": "N"}, "there is no N"),
        ({"kind": "O", "axes": "w"}, "`axes` are"),
        ({"kind": "O", "start_fs": 10.0, "end_fs": 11.0}, "no four times"),
        ({"kind": "O", "end_fs": 500.0}, "no four times"),
    ):
        with pytest.raises(MethodError, match=reason):
            diffusion_coefficient(trajectory, **asked)
    pairs = groups_of(trajectory, [[0, 2], [1, 3]], "CO")
    result = diffusion_coefficient(trajectory, groups=pairs, estimator="least-squares")
    assert (result.kind, result.n_particles) == ("CO", 2)


def test_the_chart_has_displacements_and_the_line(make_trajectory, random_walk) -> None:
    from matplotlib.figure import Figure

    trajectory = make_trajectory(random_walk(D, 1.0, 200, 20, seed=2))
    result = diffusion_coefficient(trajectory, estimator="least-squares")
    measured, line = result.chart().series.values()
    scale = measured.y.max()
    np.testing.assert_allclose(
        np.interp(measured.x, line.x, line.y) / scale, measured.y / scale, atol=0.1
    )
    result.plot(Figure().add_subplot())


def assert_within_errors(result: DiffusionCoefficient, expected_A2_per_fs: float) -> None:
    off = result.value_m2_per_s / A2_PER_FS_IN_M2_PER_S - expected_A2_per_fs
    error = result.error_m2_per_s / A2_PER_FS_IN_M2_PER_S
    assert abs(off) < 3 * error
    assert error < 0.2 * expected_A2_per_fs


def test_what_stands_still_does_not_diffuse(make_trajectory: Callable[..., Trajectory]) -> None:
    still = make_trajectory(np.ones((60, 3, 3)))
    with pytest.warns(NearsightWarning, match="Ar does not move at all; there is no diffusion"):
        result = diffusion_coefficient(still, estimator="least-squares")
    assert result.value_m2_per_s == 0
    assert [remark.code for remark in result.warnings] == ["not-diffusive"]
