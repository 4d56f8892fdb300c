"""Displacements and strain of a structure from where they are counted."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.stress import voigt_6_to_full_3x3_stress

from nearsight.arrays import FloatArray
from nearsight.relaxation.strains import keep_the_volume, strain_derivatives, without_pressure


@dataclass(frozen=True)
class Frame:
    """Coordinates x = (u, s) in r = (r⁰ + u)(1 + Σ s B), rows.

    u are displacements in Å, s says how much there is of each strain B. Those of a free cell are
    symmetric, and those of lengths keep the directions of the cell vectors: nothing turns. With
    those of a shape 1 + Σ s B is scaled to the determinant 1.
    """

    positions_A: FloatArray
    """r⁰, shape ``(n_atoms, 3)``."""
    cell_A: FloatArray
    """The cell without strain, rows."""
    strains: FloatArray
    """B, shape ``(n_strains, 3, 3)``; see `nearsight.relaxation.strains.strains_of`."""

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return self.positions_A.size + len(self.strains)

    def deformation(self, x: FloatArray) -> FloatArray:
        """Return 1 + Σ s B, shape ``(3, 3)``, of determinant 1 where the volume is kept."""
        deformation = self._unscaled(x)
        if keep_the_volume(self.strains):
            deformation /= np.cbrt(np.linalg.det(deformation))
        return deformation

    def displacements(self, x: FloatArray) -> FloatArray:
        """Return u, shape ``(n_atoms, 3)``."""
        displacements: FloatArray = x[: self.positions_A.size].reshape(-1, 3)
        return displacements

    def strain(self, x: FloatArray) -> FloatArray:
        """Return s, shape ``(n_strains,)``."""
        strain: FloatArray = x[self.positions_A.size :]
        return strain

    def apply(self, x: FloatArray, atoms: Atoms) -> None:
        """Move `atoms` and its cell to x."""
        deformation = self.deformation(x)
        if len(self.strains):
            atoms.cell = self.cell_A @ deformation
        atoms.positions = (self.positions_A + self.displacements(x)) @ deformation

    def gradient(self, x: FloatArray, atoms: Atoms) -> FloatArray:
        """Return ∂E/∂x of `atoms`, which is at x and carries a calculator, in eV/Å and eV."""
        deformation = self.deformation(x)
        # Asked for first, the stress brings the forces with it.
        stress = atoms.get_stress() if len(self.strains) else None
        by_u: FloatArray = (-atoms.get_forces() @ deformation.T).ravel()
        if stress is None:
            return by_u
        virial = atoms.get_volume() * voigt_6_to_full_3x3_stress(stress)
        if keep_the_volume(self.strains):
            virial = without_pressure(virial)  # as scaling back to the volume does
        by_strain = strain_derivatives(virial @ np.linalg.inv(self._unscaled(x)), self.strains)
        return np.concatenate([by_u, by_strain])

    def _unscaled(self, x: FloatArray) -> FloatArray:
        deformation: FloatArray = np.eye(3) + np.tensordot(self.strain(x), self.strains, axes=1)
        return deformation

    def carried(
        self, step: FloatArray, change: FloatArray, x: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return a step and what it changed of the gradient in the frame that starts at x."""
        deformation = self.deformation(x)
        n = self.positions_A.size
        moved = self.displacements(step) @ deformation
        pulled = change[:n].reshape(-1, 3) @ np.linalg.inv(deformation.T)
        return (
            np.concatenate([moved.ravel(), step[n:]]),
            np.concatenate([pulled.ravel(), change[n:]]),
        )
