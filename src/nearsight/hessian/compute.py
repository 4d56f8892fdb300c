"""The verb `hessian`: every row of one structure, by the method that fits the model."""

import os
from time import perf_counter

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.errors import CheckpointError, MemoryBudgetError, ModelError
from nearsight.fingerprint import fingerprint
from nearsight.hessian.analytic_rows import Executed, compute_rows
from nearsight.hessian.budget import require_room_for_matrix, within_budget
from nearsight.hessian.checkpoint import RowStore, read_fingerprint
from nearsight.hessian.memory import PeakMemory, default_memory_budget, is_out_of_memory
from nearsight.hessian.methods import Chosen, choose_kind
from nearsight.hessian.result import Hessian
from nearsight.models.contract import Model, Seed, require_elements
from nearsight.progress import Advance, progress_bar
from nearsight.provenance import record
from nearsight.storage import atoms_from_arrays, atoms_to_arrays
from nearsight.structures.checking import check_structure, require_no_constraints

_SAME_ROW = 0.01
"""Largest deviation of a repeated row, relative to its largest element: above noisy forces."""


def hessian(
    atoms: Atoms,
    model: Model,
    method: str = "auto",
    *,
    step_A: float | None = None,
    memory_budget_bytes: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
) -> Hessian:
    """Compute the Hessian of a structure.

    Parameters
    ----------
    atoms
        The structure, usually relaxed with the same model; it is not changed.
    model
        The model.
    method
        ``rows`` (analytic, one by one), ``batched`` (analytic, several at once),
        ``forward-difference``, ``central-difference``, ``fourth-order``, or ``auto``: analytic
        where the model allows, alone or batched as the first rows measure on this device;
        differences otherwise. `Hessian.reason` says what decided.
    step_A
        Displacement of the differences in Å; by default one that suits scheme and precision.
    memory_budget_bytes
        Memory that may be used; by default 80 % of what is free on the model's device.
    checkpoint
        File that keeps finished rows. If it exists the Hessian goes on from there, and a complete
        one returns at once. Delete it when the result is safe.
    progress
        Show a progress bar: True, False, or None for a terminal only.

    Raises
    ------
    StructureError
        The structure cannot be calculated (no cell, atoms on top of each other, ...).
    ModelError
        The model does not know an element, or gives NaN.
    MethodError
        The method does not go with the model, or the structure has constraints.
    MemoryBudgetError
        No method fits into the memory budget.
    CheckpointError
        The checkpoint is damaged or belongs to another calculation.
    StorageError
        The disk is full; finished rows are safe.
    """
    check_structure(atoms)
    require_no_constraints(atoms)
    require_elements(atoms, model)
    chosen = choose_kind(model, method, step_A)
    device = model.identity.device
    budget = default_memory_budget(device) if memory_budget_bytes is None else memory_budget_bytes
    require_room_for_matrix(len(atoms), min(budget, default_memory_budget("cpu")))
    begun = _kind_in_checkpoint(atoms, model, chosen, checkpoint)
    chosen = begun or within_budget(
        atoms, model, chosen, may_change=method == "auto", memory_budget_bytes=budget
    )
    settings = chosen.settings()
    store = None
    if checkpoint is not None:
        store = RowStore(checkpoint, fingerprint(atoms, model.identity, settings), len(atoms))
        _require_same_rows(atoms, model, chosen, store)
    rows = _Rows(len(atoms), store)
    resumed = len(rows.finished)
    with (
        progress_bar("Hessian rows", rows.total, show=progress) as rows.advance,
        PeakMemory(device) as peak,
    ):
        start = perf_counter()
        executed = _execute(atoms, model, rows, chosen, budget)
        seconds = perf_counter() - start
    return Hessian(
        atoms=_bare(atoms),
        matrix_eV_per_A2=rows.matrix(),
        method=executed.method,
        reason=executed.reason,
        step_A=chosen.differences.step_A if chosen.differences else None,
        rows_computed=rows.total - resumed,
        seconds=seconds,
        peak_memory_bytes=peak.bytes,
        provenance=record(model.identity, **settings, memory_budget_bytes=budget),
    )


