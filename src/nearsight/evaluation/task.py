"""What the process of a model does when it is examined."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from nearsight.evaluation.discovery import examination_named
from nearsight.evaluation.failure import Failure, failure_of, leaves_nothing
from nearsight.evaluation.measured import Measured
from nearsight.evaluation.settings import ReferenceData
from nearsight.evaluation.surroundings import Surroundings, surroundings_of
from nearsight.evaluation.work import Work
from nearsight.execution import current_model, tell
from nearsight.models.versions import versions_behind
from nearsight.progress import Advance
from nearsight.provenance import ModelIdentity, record
from nearsight.records.codec import encoder
from nearsight.records.described import Plain, plain


@dataclass(frozen=True)
class Told:
    """What a process tells while it examines."""

    what: Literal["task", "advance", "end", "begun"]
    text: str = ""
    """The description of a task, a note, or the file of an item."""
    number: int = 0
    """How many steps are done."""
    total: int | None = None


@dataclass(frozen=True)
class Answer:
    """What one examination came to."""

    measured: Mapping[str, Measured]
    result: Plain
    failure: Failure | None


@dataclass(frozen=True)
class Loaded:
    """What there is to know of a model that was loaded."""

    identity: ModelIdentity
    level_of_theory: str | None
    training_data: str | None
    parameters: int | None
    neighbour_limit: int | None
    capabilities: Mapping[str, Plain]
    versions: Mapping[str, str]
    behind: Mapping[str, str]
    """The versions that its numbers depend on, without those of other families."""
    surroundings: Surroundings


def loaded() -> Loaded | Failure:
    """Load the model of this process, and return what it is."""
    try:
        model = current_model()
    except Exception as error:  # whatever a checkpoint or its package raises
        return failure_of(error)
    capabilities = asdict(model.capabilities)
    elements = capabilities["elements"]
    return Loaded(
        identity=model.identity,
        level_of_theory=model.facts.level_of_theory,
        training_data=model.facts.training_data,
        parameters=model.facts.parameters,
        neighbour_limit=model.facts.neighbour_limit,
        capabilities=plain({**capabilities, "elements": elements and sorted(elements)}),
        versions=dict(record(model.identity).versions),
        behind=versions_behind(model.identity),
        surroundings=surroundings_of(model),
    )


def examined(
    name: str,
    effort: object,
    folder: Path,
    data: ReferenceData,
    given_up: Failure | None = None,
) -> Answer | Failure:
    """Examine the model of this process; a failure is one after which this had better be ended.

    Parameters
    ----------
    name
        The examination.
    effort
        How thoroughly: an effort of this examination.
    folder
        Where items are kept.
    data
        What users have of references.
    given_up
        What is said of items that are not kept, if nothing is to be computed any more.
    """
    examination = examination_named(name)
    work = Work(
        folder,
        _Teller(),
        lambda path: tell(Told("begun", str(path))),
        data,
        given_up=given_up,
        ended=_end,
    )
    try:
        result = examination.compute(current_model(), effort, work)
        return Answer(examination.measured(result), encoder(examination.result)(result), None)
    except _EndedError as end:
        return end.failure
    except Exception as error:  # a result, too: the other examinations must go on
        failure = failure_of(error)
        return failure if leaves_nothing(error) else Answer({}, None, failure)


class _EndedError(Exception):
    """The process of the model is of no use after a failure."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def _end(failure: Failure) -> None:
    raise _EndedError(failure)


class _Teller:
    """Progress that is shown by the process that waits."""

    @contextmanager
    def task(self, description: str, total: int | None, done: int = 0) -> Iterator[Advance]:
        tell(Told("task", description, done, total))

        def advance(now: int, note: str) -> None:
            tell(Told("advance", note, now))

        try:
            yield advance
        finally:
            tell(Told("end"))
