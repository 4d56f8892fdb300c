"""The rows of a plan, by the method that fits the model: what every engine executes."""

import hashlib
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.errors import MethodError
from nearsight.fingerprint import fingerprint
from nearsight.hessian.origin import Computation
from nearsight.hessian.rows.budget import require_room_for_rows, within_budget
from nearsight.hessian.rows.checkpoint import Origin, RowStore, read_fingerprint
from nearsight.hessian.rows.execution import Rows, Task, complete, name_of
from nearsight.hessian.rows.kinds import Chosen, choose_kind
from nearsight.hessian.rows.plan import Image, Plan
from nearsight.hessian.same_model import (
    answers_of,
    kept_derivative,
    kept_evaluation,
    precision_of,
    require_same_model,
)
from nearsight.locking import hold
from nearsight.memory import PeakMemory, default_memory_budget, measure
from nearsight.models.contract import Evaluation, Model, Seed, require_elements
from nearsight.models.versions import versions_behind
from nearsight.progress import Progress, as_progress
from nearsight.provenance import Setting, record
from nearsight.remarks import Remark
from nearsight.structures.checking import check_structure, require_no_constraints

logger = logging.getLogger("nearsight.hessian")

_N_IMAGES_CHECKED = 2
_TURNED = 1e-3
"""Smallest element by which a rotation differs from none; those of a lattice do by far more."""
_SAME_NOISY_IMAGE = 0.01
_SAME_IMAGE = {"float64": 1e-4, "float32": 1e-3}
"""Largest deviation of an analytic row from the image it should be, over its largest element.

Rounding stays far below; a model that does not keep the symmetry, or a structure that is
less symmetric than it seems, is off by more."""


@dataclass(frozen=True)
class PlannedRows:
    """The rows that a plan needs, as computed, and what they cost."""

    rows_eV_per_A2: NDArray[np.float64]
    """In the order of `Plan.seeds`, shape ``(rows_needed, n_atoms, 3)``."""
    computation: Computation
    """How they came about, and what they cost."""
    notes: tuple[Remark, ...]
    """What was lost of the checkpoint, in plain words."""


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
) -> PlannedRows:
    """Compute the rows of `plan`; see `nearsight.hessian.hessian` for settings and errors.

    Parameters
    ----------
    rows_kept
        How many rows there will be after the expansion; they must fit into the memory too.
    """
    check_structure(atoms)
    require_no_constraints(atoms)
    require_elements(atoms, model)
    chosen = choose_kind(model, method, step_A, plan.rows_needed / plan.rows_total)
    device = model.identity.device
    budget = default_memory_budget(device) if memory_budget_bytes is None else memory_budget_bytes
    require_room_for_rows(rows_kept, len(atoms), memory_budget_bytes)
    with hold(checkpoint):
        return _compute(
            Task(atoms, model, plan, chosen, budget),
            may_change=method == "auto",
            checkpoint=checkpoint,
            progress=progress,
        )


def _compute(
    task: Task,
    *,
    may_change: bool,
    checkpoint: str | os.PathLike[str] | None,
    progress: Progress | bool | None,
) -> PlannedRows:
    """Compute the rows of a task, whose checkpoint nobody else works on."""
    atoms, model, plan, budget = task.atoms, task.model, task.plan, task.memory_budget_bytes
    device = model.identity.device
    at_rest = measure(lambda: model.evaluate([atoms])[0], device)
    begun = _kind_in_checkpoint(atoms, model, plan, task.chosen, checkpoint)
    chosen = begun or within_budget(
        atoms,
        model,
        task.chosen,
        force_call_bytes=at_rest.peak_memory_bytes,
        may_change=may_change,
        memory_budget_bytes=budget,
    )
    settings = _settings(plan, chosen)
    task = replace(task, chosen=chosen)
    store = None if checkpoint is None else _store(task, settings, checkpoint, at_rest.result)
    rows = Rows(plan.seeds, store)
    resumed = len(rows.finished)
    if resumed:
        logger.info("going on with %d of %d rows in %s", resumed, rows.total, checkpoint)
    logger.debug("%d of %d rows needed: %s", plan.rows_needed, plan.rows_total, plan.reason)
    with (
        as_progress(progress).task("Hessian rows", rows.total, resumed) as rows.advance,
        PeakMemory(device) as peak,
    ):
        start = perf_counter()
        executed, by_sum_rule = complete(task, rows)
        stacked = np.stack([rows.finished[index] for index in range(rows.total)])
        deviation = _check_images(atoms, model, plan, chosen, stacked)
        seconds = perf_counter() - start
    return PlannedRows(
        rows_eV_per_A2=stacked,
        notes=() if store is None else store.notes,
        computation=Computation(
            method=executed.method,
            reason=executed.reason,
            step_A=chosen.differences.step_A if chosen.differences else None,
            rows_computed=rows.total - resumed - by_sum_rule,
            rows_by_sum_rule=by_sum_rule,
            rows_needed=plan.rows_needed,
            symmetry=plan.reason,
            space_group=plan.space_group,
            row_symmetry_A=plan.tolerance_A,
            symmetry_deviation_eV_per_A2=deviation,
            seconds=seconds,
            peak_memory_bytes=peak.bytes,
            provenance=record(
                model.identity, **settings, symmetry=plan.reason, memory_budget_bytes=budget
            ),
        ),
    )


