"""The Hessian as a value: the matrix, its checks, and where it came from."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.archives import require_numbers
from nearsight.hessian.origin import Computation
from nearsight.hessian.reach import ASSUMED_REACH_A, pieces_of
from nearsight.remarks import Remark, remarks_from_json, remarks_to_json
from nearsight.storage import (
    atoms_from_arrays,
    atoms_to_arrays,
    load_archive,
    rebuilds,
    save_archive,
)
from nearsight.structures.naming import count_warnings, name_structure, paragraph
from nearsight.structures.pieces import Pieces

if TYPE_CHECKING:
    from ase.vibrations import VibrationsData


@dataclass(frozen=True, kw_only=True)
class Hessian(Computation):
    """Second derivatives of the energy with respect to positions.

    For a periodic structure the Hessian is folded into the cell: H[A, B] = Σ_R Φ(0A, RB).
    """

    atoms: Atoms
    """The structure at which the derivatives were taken."""
    matrix_eV_per_A2: NDArray[np.float64]
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
        """Largest |H - Hᵀ| element; zero for the second derivatives of any energy."""
        square = self.matrix_eV_per_A2.reshape(self.rows_total, self.rows_total)
        return float(np.abs(square - square.T).max())

    @cached_property
    def sum_rule_eV_per_A2(self) -> float:
        """Largest |Σ_B H[A, α, B, β]|; zero because moving everything changes no force."""
        return float(np.abs(self.matrix_eV_per_A2.sum(axis=2)).max())

    @cached_property
    def net_force_change_eV_per_A2(self) -> float:
        """Largest |Σ_A H[A, α, B, β]|; zero because forces that are a gradient add up to nothing.

        Of a symmetric Hessian it is the sum rule once more.
        """
        return float(np.abs(self.matrix_eV_per_A2.sum(axis=0)).max())

    def symmetric(self) -> NDArray[np.float64]:
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
            **self.computation_header(),
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
            atoms=atoms,
            matrix_eV_per_A2=require_numbers(arrays, "matrix_eV_per_A2", (n_atoms, 3, n_atoms, 3)),
            **cls.fields_from_header(header),
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
            **self.computation_summary(),
            "rows_total": self.rows_total,
            "asymmetry_eV_per_A2": self.asymmetry_eV_per_A2,
            "sum_rule_eV_per_A2": self.sum_rule_eV_per_A2,
            "net_force_change_eV_per_A2": self.net_force_change_eV_per_A2,
        }
