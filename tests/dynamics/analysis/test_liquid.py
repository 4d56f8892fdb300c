"""A Lennard-Jones liquid near its triple point, from our own dynamics to its structure and heat."""

from pathlib import Path

import numpy as np
import pytest
from ase import units
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes

from nearsight.dynamics.analysis.diffusion import diffusion_coefficient
from nearsight.dynamics.analysis.rdf import radial_distribution
from nearsight.dynamics.analysis.reading import read_trajectory
from nearsight.dynamics.analysis.temperatures import temperatures
from nearsight.dynamics.analysis.trajectory import Trajectory
from nearsight.dynamics.run import run_dynamics
from nearsight.dynamics.settings import DynamicsSettings, OutputSettings
from nearsight.models.engines.ase_model import AseModel

EPSILON_eV, SIGMA_A = 120 * units.kB, 3.4  # argon
DENSITY, TEMPERATURE = 0.8442, 0.722  # reduced, as L. Verlet, Phys. Rev. 159, 98 (1967) has it


def pair_energy_eV(distance_A: np.ndarray) -> np.ndarray:
    sixth = (SIGMA_A / distance_A) ** 6
    return 4 * EPSILON_eV * (sixth**2 - sixth)


class NearestImages(Calculator):
    """Lennard-Jones between nearest images within half of a cubic cell."""

    implemented_properties = ("energy", "forces")

    def calculate(self, atoms=None, properties=None, system_changes=all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        edge = atoms.cell.lengths()[0]
        vectors = atoms.positions[:, np.newaxis] - atoms.positions
        vectors -= edge * np.rint(vectors / edge)
        squares = np.sum(vectors**2, axis=2)
        np.fill_diagonal(squares, np.inf)
        sixth = np.where(squares < (edge / 2) ** 2, (SIGMA_A**2 / squares) ** 3, 0.0)
        forces = 24 * EPSILON_eV * (2 * sixth**2 - sixth) / squares
        self.results = {
            "energy": 2 * EPSILON_eV * float(np.sum(sixth**2 - sixth)),
            "forces": np.sum(forces[:, :, np.newaxis] * vectors, axis=1),
        }


@pytest.fixture(scope="module")
def liquid(tmp_path_factory: pytest.TempPathFactory) -> Trajectory:
    file: Path = tmp_path_factory.mktemp("liquid") / "md.extxyz"
    atoms = bulk("Ar", a=(4 / DENSITY) ** (1 / 3) * SIGMA_A, cubic=True) * (3, 3, 3)
    model, output = AseModel(NearestImages(), "lj"), OutputSettings(every_fs=50.0, velocities=True)
    # Melted first: a crystal without a surface would stay one.
    for factor, time_ps in ((4.0, 3.0), (1.0, 4.0)):
        hot = DynamicsSettings(
            time_ps=time_ps,
            timestep_fs=10.0,
            thermostat="langevin",
            temperature_K=factor * TEMPERATURE * 120,
            seed=1,
        )
        atoms = run_dynamics(atoms, model, hot, output).atoms
    settings = DynamicsSettings(
        time_ps=15.0, timestep_fs=10.0, temperature_K=TEMPERATURE * 120, thermostat_time_fs=500.0
    )
    run_dynamics(atoms, model, settings, output, trajectory=file)
    return read_trajectory(file)


def test_its_structure_is_the_known_one(liquid: Trajectory) -> None:
    result = radial_distribution(liquid, width_A=0.1, progress=False)
    highest = int(np.argmax(result.total))
    # L. Verlet, Phys. Rev. 165, 201 (1968): a first maximum near 3 at 1.09 σ.
    assert result.distances_A[highest] / SIGMA_A == pytest.approx(1.09, abs=0.03)
    assert result.total[highest] == pytest.approx(3.0, abs=0.15)
    assert result.coordination_number("Ar", "Ar", 1.5 * SIGMA_A) == pytest.approx(12.3, abs=0.5)
    assert result.total[result.distances_A < 0.8 * SIGMA_A].max() == 0.0


def test_the_energy_is_the_integral_of_its_structure(liquid: Trajectory) -> None:
    # U/N = 2π ρ ∫ g(r) u(r) r² dr, from frames that have their own energies.
    result = radial_distribution(liquid, width_A=0.01, progress=False)
    r = result.distances_A
    counted = np.diff(result.around["Ar", "Ar"], prepend=0.0)
    by_structure = 0.5 * np.sum(counted * pair_energy_eV(r)) * liquid.n_atoms
    assert liquid.energies_eV is not None
    assert by_structure == pytest.approx(liquid.energies_eV.mean(), rel=2e-3)


def test_it_has_the_temperature_of_its_thermostat(liquid: Trajectory) -> None:
    result = temperatures(liquid)
    assert abs(result.total.mean - TEMPERATURE * 120) < 4 * result.total.error


def test_it_diffuses_as_a_liquid_does(liquid: Trajectory) -> None:
    # The whole drifts since it was melted with friction, and keeps its momentum.
    result = diffusion_coefficient(
        liquid, start_fs=800.0, end_fs=1800.0, remove_drift=True, estimator="least-squares"
    )
    # Near 0.033 σ (ε/m)^½, less in so small a cell, and a little more over such short times.
    unit = SIGMA_A * np.sqrt(EPSILON_eV / 39.948) * units.fs * 1e-5
    assert 0.02 < result.value_m2_per_s / unit < 0.04
    assert result.block_error_m2_per_s is not None