def _store(
    task: Task,
    settings: dict[str, Setting],
    checkpoint: str | os.PathLike[str],
    at_rest: Evaluation,
) -> RowStore:
    """Return the rows on disk, which the same model has computed."""
    identity = task.model.identity
    digests = fingerprint(task.atoms, identity, settings)
    origin = Origin(digests, versions_behind(identity), at_rest)
    store = RowStore(checkpoint, origin, len(task.atoms))
    _require_same_model(task, store, at_rest)
    return store


def _settings(plan: Plan, chosen: Chosen) -> dict[str, Setting]:
    """Return what decides the numbers; rows of equal settings may be mixed."""
    digest = hashlib.sha256()
    for atom, direction in plan.seeds:
        digest.update(f"{atom} {np.round(direction, 9).tolist()}".encode())
    return {**chosen.settings(), "seeds": digest.hexdigest()}


def _one_by_one(
    atoms: Atoms, model: Model, chosen: Chosen, seeds: Sequence[Seed]
) -> list[NDArray[np.float64]]:
    differences = chosen.differences
    rows = (
        model.rows(atoms, seeds) if differences is None else differences.rows(atoms, model, seeds)
    )
    return list(rows)


def _kind_in_checkpoint(
    atoms: Atoms,
    model: Model,
    plan: Plan,
    chosen: Chosen,
    checkpoint: str | os.PathLike[str] | None,
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
        if fingerprint(atoms, model.identity, _settings(plan, kind)) == written_for:
            return kind
    return None


def _require_same_model(task: Task, store: RowStore, at_rest: Evaluation) -> None:
    """Compute one kept row again, and compare energy and forces."""
    if not store.rows:
        return
    atoms, model, differences = task.atoms, task.model, task.chosen.differences
    index, row = next(iter(store.rows.items()))
    precision = precision_of(model.identity.dtype, store.at_rest)
    step_A = None if differences is None else differences.step_A
    kept = [
        kept_derivative(f"row {index}", row, precision, "eV/Å²", step_A),
        *kept_evaluation(store.at_rest, precision),
    ]
    first = [at_rest]

    def ask() -> list[NDArray[np.float64]]:
        again = _one_by_one(atoms, model, task.chosen, [task.plan.seeds[index]])[0]
        # After the displaced structures of a row: ASE's calculators remember the latest one.
        evaluation = first.pop() if first else model.evaluate([atoms])[0]
        return [again, *answers_of(evaluation)]

    require_same_model(kept, ask, store.path, model.identity.name)


def _check_images(
    atoms: Atoms, model: Model, plan: Plan, chosen: Chosen, rows: NDArray[np.float64]
) -> float | None:
    """Compute a few rows that the plan leaves out, and compare them with the images they should be.

    Images of computed rows are exact for differences of any step too, unlike expanded rows, because
    differences along a general direction are no combination of those along others.
    """
    if not plan.uses_symmetry:
        return None
    random = np.random.default_rng(len(atoms))
    analytic = _SAME_IMAGE.get(model.identity.dtype, _SAME_NOISY_IMAGE)
    allowed = analytic if chosen.differences is None else _SAME_NOISY_IMAGE
    drawn = [
        _other_image(plan, random, mirrored=number == 0) for number in range(_N_IMAGES_CHECKED)
    ]
    found = _one_by_one(atoms, model, chosen, [seed for _, seed, _ in drawn])
    deviations = []
    for (index, seed, image), row in zip(drawn, found, strict=True):
        expected = image.of_row(rows[index])
        deviations.append(float(np.abs(row - expected).max()))
        if deviations[-1] > allowed * float(np.abs(expected).max()):
            raise MethodError(
                f"the row of {name_of(seed)}, differs by {deviations[-1]:.2g} eV/Å² from the image "
                f"of row {index} that it should be ({plan.reason}): {model.identity.name} does not "
                f"keep this symmetry, or the structure has it only nearly. Use a smaller "
                f"`row_symmetry_A`, move the structure onto its space group first, or use no "
                f"symmetry."
            )
    return max(deviations)


def _other_image(
    plan: Plan, random: np.random.Generator, *, mirrored: bool
) -> tuple[int, Seed, Image]:
    """Draw a row and an image of it that a wrong model would get wrong.

    By a mirror image if asked for, else by a rotation; by a translation where there is no other.
    """
    assert plan.symmetry is not None
    rotations = plan.symmetry.rotations
    turned = np.abs(rotations - np.eye(3)).max(axis=(1, 2)) > _TURNED
    improper = np.linalg.det(rotations) < 0
    while True:
        index, choice = random.integers(plan.rows_needed), random.integers(2**32)
        seed, image = plan.image_of_seed(int(index), int(choice))
        is_turned = np.abs(image.rotation - np.eye(3)).max() > _TURNED
        is_moved = bool((image.permutation != np.arange(plan.n_atoms)).any())
        if mirrored and improper.any():
            wanted = np.linalg.det(image.rotation) < 0
        else:
            wanted = is_turned if turned.any() else is_moved
        if wanted:
            return int(index), seed, image
