"""From a trajectory to what it says: structure, diffusion, spectra, temperatures, with errors."""

import os
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from ase import Atoms

from nearsight.announcing import announces
from nearsight.dynamics.analysis.reading import read_trajectory
from nearsight.dynamics.analysis.selection import selected_atoms
from nearsight.dynamics.analysis.trajectory import Trajectory
from nearsight.fingerprint import file_sha256
from nearsight.memory import require_room
from nearsight.progress import Progress, as_progress
from nearsight.provenance import ModelIdentity, record
from nearsight.records.making_trajectory import trajectory_record
from nearsight.records.motion_records import TrajectoryRecord
from nearsight.records.shared_fields import Run
from nearsight.records.trajectory_results import FramesRead, TrajectoryResults
from nearsight.resources import Resources
from nearsight.workflows.given import require_places, require_settings
from nearsight.workflows.trajectory_analyses import Analyses
from nearsight.workflows.trajectory_settings import TrajectorySettings

_DEFAULT = TrajectorySettings()
_BYTES_OF_VECTOR = 24
_TIMES_AT_ONCE = 12
"""Arrays as large as the positions that an analysis has at the same time; 10.7 were measured for
displacements of 1,000 atoms in 1,000 frames, fewer for the others."""


@announces
def trajectory(
    file: str | os.PathLike[str],
    settings: TrajectorySettings = _DEFAULT,
    *,
    samples: str | os.PathLike[str] | None = None,
    harmonic: str | os.PathLike[str] | None = None,
    resources: Resources | None = None,
    progress: Progress | bool | None = None,
) -> TrajectoryRecord:
    """Return what a trajectory says, whoever wrote it.

    Everything is computed that the file allows; what it does not, and why, is in
    ``record.not_computed``. What was asked for by name, or by a setting of its own, is computed or
    raises the reason.

    Parameters
    ----------
    file
        Extended XYZ, a text dump of LAMMPS, or ASE's own; see
        `nearsight.dynamics.analysis.read_trajectory`.
    settings
        Which frames and atoms count, and what is computed of them.
    samples
        The samples of the same run, as `molecular_dynamics` writes them: at constant temperature
        and volume they have the heat capacity, at constant pressure the compressibility.
    harmonic
        A saved Hessian or a record of vibrations or phonons, whose density of states is put beside
        that of the velocities.
    resources
        What may be used of the machine.
    progress
        Where progress goes; True for a bar.

    Returns
    -------
    TrajectoryRecord
        Its ``results`` have the results of `nearsight.dynamics.analysis`, with all points of
        curves.

    Raises
    ------
    NearsightError
        The file is no trajectory, or damaged; times or elements are missing; it does not fit into
        the memory; what was asked for cannot be computed; or nothing can be.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from ase.io import write
    >>> from nearsight.workflows import FrameSettings, TrajectorySettings, trajectory
    >>> frames = [bulk("Cu", cubic=True) * (2, 2, 2) for _ in range(5)]
    >>> for seed, frame in enumerate(frames):
    ...     frame.rattle(0.05, seed=seed)
    ...
    >>> write("copper.extxyz", frames)
    >>> settings = TrajectorySettings(frames=FrameSettings(interval_fs=1.0))
    >>> record = trajectory("copper.extxyz", settings)
    >>> around = record.results.radial
    >>> print(f"g(r) is highest at {around.distances_A[around.total.argmax()]:.2f} Å")
    g(r) is highest at 2.58 Å
    """
    require_settings(settings, TrajectorySettings)
    require_places(None, resources)
    start = perf_counter()
    (resources or Resources()).limit_threads()
    memory_bytes = None if resources is None else resources.memory_bytes
    whole = _read(file, settings, memory_bytes)
    skip_fs = 1000 * (settings.frames.skip_ps or 0.0)
    frames = whole.between(whole.times_fs[0] + skip_fs) if skip_fs else whole
    words = settings.frames.select
    chosen = np.arange(frames.n_atoms) if words is None else selected_atoms(frames, words)
    _require_room(frames, len(chosen), memory_bytes)
    analyses = Analyses(settings, frames, chosen, as_progress(progress))
    file_format = _format_of(Path(file))
    results = TrajectoryResults(
        name=str(file),
        atoms=_last(frames),
        frames=FramesRead(
            n_frames=len(frames),
            n_skipped=len(whole) - len(frames),
            start_fs=float(frames.times_fs[0]),
            end_fs=float(frames.times_fs[-1]),
            n_selected=len(chosen),
            unwrapped=whole.unwrapped,
            has_velocities=whole.velocities_A_per_fs is not None,
        ),
        provenance=record(
            ModelIdentity(Path(file).name, "trajectory", file_sha256(Path(file)), "float64", "cpu"),
            format=file_format,
        ),
        **analyses.results(samples, harmonic, skip_fs),
        settings=_given(settings, samples, harmonic),
        trajectory_warnings=whole.warnings,
    )
    return trajectory_record(results, Run(perf_counter() - start, asked=settings))


def _read(
    file: str | os.PathLike[str], settings: TrajectorySettings, memory_bytes: int | None
) -> Trajectory:
    asked = settings.frames
    elements = asked.elements
    return read_trajectory(
        file,
        timestep_fs=asked.timestep_fs,
        interval_fs=asked.interval_fs,
        elements=None if elements is None else dict(enumerate(elements, start=1)),
        units=asked.units,
        unwrapped=None if asked.positions == "auto" else asked.positions == "unwrapped",
        every=asked.every,
        memory_bytes=memory_bytes,
    )


def _require_room(frames: Trajectory, n_atoms: int, memory_bytes: int | None) -> None:
    """Check that arrays as large as the positions of the chosen atoms fit into the memory."""
    require_room(
        len(frames) * n_atoms * _BYTES_OF_VECTOR * _TIMES_AT_ONCE,
        f"the analysis of {len(frames)} frames of {n_atoms} atoms",
        "Take fewer frames (`every`, `skip_ps`) or atoms (`select`), or let it have more "
        "(`memory_bytes`).",
        budget_bytes=memory_bytes,
    )


def _last(frames: Trajectory) -> Atoms:
    """Return the last frame, carried back into the cell."""
    atoms = frames.frame(len(frames) - 1)
    atoms.wrap()
    return atoms


def _given(
    settings: TrajectorySettings,
    samples: str | os.PathLike[str] | None,
    harmonic: str | os.PathLike[str] | None,
) -> dict[str, Any]:
    """Return what was asked for, by name, without what was left open."""
    flat: dict[str, Any] = {"samples": samples, "harmonic": harmonic}
    default = TrajectorySettings().to_json()
    for name, value in settings.to_json().items():
        groups = value if isinstance(value, dict) else {name: value}
        before = default[name] if isinstance(value, dict) else default
        flat |= {key: each for key, each in groups.items() if each != before[key]}
    return {
        name: ", ".join(value) if isinstance(value, list) else _plain(value)
        for name, value in flat.items()
        if value is not None
    }


def _plain(value: Any) -> Any:
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _format_of(file: Path) -> str:
    """Return how the name of a file ends, without what says that it is packed."""
    name = file.name.removesuffix(".gz")
    return Path(name).suffix.lstrip(".") or "unknown"
