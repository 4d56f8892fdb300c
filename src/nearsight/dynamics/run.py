"""Molecular dynamics of a model, which go on after an interruption as if there had been none."""

import hashlib
import json
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from ase import Atoms

from nearsight.announcing import announces
from nearsight.dynamics.checkpoint import Checkpoint, State
from nearsight.dynamics.frames import FramesFile
from nearsight.dynamics.moving import Moving
from nearsight.dynamics.result import Dynamics
from nearsight.dynamics.samples import Sample, SamplesFile
from nearsight.dynamics.settings import DynamicsSettings, OutputSettings
from nearsight.dynamics.timestep import interval_remarks, timestep_remarks
from nearsight.dynamics.watch import BrokenRunError, Watch
from nearsight.errors import CheckpointError, MethodError, ModelError, SettingError
from nearsight.fingerprint import fingerprint
from nearsight.lammps.library import installed_version
from nearsight.locking import hold
from nearsight.models.contract import Model
from nearsight.models.evaluable import require_calculable
from nearsight.models.versions import versions_behind
from nearsight.progress import Progress, as_progress
from nearsight.provenance import Provenance, Setting
from nearsight.remarks import Remark
from nearsight.structures.checking import check_structure

logger = logging.getLogger("nearsight.dynamics")

CHECKPOINT_S = 10.0
"""Seconds between two checkpoints: nothing beside the steps, and little to lose."""


