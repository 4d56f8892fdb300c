"""What a worker does: one question about one structure, and what came of it as plain values."""

import json
import os
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from ase import Atoms

import nearsight
from nearsight.campaigns.failures import Failure
from nearsight.campaigns.keys import deciding, model_sha256
from nearsight.campaigns.questions import Number, Question
from nearsight.errors import ModelError, NearsightWarning
from nearsight.execution import current_model, current_resources, tell
from nearsight.memory import PeakMemory
from nearsight.progress import Advance
from nearsight.remarks import Remark
from nearsight.settings import Settings
from nearsight.structures.reading import NOTES_KEY
from nearsight.workflows.unfinished import keep_unfinished


@dataclass(frozen=True)
class Job:
    """One calculation, with all that it needs."""

    key: str
    name: str
    """The structure's."""
    atoms: Atoms
    remarks: tuple[Remark, ...]
    question: Question
    settings: Settings
    model_sha256: str
    """Digest of the identity of the model that all of the campaign is of."""
    folder: Path
    """Where unfinished work is kept."""
    memory_share: float = 1.0
    """Which share of the worker's memory may be used."""


@dataclass(frozen=True)
class Told:
    """What a job tells while it runs."""

    key: str
    step: str
    """What it does, such as ``Hessian rows 12 of 66``."""
    pid: int
    host: str


@dataclass(frozen=True)
class Answer:
    """What came of a job."""

    record: str | None
    """The record as JSON; None of a failure."""
    atoms: Atoms | None
    """The structure that the numbers are of, with what is known of it."""
    numbers: dict[str, Number]
    failure: Failure | None
    seconds: float
    peak_memory_bytes: int
    host: str
    ended: str
    """When, as ISO 8601 in UTC."""


@dataclass(frozen=True)
class Introduction:
    """What a worker says of itself and its model."""

    version: str
    host: str
    identity: dict[str, Any]
    model_sha256: str


def introduce() -> Introduction:
    """Load the model, and return which one it is.

    Raises
    ------
    ModelError
        It cannot be loaded.
    """
    identity = current_model().identity
    return Introduction(
        nearsight.__version__, socket.gethostname(), deciding(identity), model_sha256(identity)
    )


def calculate(job: Job) -> Answer:
    """Answer the question of a job; what goes wrong with the structure is part of the answer.

    Raises
    ------
    ModelError
        The model cannot be loaded, or is another one: no job can be done then.
    """
    model = current_model()
    if model_sha256(model.identity) != job.model_sha256:
        raise ModelError(
            f"the model {model.identity.name} is another one on {socket.gethostname()} than at the "
            f"start of the campaign; use the same file and precision everywhere."
        )
    job.question.load()
    start = perf_counter()
    progress = _Telling(job.key)
    progress.say("begun")
    with PeakMemory(model.identity.device) as memory:
        try:
            record, atoms, numbers = _answered(job, progress)
            failure = None
        except (Exception, SystemExit) as error:
            # One boundary for everything: the other structures must go on.
            record, atoms, numbers, failure = None, None, {}, Failure.of(error)
    return Answer(
        record,
        atoms,
        numbers,
        failure,
        perf_counter() - start,
        memory.bytes,
        socket.gethostname(),
        datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _answered(job: Job, progress: "_Telling") -> tuple[str, Atoms, dict[str, Number]]:
    atoms = job.atoms.copy()
    if job.remarks:
        atoms.info[NOTES_KEY] = list(job.remarks)  # as `read_structure` leaves them
    resources = current_resources()
    if job.memory_share < 1.0 and resources.memory_bytes is not None:
        less = max(int(resources.memory_bytes * job.memory_share), 1)
        resources = replace(resources, memory_bytes=less)
    with (
        warnings.catch_warnings(),
        keep_unfinished(job.folder) as unfinished,
        unfinished.kept_on_failure(),
    ):
        warnings.simplefilter("ignore", NearsightWarning)  # they stand in the record
        record = job.question.ask(
            atoms,
            current_model(),
            job.settings,
            unfinished=unfinished,
            resources=resources,
            progress=progress,
        )
        record = replace(record, structure=job.name)
        text = json.dumps(record.to_json(), allow_nan=False, separators=(",", ":"))
        return text, record.atoms, job.question.numbers_of(record)


class _Telling:
    """Tells the campaign how far a job has come: the `nearsight.progress.Progress` of a worker."""

    _SECONDS_BETWEEN = 1.0

    def __init__(self, key: str) -> None:
        self._key = key
        self._not_before = 0.0

    def say(self, step: str) -> None:
        """Tell what is done, unless something was told just now."""
        now = perf_counter()
        if now >= self._not_before:
            self._not_before = now + self._SECONDS_BETWEEN
            tell(Told(self._key, step, os.getpid(), socket.gethostname()))

    @contextmanager
    def task(self, description: str, total: int | None, done: int = 0) -> Iterator[Advance]:
        """Tell of one task while the block runs."""
        of = "" if total is None else f" of {total}"

        def advance(now: int, _note: str) -> None:
            self.say(f"{description} {now}{of}")

        advance(done, "")
        yield advance
