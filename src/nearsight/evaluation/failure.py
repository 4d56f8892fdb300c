"""How a model failed, which is a result of its examination."""

import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from nearsight.errors import (
    MemoryBudgetError,
    MethodError,
    ModelDiedError,
    NearsightError,
    ProcessDiedError,
)
from nearsight.memory import is_out_of_memory
from nearsight.records.described import Says
from nearsight.subprocesses import ending

_OF_BROKEN_DEVICES = ("CUDA error", "CUDA_ERROR", "HIP error")
"""What a process asks of a GPU after such an error fails likewise, whatever it is."""

FailureKind = Literal["not applicable", "refused", "error", "out of memory", "crash", "hang"]


class NotApplicableError(MethodError):
    """An examination asks for nothing that a model is made for, which is no fault of the model."""


@dataclass(frozen=True)
class Failure:
    """What stands in place of a result."""

    kind: Annotated[
        FailureKind,
        Says(
            "not applicable: the model is not made for it; refused: an error that says what to "
            "do; error: another one; out of memory; crash: its process died; hang: it took longer "
            "than the time limit."
        ),
    ]
    reason: Annotated[str, Says("The class of the error, or how the process ended.")]
    message: Annotated[str, Says("What was said, and where.")]


def failure_of(error: Exception) -> Failure:
    """Return what an error says of the model that it came from."""
    if isinstance(error, ProcessDiedError):
        how = "ended without a status" if error.status is None else ending(error.status)
        return Failure("crash", how, str(error))
    chain = list(_chain(error))
    if deaths := [each for each in chain if isinstance(each, ModelDiedError)]:
        return Failure("crash", deaths[-1].how or "ended", str(error))
    for each in chain:
        if isinstance(each, MemoryBudgetError) or is_out_of_memory(each):
            return Failure("out of memory", type(each).__name__, str(error) or "memory ran out")
    reason = type(error).__name__
    if isinstance(error, NotApplicableError):
        return Failure("not applicable", reason, str(error))
    if isinstance(error, NearsightError):
        return Failure("refused", reason, str(error))
    [*_, frame] = traceback.extract_tb(error.__traceback__) or [None]
    where = "" if frame is None else f" ({frame.filename}, line {frame.lineno})"
    return Failure("error", reason, f"{error}{where}")


def leaves_nothing(error: Exception) -> bool:
    """Tell whether the process that a model failed in had better be ended.

    Its GPU answers nothing any more, or the process behind it, of a model in another environment,
    has died.
    """
    return any(isinstance(each, ModelDiedError) or _breaks_device(each) for each in _chain(error))


def _breaks_device(error: BaseException) -> bool:
    broken = any(said in str(error) for said in _OF_BROKEN_DEVICES)
    return broken and not is_out_of_memory(error)


def has_refused(error: Exception) -> bool:
    """Tell whether a model declined what it was asked, rather than failed at it."""
    return failure_of(error).kind == "refused"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and those that it was raised from: models say of their own what failed."""
    while error is not None:
        yield error
        error = error.__cause__
