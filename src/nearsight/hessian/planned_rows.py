"""The rows of a plan, by the method that fits the model: what every engine executes."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.errors import CheckpointError, MethodError
from nearsight.fingerprint import fingerprint
from nearsight.hessian.budget import require_room_for_rows, within_budget
from nearsight.hessian.checkpoint import RowStore, read_fingerprint
from nearsight.hessian.computation import Computation
from nearsight.hessian.execution import Rows, Task, complete, name_of
from nearsight.hessian.methods import Chosen, choose_kind
from nearsight.hessian.plan import Image, Plan
from nearsight.memory import PeakMemory, default_memory_budget
from nearsight.models.contract import Model, Seed, require_elements
from nearsight.progress import progress_bar
from nearsight.provenance import Setting, record
from nearsight.structures.checking import check_structure, require_no_constraints

_SAME_ROW = 0.01
"""Largest deviation of a repeated row, relative to its largest element: above noisy forces."""

_N_IMAGES_CHECKED = 2
_TURNED = 1e-3
"""Smallest element by which a rotation differs from none; those of a lattice do by far more."""
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
    progress: bool | None,
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
    begun = _kind_in_checkpoint(atoms, model, plan, chosen, checkpoint)
    chosen = begun or within_budget(
        atoms, model, chosen, may_change=method == "auto", memory_budget_bytes=budget
    )
    settings = _settings(plan, chosen)
    store = None
    if checkpoint is not None:
        store = RowStore(checkpoint, fingerprint(atoms, model.identity, settings), len(atoms))
        _require_same_rows(atoms, model, plan.seeds, chosen, store)
    rows = Rows(plan.seeds, store)
    resumed = len(rows.finished)
    with (
        progress_bar("Hessian rows", rows.total, show=progress) as rows.advance,
        PeakMemory(device) as peak,
    ):
        start = perf_counter()
        executed, by_sum_rule = complete(Task(atoms, model, plan, chosen, budget), rows)
        stacked = np.stack([rows.finished[index] for index in range(rows.total)])
        deviation = _check_images(atoms, model, plan, chosen, stacked)
        seconds = perf_counter() - start
    return PlannedRows(
        rows_eV_per_A2=stacked,
        computation=Computation(
            method=executed.method,
            reason=executed.reason,
            step_A=chosen.differences.step_A if chosen.differences else None,
            rows_computed=rows.total - resumed - by_sum_rule,
            rows_by_sum_rule=by_sum_rule,
            rows_needed=plan.rows_needed,
            symmetry=plan.reason,
            space_group=plan.space_group,
            symmetry_tolerance_A=plan.tolerance_A,
            symmetry_deviation_eV_per_A2=deviation,
            seconds=seconds,
            peak_memory_bytes=peak.bytes,
            provenance=record(
                model.identity, **settings, symmetry=plan.reason, memory_budget_bytes=budget
            ),
        ),
    )


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


def _require_same_rows(
    atoms: Atoms, model: Model, seeds: Sequence[Seed], chosen: Chosen, store: RowStore
) -> None:
    """Compute one kept row again: not every model can say that it is another one."""
    if not store.rows:
        return
    index, kept = next(iter(store.rows.items()))
    again = _one_by_one(atoms, model, chosen, [seeds[index]])[0]
    deviation = float(np.abs(again - kept).max())
    if deviation > _SAME_ROW * float(np.abs(kept).max()):
        raise CheckpointError(
            f"{store.path} belongs to another model than this {model.identity.name}: row {index} "
            f"differs by {deviation:.2g} eV/Å². Delete it, or choose another path."
        )


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
    analytic = _SAME_IMAGE.get(model.identity.dtype, _SAME_ROW)
    allowed = analytic if chosen.differences is None else _SAME_ROW
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
                f"keep this symmetry, or the structure has it only nearly. Use a smaller symmetry "
                f"tolerance, move the structure onto its space group first, or use no symmetry."
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