@announces
def run_dynamics(
    atoms: Atoms,
    model: Model,
    settings: DynamicsSettings,
    output: OutputSettings | None = None,
    *,
    trajectory: str | os.PathLike[str] | None = None,
    samples: str | os.PathLike[str] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_s: float = CHECKPOINT_S,
    keep_bonds: bool = False,
    progress: Progress | bool | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Dynamics:
    """Move atoms by the forces of a model.

    Parameters
    ----------
    atoms
        The structure. Its constraints hold where the thermostat allows any. Velocities are drawn
        at the temperature, unless it has some.
    model
        What gives energies, forces and, in npt, the stress.
    settings, output
        How atoms move, and what is written.
    trajectory, samples
        Files that grow by frames (see `FramesFile`) and by lines of comma-separated values.
    checkpoint
        A file from which the same call goes on after an interruption, and one for a longer time
        after the end: to the bit as if there had been none. (Stochastic thermostats of
        LAMMPS draw other numbers then. A calculator of ASE may keep a list of neighbours
        that depends on where it
        was made, as EMT does, and then differ in last digits, as two such runs would.)
    checkpoint_s
        Seconds between two of its states.
    keep_bonds
        Stop when a bond of the start breaks.
    progress
        Where progress goes; True for a bar.
    clock
        Tells the time in seconds, by which is decided when to write a checkpoint.

    Raises
    ------
    StructureError
        `atoms` is no structure that a calculation can start from.
    MethodError
        Settings that this structure or this model does not allow.
    ModelError
        The model does not know an element, or gives what is no number.
    BrokenRunError
        Atoms fly apart, or a bond breaks; what was written by then stays.
    CheckpointError
        The checkpoint is damaged, or belongs to another run.
    StorageError
        A file cannot be written, or would take the place of another.
    LammpsError
        LAMMPS is the engine, and is not installed or cannot be started.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.dynamics import DynamicsSettings, run_dynamics
    >>> from nearsight.models import load_model
    >>> settings = DynamicsSettings(temperature_K=300.0, time_ps=0.2, timestep_fs=5.0)
    >>> run = run_dynamics(bulk("Cu", cubic=True), load_model("ase:emt"), settings)
    >>> print(f"{run.n_steps} steps to {run.samples[-1].time_fs:.0f} fs")
    40 steps to 200 fs
    """
    check_structure(atoms)
    require_calculable(atoms, model)
    output = output or OutputSettings()
    _require_volume(atoms, settings, output)
    watch = Watch.of(
        atoms,
        max(settings.temperature_K, settings.final_temperature_K or 0.0),
        bonds=keep_bonds,
    )
    _require_two_files(trajectory, samples)
    frames = None if trajectory is None else FramesFile(trajectory, output)
    lines = None if samples is None else SamplesFile(samples)
    versions = versions_behind(model.identity)
    if settings.engine == "lammps":
        versions["lammps"] = installed_version()
    with hold(checkpoint):
        keeper = Checkpoint(
            checkpoint,
            fingerprint(atoms, model.identity, deciding(atoms, settings, output, keep_bonds)),
            versions,
        )
        state = keeper.resume()
        if state is not None and state.step > settings.n_steps:
            raise CheckpointError(
                f"The run in {checkpoint} has got to step {state.step} already, beyond the "
                f"{settings.n_steps} that are asked for; give it a longer time (`time_ps`), or "
                f"delete it to begin anew."
            )
        moving = Moving(atoms, model, settings, state, with_stress=output.stress)
        for name, file in (("trajectory", frames), ("samples", lines)):
            if file is not None:
                file.begin(None if state is None else state.sizes.get(name, 0))
        remarks = (
            *timestep_remarks(atoms, settings.timestep_fs),
            *interval_remarks(settings, output),
        )
        for remark in remarks:
            logger.warning("%s", remark)  # before hours are spent
        used = {**settings.to_json(), "thermostat": settings.chosen_thermostat}
        provenance = Provenance(model.identity, used, versions)
        run = _Run(
            moving, output, frames, lines, keeper, checkpoint_s, watch, provenance, remarks, clock
        )
        run.is_recorded = state is not None and state.is_recorded
        return run.to_the_end(None if state is None else state.step, as_progress(progress))


@dataclass(eq=False)
class _Run:
    """One process's part of a run."""

    moving: Moving
    output: OutputSettings
    frames: FramesFile | None
    lines: SamplesFile | None
    checkpoint: Checkpoint
    checkpoint_s: float
    watch: Watch
    provenance: Provenance
    remarks: tuple[Remark, ...]
    clock: Callable[[], float]
    is_recorded: bool = False
    """Whether frames and samples have begun."""
    latest: State = field(init=False)
    """That of the last whole step, or the last that was written."""

    def to_the_end(self, resumed_step: int | None, progress: Progress) -> Dynamics:
        """Take all steps that are left."""
        moving, n_steps = self.moving, self.moving.settings.n_steps
        interval = self.output.interval(moving.settings.timestep_fs)
        start = saved = self.clock()
        samples, first = [], moving.step
        moving.evaluate()
        if resumed_step is None:
            self._count()
        if not self.is_recorded:
            self._save()  # from here on files that have something belong to this run
            samples.append(self._recorded())
        self._save()
        try:
            with progress.task("steps of dynamics", n_steps, moving.step) as advance:
                while moving.step < n_steps:
                    moving.move()
                    self._count()
                    self.watch.require_together(moving.temperature_K)
                    if moving.step % interval == 0:
                        self.watch.require_bonds(moving.atoms)
                        samples.append(self._recorded())
                    if moving.settings.engine == "ase":  # LAMMPS writes a file for each state
                        self.latest = self._state()
                    if self.clock() - saved >= self.checkpoint_s:
                        self._save()
                        saved = self.clock()
                    advance(moving.step, self._note(moving.step - first, self.clock() - start))
        except (BrokenRunError, ModelError) as error:
            raise type(error)(self._stopped(error)) from error
        except KeyboardInterrupt:
            self._write(self.latest)
            raise
        self._save()
        pairs = moving.pairs
        # Files have evenly spaced moments only, also where the run is given a longer time later.
        last = () if moving.step % interval == 0 else (moving.sample(),)
        return Dynamics(
            atoms=_without_calculator(moving.atoms),
            samples=(*(samples if self.lines is None else self.lines.read()), *last),
            n_steps=n_steps,
            timestep_fs=moving.settings.timestep_fs,
            thermostat=moving.settings.chosen_thermostat,
            resumed_step=resumed_step,
            n_searches=None if pairs is None else pairs.n_searches,
            seconds=self.clock() - start,
            provenance=self.provenance,
            extrapolated=moving.extrapolated if moving.knows_extrapolation else None,
            warnings=(
                *self.remarks,
                *moving.extrapolated.remarks(len(moving.atoms), self.provenance.model.name),
            ),
        )

    def _count(self) -> None:
        """Count where the model extrapolates, and say so once, while there is time to stop."""
        before = self.moving.extrapolated.n_steps
        self.moving.count()
        if before == 0 and self.moving.extrapolated.n_steps:
            logger.warning(
                "at step %d %d of %d atoms are outside of what %s was trained on; how often that "
                "is so is said at the end",
                self.moving.step,
                self.moving.extrapolated.most_atoms,
                len(self.moving.atoms),
                self.provenance.model.name,
            )

    def _note(self, n_steps: int, seconds: float) -> str:
        """Return what progress says beside the number of steps."""
        temperature = f"{self.moving.temperature_K:.0f} K"
        if seconds <= 0:
            return temperature
        ns = 1e-6 * n_steps * self.moving.settings.timestep_fs
        return f"{temperature}, {86400 * ns / seconds:.3g} ns/day"

    def _recorded(self) -> Sample:
        """Write a frame and a line of this moment."""
        sample = self.moving.sample()
        if self.frames is not None:
            self.frames.add(self.moving.atoms, sample.step, sample.time_fs)
        if self.lines is not None:
            self.lines.add(sample)
        self.is_recorded = True
        return sample

    def _save(self) -> None:
        """Write a checkpoint of this moment."""
        self.latest = self._state()
        self._write(self.latest)

    def _state(self) -> State:
        """Return where the run is, with what has been written by now."""
        files = {"trajectory": self.frames, "samples": self.lines}
        sizes = {name: file.size for name, file in files.items() if file is not None}
        return self.moving.state(sizes, is_recorded=self.is_recorded)

    def _write(self, state: State) -> None:
        """Write a checkpoint, when all that it counts on is on the disk."""
        for file in (self.frames, self.lines):
            if file is not None:
                file.secure()
        self.checkpoint.write(state)

    def _stopped(self, error: Exception) -> str:
        """Say where a run stopped, and what is left of it."""
        time_fs = self.moving.step * self.moving.settings.timestep_fs
        left = "" if self.frames is None else f" Frames up to then are in {self.frames.path}."
        return f"stopped at step {self.moving.step} ({time_fs:g} fs): {error}{left}"


def _without_calculator(atoms: Atoms) -> Atoms:
    copied: Atoms = atoms.copy()
    return copied


def _require_volume(atoms: Atoms, settings: DynamicsSettings, output: OutputSettings) -> None:
    """Check that there can be a pressure; that the model has a stress shows at once."""
    if atoms.pbc.all():
        return
    said = f"{atoms.get_chemical_formula()} is not periodic in three directions"
    if settings.ensemble == "npt":
        raise MethodError(
            f"npt keeps the pressure of a crystal or liquid, and {said}; use `ensemble` nvt."
        )
    if output.stress:
        raise MethodError(f"only a crystal or liquid has a stress, and {said}; leave `stress` out.")


def _require_two_files(
    trajectory: str | os.PathLike[str] | None, samples: str | os.PathLike[str] | None
) -> None:
    places = [os.path.abspath(path) for path in (trajectory, samples) if path is not None]
    if len(set(places)) < len(places):
        raise SettingError(
            f"frames and samples would both go to {samples}; give each a file of its own.",
            "samples",
        )


def deciding(
    atoms: Atoms, settings: DynamicsSettings, output: OutputSettings, keep_bonds: bool
) -> dict[str, Setting]:
    """Return what makes another run, beside structure and model.

    How long it goes on is no part of it, unless a temperature changes all the while: a run may be
    continued beyond its end.
    """
    constraints = json.dumps([each.todict() for each in atoms.constraints], default=_plain)
    start = hashlib.sha256(atoms.get_momenta().tobytes()).hexdigest()
    of_steps = settings.to_json()
    if settings.final_temperature_K is None:
        del of_steps["time_ps"]
    return {
        **of_steps,
        **output.to_json(),
        "keep_bonds": keep_bonds,
        "constraints": constraints,
        "momenta": start,
    }


def _plain(value: object) -> object:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else repr(value)
