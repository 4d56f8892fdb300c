"""One cycle: friction at 300 K, new velocities, and then nothing but the forces of the model."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from ase import Atoms

from nearsight.announcing import quietly
from nearsight.arrays import FloatArray
from nearsight.dynamics.analysis.block_averages import statistical_inefficiency
from nearsight.dynamics.analysis.diffusion import DiffusionCoefficient, diffusion_coefficient
from nearsight.dynamics.analysis.molecules import Group, groups_of
from nearsight.dynamics.analysis.rdf import radial_distribution
from nearsight.dynamics.analysis.reading import read_trajectory
from nearsight.dynamics.analysis.temperatures import KELVIN_PER_AMU_A2_PER_FS2, temperatures
from nearsight.dynamics.analysis.trajectory import Trajectory
from nearsight.dynamics.run import run_dynamics
from nearsight.dynamics.samples import Sample
from nearsight.dynamics.settings import DynamicsSettings, OutputSettings
from nearsight.evaluation.gas.box import density_kg_per_m3
from nearsight.evaluation.gas.velocities import reduced_counts
from nearsight.models.contract import Model
from nearsight.progress import Progress
from nearsight.records.described import Says

HEATED_K = 300.0
"""The temperature of the thermostat, whatever velocities are drawn at afterwards."""
FIRST_DIFFUSIVE_FS = 5000.0
"""Before, molecules fly: the mean time between collisions is about 1 ps."""
_LAST_DIFFUSIVE = 0.5
"""Of the length of the run."""
_SHORTEST_DIFFUSIVE_FS = 7500.0
"""Up to which time displacements must be known for a coefficient of diffusion."""
_FRICTION_FS = 50.0
_FORGOTTEN_FS = 6 * _FRICTION_FS
"""After it the vibrations, which begin at rest, have the temperature, too."""
_INDEPENDENT_FS = 4 * _FRICTION_FS
"""Between velocities that count as independent: friction lets vibrations forget at half its rate,
and squares of velocities twice as fast as these."""
_SHELL_A = 0.2
_MOST_FRAMES, _MOST_POINTS = 200, 120


@dataclass(frozen=True, kw_only=True)
class Cycle:
    """What one cycle came to."""

    drawn_K: Annotated[float, Says("Temperature at which velocities were drawn.", "K")]
    free_ps: Annotated[float, Says("How long the gas was left to itself.", "ps")]
    n_molecules: Annotated[int, Says("Molecules in the box.", "1")]
    density_kg_per_m3: Annotated[float, Says("Of the gas.", "kg/m³")]
    drift_meV_per_ps: Annotated[float, Says("Slope of the energy of the whole.", "meV/ps")]
    drift_error_meV_per_ps: Annotated[float, Says("Its standard error.", "meV/ps")]
    kinetic_deviation_meV: Annotated[
        float, Says("Standard deviation of the kinetic energy without the drift.", "meV")
    ]
    temperature_K: Annotated[float, Says("Mean of all atoms at constant energy.", "K")]
    motion_K: Annotated[float, Says("Mean of the centres of molecules likewise.", "K")]
    diffusion_m2_per_s: Annotated[
        float | None, Says("Coefficient of self-diffusion; null of too short a run.", "m²/s")
    ]
    diffusion_error_m2_per_s: Annotated[float | None, Says("Its standard error.", "m²/s")]
    velocity_counts: Annotated[
        tuple[int, ...], Says("Reduced velocities at 300 K with friction, by bins.", "1")
    ]
    distances_A: Annotated[tuple[float, ...], Says("Middles of shells.", "Å")]
    around: Annotated[tuple[float, ...], Says("g(r) of two carbon atoms there.", "1")]
    times_ps: Annotated[tuple[float, ...], Says("At constant energy, from its start.", "ps")]
    energies_meV: Annotated[
        tuple[float, ...], Says("Of the whole since the start, means around these.", "meV")
    ]


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """How long the parts of a cycle are."""

    heated_ps: float
    free_ps: float
    timestep_fs: float
    every_fs: float


def run_cycle(
    gas: Atoms,
    model: Model,
    lengths: Lengths,
    drawn_K: float,
    seed: int,
    *,
    folder: Path | None,
    progress: Progress,
) -> Cycle:
    """Run and analyse a cycle.

    Parameters
    ----------
    gas
        Molecules C, O, O in a periodic box.
    model
        What moves them.
    lengths
        How long.
    drawn_K
        Temperature in K of the velocities at constant energy.
    seed
        Of velocities and friction.
    folder
        Where the runs keep what they need to go on after an interruption; None for nowhere.
    progress
        Where it is told how far the runs have come.

    Raises
    ------
    BrokenRunError
        Atoms fly apart, or a bond breaks.
    ModelError
        The model does not know carbon or oxygen, or gives what is no number.
    """
    every_fs = lengths.every_fs
    with _place(folder) as place, quietly():
        heated, _ = _run(gas, model, _heated(lengths, seed), every_fs, place, progress=progress)
        start = heated.frame(-1)  # without velocities, so that they are drawn anew
        settings = _free(lengths, seed, drawn_K)
        free, samples = _run(start, model, settings, every_fs, place, progress=progress)
        return _analysed(heated, free, samples, settings)


def _analysed(
    heated: Trajectory, free: Trajectory, samples: tuple[Sample, ...], settings: DynamicsSettings
) -> Cycle:
    step = max(round(_INDEPENDENT_FS / heated.interval_fs), 1)
    forgotten = heated.between(_FORGOTTEN_FS).between(every=step)
    counts = reduced_counts(forgotten, HEATED_K)
    groups = groups_of(free, np.arange(free.n_atoms).reshape(-1, 3).tolist(), "CO2")
    slope, error, energies = _drift(samples)
    times_ps = np.array([sample.time_fs for sample in samples]) / 1000
    kinetic = 1000 * np.array([sample.kinetic_energy_eV for sample in samples])
    diffusion = _diffusion(free, groups)
    carbon = free.of_atoms(np.flatnonzero(free.numbers == 6))
    pairs = radial_distribution(
        carbon.between(every=max(len(carbon) // _MOST_FRAMES, 1)), width_A=_SHELL_A
    )
    points = _points(times_ps, energies)
    return Cycle(
        drawn_K=settings.temperature_K,
        free_ps=settings.time_ps,
        n_molecules=len(groups),
        density_kg_per_m3=density_kg_per_m3(len(groups), float(free.volumes_A3[0])),
        drift_meV_per_ps=slope,
        drift_error_meV_per_ps=error,
        kinetic_deviation_meV=float(_without_line(times_ps, kinetic).std()),
        temperature_K=temperatures(free).total.mean,
        motion_K=_temperature_of_centres_K(free, groups),
        diffusion_m2_per_s=None if diffusion is None else diffusion.value_m2_per_s,
        diffusion_error_m2_per_s=None if diffusion is None else diffusion.error_m2_per_s,
        velocity_counts=tuple(counts.tolist()),
        distances_A=tuple(pairs.distances_A.tolist()),
        around=tuple(pairs.partial["C", "C"].tolist()),
        times_ps=tuple(points[0]),
        energies_meV=tuple(points[1]),
    )


@contextmanager
def _place(folder: Path | None) -> Iterator[Path]:
    """Return a folder for the frames, which are gone when they have been analysed."""
    if folder is None:
        with tempfile.TemporaryDirectory() as temporary:
            yield Path(temporary)
        return
    yield folder
    shutil.rmtree(folder, ignore_errors=True)  # after an error or interruption they stay


def _heated(lengths: Lengths, seed: int) -> DynamicsSettings:
    return DynamicsSettings(
        ensemble="nvt",
        time_ps=lengths.heated_ps,
        timestep_fs=lengths.timestep_fs,
        temperature_K=HEATED_K,
        thermostat="langevin",
        thermostat_time_fs=_FRICTION_FS,
        seed=2 * seed,
    )


def _free(lengths: Lengths, seed: int, drawn_K: float) -> DynamicsSettings:
    return DynamicsSettings(
        ensemble="nve",
        time_ps=lengths.free_ps,
        timestep_fs=lengths.timestep_fs,
        temperature_K=drawn_K,
        seed=2 * seed + 1,
    )


def _run(
    atoms: Atoms,
    model: Model,
    settings: DynamicsSettings,
    every_fs: float,
    place: Path,
    *,
    progress: Progress,
) -> tuple[Trajectory, tuple[Sample, ...]]:
    """Run, or go on where it was interrupted, and return what was written."""
    frames = place / f"{settings.ensemble}.extxyz"
    run = run_dynamics(
        atoms,
        model,
        settings,
        OutputSettings(every_fs=every_fs, velocities=True),
        trajectory=frames,
        samples=place / f"{settings.ensemble}.csv",
        checkpoint=place / f"{settings.ensemble}.checkpoint",
        keep_bonds=True,
        progress=progress,
    )
    return read_trajectory(frames), run.samples


def _drift(samples: tuple[Sample, ...]) -> tuple[float, float, FloatArray]:
    """Return the slope of the energy, its standard error, in meV/ps, and the energies in meV."""
    times_ps = np.array([sample.time_fs for sample in samples]) / 1000
    energies = 1000 * np.array([sample.conserved_eV for sample in samples])
    energies -= energies[0]
    slope = float(np.polyfit(times_ps, energies, 1)[0])
    left = _without_line(times_ps, energies)
    correlated = statistical_inefficiency(left) * float((left**2).sum()) / (len(left) - 2)
    spread = float(((times_ps - times_ps.mean()) ** 2).sum())
    return slope, float(np.sqrt(correlated / spread)), energies


def _without_line(times: FloatArray, values: FloatArray) -> FloatArray:
    left: FloatArray = values - np.polyval(np.polyfit(times, values, 1), times)
    return left


def _points(times: FloatArray, values: FloatArray) -> tuple[list[float], list[float]]:
    """Return means over so many parts of equal length, for a figure."""
    parts = np.array_split(np.arange(len(times)), min(len(times), _MOST_POINTS))
    means = [(float(times[part].mean()), float(values[part].mean())) for part in parts]
    return [time for time, _ in means], [value for _, value in means]


def _temperature_of_centres_K(trajectory: Trajectory, groups: tuple[Group, ...]) -> float:
    """Return the mean temperature of the motion of molecules as a whole."""
    velocities, masses = trajectory.require_velocities(), trajectory.masses_amu
    twice_kinetic = 0.0
    for group in groups:
        momenta = np.einsum("a,fai->fi", masses[group.atoms], velocities[:, group.atoms])
        twice_kinetic += float((momenta**2).sum(axis=1).mean() / masses[group.atoms].sum())
    # The momentum of the whole is zero.
    return float(KELVIN_PER_AMU_A2_PER_FS2 * twice_kinetic / (3 * len(groups) - 3))


def _diffusion(trajectory: Trajectory, groups: tuple[Group, ...]) -> DiffusionCoefficient | None:
    """Return the coefficient of self-diffusion of molecules; None of too short a run."""
    last_fs = _LAST_DIFFUSIVE * float(trajectory.times_fs[-1] - trajectory.times_fs[0])
    if last_fs < _SHORTEST_DIFFUSIVE_FS:
        return None
    return diffusion_coefficient(
        trajectory,
        groups=groups,
        start_fs=FIRST_DIFFUSIVE_FS,
        end_fs=last_fs,
        estimator="least-squares",
    )
