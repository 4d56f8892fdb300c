"""From labelled structures to a potential, or to the members of a committee."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from time import perf_counter
from typing import Any

from nearsight.announcing import announces
from nearsight.execution.local_processes import LocalProcesses
from nearsight.execution.surroundings import current_resources, tell
from nearsight.memory import default_memory_budget
from nearsight.progress import Progress, as_progress
from nearsight.records.questions import LocalityRecord
from nearsight.records.shared_fields import Run
from nearsight.records.training_record import TrainingRecord
from nearsight.records.training_results import TrainingResults, training_record
from nearsight.resources import Resources
from nearsight.training.folder import CHECKPOINT
from nearsight.training.labelled import LabelledData, labelled_data
from nearsight.training.learning_curve import EpochErrors
from nearsight.training.proposing import Pair
from nearsight.training.result import Training
from nearsight.training.settings import TrainingSettings
from nearsight.training.train import MEMORY_BYTES
from nearsight.training.train import train as train_one
from nearsight.workflows.given import require_settings
from nearsight.workflows.labelled_frames import Data, named_frames
from nearsight.workflows.potential_settings import TrainSettings

_logger = logging.getLogger("nearsight.training")
_DEFAULT = TrainSettings()
Told = Callable[[EpochErrors, int], object]
"""What is called with the errors after an epoch of a member, which is counted from 1."""
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
    told: Told = lambda _epoch, _member: None,
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
        As for `nearsight.workflows.heat_capacity`; of a committee its epochs are counted.
    told
        What is called with the errors after each epoch and the number of the member, from 1, as
        soon as they are known. Those of several members come as they are done.

    Returns
    -------
    TrainingRecord
        Its ``results.trainings`` have the potentials.

    Raises
    ------
    NearsightError
        Something is wrong with the data, the settings, or the machine.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.training import FunctionSettings, StoppingSettings
    >>> from nearsight.workflows import SynthesizeSettings, TrainSettings, synthesize, train
    >>> copper = bulk("Cu", cubic=True)
    >>> asked = SynthesizeSettings(count=20)
    >>> data = synthesize(copper, "ase:emt", asked, target="copper.extxyz")
    >>> functions, stopping = FunctionSettings(cutoff_A=4.0), StoppingSettings(epochs=1)
    >>> settings = TrainSettings(functions=functions, stopping=stopping)
    >>> record = train("copper.extxyz", settings, out="potential")
    >>> record.elements, record.n_structures
    (('Cu',), 20)
    """
    require_settings(settings, TrainSettings)
    settings = settings.with_cutoff()
    start = perf_counter()
    resources = resources or Resources()
    resources.limit_threads()
    name, frames = named_frames(data, settings.units)
    learnt = labelled_data(frames)
    for remark in learnt.warnings:
        _logger.warning("%s", remark)  # before hours are spent
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
                    told=lambda epoch: told(epoch, 1),
                ),
            )
        else:
            calls = [
                (learnt, each, folder, reaches, member)
                for member, (each, folder) in enumerate(zip(asked, folders, strict=True), start=1)
            ]
            trainings = train_committee(calls, resources, as_progress(progress), told)
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
    member: int,
) -> Training:
    """Train one member of a committee, in a process of its own, and tell its epochs."""
    return train_one(
        data,
        settings,
        out=out,
        reaches_A=reaches,
        memory_bytes=_for_descriptors(current_resources()),
        progress=False,
        told=lambda epoch: tell((epoch, member)),
    )


def _for_descriptors(resources: Resources) -> int:
    """Return the memory for descriptors: no more than `MEMORY_BYTES` unless somebody says so."""
    if resources.memory_bytes is None:
        return min(MEMORY_BYTES, int(_SHARE_OF_MEMORY * default_memory_budget("cpu")))
    return int(_SHARE_OF_MEMORY * resources.memory_bytes)


def train_committee(
    calls: Sequence[tuple[Any, ...]], resources: Resources, progress: Progress, told: Told
) -> tuple[Training, ...]:
    """Call `train_member` for all; the first error of one ends the others, which go on later."""
    n_epochs = sum(settings.stopping.epochs for _, settings, *_ in calls)
    n = min(len(calls), resources.usable_cores)
    news: SimpleQueue[tuple[EpochErrors, int] | Future[Training]] = SimpleQueue()
    epochs = dict.fromkeys(range(1, len(calls) + 1), 0)
    with (
        progress.task("epochs learnt", n_epochs) as advance,
        LocalProcesses(n, resources=resources, told=news.put) as processes,
    ):
        tasks = [processes.submit(train_member, *call) for call in calls]
        for task in tasks:
            task.add_done_callback(news.put)
        n_running = len(tasks)
        while n_running:  # what is told is told by this thread, as of one member
            latest = news.get()
            if isinstance(latest, Future):
                latest.result()
                n_running -= 1
                continue
            told(*latest)
            epochs[latest[1]] = latest[0].epoch
            advance(sum(epochs.values()), f"member {latest[1]}")
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
