"""A Lennard-Jones liquid at a state point whose energy and pressure are published."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk
from scipy import stats

from nearsight.dynamics.run import run_dynamics
from nearsight.dynamics.settings import DynamicsSettings, OutputSettings
from nearsight.models.contract import Evaluation
from quick_models import QuickModel

EPSILON_eV, SIGMA_A = 120 * units.kB, 3.4  # argon
CUTOFF = 3.0  # in σ

# NIST Standard Reference Simulation Website (Standard Reference Database 173), Lennard-Jones fluid,
# canonical Monte Carlo, cut at 3 σ with analytic corrections: T* = 0.85, ρ* = 0.82. Its pressure
# is known to about 0.003.
TEMPERATURE, DENSITY = 0.85, 0.82
ENERGY, PRESSURE, PRESSURE_ERROR = -5.7947, 0.55355, 0.003


@cache
def compiled() -> Callable[[np.ndarray, float], tuple[float, np.ndarray, np.ndarray]]:
    """Return what sums over the pairs of nearest images in a cubic cell."""
    njit = pytest.importorskip("numba").njit

    @njit
    def sums(positions, edge):
        energy, forces, virial = 0.0, np.zeros_like(positions), np.zeros((3, 3))
        vector = np.zeros(3)
        for first in range(len(positions)):
            for second in range(first):
                squared = 0.0
                for axis in range(3):
                    along = positions[second, axis] - positions[first, axis]
                    vector[axis] = along - edge * np.rint(along / edge)
                    squared += vector[axis] ** 2
                if squared >= (CUTOFF * SIGMA_A) ** 2:
                    continue
                sixth = (SIGMA_A**2 / squared) ** 3
                energy += 4 * EPSILON_eV * (sixth**2 - sixth)
                pull = 24 * EPSILON_eV * (2 * sixth**2 - sixth) / squared
                for axis in range(3):
                    forces[second, axis] += pull * vector[axis]
                    forces[first, axis] -= pull * vector[axis]
                    for other in range(3):
                        virial[axis, other] -= pull * vector[axis] * vector[other]
        return energy, forces, virial

    return sums


def lennard_jones(atoms: Atoms) -> Evaluation:
    """Cut without a shift, as Monte Carlo cuts."""
    edge = atoms.cell.lengths()[0]
    energy, forces, virial = compiled()(atoms.positions, edge)
    return Evaluation(energy, forces, virial.ravel()[[0, 4, 8, 5, 2, 1]] / edge**3, None)


def beyond_cutoff() -> tuple[float, float]:
    """Return energy and pressure of all pairs beyond the cutoff, as if g were 1 there."""
    ninth, third = CUTOFF**-9, CUTOFF**-3
    energy = 8 / 9 * np.pi * DENSITY * (ninth - 3 * third)
    return energy, 32 / 9 * np.pi * DENSITY**2 * (ninth - 1.5 * third)


def sampled(seed: int) -> tuple[float, float]:
    """Return mean energy and pressure of a run, in units of the potential."""
    atoms = bulk("Ar", a=(4 / DENSITY) ** (1 / 3) * SIGMA_A, cubic=True) * (4, 4, 4)
    model = QuickModel("lennard-jones", lennard_jones)
    for factor, time_ps in ((4.0, 2.0), (1.0, 6.0)):  # melted first
        settings = DynamicsSettings(
            time_ps=time_ps, timestep_fs=12.0, temperature_K=factor * TEMPERATURE * 120, seed=seed
        )
        atoms = run_dynamics(atoms, model, settings).atoms
    settings = DynamicsSettings(
        time_ps=18.0,
        timestep_fs=12.0,
        temperature_K=TEMPERATURE * 120,
        thermostat_time_fs=500.0,
        seed=seed,
    )
    samples = run_dynamics(
        atoms, model, settings, OutputSettings(every_fs=36.0, stress=True)
    ).samples
    energy_eV = np.mean([sample.potential_energy_eV for sample in samples])
    pressure_eV_per_A3 = np.mean([sample.pressure_bar for sample in samples]) * 1e5 * units.Pascal
    tail_energy, tail_pressure = beyond_cutoff()
    return (
        energy_eV / len(atoms) / EPSILON_eV + tail_energy,
        pressure_eV_per_A3 * SIGMA_A**3 / EPSILON_eV + tail_pressure,
    )


@pytest.mark.slow
def test_energy_and_pressure_are_the_published_ones() -> None:
    """Long: the pressure of 256 atoms swings by half of what it is on average.

    Errors are those of independent runs: within one of them the liquid wanders so slowly that
    blocks of it scatter too little.
    """
    runs = np.array([sampled(seed) for seed in range(8)])
    means, errors = runs.mean(axis=0), runs.std(axis=0, ddof=1) / np.sqrt(len(runs))
    assert (errors < (0.01, 0.05)).all()  # else nothing would be told
    three_sigma = stats.t.isf(stats.norm.sf(3), len(runs) - 1)
    errors = np.hypot(errors, (0, PRESSURE_ERROR))
    assert (np.abs(means - (ENERGY, PRESSURE)) < three_sigma * errors).all(), (means, errors)
