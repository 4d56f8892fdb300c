"""The Hessian of one structure: the verb that computes it, and the value that it returns."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms

from nearsight.announcing import announces
from nearsight.archives import require_numbers
from nearsight.arrays import FloatArray
from nearsight.hessian.origin import HasOrigin, Origin, origin_from_header, origin_header
from nearsight.hessian.reach import ASSUMED_REACH_A, pieces_of, reach_of, remarks_about_pieces
from nearsight.hessian.rows.budget import require_room_for_rows
from nearsight.hessian.rows.kinds import ANALYTIC
from nearsight.hessian.rows.plan import plan
from nearsight.hessian.rows.run import compute_planned_rows
from nearsight.memory import METER, Meter
from nearsight.models.contract import Model
from nearsight.notebooks import ShownInNotebooks
from nearsight.progress import Progress
from nearsight.remarks import Remark, remarks_from_json, remarks_to_json
from nearsight.result_archives import (
    atoms_from_arrays,
    atoms_to_arrays,
    load_archive,
    rebuilds,
    save_archive,
)
from nearsight.structures.checking import check_structure
from nearsight.structures.naming import count_warnings, name_structure, paragraph
from nearsight.structures.pieces import Pieces
from nearsight.structures.tolerances import EXACT_TOLERANCE_A

if TYPE_CHECKING:
    from ase.vibrations import VibrationsData


@dataclass(frozen=True, kw_only=True)
class Hessian(HasOrigin, ShownInNotebooks):
    """Second derivatives of the energy with respect to positions.

    For a periodic structure the Hessian is folded into the cell: H[A, B] = Σ_R Φ(0A, RB).
    """

    origin: Origin
    """How the matrix came about: computed here, or read from a file."""
    atoms: Atoms
    """The structure at which the derivatives were taken."""
    matrix_eV_per_A2: FloatArray
    """H[A, α, B, β] = ∂²E/∂A_α∂B_β as computed, shape ``(n_atoms, 3, n_atoms, 3)``.

    Of forces that a model predicts directly it is the Jacobian -∂f_Aα/∂r_Bβ, which is not
    symmetric; vibrations take its symmetric part.
    """
    warnings: tuple[Remark, ...] = ()
    """What must be known about the structure before the Hessian is used."""
    reach_A: float | None = ASSUMED_REACH_A
    """Distance beyond which no pair holds a part of the structure, as `reach_of` finds it."""

    def __repr__(self) -> str:
        of = f"{name_structure(self.atoms)} by {self.provenance.model.name}"
        asymmetry = f"asymmetry {self.asymmetry_eV_per_A2:.1e} eV/Å²"
        errors = f"{asymmetry}, sum rule {self.sum_rule_eV_per_A2:.1e} eV/Å²"
        rows = f"{self.rows_needed} of {self.rows_total} rows needed, {self.method}"
        return paragraph(self, of, rows, errors, count_warnings(self.warnings))

    @cached_property
    def pieces(self) -> Pieces:
        """What pairs hold together: a crystal, or what lies in a box."""
        return pieces_of(self.atoms, self.reach_A)

    @property
    def n_atoms(self) -> int:
        """Number of atoms."""
        return len(self.atoms)

    @property
    def rows_total(self) -> int:
        """Number of rows of the matrix, 3 n_atoms."""
        return 3 * self.n_atoms

    @cached_property
    def asymmetry_eV_per_A2(self) -> float:
        """Largest ``|H - Hᵀ|`` element; zero for the second derivatives of any energy."""
        square = self.matrix_eV_per_A2.reshape(self.rows_total, self.rows_total)
        return float(np.abs(square - square.T).max())

    @cached_property
    def sum_rule_eV_per_A2(self) -> float:
        """Largest ``|Σ_B H[A, α, B, β]|``; zero because moving everything changes no force."""
        return float(np.abs(self.matrix_eV_per_A2.sum(axis=2)).max())

    @cached_property
    def net_force_change_eV_per_A2(self) -> float:
        """Largest ``|Σ_A H[A, α, B, β]|``: zero, as forces that are a gradient add up to nothing.

        Of a symmetric Hessian it is the sum rule once more.
        """
        return float(np.abs(self.matrix_eV_per_A2.sum(axis=0)).max())

    def symmetric(self) -> FloatArray:
        """Return (H + Hᵀ)/2 as a square matrix of shape ``(3 n_atoms, 3 n_atoms)`` in eV/Å²."""
        square = self.matrix_eV_per_A2.reshape(self.rows_total, self.rows_total)
        return (square + square.T) / 2

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save to `path`; an older file there stays intact if that fails.

        Raises
        ------
        StorageError
            The file cannot be written.
        """
        save_archive(path, "hessian", *self.archived())

    def archived(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return the header and the arrays of an archive, of which this may be a part."""
        header = {
            **origin_header(self.origin),
            "warnings": remarks_to_json(self.warnings),
            "reach_A": self.reach_A,
        }
        return header, {**atoms_to_arrays(self.atoms), "matrix_eV_per_A2": self.matrix_eV_per_A2}

    @classmethod
    @rebuilds("hessian")
    def load(cls, path: str | os.PathLike[str]) -> "Hessian":
        """Load what `save` wrote.

        Raises
        ------
        CheckpointError
            The file is missing, damaged, or something else.
        """
        return cls.from_archived(*load_archive(path, "hessian"))

    @classmethod
    def from_archived(
        cls, header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> "Hessian":
        """Return the Hessian that `archived` described.

        Raises
        ------
        ValueError
            It is none; what is missing is a KeyError.
        """
        atoms = atoms_from_arrays(arrays)
        n_atoms = len(atoms)
        return cls(
            origin=origin_from_header(header),
            atoms=atoms,
            matrix_eV_per_A2=require_numbers(arrays, "matrix_eV_per_A2", (n_atoms, 3, n_atoms, 3)),
            warnings=remarks_from_json(header["warnings"]),
            reach_A=header["reach_A"],
        )

    def to_ase(self) -> "VibrationsData":
        """Return ASE's `ase.vibrations.VibrationsData` with the symmetric part of the Hessian."""
        from ase.vibrations import VibrationsData

        shape = (self.n_atoms, 3, self.n_atoms, 3)
        return VibrationsData(self.atoms.copy(), self.symmetric().reshape(shape))

    def summary(self) -> dict[str, Any]:
        """Return the ``hessian`` object of the JSON output."""
        return {
            **self.origin.summary(),
            "rows_total": self.rows_total,
            "asymmetry_eV_per_A2": self.asymmetry_eV_per_A2,
            "sum_rule_eV_per_A2": self.sum_rule_eV_per_A2,
            "net_force_change_eV_per_A2": self.net_force_change_eV_per_A2,
        }


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
    meter: Meter = METER,
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
    meter
        What measures times and memory, by which ``auto`` decides.

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

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.hessian import hessian
    >>> from nearsight.models import load_model
    >>> computed = hessian(bulk("Cu", cubic=True), load_model("ase:emt"))
    >>> computed.matrix_eV_per_A2.shape
    (4, 3, 4, 3)
    >>> print(f"{computed.rows_needed} of {computed.rows_total} rows, by {computed.method}")
    3 of 12 rows, by central-difference
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
        meter=meter,
    )
    matrix = planned.expand(computed.rows_eV_per_A2)
    if model.capabilities.conservative is False and computed.origin.method not in ANALYTIC:
        # Moving an atom tells a column of the Jacobian of the forces, a reverse pass a row.
        matrix = np.ascontiguousarray(matrix.transpose(2, 3, 0, 1))
    structure, reach = bare(atoms), reach_of(atoms, model)
    return Hessian(
        origin=computed.origin,
        atoms=structure,
        matrix_eV_per_A2=matrix,
        warnings=(*computed.notes, *remarks_about_pieces(pieces_of(structure, reach))),
        reach_A=reach,
    )


def bare(atoms: Atoms) -> Atoms:
    """Return a copy without calculator, constraints and annotations."""
    return atoms_from_arrays(atoms_to_arrays(atoms))
