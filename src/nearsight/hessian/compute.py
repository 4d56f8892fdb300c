"""The verb `hessian`: the whole matrix of one structure, from the rows that determine it."""

import os

import numpy as np
from ase import Atoms

from nearsight.announcing import announces
from nearsight.hessian.origin import computation_fields
from nearsight.hessian.reach import pieces_of, reach_of, remarks_about_pieces
from nearsight.hessian.result import Hessian
from nearsight.hessian.rows.budget import require_room_for_rows
from nearsight.hessian.rows.kinds import ANALYTIC
from nearsight.hessian.rows.plan import plan
from nearsight.hessian.rows.run import compute_planned_rows
from nearsight.models.contract import Model
from nearsight.progress import Progress
from nearsight.storage import atoms_from_arrays, atoms_to_arrays
from nearsight.structures.checking import check_structure
from nearsight.structures.tolerances import EXACT_TOLERANCE_A


@announces
def hessian(
    atoms: Atoms,
    model: Model,
    method: str = "auto",
    *,
    step_A: float | None = None,
    row_symmetry_A: float | None = EXACT_TOLERANCE_A,
    memory_budget_bytes: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    progress: Progress | bool | None = None,
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
    row_symmetry_A
        How far in Å an atom may be from where the space group wants it, for rows to follow from
        others; None to compute every row. See `nearsight.hessian.rows.plan`.
    memory_budget_bytes
        Memory that may be used; by default 80 % of what is free on the model's device.
    checkpoint
        File that keeps finished rows. If it exists the Hessian goes on from there, and a complete
        one returns at once. While another process works on it, this one waits. Delete it when the
        result is safe.
    progress
        How far it has come: see `nearsight.progress.Progress`.

    Raises
    ------
    StructureError
        The structure cannot be calculated (no cell, atoms on top of each other, ...), or no
        consistent space group is found at the tolerance.
    ModelError
        The model does not know an element, or gives NaN.
    MethodError
        The method does not go with the model, the structure has constraints, or rows computed as
        a check are not the images of others that symmetry says they are.
    MemoryBudgetError
        No method fits into the memory budget.
    CheckpointError
        The checkpoint belongs to another calculation, or another model of the same name or version.
    StorageError
        The disk is full; finished rows are safe.
    """
    require_room_for_rows(3 * len(atoms), len(atoms), memory_budget_bytes)
    check_structure(atoms)
    planned = plan(atoms, model.capabilities, tolerance_A=row_symmetry_A)
    computed = compute_planned_rows(
        atoms,
        model,
        planned,
        method,
        step_A=step_A,
        memory_budget_bytes=memory_budget_bytes,
        rows_kept=planned.rows_total,
        checkpoint=checkpoint,
        progress=progress,
    )
    matrix = planned.expand(computed.rows_eV_per_A2)
    if model.capabilities.conservative is False and computed.computation.method not in ANALYTIC:
        # Moving an atom tells a column of the Jacobian of the forces, a reverse pass a row.
        matrix = np.ascontiguousarray(matrix.transpose(2, 3, 0, 1))
    structure, reach = bare(atoms), reach_of(atoms, model)
    return Hessian(
        atoms=structure,
        matrix_eV_per_A2=matrix,
        **computation_fields(computed.computation),
        warnings=(*computed.notes, *remarks_about_pieces(pieces_of(structure, reach))),
        reach_A=reach,
    )


def bare(atoms: Atoms) -> Atoms:
    """Return a copy without calculator, constraints and annotations."""
    return atoms_from_arrays(atoms_to_arrays(atoms))
