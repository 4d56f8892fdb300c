"""Dynamics that show what is still to be learnt: of fragments by the teacher, then of crystals."""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np
from ase import Atoms

from nearsight.dynamics.run import run_dynamics
from nearsight.dynamics.settings import DynamicsSettings, OutputSettings
from nearsight.dynamics.watch import BrokenRunError
from nearsight.errors import ModelError
from nearsight.execution.surroundings import current_model
from nearsight.hdnnp.files.data import read_data
from nearsight.hdnnp.frames import Frame
from nearsight.models.contract import Model
from nearsight.models.registry import load_model
from nearsight.models.renaming import RenamedModel
from nearsight.progress import Progress
from nearsight.remarks import Remark
from nearsight.structures.selection import structure_stem
from nearsight.training.active.cutting import Cutter
from nearsight.training.active.judging import Judged, Judges
from nearsight.training.active.picking import Pick, pick
from nearsight.training.active.rounds import Exploration, Picked
from nearsight.training.active.settings import PickingSettings
from nearsight.training.folder import BEST
from nearsight.training.result import Training
from nearsight.workflows.labelling import OF_STRUCTURES, answers
from nearsight.workflows.learn_settings import LearnSettings

_FS_PER_PS = 1000.0
_TIMESTEP_FS = 0.5


@dataclass(frozen=True, eq=False)
class Crystal:
    """A crystal that is learnt."""

    name: str
    label: str
    """What its files are called, of which no two are the same."""
    atoms: Atoms
    cutter: Cutter
    remarks: tuple[Remark, ...] = ()
    """What is to be known of it as it was read."""

    @property
    def stem(self) -> str:
        """Its name without folders and ending, which is said of data."""
        return Path(structure_stem(self.name)).name


@dataclass(frozen=True, eq=False)
class Found:
    """What is to be learnt next of one crystal."""

    exploration: Exploration
    fragments: list[Atoms]
    names: list[str]
    """What each is called among the data: the crystal and the kind of site."""


def in_turn(found: Sequence[Found]) -> list[tuple[Atoms, str]]:
    """Return fragments with their names, one of each crystal after the other."""
    of_crystals = [zip(each.fragments, each.names, strict=True) for each in found]
    return [each for turn in zip_longest(*of_crystals) for each in turn if each is not None]


def seed_of(seed: int, number: int, place: int) -> int:
    """Return the seed of the velocities of a crystal in a round, which no two have in common."""
    return int(np.random.SeedSequence([seed, number, place]).generate_state(1)[0])


def first_frames(
    crystals: Sequence[Crystal],
    settings: LearnSettings,
    folder: Path,
    processes: Callable[[int], Executor],
) -> tuple[list[Frame], list[str]]:
    """Return labelled frames of fragments that the teacher moves, and why there are not more.

    Parameters
    ----------
    crystals
        From which fragments are cut.
    settings
        How many frames, and how hot.
    folder
        Where trajectories are kept, and gone on with.
    processes
        Returns what runs so many tasks of the teacher.
    """
    fragments = [
        (f"{crystal.stem} {each.centre}", each.atoms)
        for crystal in crystals
        for each in crystal.cutter.at_rest()
    ]
    files = [folder / f"fragment-{number:02d}.extxyz" for number in range(len(fragments))]
    calls = {
        number: (atoms, str(file), settings, number)
        for number, ((_, atoms), file) in enumerate(zip(fragments, files, strict=True))
    }
    with processes(len(fragments)) as executor:
        why = {
            number: str(each)
            for number, each in answers(executor, move_fragment, calls)
            if each is not None
        }
    refusals = [f"{fragments[number][0]}: {why[number]}" for number in sorted(why)]
    frames = [
        Frame(Atoms(a.atoms.numbers, a.atoms.positions), a.energy_eV, a.forces_eV_per_A, group=name)
        for (name, _), file in zip(fragments, files, strict=True)
        if file.exists()
        for a in read_data(file)
    ]
    return frames, refusals


def move_fragment(atoms: Atoms, file: str, settings: LearnSettings, seed: int) -> str | None:
    """Move a fragment by the model of this process, and write its frames with forces.

    Returns
    -------
    str or None
        Why there are fewer frames than asked for.

    Raises
    ------
    NearsightError
        The model cannot be loaded, or the machine has too little memory or disk.
    """
    teacher = current_model()
    asked = settings.first
    output = OutputSettings(every_fs=asked.first_every_fs, forces=True)
    time_fs = (asked.first_frames - 1) * output.interval(_TIMESTEP_FS) * _TIMESTEP_FS
    dynamics = DynamicsSettings(
        temperature_K=asked.first_temperature_K,
        timestep_fs=_TIMESTEP_FS,
        time_ps=time_fs / _FS_PER_PS,
        seed=seed,
    )
    try:
        run_dynamics(
            atoms, teacher, dynamics, output, trajectory=file, checkpoint=f"{file}.dynamics"
        )
    except (*OF_STRUCTURES, BrokenRunError) as error:
        return str(error)
    return None


