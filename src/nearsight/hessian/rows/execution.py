"""Rows of a plan as they are computed: which are finished, which to do, which need not be done."""

from dataclasses import replace

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.errors import ModelError
from nearsight.hessian.rows.checkpoint import RowStore
from nearsight.hessian.rows.kinds import RowMethod
from nearsight.hessian.rows.sum_rule import rows_by_sum_rule, rows_left_out
from nearsight.hessian.rows.task import Task, name_of
from nearsight.hessian.rows.work import Work
from nearsight.memory import refusing_out_of_memory
from nearsight.models.contract import Seed
from nearsight.models.soundness import fault_of, is_usable
from nearsight.progress import Advance


class Rows:
    """The rows of one plan: those that are finished and those still to do.

    Parameters
    ----------
    seeds
        Those of the plan.
    checks
        Further rows, which are computed with the others, through the same graph, and kept in no
        file.
    store
        The checkpoint.
    """

    def __init__(self, seeds: list[Seed], checks: list[Seed], store: RowStore | None) -> None:
        self.total = len(seeds)
        self.finished: dict[int, FloatArray] = dict(store.rows) if store else {}
        self.n_resumed = len(self.finished)
        """Rows that were finished before."""
        self.advance: Advance = lambda _done, _note: None
        self.seeds = [*seeds, *checks]
        """Those of checks come last."""
        self._checked: dict[int, FloatArray] = {}
        self._store = store

    def todo(self) -> list[int]:
        """Return which rows of the plan are to do."""
        return [index for index in range(self.total) if index not in self.finished]

    def stacked(self) -> FloatArray:
        """Return all rows of the plan in their order, once they are finished."""
        return np.stack([self.finished[index] for index in range(self.total)])

    def checks(self) -> list[FloatArray]:
        """Return the rows of checks in their order, once they are computed."""
        return [self._checked[index] for index in range(self.total, len(self.seeds))]

    def computed(self, index: int, row: FloatArray) -> None:
        """Check a row, and keep it.

        Raises
        ------
        ModelError
            It is not finite.
        """
        if not is_usable(row).all():
            raise ModelError(
                f"the second derivative by {name_of(self.seeds[index])}, is {fault_of(row)}; the "
                f"{len(self.finished)} rows before it are kept. Look for atoms that are too "
                f"close, or use differences or another model."
            )
        if index >= self.total:
            self._checked[index] = row
            return
        if self._store is not None:
            self._store.append(index, row)
        self.follows(index, row)

    def follows(self, index: int, row: FloatArray) -> None:
        """Take a row that follows from others, as it does after an interruption again."""
        self.finished[index] = row
        self.advance(len(self.finished), "")


def complete(task: Task, rows: Rows) -> tuple[RowMethod, int]:
    """Compute the rows to do, and those of checks; return how, and how many the sum rule told.

    Raises
    ------
    ModelError
        A row is not finite.
    MemoryBudgetError
        Memory ran out.
    """
    left_out = rows_left_out(task.plan) if task.may_leave_rows_out else []
    checks = range(rows.total, len(rows.seeds))
    way = _execute(task, rows, [*(each for each in rows.todo() if each not in left_out), *checks])
    left = rows.todo()
    if not left:
        return way, 0
    known = [rows.finished[index] for index in range(rows.total) if index not in left_out]
    following = rows_by_sum_rule(task.plan, left_out, np.stack(known))
    if following is None:
        _execute(task, rows, left)
        return way, 0
    for index, row in zip(left_out, following, strict=True):
        if index in left:
            rows.follows(index, row)
    return way, len(left)


def _execute(task: Task, rows: Rows, indices: list[int]) -> RowMethod:
    """Compute the rows of some indices; return in which way those of the plan were in the end."""
    nothing_to_do = replace(task.way, reason="every row was in the checkpoint")
    if not indices:
        return nothing_to_do

    def row_done(number: int, row: FloatArray) -> None:
        rows.computed(indices[number], row)

    seeds = [rows.seeds[index] for index in indices]
    work = Work(
        task.atoms,
        task.model,
        seeds,
        memory_budget_bytes=task.memory_budget_bytes,
        row_done=row_done,
        meter=task.meter,
    )
    with refusing_out_of_memory(
        lambda: f"after {len(rows.finished)} of {rows.total} rows",
        "Use a method that takes less (rows, then fourth-order), float32, or a smaller cell.",
    ):
        way = task.way.compute(work)
    return way if indices[0] < rows.total else nothing_to_do
