"""Displacements and strain of a structure from where they are counted."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.stress import voigt_6_to_full_3x3_stress
from numpy.typing import NDArray

from nearsight.structures.strain import VOIGT, strain_matrix

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Frame:
    """Coordinates x = (u, ε) in r = (1 + ε)(r⁰ + u), with ε symmetric so that nothing turns.

    u are displacements in Å, ε is in Voigt order xx, yy, zz, yz, xz, xy with doubled shears; a
    frame without a cell has no ε.
    """

    positions_A: FloatArray
    """r⁰, shape ``(n_atoms, 3)``."""
    cell_A: FloatArray
    """The cell without strain, rows."""
    cell: bool
    """Whether the strain is among the coordinates."""

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return self.positions_A.size + 6 * self.cell

    def deformation(self, x: FloatArray) -> FloatArray:
        """Return 1 + ε, shape ``(3, 3)``."""
        return np.eye(3) + strain_matrix(x[-6:]) if self.cell else np.eye(3)

    def displacements(self, x: FloatArray) -> FloatArray:
        """Return u, shape ``(n_atoms, 3)``."""
        displacements: FloatArray = x[: self.positions_A.size].reshape(-1, 3)
        return displacements

    def strain(self, x: FloatArray) -> FloatArray:
        """Return ε, shape ``(6,)``, or ``(0,)`` without a cell."""
        strain: FloatArray = x[self.positions_A.size :]
        return strain

    def apply(self, x: FloatArray, atoms: Atoms) -> None:
        """Move `atoms` and its cell to x."""
        deformation = self.deformation(x)
        if self.cell:
            atoms.cell = self.cell_A @ deformation
        atoms.positions = (self.positions_A + self.displacements(x)) @ deformation

    def gradient(self, x: FloatArray, atoms: Atoms) -> FloatArray:
        """Return ∂E/∂x of `atoms`, which is at x and carries a calculator, in eV/Å and eV."""
        deformation = self.deformation(x)
        # Asked for first, the stress brings the forces with it.
        stress = atoms.get_stress() if self.cell else None
        by_u: FloatArray = (-atoms.get_forces() @ deformation).ravel()
        if stress is None:
            return by_u
        virial = atoms.get_volume() * voigt_6_to_full_3x3_stress(stress)
        by_strain = virial @ np.linalg.inv(deformation)
        by_strain = (by_strain + by_strain.T) / 2
        return np.concatenate([by_u, [by_strain[a, b] for a, b in VOIGT]])

    def carried(
        self, step: FloatArray, change: FloatArray, x: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return a step and what it changed of the gradient in the frame that starts at x."""
        deformation = self.deformation(x)
        n = self.positions_A.size
        moved = self.displacements(step) @ deformation
        pulled = change[:n].reshape(-1, 3) @ np.linalg.inv(deformation)
        return (
            np.concatenate([moved.ravel(), step[n:]]),
            np.concatenate([pulled.ravel(), change[n:]]),
        )
