"""A Lennard-Jones liquid at a state point whose energy and pressure are published."""

import numpy as np
from ase import units
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes

from nearsight.dynamics.analysis.block_averages import BlockAverage, block_average
from nearsight.dynamics.run import run_dynamics
from nearsight.dynamics.settings import DynamicsSettings, OutputSettings
from nearsight.models.engines.ase_model import AseModel

EPSILON_eV, SIGMA_A = 120 * units.kB, 3.4  # argon
CUTOFF = 3.0  # in σ

# NIST Standard Reference Simulation Website (Standard Reference Database 173), Lennard-Jones fluid,
# canonical Monte Carlo, cut at 3 σ with analytic corrections: T* = 0.85, ρ* = 0.82. Its pressure
# is known to about 0.003.
TEMPERATURE, DENSITY = 0.85, 0.82
ENERGY, PRESSURE, PRESSURE_ERROR = -5.7947, 0.55355, 0.003


class LennardJones(Calculator):
    """Nearest images in a cubic cell, cut without a shift as Monte Carlo cuts."""

    implemented_properties = ("energy", "forces", "stress")

    def calculate(self, atoms=None, properties=None, system_changes=all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        edge, positions = atoms.cell.lengths()[0], atoms.positions
        first, second = np.triu_indices(len(atoms), 1)
        vectors = positions[second] - positions[first]
        vectors -= edge * np.rint(vectors / edge)
        squares = np.einsum("ij,ij->i", vectors, vectors)
        near = squares < (CUTOFF * SIGMA_A) ** 2
        first, second, vectors, squares = first[near], second[near], vectors[near], squares[near]
        sixth = (SIGMA_A**2 / squares) ** 3
        pulls = (24 * EPSILON_eV * (2 * sixth**2 - sixth) / squares)[:, np.newaxis] * vectors
        forces = np.zeros_like(positions)
        for axis in range(3):
            forces[:, axis] -= np.bincount(first, pulls[:, axis], len(atoms))
            forces[:, axis] += np.bincount(second, pulls[:, axis], len(atoms))
        virial = -np.einsum("pi,pj->ij", vectors, pulls) / edge**3
        self.results = {
            "energy": 4 * EPSILON_eV * float(np.sum(sixth**2 - sixth)),
            "forces": forces,
            "stress": virial.flat[[0, 4, 8, 5, 2, 1]],
        }


def beyond_cutoff() -> tuple[float, float]:
    """Return energy and pressure of all pairs beyond the cutoff, as if g were 1 there."""
    ninth, third = CUTOFF**-9, CUTOFF**-3
    energy = 8 / 9 * np.pi * DENSITY * (ninth - 3 * third)
    return energy, 32 / 9 * np.pi * DENSITY**2 * (ninth - 1.5 * third)


def within(average: BlockAverage, published: float, error: float = 0.0) -> bool:
    return bool(abs(average.mean - published) < 3 * np.hypot(average.error, error))


def test_energy_and_pressure_are_the_published_ones() -> None:
    """Some 15 seconds: the pressure of 256 atoms swings by half of what it is on average."""
    atoms = bulk("Ar", a=(4 / DENSITY) ** (1 / 3) * SIGMA_A, cubic=True) * (4, 4, 4)
    model = AseModel(LennardJones(), "lj")
    for factor, time_ps in ((4.0, 2.0), (1.0, 4.0)):  # melted first
        settings = DynamicsSettings(
            time_ps=time_ps, timestep_fs=12.0, temperature_K=factor * TEMPERATURE * 120
        )
        atoms = run_dynamics(atoms, model, settings).atoms
    settings = DynamicsSettings(
        time_ps=45.0, timestep_fs=12.0, temperature_K=TEMPERATURE * 120, thermostat_time_fs=500.0
    )
    samples = run_dynamics(
        atoms, model, settings, OutputSettings(every_fs=36.0, stress=True)
    ).samples
    energies_eV = np.array([sample.potential_energy_eV for sample in samples])
    pressures_eV_per_A3 = np.array([sample.pressure_bar for sample in samples]) * 1e5 * units.Pascal
    tail_energy, tail_pressure = beyond_cutoff()
    energy = block_average(energies_eV / len(atoms) / EPSILON_eV + tail_energy)
    pressure = block_average(pressures_eV_per_A3 * SIGMA_A**3 / EPSILON_eV + tail_pressure)
    assert within(energy, ENERGY)
    assert within(pressure, PRESSURE, PRESSURE_ERROR)
    assert (energy.error, pressure.error) < (0.02, 0.08)
