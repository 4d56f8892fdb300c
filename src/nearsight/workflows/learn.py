"""From crystals and a teacher to a potential that has learnt from fragments of them."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import perf_counter

from ase import Atoms

from nearsight.announcing import announces
from nearsight.errors import MethodError
from nearsight.hdnnp.files.data import read_data
from nearsight.hdnnp.files.extended_xyz import write_extended_xyz
from nearsight.hdnnp.frames import Frame
from nearsight.locking import hold
from nearsight.models.registry import load_model
from nearsight.progress import Progress, as_progress
from nearsight.provenance import ModelIdentity
from nearsight.records.learning_record import LearningRecord
from nearsight.records.learning_results import LearningResults, learning_record
from nearsight.records.questions import LocalityRecord
from nearsight.records.shared_fields import Run
from nearsight.remarks import Remark, Severity
from nearsight.resources import Resources
from nearsight.training.active.cutting import Cutter
from nearsight.training.active.ending import limit_reached, nothing_to_go_on_with
from nearsight.training.active.rounds import Errors, Round
from nearsight.training.folder import BEST
from nearsight.training.labelled import ALL, labelled_data
from nearsight.training.proposing import Pair
from nearsight.training.result import Training
from nearsight.workflows.context import AnyModel, load
from nearsight.workflows.exploring import (
    Crystal,
    Found,
    explore,
    first_frames,
    in_turn,
    seed_of,
)
from nearsight.workflows.given import require_model, require_places, require_settings
from nearsight.workflows.labelling import label_all, processes_of
from nearsight.workflows.learn_checks import (
    require_calculable_fragments,
    require_crystals,
    require_elements,
    require_labels,
    require_room,
    require_trainable,
    with_radius,
)
from nearsight.workflows.learn_folder import (
    LABELLED,
    LABELS,
    ROUND,
    STATE,
    require_loadable,
    require_same,
    round_folder,
)
from nearsight.workflows.learn_settings import LearnSettings
from nearsight.workflows.source import Source, Structure
from nearsight.workflows.train import reaches_A, train_committee

_logger = logging.getLogger("nearsight.training")
_DEFAULT = LearnSettings()
MEMBERS = ("member-1", "member-2")
"""Folders of both potentials in that of a round."""


@announces
def learn(
    structures: Sequence[Structure],
    teacher: AnyModel,
    settings: LearnSettings = _DEFAULT,
    *,
    out: str | os.PathLike[str],
    locality: LocalityRecord | None = None,
    resources: Resources | None = None,
    progress: Progress | bool | None = None,
    told: Callable[[Round], object] = lambda _: None,
) -> LearningRecord:
    """Teach a potential what a teacher knows of crystals, from fragments of these.

    First the teacher moves fragments. In each round two networks learn all labelled structures, the
    first one moves the crystals, and where both disagree or extrapolate fragments are cut and
    labelled by the teacher; until there are none, or a limit is reached. The last round only
    learns.

    Parameters
    ----------
    structures
        Crystals that can be cut.
    teacher
        Any model; of a name or a `ModelSpec` each process loads its own.
    settings
        Radius of fragments, how networks are trained, what is explored, and what is picked.
    out
        A folder for everything. A run that was interrupted, or killed, goes on from there as if it
        had not been; one that has ended goes on if more rounds or labels are asked for. Settings
        that first frames do not depend on may be others where the round that follows is not begun.
    locality
        How far forces reach: half of that range is the radius of fragments and the cutoff, and
        pairs of elements have no symmetry functions beyond the distance at which they interact.
    resources, progress
        As for `nearsight.workflows.heat_capacity`.
    told
        What is called with each round that is done.

    Returns
    -------
    LearningRecord
        Its ``results.potential`` is the folder of the potential.

    Raises
    ------
    NearsightError
        Something is wrong with the structures, the teacher, the settings or the machine, or the
        folder is that of other settings.

    Examples
    --------
    >>> from ase import Atoms
    >>> from nearsight.training import FunctionSettings
    >>> from nearsight.workflows import LearnSettings, RoundsSettings, learn
    >>> carbon = [[0.42, 0, 0], [-0.42, 0, 1.27]]
    >>> hydrogen = [[1.05, 0.88, 0], [1.05, -0.88, 0], [-1.05, 0.88, 1.27], [-1.05, -0.88, 1.27]]
    >>> chain = Atoms("C2H4", carbon + hydrogen, cell=[5.0, 5.2, 2.54], pbc=True)
    >>> radius = RoundsSettings(fragment_radius_A=3.0)
    >>> settings = LearnSettings(functions=FunctionSettings(cutoff_A=3.0), rounds=radius)
    >>> record = learn([chain], "gfn1-xtb", settings, out="learnt")  # doctest: +SKIP
    """
    require_settings(settings, LearnSettings)
    require_model(teacher)
    require_places(None, resources)
    start = perf_counter()
    settings = with_radius(settings, locality)
    reaches = None if locality is None else reaches_A(locality)
    resources = resources or Resources()
    resources.limit_threads()
    folder = Path(out)
    require_loadable(folder)
    crystals = [_crystal(each, number, settings) for number, each in enumerate(structures)]
    require_crystals(crystals)
    require_elements(crystals, locality)
    require_trainable(crystals, settings)
    require_room(crystals, settings)
    model = load(teacher, resources)
    require_calculable_fragments(crystals, model)
    folder.mkdir(parents=True, exist_ok=True)
    with hold(folder / STATE):
        require_same(folder, crystals, model, settings, reaches)
        in_processes = partial(processes_of, teacher, resources)
        if not (round_folder(folder, 0) / ROUND).exists():
            require_labels(crystals, model)
        run = _Run(
            crystals=crystals,
            settings=settings,
            folder=folder,
            resources=resources,
            reaches_A=reaches,
            progress=as_progress(progress),
            processes=in_processes,
            told=told,
        )
        try:
            results = run.results(model.identity, *run.to_the_end())
        except KeyboardInterrupt as interruption:
            interruption.add_note(
                f"What was done is kept in {folder}; the same call goes on from there."
            )
            raise
    return learning_record(results, Run(perf_counter() - start, asked=settings))


@dataclass(frozen=True, eq=False, kw_only=True)
class _Run:
    """All rounds of one folder."""

    crystals: list[Crystal]
    settings: LearnSettings
    folder: Path
    resources: Resources
    reaches_A: Mapping[Pair, float] | None
    """How far pairs of elements interact, where that is known."""
    progress: Progress
    processes: Callable[[int], Executor]
    """Returns what runs so many tasks of the teacher."""
    told: Callable[[Round], object]

    def to_the_end(self) -> tuple[list[Round], str]:
        """Go on until nothing new is found, or a limit is reached; return all rounds, and why."""
        rounds = [self._first()]
        while True:
            most = self.settings.rounds.most_labels
            n_left = None if most is None else most - sum(each.n_asked for each in rounds)
            limit = limit_reached(rounds, self.settings.rounds)
            rounds.append(self._round(len(rounds), n_left, explores=limit is None))
            ended = limit or nothing_to_go_on_with(rounds[-1])
            if ended is not None:
                return rounds, ended

    def results(
        self, teacher: ModelIdentity, rounds: Sequence[Round], stopped: str
    ) -> LearningResults:
        """Return what came of all rounds."""
        potential = round_folder(self.folder, rounds[-1].number) / MEMBERS[0] / BEST
        return LearningResults(
            crystals=tuple(each.name for each in self.crystals),
            teacher=teacher,
            model=load_model(f"hdnnp:{potential}", device="cpu").identity,
            potential=potential,
            fragment_radius_A=self.settings.rounds.radius_A,
            cutoff_A=self.settings.functions.cutoff_radius_A,
            rounds=tuple(rounds),
            stopped=stopped,
            remarks=tuple(self._remarks()),
        )

    def _first(self) -> Round:
        """Return the round of first frames, which the teacher makes."""
        folder = round_folder(self.folder, 0)
        done = Round.read(folder / ROUND)
        if done is not None:
            return done
        folder.mkdir(exist_ok=True)
        frames, refusals = first_frames(self.crystals, self.settings, folder, self.processes)
        if not frames:
            raise MethodError(
                f"the teacher could move none of the fragments: {'; '.join(refusals)}"
            )
        write_extended_xyz(frames, folder / LABELLED)
        done = Round(0, 0, (), None, (), len(frames), len(refusals), tuple(refusals), 0)
        return self._finished(done, folder)

    def _round(self, number: int, n_left: int | None, *, explores: bool) -> Round:
        """Return a round, in which no more than `n_left` structures are labelled."""
        folder = round_folder(self.folder, number)
        done = Round.read(folder / ROUND)
        if done is not None and (done.explorations or not explores):
            return done
        folder.mkdir(exist_ok=True)
        trainings = self._trained(folder, number)
        errors = tuple(_errors(each) for each in trainings)
        n_learnt = len(trainings[0].prepared.structures)
        warnings = tuple(_remarks(trainings))
        for remark in warnings:
            if remark.severity is Severity.PROBLEM:
                _logger.warning("round %d: %s", number, remark)  # before more is spent
        done = Round(number, n_learnt, errors, None, (), 0, 0, (), 0, warnings)
        if not explores or done.unlearnt:
            return self._finished(done, folder)
        threshold = self._threshold(errors)
        found = [
            explore(
                crystal,
                trainings,
                folder,
                threshold,
                settings=self.settings,
                seed=seed_of(self.settings.network.seed, number, place),
                progress=self.progress,
            )
            for place, crystal in enumerate(self.crystals)
        ]
        done = replace(
            done,
            threshold_eV_per_A=threshold,
            explorations=tuple(each.exploration for each in found),
        )
        return self._finished(self._labelled(done, found, folder, n_left), folder)

    def _trained(self, folder: Path, number: int) -> tuple[Training, ...]:
        """Let both networks learn all labels of earlier rounds."""
        files = [round_folder(self.folder, earlier) / LABELLED for earlier in range(number)]
        frames = [frame for file in files if file.exists() for frame in read_data(file)]
        data = labelled_data(frames)
        first = self.settings.training
        second = replace(
            first.network,
            hidden_layers=self.settings.rounds.second_hidden_layers,
            seed=first.network.seed + 1,
        )
        calls = [
            (data, each, str(folder / name), self.reaches_A, member)
            for member, (name, each) in enumerate(
                zip(MEMBERS, (first, replace(first, network=second)), strict=True), start=1
            )
        ]
        return train_committee(calls, self.resources, self.progress, lambda _epoch, _member: None)

    def _threshold(self, errors: Sequence[Errors]) -> float:
        """Return the disagreement in eV/Å beyond which atoms are learnt."""
        asked = self.settings.picking
        if asked.disagreement_eV_per_A is not None:
            return asked.disagreement_eV_per_A
        # Of the norm of a force, which has three components.
        largest = max(each.force_RMSE_eV_per_A for each in errors)
        return float(asked.times_error * 3**0.5 * largest)

    def _labelled(
        self, done: Round, found: Sequence[Found], folder: Path, n_left: int | None
    ) -> Round:
        """Let the teacher label what was found, and write what can be learnt of it."""
        chosen = in_turn(found)[:n_left]
        structures = [atoms for atoms, _ in chosen]
        labels = label_all(structures, folder / LABELS, self.processes, self.progress)
        frames: list[Frame] = []
        n_too_far = 0
        for (atoms, name), label in zip(chosen, labels, strict=True):
            forces = label.forces_eV_per_A
            if forces is None:
                continue
            if (forces**2).sum(axis=1).max() ** 0.5 > self.settings.picking.largest_force_eV_per_A:
                n_too_far += 1
                continue
            plain = Atoms(atoms.numbers, atoms.positions)
            frames.append(Frame(plain, label.energy_eV, forces, group=name))
        if frames:
            write_extended_xyz(frames, folder / LABELLED)
        refusals = tuple(dict.fromkeys(each.refusal for each in labels if each.refusal is not None))
        n_refused = sum(each.refusal is not None for each in labels)
        return replace(
            done,
            n_labelled=len(frames),
            n_refused=n_refused,
            refusals=refusals,
            n_too_far=n_too_far,
        )

    def _remarks(self) -> Iterator[Remark]:
        """Yield what is to be known of the crystals as they were read."""
        for crystal in self.crystals:
            for each in crystal.remarks:
                of = f"{crystal.name}: " if len(self.crystals) > 1 else ""
                yield Remark(each.code, f"{of}{each}", each.severity)

    def _finished(self, done: Round, folder: Path) -> Round:
        done.write(folder / ROUND)
        self.told(done)
        return done


def _crystal(structure: Structure, number: int, settings: LearnSettings) -> Crystal:
    source = Source.of(structure, settings.reading)
    atoms, remarks = source.read()
    cutter = Cutter(atoms, settings.rounds.radius_A)
    return Crystal(source.name, f"crystal-{number:02d}", atoms, cutter, remarks)


def _errors(training: Training) -> Errors:
    of_test = training.best_errors.errors.of("test", ALL)
    return Errors(of_test.energy_RMSE_eV_per_atom, of_test.force_RMSE_eV_per_A, training.best_epoch)


def _remarks(trainings: Sequence[Training]) -> Iterator[Remark]:
    """Yield what is to be known of the data, once, and of each network."""
    of_each = [training.warnings for training in trainings]
    for place, remarks in enumerate(of_each, start=1):
        for remark in remarks:
            if all(remark in others for others in of_each):
                if place == 1:
                    yield remark
            else:
                yield Remark(remark.code, f"network {place}: {remark}", remark.severity)
