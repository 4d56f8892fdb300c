"""From labelled structures to a potential, or to the members of a committee."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from nearsight.announcing import announces
from nearsight.execution.local_processes import LocalProcesses
from nearsight.execution.surroundings import current_resources
from nearsight.memory import default_memory_budget
from nearsight.progress import Progress
from nearsight.records.questions import LocalityRecord
from nearsight.records.shared_fields import Run
from nearsight.records.training_record import TrainingRecord
from nearsight.records.training_results import TrainingResults, training_record
from nearsight.resources import Resources
from nearsight.training.labelled import LabelledData, labelled_data
from nearsight.training.learning_curve import EpochErrors
from nearsight.training.proposing import Pair
from nearsight.training.result import Training
from nearsight.training.settings import TrainingSettings
from nearsight.training.train import CHECKPOINT, MEMORY_BYTES
from nearsight.training.train import train as train_one
from nearsight.workflows.given import require_settings
from nearsight.workflows.labelled_frames import Data, named_frames
from nearsight.workflows.settings import TrainSettings

_DEFAULT = TrainSettings()
_SHARE_OF_MEMORY = 0.5
"""For descriptors; the rest is for labels and covariances."""


@announces
def train(
    data: Data,
    settings: TrainSettings = _DEFAULT,
    *,
    out: str | os.PathLike[str] | None = None,
    locality: LocalityRecord | None = None,
    resources: Resources | None = None,
    progress: Progress | bool | None = None,
    told: Callable[[EpochErrors], object] = lambda _: None,
) -> TrainingRecord:
    """Train a potential of Behler and Parrinello, or several that differ in their seed.

    Parameters
    ----------
    data
        Files of labelled structures (extended XYZ or `input.data`), or frames.
    settings
        How it is trained, and how many members there are.
    out
        A folder for potentials, learning curve and checkpoint (see `nearsight.training.train`);
        members of a committee have folders ``member-1`` and so on in it. An interrupted training
        goes on from there. None writes nothing.
    locality
        How far pairs of elements interact: symmetry functions beyond that are left out.
    resources
        What may be used; members are trained in as many processes as there are cores.
    progress
        As for `nearsight.workflows.heat_capacity`; of a committee nothing is told meanwhile.
    told
        What is called with the errors after each epoch; not for a committee.

    Returns
    -------
    TrainingRecord
        Its ``results.trainings`` have the potentials.

    Raises
    ------
    NearsightError
        Something is wrong with the data, the settings, or the machine.
    """
    require_settings(settings, TrainSettings)
    start = perf_counter()
    resources = resources or Resources()
    resources.limit_threads()
    name, frames = named_frames(data, settings.units)
    learnt = labelled_data(frames)
    reaches = None if locality is None else reaches_A(locality)
    folders = _folders(out, settings.members)
    asked = _of_members(settings)
    with _noting(out, folders):
        if settings.members == 1:
            trainings: tuple[Training, ...] = (
                train_one(
                    learnt,
                    asked[0],
                    out=folders[0],
                    reaches_A=reaches,
                    memory_bytes=_for_descriptors(resources),
                    progress=progress,
                    told=told,
                ),
            )
        else:
            trainings = _committee(learnt, asked, folders, reaches, resources)
    results = TrainingResults.of(name, trainings, folders)
    return training_record(results, Run(perf_counter() - start, asked=settings))


def reaches_A(locality: LocalityRecord) -> dict[Pair, float]:
    """Return how far pairs of elements interact in Å, by a record of locality."""
    return {each.elements: each.range_A for each in locality.ranges}


def train_member(
    data: LabelledData,
    settings: TrainingSettings,
    out: str | None,
    reaches: Mapping[Pair, float] | None,
) -> Training:
    """Train one member of a committee, in a process of its own."""
    return train_one(
        data,
        settings,
        out=out,
        reaches_A=reaches,
        memory_bytes=_for_descriptors(current_resources()),
        progress=False,
    )


def _for_descriptors(resources: Resources) -> int:
    """Return the memory for descriptors: no more than `MEMORY_BYTES` unless somebody says so."""
    if resources.memory_bytes is None:
        return min(MEMORY_BYTES, int(_SHARE_OF_MEMORY * default_memory_budget("cpu")))
    return int(_SHARE_OF_MEMORY * resources.memory_bytes)


def _committee(
    data: LabelledData,
    settings: Sequence[TrainingSettings],
    folders: Sequence[str | None],
    reaches: Mapping[Pair, float] | None,
    resources: Resources,
) -> tuple[Training, ...]:
    n = min(len(settings), resources.usable_cores)
    with LocalProcesses(n, resources=resources) as processes:
        tasks = [
            processes.submit(train_member, data, each, folder, reaches)
            for each, folder in zip(settings, folders, strict=True)
        ]
        return tuple(task.result() for task in tasks)


def _of_members(settings: TrainSettings) -> list[TrainingSettings]:
    """Return the settings of each member: the same but for the seed."""
    names = TrainingSettings.__dataclass_fields__
    plain = TrainingSettings(**{name: getattr(settings, name) for name in names})
    seed = settings.network.seed
    return [
        replace(plain, network=replace(plain.network, seed=seed + member))
        for member in range(settings.members)
    ]


def _folders(out: str | os.PathLike[str] | None, n_members: int) -> tuple[str | None, ...]:
    if out is None:
        return (None,) * n_members
    if n_members == 1:
        return (str(out),)
    return tuple(str(Path(out) / f"member-{member}") for member in range(1, n_members + 1))


@contextmanager
def _noting(out: str | os.PathLike[str] | None, folders: Sequence[str | None]) -> Iterator[None]:
    """Note on an interruption what is on the disk, if anything is by then."""
    try:
        yield
    except KeyboardInterrupt as interruption:
        begun = [each for each in folders if each is not None and Path(each, CHECKPOINT).exists()]
        if begun:
            interruption.add_note(
                f"What was learnt until the last checkpoint is in {out}; the same training goes on "
                f"from there."
            )
        raise
