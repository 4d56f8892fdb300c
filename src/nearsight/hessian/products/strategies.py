"""How products of the Hessian with vectors are computed within the memory that there is."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms

from nearsight.errors import MemoryBudgetError, MethodError
from nearsight.hessian.analytic_or_not import NON_SMOOTH_STEP_A, UNKNOWN_PRECISION_STEP_A
from nearsight.hessian.products.groups import Group, group_atoms
from nearsight.memory import gibibytes
from nearsight.models.contract import Model
from nearsight.models.memory_prediction import MemoryPrediction
from nearsight.provenance import Setting

PRODUCTS = ("auto", "analytic", "grouped", "differences")

_STEP_A = {"float64": 1e-3, "float32": 1e-2}
"""How far the atom that moves most is displaced: vectors of probes move all atoms, so that forces
change by more than for one row, and truncation rather than rounding limits them."""

_MOST_GROUPS = 512
_WORTHWHILE_GROWTH = 3.0
"""Groups with their surroundings that are that many times the structure cost more than the two
force calls of a difference."""


@dataclass(frozen=True)
class ProductMethod:
    """How products are computed, and why."""

    name: str
    """``analytic``, ``grouped`` or ``differences``."""
    reason: str
    predicted_memory_bytes: int
    """What the computation is expected to take at its peak, from a measurement on few atoms."""
    step_A: float | None = None
    """Displacement of the atom that moves most; None for analytic products."""
    groups: tuple[Group, ...] = ()
    """The groups of a grouped product."""

    def settings(self) -> dict[str, Setting]:
        """Return what decides the numbers beyond rounding."""
        if self.step_A is None:
            return {"products": "analytic"}
        return {"products": "differences", "step_A": self.step_A}


def choose_products(
    atoms: Atoms, model: Model, method: str, step_A: float | None, memory_budget_bytes: int
) -> ProductMethod:
    """Decide how products are computed; see `HessianOperator` for the methods and errors."""
    if method not in PRODUCTS:
        raise MethodError(f"there are no `products` {method!r}; choose {', '.join(PRODUCTS)}.")
    if step_A is not None and method != "differences":
        raise MethodError(f"`step_A` goes with `products` differences, not with {method}.")
    if step_A is not None and not 0 < step_A < 1:
        raise MethodError(f"`step_A` is above 0 and below 1 Å, such as 0.001, not {step_A}.")
    name = model.identity.name
    if model.capabilities.conservative is False:
        raise MethodError(
            f"{name} predicts forces that are no gradient of an energy: their derivatives are not "
            f"symmetric, as everything that is made of products takes them to be. Use the whole "
            f"Hessian, of which vibrations take the symmetric part, or a conservative model."
        )
    if method in {"analytic", "grouped"} and not model.capabilities.differentiable:
        raise MethodError(f"{name} cannot be differentiated twice; use `products` differences.")
    prediction = MemoryPrediction(atoms, model)
    if method == "differences":
        return _differences(prediction, step_A, "differences were asked for", memory_budget_bytes)
    if method == "grouped":
        return _grouped(prediction, memory_budget_bytes)
    if method == "analytic":
        needed = prediction.of_product(atoms)
        if needed > memory_budget_bytes:
            raise MemoryBudgetError(
                f"{_too_much(atoms, needed, memory_budget_bytes)}. Use `products` "
                f"grouped or differences, `dtype` float32 or a larger `memory_bytes`."
            )
        return ProductMethod("analytic", "analytic was asked for", needed)
    return _automatic(prediction, memory_budget_bytes)


def _automatic(prediction: MemoryPrediction, budget: int) -> ProductMethod:
    atoms, model = prediction.atoms, prediction.model
    name = model.identity.name
    if not model.capabilities.differentiable:
        return _differences(prediction, None, f"{name} cannot be differentiated twice", budget)
    if model.capabilities.curvature_smooth is False:
        reason = f"the analytic curvature of {name} is not its physical one"
        return _differences(prediction, NON_SMOOTH_STEP_A, reason, budget)
    needed = prediction.of_product(atoms)
    if needed <= budget:
        return ProductMethod("analytic", "it fits into the memory", needed)
    problem = _too_much(atoms, needed, budget)
    try:
        grouped = _grouped(prediction, budget, _WORTHWHILE_GROWTH)
    except (MemoryBudgetError, MethodError):
        return _differences(prediction, None, problem, budget)
    return ProductMethod("grouped", problem, grouped.predicted_memory_bytes, groups=grouped.groups)


def _grouped(
    prediction: MemoryPrediction, budget: int, most_growth: float = np.inf
) -> ProductMethod:
    atoms, model = prediction.atoms, prediction.model
    reach = model.capabilities.receptive_field_A
    if reach is None or not model.capabilities.atomic_energies:
        raise MethodError(
            f"the energy of {model.identity.name} is no sum of atomic energies of finite reach, so "
            f"that products cannot be taken group by group; use `products` differences."
        )
    n_groups = 1
    while n_groups <= min(_MOST_GROUPS, len(atoms)):
        groups = group_atoms(atoms, n_groups, reach)
        growth = sum(len(group.cluster) for group in groups) / len(atoms)
        needed = max(prediction.of_product(group.cluster) for group in groups)
        if growth > most_growth:
            break
        if needed <= budget:
            reason = f"{n_groups} groups with surroundings of {reach:g} Å"
            return ProductMethod("grouped", reason, needed, groups=tuple(groups))
        n_groups *= 2
    raise MemoryBudgetError(
        f"groups of the {len(atoms)} atoms with their surroundings of {reach:g} Å do not fit into "
        f"the budget of {gibibytes(budget)} either. Use `products` differences, `dtype` "
        f"float32 or a larger `memory_bytes`."
    )


def _differences(
    prediction: MemoryPrediction, step_A: float | None, reason: str, budget: int
) -> ProductMethod:
    identity = prediction.model.identity
    needed = prediction.of_force_call(prediction.atoms)
    if needed > budget:
        raise MemoryBudgetError(
            f"a force call of {len(prediction.atoms)} atoms with {identity.name} is predicted to "
            f"take {gibibytes(needed)}, more than the budget of {gibibytes(budget)}; no method "
            f"can avoid that. Use `dtype` float32, a smaller cell or a larger `memory_bytes`."
        )
    best = prediction.model.capabilities.difference_step_A
    step = step_A or best or _STEP_A.get(identity.dtype, UNKNOWN_PRECISION_STEP_A)
    return ProductMethod("differences", reason, needed, step_A=step)


def _too_much(atoms: Atoms, needed: int, budget: int) -> str:
    return (
        f"a product of {len(atoms)} atoms is predicted to take {gibibytes(needed)}, more than the "
        f"budget of {gibibytes(budget)}"
    )
