"""Our own dynamics of an Einstein crystal, of which everything is known, through log and frames."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms, units

from nearsight.dynamics.analysis.block_averages import block_average
from nearsight.dynamics.analysis.fluctuations import heat_capacity_of_fluctuations
from nearsight.dynamics.analysis.log_reading import read_log
from nearsight.dynamics.analysis.reading import read_trajectory
from nearsight.dynamics.analysis.temperatures import temperatures
from nearsight.dynamics.analysis.trajectory import Trajectory
from nearsight.dynamics.analysis.velocity_correlation import velocity_spectrum
from nearsight.dynamics.run import run_dynamics
from nearsight.dynamics.settings import DynamicsSettings, OutputSettings
from nearsight.units import wavenumbers_per_cm
from quick_models import harmonic

SPRING_eV_PER_A2, TEMPERATURE_K = 8.0, 400.0


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Trajectory, dict[str, np.ndarray]]:
    folder: Path = tmp_path_factory.mktemp("einstein")
    grid = 3.0 * np.stack(np.meshgrid(*[np.arange(2.0)] * 3), axis=-1).reshape(-1, 3)
    crystal = Atoms("C4Si4", grid)
    settings = DynamicsSettings(
        time_ps=16.0,
        timestep_fs=2.0,
        thermostat="langevin",
        thermostat_time_fs=100.0,
        temperature_K=TEMPERATURE_K,
        seed=2,
    )
    files = {"trajectory": folder / "md.extxyz", "samples": folder / "md.csv"}
    model = harmonic(SPRING_eV_PER_A2 * np.eye(len(grid)), grid)
    run_dynamics(crystal, model, settings, OutputSettings(every_fs=10.0, velocities=True), **files)
    series = read_log(files["samples"])
    late = series["time_fs"] > 500.0
    return (
        read_trajectory(files["trajectory"]).between(500.0),
        {name: values[late] for name, values in series.items()},
    )


def test_the_energy_and_its_fluctuations_are_those_of_24_oscillators(run) -> None:
    _, series = run
    energies = series["potential_energy_eV"] + series["kinetic_energy_eV"]
    mean = block_average(energies)
    # The integrator's own error in <E> is of second order, (ω dt)²/8: half a percent.
    expected = 24 * units.kB * TEMPERATURE_K
    assert abs(mean.mean - expected) < 4 * mean.error + 0.01 * expected
    value, error = heat_capacity_of_fluctuations(energies, TEMPERATURE_K).in_boltzmann
    assert abs(value - 24) < 4 * error
    assert error < 0.25 * 24


def test_both_elements_have_the_temperature_and_their_own_line(run) -> None:
    trajectory, _ = run
    result = temperatures(trajectory)
    assert result.n_degrees == pytest.approx(24)
    for each in result.by_element.values():
        assert abs(each.mean - TEMPERATURE_K) < 4 * each.error + 0.01 * TEMPERATURE_K
    spectrum = velocity_spectrum(trajectory, width_per_cm=15.0)
    for symbol, mass in (("C", 12.011), ("Si", 28.085)):
        line = float(wavenumbers_per_cm(SPRING_eV_PER_A2 / mass))
        part = spectrum.by_element_cm[symbol]
        assert spectrum.wavenumbers_per_cm[np.argmax(part)] == pytest.approx(line, rel=0.03)
        near = np.abs(spectrum.wavenumbers_per_cm - line) < 200
        share = np.sum(part[near]) / np.sum(spectrum.total_cm)
        assert share == pytest.approx(0.5, abs=0.08)
