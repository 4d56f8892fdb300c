"""Rows of a plan as they are computed: which are finished, which to do, which need not be done."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.errors import MemoryBudgetError, ModelError
from nearsight.hessian.rows.analytic import Executed, compute_rows
from nearsight.hessian.rows.checkpoint import RowStore
from nearsight.hessian.rows.kinds import Chosen
from nearsight.hessian.rows.plan import Plan
from nearsight.hessian.rows.sum_rule import rows_by_sum_rule, rows_left_out
from nearsight.memory import is_out_of_memory
from nearsight.models.contract import Model, Seed, fault_of, is_usable
from nearsight.progress import Advance


@dataclass(frozen=True)
class Task:
    """What is to be computed, and how."""

    atoms: Atoms
    model: Model
    plan: Plan
    chosen: Chosen
    memory_budget_bytes: int


class Rows:
    """The rows of one plan: those that are finished and those still to do."""

    def __init__(self, seeds: list[Seed], store: RowStore | None) -> None:
        self.total = len(seeds)
        self.finished: dict[int, NDArray[np.float64]] = dict(store.rows) if store else {}
        self.advance: Advance = lambda _done, _note: None
        self._seeds = seeds
        self._store = store

    def todo(self) -> list[int]:
        """Return which rows are to do."""
        return [index for index in range(self.total) if index not in self.finished]

    def computed(self, index: int, row: NDArray[np.float64]) -> None:
        """Check a row, and keep it."""
        if not is_usable(row).all():
            raise ModelError(
                f"the second derivative by {name_of(self._seeds[index])}, is {fault_of(row)}; the "
                f"{len(self.finished)} rows before it are kept. Look for atoms that are too "
                f"close, or use differences or another model."
            )
        if self._store is not None:
            self._store.append(index, row)
        self.follows(index, row)

    def follows(self, index: int, row: NDArray[np.float64]) -> None:
        """Take a row that follows from others, as it does after an interruption again."""
        self.finished[index] = row
        self.advance(len(self.finished), "")


def complete(task: Task, rows: Rows) -> tuple[Executed, int]:
    """Compute the rows to do; return how, and how many of them followed from the sum rule.

    Raises
    ------
    ModelError
        A row is not finite.
    MemoryBudgetError
        Memory ran out.
    """
    left_out = rows_left_out(task.plan) if _may_leave_out(task) else []
    executed = _execute(task, rows, [index for index in rows.todo() if index not in left_out])
    left = rows.todo()
    if not left:
        return executed, 0
    known = [rows.finished[index] for index in range(rows.total) if index not in left_out]
    following = rows_by_sum_rule(task.plan, left_out, np.stack(known))
    if following is None:
        _execute(task, rows, left)
        return executed, 0
    for index, row in zip(left_out, following, strict=True):
        if index in left:
            rows.follows(index, row)
    return executed, len(left)


def name_of(seed: Seed) -> str:
    """Return a row as messages name it."""
    atom, direction = seed
    axis = int(np.argmax(np.abs(direction)))
    if direction[axis] == 1.0:
        return f"atom {atom}, direction {'xyz'[axis]}"
    return f"atom {atom}, direction ({', '.join(f'{part:.3f}' for part in direction)})"


def _may_leave_out(task: Task) -> bool:
    """Tell whether rows may follow from the sum rule: where nobody has asked for them one by one.

    Single precision keeps neither the rule nor the symmetry well enough; direct forces have none.
    """
    automatic = task.chosen.differences is None and task.chosen.batched is None
    conservative = task.model.capabilities.conservative is True
    return automatic and conservative and task.model.identity.dtype == "float64"


def _execute(task: Task, rows: Rows, indices: list[int]) -> Executed:
    differences = task.chosen.differences
    seeds = [task.plan.seeds[index] for index in indices]
    if not seeds:
        name = differences.scheme.name if differences else "rows"
        return Executed(name, "every row was in the checkpoint")

    def row_done(number: int, row: NDArray[np.float64]) -> None:
        rows.computed(indices[number], row)

    try:
        if differences is None:
            return compute_rows(
                task.atoms,
                task.model,
                seeds,
                batched=task.chosen.batched,
                memory_budget_bytes=task.memory_budget_bytes,
                row_done=row_done,
            )
        for number, row in enumerate(differences.rows(task.atoms, task.model, seeds)):
            row_done(number, row)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise MemoryBudgetError(
            f"memory ran out after {len(rows.finished)} of {rows.total} rows. Use a method that "
            f"takes less (rows, then fourth-order), float32, or a smaller cell."
        ) from error
    return Executed(differences.scheme.name, task.chosen.reason)
