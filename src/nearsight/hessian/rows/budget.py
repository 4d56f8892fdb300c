"""Which kind of rows fits into the memory that may be used."""

from dataclasses import replace

from ase import Atoms

from nearsight.errors import MemoryBudgetError
from nearsight.hessian.rows.kinds import Chosen, choose_kind
from nearsight.memory import gibibytes, require_room
from nearsight.models.contract import Model

_ROW_TO_FORCE_MEMORY = 3.0
"""Peak of the graph of the forces with one row over that of a force call; SevenNet: 2.0 to 2.7."""


def require_room_for_rows(n_rows: int, n_atoms: int, memory_budget_bytes: int | None) -> None:
    """Check that the rows themselves fit: all of them for a Hessian, fewer for force constants.

    Parameters
    ----------
    n_rows, n_atoms
        How many rows, of how many atoms each.
    memory_budget_bytes
        Memory that may be used; never more than 80 % of what is free here.

    Raises
    ------
    MemoryBudgetError
        They do not, whatever the method.
    """
    needed = 3 * 8 * n_rows * 3 * n_atoms  # as computed, as a matrix, and one symmetric copy
    what = f"{n_rows} rows of {n_atoms} atoms, by whatever method,"
    remedy = "Use a smaller cell or a larger `memory_bytes`."
    require_room(needed, what, remedy)
    if memory_budget_bytes is not None:
        require_room(needed, what, remedy, budget_bytes=memory_budget_bytes)


def within_budget(
    atoms: Atoms,
    model: Model,
    chosen: Chosen,
    *,
    force_call_bytes: int,
    may_change: bool,
    memory_budget_bytes: int,
) -> Chosen:
    """Return `chosen`, or fourth-order differences where analytic rows are predicted not to fit.

    Parameters
    ----------
    atoms, model
        What will be differentiated, with which model.
    chosen
        The kind of rows that the model and the user want.
    force_call_bytes
        Measured memory of one force call, on which the prediction rests.
    may_change
        Whether differences are allowed instead of analytic rows.
    memory_budget_bytes
        Memory that may be used.

    Raises
    ------
    MemoryBudgetError
        What was chosen does not fit and may not change, or not even a force call fits.
    """
    budget = gibibytes(memory_budget_bytes)
    if force_call_bytes > memory_budget_bytes:
        raise MemoryBudgetError(
            f"a single force call of {len(atoms)} atoms with {model.identity.name} took "
            f"{gibibytes(force_call_bytes)}, more than the budget of {budget}; no "
            f"method can avoid that. Use `dtype` float32, a smaller cell or a larger "
            f"`memory_bytes`."
        )
    if chosen.differences is not None:
        return chosen
    predicted = int(_ROW_TO_FORCE_MEMORY * force_call_bytes)
    if predicted <= memory_budget_bytes:
        return chosen
    problem = (
        f"one analytic row of {len(atoms)} atoms is predicted to take {gibibytes(predicted)}, "
        f"more than the budget of {budget}"
    )
    if not may_change:
        raise MemoryBudgetError(
            f"{problem}. Use `method` fourth-order, `dtype` float32, or a larger `memory_bytes`."
        )
    return replace(choose_kind(model, "fourth-order", None), reason=problem)
