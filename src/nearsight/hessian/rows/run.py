"""The rows of a plan, by the method that fits the model: what every engine executes."""

import logging
import os
from dataclasses import dataclass, replace
from functools import partial

from ase import Atoms

from nearsight.arrays import FloatArray
from nearsight.hessian.origin import Computed
from nearsight.hessian.rows.budget import Room, require_room_for_rows
from nearsight.hessian.rows.checkpoint import RowStore
from nearsight.hessian.rows.choice import RowRequest, choose_rows, require_rows, ways_begun
from nearsight.hessian.rows.execution import Rows, complete
from nearsight.hessian.rows.images import check_images, images_to_check
from nearsight.hessian.rows.plan import Plan
from nearsight.hessian.rows.precision import check_precision, row_model
from nearsight.hessian.rows.resuming import open_store, task_begun
from nearsight.hessian.rows.task import Task
from nearsight.locking import hold
from nearsight.memory import METER, Meter, default_memory_budget, gibibytes
from nearsight.models.contract import Model
from nearsight.models.evaluable import require_calculable
from nearsight.models.extrapolation import extrapolation_remarks
from nearsight.progress import Progress, as_progress
from nearsight.provenance import record
from nearsight.remarks import Remark
from nearsight.structures.checking import check_structure, require_no_constraints

logger = logging.getLogger("nearsight.hessian")


@dataclass(frozen=True)
class PlannedRows:
    """The rows that a plan needs, as computed, and what they cost."""

    rows_eV_per_A2: FloatArray
    """In the order of `Plan.seeds`, shape ``(rows_needed, n_atoms, 3)``."""
    origin: Computed
    """How they came about, and what they cost."""
    notes: tuple[Remark, ...]
    """Where the model extrapolates, and what was lost of the checkpoint, in plain words."""


def compute_planned_rows(
    atoms: Atoms,
    model: Model,
    plan: Plan,
    method: str,
    *,
    step_A: float | None,
    memory_budget_bytes: int | None,
    rows_kept: int,
    checkpoint: str | os.PathLike[str] | None,
    progress: Progress | bool | None,
    meter: Meter = METER,
) -> PlannedRows:
    """Compute the rows of `plan`; see `nearsight.hessian.hessian` for settings and errors.

    Parameters
    ----------
    rows_kept
        How many rows there will be after the expansion; they must fit into the memory too.
    """
    check_structure(atoms)
    require_no_constraints(atoms)
    require_calculable(atoms, model)
    require_rows(model, method, step_A)
    device = model.identity.device
    budget = default_memory_budget(device) if memory_budget_bytes is None else memory_budget_bytes
    require_room_for_rows(rows_kept, len(atoms), memory_budget_bytes)
    with hold(checkpoint):
        at_rest = meter.measure(lambda: model.evaluate([atoms])[0], device)
        of_row = model.capabilities.row_over_force_memory
        room = Room(len(atoms), at_rest.peak_memory_bytes, budget, of_row)
        if (single := row_model(model)) is not model:
            of_rows = meter.measure(lambda: single.evaluate([atoms]), device)
            room = replace(room, row_model_bytes=of_rows.peak_memory_bytes)
        request = RowRequest(model, method, step_A, plan.rows_needed / plan.rows_total, room)
        task_in = partial(Task, atoms, model, plan, memory_budget_bytes=budget, meter=meter)
        task = task_begun([task_in(way=way) for way in ways_begun(request)], checkpoint)
        task = task or task_in(way=choose_rows(request))
        store = None if checkpoint is None else open_store(task, checkpoint, at_rest.result)
        remarks = extrapolation_remarks(at_rest.result, model.identity.name)
        return _run(task, store, progress, remarks)


def _run(
    task: Task,
    store: RowStore | None,
    progress: Progress | bool | None,
    remarks: tuple[Remark, ...],
) -> PlannedRows:
    """Compute what is to do, complete it, and check it."""
    plan, meter, device = task.plan, task.meter, task.model.identity.device
    images = images_to_check(plan)
    rows = Rows(plan.seeds, [each.seed for each in images], store)
    logger.debug("%d of %d rows needed: %s", plan.rows_needed, plan.rows_total, plan.reason)
    logger.debug("%s: %s predicted", task.way.name, gibibytes(task.way.predicted_memory_bytes))
    if store is not None and rows.n_resumed:
        logger.info("going on with %d of %d rows in %s", rows.n_resumed, rows.total, store.path)
    with (
        as_progress(progress).task("Hessian rows", rows.total, rows.n_resumed) as rows.advance,
        meter.peak_memory(device) as peak,
    ):
        start = meter.now()
        way, by_sum_rule = complete(task, rows)
        stacked = rows.stacked()
        deviation = check_images(task, stacked, images, rows.checks())
        precision_error = check_precision(task, stacked)
        seconds = meter.now() - start
    origin = Computed(
        method=way.name,
        reason=way.reason,
        step_A=way.step_A,
        rows_computed=rows.total - rows.n_resumed - by_sum_rule,
        rows_by_sum_rule=by_sum_rule,
        rows_needed=plan.rows_needed,
        symmetry=plan.reason,
        space_group=plan.space_group,
        row_symmetry_A=plan.tolerance_A,
        symmetry_deviation_eV_per_A2=deviation,
        precision_error=precision_error,
        seconds=seconds,
        peak_memory_bytes=peak.bytes,
        provenance=record(
            task.model.identity,
            **task.settings(),
            symmetry=plan.reason,
            memory_budget_bytes=task.memory_budget_bytes,
        ),
    )
    return PlannedRows(stacked, origin, (*remarks, *(() if store is None else store.notes)))
