"""Which way rows are computed: by what is asked for, what the model can do, and what fits."""

from dataclasses import dataclass, replace

from nearsight.derivatives.differences import SCHEMES
from nearsight.errors import MethodError
from nearsight.hessian.analytic_or_not import (
    Refusal,
    analytic_refusal,
    default_step_A,
    require_step,
)
from nearsight.hessian.rows.budget import Room
from nearsight.hessian.rows.kinds import (
    ANALYTIC,
    METHODS,
    AnalyticRows,
    BatchedRows,
    Differences,
    FasterRows,
    RowMethod,
)
from nearsight.models.contract import Model

FEW_ROWS = 0.25
"""Below this share of all rows those that share their work are differences: central differences
take six gradients an atom, analytic rows of a density functional the time of one to two."""

_USUAL = "central-difference"
_FEW_FORCE_CALLS = "fourth-order"
"""Where the model could do better and memory is short: differences as exact as they become."""

_REMEDY = f"Use `method` {_USUAL}."


def require_rows(model: Model, method: str, step_A: float | None) -> None:
    """Check that rows can be computed as asked for, as far as that can be told without a structure.

    Parameters
    ----------
    model, method, step_A
        As for `nearsight.hessian.hessian`.

    Raises
    ------
    MethodError
        The method is unknown, or the model or the step does not go with it.
    """
    if method not in METHODS:
        raise MethodError(f"there is no `method` {method!r}; choose one of {', '.join(METHODS)}.")
    require_step(step_A, 0.01)
    if step_A is not None and method not in SCHEMES:
        raise MethodError(f"`step_A` goes with `method` {', '.join(SCHEMES)}, not with {method}.")
    refusal = analytic_refusal(model, asked_for=True, remedy=_REMEDY)
    if refusal is not None and method in ANALYTIC:
        raise refusal.error()


@dataclass(frozen=True)
class RowRequest:
    """What rows are asked for, of which model, and what room there is for them."""

    model: Model
    method: str
    """As for `nearsight.hessian.hessian`, like the step."""
    step_A: float | None
    share_of_rows: float
    """How many of all rows are wanted."""
    room: Room
    """What a force call takes, and what may be taken."""


def choose_rows(request: RowRequest) -> RowMethod:
    """Return the way to compute rows: as asked for, else the first that nothing speaks against.

    Raises
    ------
    MethodError
        The method is unknown, or the model or the step does not go with it.
    MemoryBudgetError
        What was asked for does not fit, or not even a force call does.
    """
    model, method, room = request.model, request.method, request.room
    require_rows(model, method, request.step_A)
    room.require_force_call(model)
    if method in SCHEMES:
        return _differences(request, method, request.step_A, f"{method} was asked for")
    automatic = method == "auto"
    refusals = (
        (analytic_refusal(model, asked_for=not automatic, remedy=_REMEDY), _USUAL),
        (_refusal_of_few(request) if automatic else None, _USUAL),
        (room.refusal_of_analytic_row(), _FEW_FORCE_CALLS),
    )
    for refusal, instead in refusals:
        if refusal is not None and automatic:
            return _differences(request, instead, refusal.step_A, refusal.reason)
        if refusal is not None:
            raise refusal.error()
    of_method = {"auto": FasterRows, "rows": AnalyticRows, "batched": BatchedRows}[method]
    return of_method(f"{method} was asked for", room.analytic_row_bytes)


def ways_begun(request: RowRequest) -> list[RowMethod]:
    """Return the ways that are chosen with more memory, or with less, than is free now."""
    roomy = replace(request, room=request.room.boundless())
    ways = [choose_rows(roomy)]
    if ways[0].automatic:
        ways.append(_differences(roomy, _FEW_FORCE_CALLS, None, "memory was short"))
    return ways


def _refusal_of_few(request: RowRequest) -> Refusal | None:
    if not request.model.capabilities.rows_share_work or request.share_of_rows >= FEW_ROWS:
        return None
    name = request.model.identity.name
    reason = f"most of an analytic row by {name} is work for all rows, and few are wanted"
    return Refusal(reason, _REMEDY)


def _differences(request: RowRequest, name: str, step_A: float | None, reason: str) -> Differences:
    scheme = SCHEMES[name]
    suited = {"float64": scheme.float64_step_A, "float32": scheme.float32_step_A}
    step = default_step_A(request.model, suited) if step_A is None else step_A
    return Differences(scheme, step, reason, request.room.force_call_bytes)
