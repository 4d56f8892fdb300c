"""Which way products are computed: by what is asked for, what the model can do, and what fits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ase import Atoms

from nearsight.errors import MemoryBudgetError, MethodError
from nearsight.hessian.analytic_or_not import (
    Refusal,
    analytic_refusal,
    default_step_A,
    require_step,
)
from nearsight.hessian.products.groups import group_atoms
from nearsight.hessian.products.strategies import (
    AnalyticProducts,
    DifferenceProducts,
    GroupedProducts,
    ProductStrategy,
)
from nearsight.memory import METER, Meter, gibibytes
from nearsight.models.contract import Model
from nearsight.models.memory_prediction import MemoryPrediction

_STEP_A = {"float64": 1e-3, "float32": 1e-2}
"""How far the atom that moves most is displaced: vectors of probes move all atoms, so that forces
change by more than for one row, and truncation rather than rounding limits them."""

_MOST_GROUPS = 512
_WORTHWHILE_GROWTH = 3.0
"""Groups with their surroundings that are that many times the structure cost more than the two
force calls of a difference."""


@dataclass(frozen=True)
class _Request:
    """What is asked for, what there is room for, and what speaks against the ways tried so far."""

    atoms: Atoms
    model: Model
    step_A: float | None
    budget_bytes: int
    prediction: MemoryPrediction
    asked_for: bool
    """Whether somebody has asked for the way that is tried."""
    refusals: list[Refusal] = field(default_factory=list)


def choose_products(
    atoms: Atoms,
    model: Model,
    method: str,
    step_A: float | None,
    memory_budget_bytes: int,
    *,
    meter: Meter = METER,
) -> ProductStrategy:
    """Return the way to compute products: as asked for, else the first without a refusal.

    See `HessianOperator` for the methods and errors.
    """
    _require_products(model, method, step_A)
    prediction = MemoryPrediction(atoms, model, meter)
    request = _Request(
        atoms, model, step_A, memory_budget_bytes, prediction, asked_for=method != "auto"
    )
    for way in _WAYS[method]:
        offer = way(request)
        if not isinstance(offer, Refusal):
            return offer
        request.refusals.append(offer)
    raise request.refusals[-1].error()


def _require_products(model: Model, method: str, step_A: float | None) -> None:
    if method not in PRODUCTS:
        raise MethodError(f"there are no `products` {method!r}; choose {', '.join(PRODUCTS)}.")
    if step_A is not None and method != "differences":
        raise MethodError(f"`step_A` goes with `products` differences, not with {method}.")
    require_step(step_A, 0.001)
    name = model.identity.name
    if model.capabilities.conservative is False:
        raise MethodError(
            f"{name} predicts forces that are no gradient of an energy: their derivatives are not "
            f"symmetric, as everything that is made of products takes them to be. Use the whole "
            f"Hessian, of which vibrations take the symmetric part, or a conservative model."
        )
    refusal = analytic_refusal(model, asked_for=True, remedy="Use `products` differences.")
    if refusal is not None and method in {"analytic", "grouped"}:
        raise refusal.error()


def _analytic(request: _Request) -> AnalyticProducts | Refusal:
    atoms, model = request.atoms, request.model
    refusal = analytic_refusal(
        model, asked_for=request.asked_for, remedy="Use `products` differences."
    )
    if refusal is not None:
        return refusal
    needed = request.prediction.of_product(atoms)
    if needed <= request.budget_bytes:
        reason = "analytic was asked for" if request.asked_for else "it fits into the memory"
        return AnalyticProducts(atoms, model, reason, needed)
    return Refusal(
        f"a product of {len(atoms)} atoms is predicted to take {gibibytes(needed)}, more than the "
        f"budget of {gibibytes(request.budget_bytes)}",
        "Use `products` grouped or differences, `dtype` float32 or a larger `memory_bytes`.",
        MemoryBudgetError,
    )


def _grouped(request: _Request) -> GroupedProducts | Refusal:
    atoms, model, budget = request.atoms, request.model, request.budget_bytes
    refusal = analytic_refusal(
        model, asked_for=request.asked_for, remedy="Use `products` differences."
    )
    if refusal is not None:
        return refusal
    reach = model.capabilities.receptive_field_A
    if reach is None or not model.capabilities.atomic_energies:
        return Refusal(
            f"the energy of {model.identity.name} is no sum of atomic energies of finite reach, so "
            f"that products cannot be taken group by group",
            "Use `products` differences.",
        )
    n_groups = 1
    while n_groups <= min(_MOST_GROUPS, len(atoms)):
        groups = group_atoms(atoms, n_groups, reach)
        growth = sum(len(group.cluster) for group in groups) / len(atoms)
        needed = max(request.prediction.of_product(group.cluster) for group in groups)
        if growth > _WORTHWHILE_GROWTH and not request.asked_for:
            break
        if needed <= budget:
            divided = f"{n_groups} groups with surroundings of {reach:g} Å"
            reason = _because(request.refusals, divided)
            return GroupedProducts(atoms, model, tuple(groups), reason, needed)
        n_groups *= 2
    return Refusal(
        f"groups of the {len(atoms)} atoms with their surroundings of {reach:g} Å do not fit into "
        f"the budget of {gibibytes(budget)} either",
        "Use `products` differences, `dtype` float32 or a larger `memory_bytes`.",
        MemoryBudgetError,
    )


def _differences(request: _Request) -> DifferenceProducts | Refusal:
    atoms, model, budget = request.atoms, request.model, request.budget_bytes
    needed = request.prediction.of_force_call(atoms)
    if needed > budget:
        return Refusal(
            f"a force call of {len(atoms)} atoms with {model.identity.name} is predicted to take "
            f"{gibibytes(needed)}, more than the budget of {gibibytes(budget)}; no method can "
            f"avoid that",
            "Use `dtype` float32, a smaller cell or a larger `memory_bytes`.",
            MemoryBudgetError,
        )
    steps = [refusal.step_A for refusal in request.refusals if refusal.step_A is not None]
    step = request.step_A or (steps[0] if steps else default_step_A(model, _STEP_A))
    reason = _because(request.refusals, "differences were asked for")
    return DifferenceProducts(atoms, model, step, reason, needed)


def _because(refusals: list[Refusal], otherwise: str) -> str:
    """Return what speaks against all other ways, each once."""
    return "; ".join(dict.fromkeys(refusal.reason for refusal in refusals)) or otherwise


_WAYS: Mapping[str, tuple[Callable[[_Request], ProductStrategy | Refusal], ...]] = {
    "auto": (_analytic, _grouped, _differences),
    "analytic": (_analytic,),
    "grouped": (_grouped,),
    "differences": (_differences,),
}

PRODUCTS = tuple(_WAYS)
"""What may be asked for."""
