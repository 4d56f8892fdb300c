"""Each ensemble has the distribution that it is named after, by sigmas."""

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk
from scipy.optimize import minimize_scalar

from nearsight.dynamics.moving import Moving
from nearsight.dynamics.run import run_dynamics
from nearsight.dynamics.samples import Sample
from nearsight.dynamics.settings import DynamicsSettings, OutputSettings
from nearsight.models.contract import Evaluation, Model
from quick_models import QuickModel, emt_of_crystal, morse_bonds, springs

SIGMAS = 4.0
STARTING_fs = 2000.0
"""What a run is given to forget its start."""
NEIGHBOURS_A = 3.0
"""Within this copper has its twelve neighbours."""


def mean_and_sigma(values: np.ndarray, n_blocks: int = 20) -> tuple[float, float]:
    """Return a mean and its standard error, by blocks much longer than the correlation."""
    blocks = np.array([block.mean() for block in np.array_split(values, n_blocks)])
    return float(values.mean()), float(blocks.std(ddof=1) / np.sqrt(n_blocks))


def require_within_sigmas(values: np.ndarray, expected: float) -> None:
    mean, sigma = mean_and_sigma(values)
    assert abs(mean - expected) < SIGMAS * sigma, (mean, expected, sigma)
    assert sigma < 0.1 * abs(expected)  # else nothing would be told


def sampled(atoms: Atoms, model: Model, settings: DynamicsSettings) -> list[Sample]:
    run = run_dynamics(atoms, model, settings, OutputSettings(every_fs=20.0), progress=False)
    return [sample for sample in run.samples if sample.time_fs > STARTING_fs]


def test_a_harmonic_crystal_has_the_energies_of_its_modes() -> None:
    """Mean and variance of both energies: n k T / 2 and n (k T)² / 2 of n modes.

    With friction on each atom: global thermostats leave modes that do not couple as they are.
    """
    atoms = bulk("NaCl", "rocksalt", a=5.6, cubic=True)
    settings = DynamicsSettings(
        time_ps=60.0, timestep_fs=4.0, thermostat="langevin", thermostat_time_fs=50.0, seed=5
    )
    samples = sampled(atoms, springs(atoms), settings)
    kT = units.kB * settings.temperature_K
    n_modes, n_moving = 3 * len(atoms) - 3, 3 * len(atoms)  # the whole drifts
    for energies, n in (
        (np.array([sample.potential_energy_eV for sample in samples]), n_modes),
        (np.array([sample.kinetic_energy_eV for sample in samples]), n_moving),
    ):
        require_within_sigmas(energies, n * kT / 2)
        require_within_sigmas((energies - n * kT / 2) ** 2, n * kT**2 / 2)
    total = np.array([sample.potential_energy_eV + sample.kinetic_energy_eV for sample in samples])
    capacity = (total - total.mean()) ** 2 / (units.kB * settings.temperature_K**2)
    require_within_sigmas(capacity, (n_modes + n_moving) / 2 * units.kB)


@pytest.mark.parametrize("thermostat", ["bussi", "nose-hoover"])
def test_kinetic_energy_has_its_mean_and_its_variance(thermostat: str) -> None:
    settings = DynamicsSettings(
        time_ps=40.0, timestep_fs=5.0, thermostat=thermostat, thermostat_time_fs=50.0, seed=1
    )
    copper = bulk("Cu", cubic=True) * (2, 1, 1)
    samples = sampled(copper, morse_bonds(copper, NEIGHBOURS_A), settings)
    kT, n = units.kB * settings.temperature_K, 3 * len(copper) - 3
    energies = np.array([sample.kinetic_energy_eV for sample in samples])
    require_within_sigmas(energies, n * kT / 2)
    require_within_sigmas((energies - n * kT / 2) ** 2, n * kT**2 / 2)


def test_light_and_heavy_atoms_have_the_same_temperature() -> None:
    atoms = bulk("NaCl", "rocksalt", a=5.6, cubic=True)
    atoms.set_masses(np.where(atoms.numbers == 11, 10.0, 100.0))
    settings = DynamicsSettings(
        time_ps=40.0, timestep_fs=4.0, thermostat="langevin", thermostat_time_fs=50.0, seed=2
    )
    squares: list[np.ndarray] = []
    moving = Moving(atoms, springs(atoms), settings, None)
    while moving.step < settings.n_steps:
        moving.move()
        if moving.step % 5 == 0 and moving.step > 500:
            energies = 0.5 * (moving.atoms.get_momenta() ** 2).sum(axis=1)
            squares.append(energies / atoms.get_masses())
    energies = np.array(squares)
    for number in (11, 17):
        of_kind = energies[:, atoms.numbers == number].mean(axis=1)
        require_within_sigmas(of_kind, 1.5 * units.kB * settings.temperature_K)


