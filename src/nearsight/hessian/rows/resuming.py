"""Rows that an earlier run has left on disk: of which calculation, and of which model."""

import os
from collections.abc import Sequence

from nearsight.arrays import FloatArray
from nearsight.fingerprint import fingerprint
from nearsight.hessian.rows.checkpoint import Origin, RowStore, read_fingerprint
from nearsight.hessian.rows.task import Task
from nearsight.hessian.same_model import (
    answers_of,
    kept_derivative,
    kept_evaluation,
    precision_of,
    require_same_model,
)
from nearsight.models.contract import Evaluation
from nearsight.models.versions import versions_behind


def task_begun(tasks: Sequence[Task], checkpoint: str | os.PathLike[str] | None) -> Task | None:
    """Return which of several tasks an earlier run has begun; None if it was none of them.

    How much memory is free may have changed since then, and must not change the way in which rows
    are computed.

    Parameters
    ----------
    tasks
        The same calculation in all ways in which it may have been begun.
    checkpoint
        The file of its rows, if any are kept.
    """
    written_for = None if checkpoint is None else read_fingerprint(checkpoint)
    if written_for is None:
        return None
    begun = (
        task
        for task in tasks
        if fingerprint(task.atoms, task.model.identity, task.settings()) == written_for
    )
    return next(begun, None)


def open_store(task: Task, checkpoint: str | os.PathLike[str], at_rest: Evaluation) -> RowStore:
    """Return the rows on disk, which the same model has computed.

    Parameters
    ----------
    task
        What is computed.
    checkpoint
        The file; it is made if it does not exist.
    at_rest
        What the model says of the structure now.

    Raises
    ------
    CheckpointError
        The file is of another calculation, or of another model of the same name.
    StorageError
        It cannot be made.
    """
    identity = task.model.identity
    digests = fingerprint(task.atoms, identity, task.settings())
    store = RowStore(
        checkpoint, Origin(digests, versions_behind(identity), at_rest), len(task.atoms)
    )
    if store.rows:
        _require_same_model(task, store, at_rest)
    return store


def _require_same_model(task: Task, store: RowStore, at_rest: Evaluation) -> None:
    """Compute one kept row again, and compare energy and forces."""
    model = task.model
    index, row = next(iter(store.rows.items()))
    precision = precision_of(model.identity.dtype, store.at_rest)
    kept = [
        kept_derivative(f"row {index}", row, precision, "eV/Å²", task.way.step_A),
        *kept_evaluation(store.at_rest, precision),
    ]
    first = [at_rest]

    def ask() -> list[FloatArray]:
        again = task.rows([task.plan.seeds[index]])[0]
        # After the displaced structures of a row: ASE's calculators remember the latest one.
        evaluation = first.pop() if first else model.evaluate([task.atoms])[0]
        return [again, *answers_of(evaluation)]

    require_same_model(kept, ask, store.path, model.identity.name)