def explore(
    crystal: Crystal,
    trainings: Sequence[Training],
    folder: Path,
    threshold_eV_per_A: float,
    *,
    settings: LearnSettings,
    seed: int,
    progress: Progress,
) -> Found:
    """Move a crystal by what was learnt, and cut out what was not.

    A crystal that does not hold, with nothing to learn in the frames before that, is moved in the
    same way once more, and each step after the last of them is looked at.

    Parameters
    ----------
    crystal
        The crystal at rest.
    trainings
        The potentials; the first one moves it.
    folder
        That of the round.
    threshold_eV_per_A
        Disagreement beyond which atoms are learnt.
    settings
        How it is moved, and what is picked.
    seed
        Of its velocities.
    progress
        Where progress goes.
    """
    asked, cutter = settings.exploring, crystal.cutter
    judges = Judges([each.best for each in trainings])
    student, dynamics = _student(folder / "member-1" / BEST), _dynamics(settings, seed)
    moments: list[tuple[float, Atoms]] = []
    judged: list[Judged] = []
    for name, every_fs in (
        (crystal.label, asked.explore_every_fs),
        (f"{crystal.label}-steps", asked.explore_timestep_fs),
    ):
        file = folder / f"{name}.extxyz"
        stopped = _moved(crystal, student, dynamics, file, every_fs=every_fs, progress=progress)
        later = _moments(file, after_fs=moments[-1][0] if moments else -math.inf)
        moments += later
        judged += [judges.judge(atoms) for _, atoms in later]
        picks = _picks(cutter, moments, judged, threshold_eV_per_A, settings.picking)
        if picks or stopped is None or asked.explore_every_fs <= asked.explore_timestep_fs:
            break
    return Found(
        Exploration(
            crystal=crystal.name,
            asked_ps=asked.explore_ps,
            reached_ps=moments[-1][0] / _FS_PER_PS,
            stopped=stopped,
            n_frames=len(moments),
            n_frames_beyond=sum(bool((each.overshoot > 0).any()) for each in judged),
            largest_disagreement_eV_per_A=float(
                max(each.disagreement_eV_per_A.max() for each in judged)
            ),
            picked=tuple(
                Picked(
                    _kind(crystal, each),
                    each.reason,
                    each.time_fs / _FS_PER_PS,
                    each.disagreement_eV_per_A,
                    each.overshoot,
                )
                for each in picks
            ),
        ),
        [cutter.cut(moments[each.frame][1], each.atom).atoms for each in picks],
        [f"{crystal.stem} {_kind(crystal, each)}" for each in picks],
    )


def _picks(
    cutter: Cutter,
    moments: Sequence[tuple[float, Atoms]],
    judged: Sequence[Judged],
    threshold_eV_per_A: float,
    settings: PickingSettings,
) -> list[Pick]:
    """Return what is learnt next of these moments."""

    def covered(frame: int, atom: int) -> list[int]:
        fragment = cutter.cut(moments[frame][1], atom)
        return list(fragment.parents[fragment.central].tolist())

    times_fs = [time_fs for time_fs, _ in moments]
    return pick(
        judged, times_fs, cutter.kinds, threshold_eV_per_A, settings=settings, covered=covered
    )


def _kind(crystal: Crystal, one: Pick) -> str:
    return f"{crystal.atoms.symbols[one.kind]}{one.kind}"


def _student(potential: Path) -> Model:
    """Return a potential under a name that is the same wherever its folder is.

    Its dynamics go on although the folder was moved, or is called otherwise: the digest of its
    files tells it from others.
    """
    return RenamedModel(load_model(f"hdnnp:{potential}", device="cpu"), "hdnnp")


def _dynamics(settings: LearnSettings, seed: int) -> DynamicsSettings:
    asked = settings.exploring
    return DynamicsSettings(
        ensemble="npt",
        external_pressure_bar=asked.pressure_bar,
        time_ps=asked.explore_ps,
        timestep_fs=asked.explore_timestep_fs,
        temperature_K=asked.lowest_temperature_K,
        final_temperature_K=asked.highest_temperature_K,
        seed=seed,
    )


def _moved(
    crystal: Crystal,
    student: Model,
    dynamics: DynamicsSettings,
    file: Path,
    *,
    every_fs: float,
    progress: Progress,
) -> str | None:
    """Move the crystal; return why that ended early, or None."""
    try:
        run_dynamics(
            crystal.atoms,
            student,
            dynamics,
            OutputSettings(every_fs=every_fs),
            trajectory=file,
            checkpoint=file.with_suffix(".dynamics"),
            keep_bonds=True,
            progress=progress,
        )
    except (BrokenRunError, ModelError) as error:
        if not file.exists() or not file.stat().st_size:
            raise  # not even the crystal at rest has a number
        return str(error)
    return None


def _moments(file: Path, after_fs: float) -> list[tuple[float, Atoms]]:
    """Return times in fs and structures of a trajectory, those after a time."""
    from ase.io import iread

    return [
        (
            float(atoms.info["time_fs"]),
            Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc),
        )
        for atoms in iread(file, format="extxyz")
        if atoms.info["time_fs"] > after_fs
    ]