@pytest.mark.parametrize("ensemble", ["nve", "bussi", "nose-hoover"])
def test_what_is_conserved_is_off_by_the_square_of_the_timestep(
    ensemble: str, copper: Atoms
) -> None:
    """The drift over the same time, from the same start, as the step is halved."""
    kinds = {"nve": {"ensemble": "nve"}}
    asked = kinds.get(ensemble, {"thermostat": ensemble, "thermostat_time_fs": 200.0})
    model = morse_bonds(copper, NEIGHBOURS_A)
    steps_fs, errors = (2.0, 4.0, 8.0), []
    for timestep_fs in steps_fs:
        settings = DynamicsSettings(
            time_ps=0.8, timestep_fs=timestep_fs, temperature_K=600.0, **asked
        )
        output = OutputSettings(every_fs=timestep_fs)
        run = run_dynamics(copper, model, settings, output, progress=False)
        conserved = np.array([sample.conserved_eV for sample in run.samples])
        errors.append(np.sqrt(np.mean((conserved - conserved.mean()) ** 2)))
    exponent = np.polyfit(np.log(steps_fs), np.log(errors), 1)[0]
    assert exponent == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("cell_change", ["isotropic", "full"])
def test_mean_volume_is_that_of_the_equation_of_state(cell_change: str) -> None:
    """At a low temperature, where ⟨V⟩ differs from the minimum of E + p V by expansion alone.

    The quasiharmonic expansion is measured by a run at half the temperature, and extrapolated. A
    cell breathes slowly, and so the runs are long.
    """
    external_pressure_bar = 5e4
    crystal = bulk("Cu", cubic=True) * (2, 2, 2)
    model = emt_of_crystal(crystal)
    scale = minimize_scalar(
        lambda scale: enthalpy_eV(crystal, model, scale, external_pressure_bar), bounds=(0.9, 1.1)
    ).x
    expected = crystal.get_volume() * scale**3
    # From elsewhere it would fall in, and its cell swing for long.
    crystal.set_cell(scale * crystal.cell, scale_atoms=True)
    volumes = {}
    for temperature_K in (40.0, 80.0):
        settings = DynamicsSettings(
            ensemble="npt",
            cell_change=cell_change,
            external_pressure_bar=external_pressure_bar,
            temperature_K=temperature_K,
            time_ps=12.0,
            timestep_fs=6.0,
            thermostat_time_fs=100.0,
            barostat_time_fs=300.0,
        )
        samples = sampled(crystal, model, settings)
        volumes_A3 = np.array([each.volume_A3 for each in samples])
        # Cells breathe slowly: blocks of 1.25 ps.
        volumes[temperature_K] = mean_and_sigma(volumes_A3, n_blocks=8)
    (cold, of_cold), (warm, of_warm) = volumes[40.0], volumes[80.0]
    extrapolated, sigma = 2 * cold - warm, np.hypot(2 * of_cold, of_warm)
    assert abs(extrapolated - expected) < 3 * sigma
    assert sigma < 1e-3 * expected


def test_the_quick_emt_is_that_of_ase(copper: Atoms, emt: Model) -> None:
    model = emt_of_crystal(copper)
    copper.rattle(0.05, seed=1)
    copper.set_cell(copper.cell.array @ [[1, 0.02, 0], [0, 1.01, 0], [0, 0, 0.98]], True)
    ours, theirs = (each.evaluate([copper], stress=True)[0] for each in (model, emt))
    assert ours.energy_eV == pytest.approx(theirs.energy_eV, abs=1e-11)
    np.testing.assert_allclose(ours.forces_eV_per_A, theirs.forces_eV_per_A, atol=1e-12)
    np.testing.assert_allclose(ours.stress_eV_per_A3, theirs.stress_eV_per_A3, atol=1e-13)


def enthalpy_eV(atoms: Atoms, model: Model, scale: float, external_pressure_bar: float) -> float:
    scaled = atoms.copy()
    scaled.set_cell(scale * atoms.cell, scale_atoms=True)
    [evaluation] = model.evaluate([scaled])
    return evaluation.energy_eV + external_pressure_bar * 1e5 * units.Pascal * scaled.get_volume()


@pytest.mark.parametrize("thermostat_time_fs", [50.0, 200.0])
def test_free_particles_with_friction_diffuse_by_einstein(thermostat_time_fs: float) -> None:
    """D = k T τ / m; P. Langevin, C. R. Acad. Sci. 146, 530 (1908)."""
    particles = Atoms("Ar64", positions=np.indices((4, 4, 4)).reshape(3, -1).T * 5.0)
    settings = DynamicsSettings(
        time_ps=20.0,
        timestep_fs=10.0,
        thermostat="langevin",
        thermostat_time_fs=thermostat_time_fs,
        seed=3,
    )
    moving = Moving(particles, QuickModel("free", free), settings, None)
    for _ in range(settings.n_steps):
        moving.move()
    squares = ((moving.atoms.positions - particles.positions) ** 2).mean(axis=1)
    time_fs, tau_fs = 1000 * settings.time_ps, thermostat_time_fs
    mass = particles.get_masses()[0]
    speed_A2_per_fs2 = units.kB * settings.temperature_K / mass * units.fs**2
    # Of velocities that are thermal from the start: Ornstein and Fürth.
    expected = 2 * speed_A2_per_fs2 * tau_fs * (time_fs - tau_fs * (1 - np.exp(-time_fs / tau_fs)))
    sigma = expected * np.sqrt(2 / (3 * len(particles)))
    assert abs(squares.mean() - expected) < SIGMAS * sigma


def free(atoms: Atoms) -> Evaluation:
    return Evaluation(0.0, np.zeros((len(atoms), 3)), None, None)
