"""The verb `examine`: every model by every examination, one record each."""

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from nearsight.errors import SettingError
from nearsight.evaluation.data import digests_of, require_data
from nearsight.evaluation.discovery import examination_named, examination_names
from nearsight.evaluation.failure import Failure
from nearsight.evaluation.machine import this_machine
from nearsight.evaluation.record import RECORDS, ExaminationRecord, read_record
from nearsight.evaluation.settings import ExamineSettings, SuiteOrOwn
from nearsight.evaluation.subject import Subject
from nearsight.evaluation.surroundings import Surroundings
from nearsight.evaluation.task import Loaded
from nearsight.evaluation.work import forget_failures, has_failures
from nearsight.fingerprint import json_sha256
from nearsight.locking import hold
from nearsight.models.spec import ModelSpec
from nearsight.progress import Progress, as_progress
from nearsight.provenance import MIXED, ModelIdentity
from nearsight.records.described import plain
from nearsight.records.parts import ModelPart
from nearsight.resources import Resources

WORK = "work"
"""The folder of what is kept of examinations that are not finished."""

_DIGITS = 10


@dataclass(frozen=True)
class NotLoaded:
    """A model that could not be loaded, which is tried again in every run."""

    name: str
    failure: Failure


Outcome = ExaminationRecord | NotLoaded


@dataclass(frozen=True)
class _Asked:
    """How thorough an examination is to be."""

    suite: SuiteOrOwn
    effort: Any


def examine(
    models: Sequence[ModelSpec],
    folder: str | os.PathLike[str],
    settings: ExamineSettings | None = None,
    *,
    resources: Resources | None = None,
    progress: Progress | bool | None = None,
    told: Callable[[Outcome], None] = lambda _: None,
    efforts: Mapping[str, Any] | None = None,
) -> list[Outcome]:
    """Examine models, each in a process of its own, and keep a record of each examination.

    What is kept in `folder` is not computed again: records of the same model, suite and versions of
    Nearsight and the packages of the model, and items of examinations that were interrupted. A
    model that fails, runs out of memory, hangs or dies has that as its result.

    Parameters
    ----------
    models
        Which ones.
    folder
        Where records, and items of what is not finished, are kept; it is made if it is missing.
    settings
        Which examinations, and how thorough.
    resources
        What a model may use of the machine.
    progress
        How far it has come: see `nearsight.progress.Progress`.
    told
        Called with what came of each examination as soon as it is kept.
    efforts
        In place of those of the suite, by examination: efforts of their classes. Records say so.

    Returns
    -------
    list
        What came of each model and examination, those of one model after the other.

    Raises
    ------
    SettingError
        There is no such examination, there are no data where they should be, or precision is mixed.
    StructureError
        Data of structures that were given cannot be used.
    StorageError
        The folder cannot be written.

    Examples
    --------
    >>> from nearsight.evaluation import ExamineSettings, examine
    >>> from nearsight.models import ModelSpec
    >>> settings = ExamineSettings(only=("diatomics",))
    >>> records = examine([ModelSpec("ase:emt")], "examined", settings)  # doctest: +SKIP
    """
    for spec in models:
        if spec.dtype == MIXED:
            raise SettingError(
                "`dtype` mixed is two models, of which one is examined at a time: use float64 or "
                "float32.",
                "dtype",
            )
    settings = settings or ExamineSettings()
    names = settings.only or examination_names()
    require_data(settings.data)
    asked = {
        name: _Asked("own", efforts[name])
        if efforts and name in efforts
        else _Asked(settings.suite, examination_named(name).efforts[settings.suite])
        for name in names
    }
    for name in names:
        examination_named(name).check(settings.data)
    shown = as_progress(progress)
    outcomes: list[Outcome] = []
    try:
        for spec in models:
            with Subject(spec, resources or Resources(), settings.time_limit_s, shown) as subject:
                for outcome in _outcomes(subject, asked, Path(folder), settings):
                    outcomes.append(outcome)
                    told(outcome)
    except KeyboardInterrupt as interruption:
        if any(Path(folder).glob("*/*")):
            interruption.add_note(
                f"What was finished is kept in {folder}, from where the same call goes on."
            )
        raise
    return outcomes


def key_of(identity: ModelIdentity | ModelPart) -> str:
    """Return what folders and pages of a model are called: its name and a digest of the rest."""
    deciding = {
        "name": identity.name,
        "checkpoint": identity.checkpoint_sha256,
        "dtype": identity.dtype,
        "device": identity.device,
        "options": plain(identity.options),
    }
    stem = re.sub(r"[^A-Za-z0-9.+-]+", "_", identity.name).strip("_.")[-60:]
    return f"{stem}.{json_sha256(deciding)[:_DIGITS]}"


def _outcomes(
    subject: Subject, asked: Mapping[str, _Asked], folder: Path, settings: ExamineSettings
) -> Iterator[Outcome]:
    """Yield what comes of each examination of one model, as soon as it is kept."""
    model = subject.load()
    if isinstance(model, Failure):
        yield NotLoaded(subject.name, model)
        return
    for name, how in asked.items():
        outcome = _record(subject, model, name, how, folder, settings=settings)
        yield outcome
        if isinstance(outcome, NotLoaded):
            return  # it would be loaded, in vain, for each examination


def _record(
    subject: Subject,
    model: Loaded,
    name: str,
    asked: _Asked,
    folder: Path,
    *,
    settings: ExamineSettings,
) -> Outcome:
    """Return the record of a model and an examination, which is computed unless it is there."""
    effort = {
        **plain(asdict(asked.effort)),
        **digests_of(settings.data, examination_named(name).data),
    }
    stem = f"{name}.{asked.suite}.{_digest(name, effort, model.behind, model.surroundings)}"
    path = folder / RECORDS / key_of(model.identity) / f"{stem}.json"
    work = folder / WORK / key_of(model.identity) / stem
    with hold(path):
        kept = read_record(path)
        if kept is not None and not (settings.again and (kept.has_failures or has_failures(work))):
            return kept
        if settings.again:
            forget_failures(work)
        start = monotonic()
        answer = subject.examine(name, asked.effort, work, settings.data)
        if isinstance(answer, Failure):
            return NotLoaded(subject.name, answer)
        record = ExaminationRecord(
            kind="nearsight examination 1",
            examination=name,
            suite=asked.suite,
            effort=effort,
            model=_part(model.identity),
            level_of_theory=model.level_of_theory,
            training_data=model.training_data,
            parameters=model.parameters,
            neighbour_limit=model.neighbour_limit,
            capabilities=model.capabilities,
            machine=this_machine(),
            versions=model.versions,
            date=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds=monotonic() - start,
            measured=answer.measured,
            result=answer.result,
            failure=answer.failure,
        )
        record.save(path)
        if record.failure is None and not has_failures(work):
            shutil.rmtree(work, ignore_errors=True)
    return record


def _digest(
    name: str,
    effort: Mapping[str, Any],
    versions: Mapping[str, str],
    surroundings: Surroundings,
) -> str:
    """Return what tells a record of an examination from others of the same model and suite."""
    deciding: dict[str, Any] = {"effort": effort, "versions": versions}
    if examination_named(name).belongs_to_machine:
        deciding["surroundings"] = surroundings.deciding
    return json_sha256(deciding)[:_DIGITS]


def _part(identity: ModelIdentity) -> ModelPart:
    return ModelPart(
        name=identity.name,
        checkpoint_sha256=identity.checkpoint_sha256,
        dtype=identity.dtype,
        device=identity.device,
        family=identity.family,
        options=plain(identity.options),
    )