class _Rows:
    """The rows of one Hessian: those that are finished and those still to do."""

    def __init__(self, n_atoms: int, store: RowStore | None) -> None:
        self.total = 3 * n_atoms
        self.finished: dict[int, NDArray[np.float64]] = dict(store.rows) if store else {}
        self.advance: Advance = lambda _done, _note: None
        self._todo = [index for index in range(self.total) if index not in self.finished]
        self._store = store

    def seeds(self) -> list[Seed]:
        """Return the rows to do, in the order in which `done` expects them."""
        unit = np.eye(3)
        return [(index // 3, unit[index % 3]) for index in self._todo]

    def done(self, row: NDArray[np.float64]) -> None:
        """Check and keep the next row."""
        index = self._todo[0]
        if not np.isfinite(row).all():
            raise ModelError(
                f"the second derivative by atom {index // 3}, direction {'xyz'[index % 3]}, is "
                f"not finite; the {len(self.finished)} rows before it are kept. Look for atoms "
                f"that are too close, or use differences or another model."
            )
        if self._store is not None:
            self._store.append(index, row)
        self.finished[index] = row
        self._todo.pop(0)
        self.advance(len(self.finished), "")

    def matrix(self) -> NDArray[np.float64]:
        """Return H[A, α, B, β] from all rows."""
        n_atoms = self.total // 3
        stacked = np.stack([self.finished[index] for index in range(self.total)])
        return stacked.reshape(n_atoms, 3, n_atoms, 3)


def _execute(
    atoms: Atoms, model: Model, rows: _Rows, chosen: Chosen, memory_budget_bytes: int
) -> Executed:
    seeds = rows.seeds()
    if not seeds:
        name = chosen.differences.scheme.name if chosen.differences else "rows"
        return Executed(name, "every row was in the checkpoint")
    try:
        if chosen.differences is None:
            return compute_rows(
                atoms,
                model,
                seeds,
                batched=chosen.batched,
                memory_budget_bytes=memory_budget_bytes,
                row_done=rows.done,
            )
        for row in chosen.differences.rows(atoms, model, seeds):
            rows.done(row)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise MemoryBudgetError(
            f"memory ran out after {len(rows.finished)} of {rows.total} rows. Use a method that "
            f"takes less (rows, then fourth-order), float32, or a smaller cell."
        ) from error
    return Executed(chosen.differences.scheme.name, chosen.reason)


def _kind_in_checkpoint(
    atoms: Atoms, model: Model, chosen: Chosen, checkpoint: str | os.PathLike[str] | None
) -> Chosen | None:
    """Return the kind of rows in an earlier checkpoint of this calculation, if there is one.

    How much memory is free may have changed since then, and must not change the method.
    """
    if checkpoint is None:
        return None
    alternatives = [chosen]
    if chosen.differences is None and chosen.batched is None:
        alternatives.append(choose_kind(model, "fourth-order", None))
    written_for = read_fingerprint(checkpoint)
    for kind in alternatives:
        if fingerprint(atoms, model.identity, kind.settings()) == written_for:
            return kind
    return None


def _require_same_rows(atoms: Atoms, model: Model, chosen: Chosen, store: RowStore) -> None:
    """Compute one kept row again: not every model can say that it is another one."""
    if not store.rows:
        return
    index, kept = next(iter(store.rows.items()))
    seed: Seed = (index // 3, np.eye(3)[index % 3])
    differences = chosen.differences
    again = (
        model.rows(atoms, [seed]) if differences is None else differences.rows(atoms, model, [seed])
    )
    deviation = float(np.abs(next(iter(again)) - kept).max())
    if deviation > _SAME_ROW * float(np.abs(kept).max()):
        raise CheckpointError(
            f"{store.path} belongs to another model than this {model.identity.name}: row {index} "
            f"differs by {deviation:.2g} eV/Å². Delete it, or choose another path."
        )


def _bare(atoms: Atoms) -> Atoms:
    """Return a copy without calculator, constraints and annotations."""
    return atoms_from_arrays(atoms_to_arrays(atoms))
