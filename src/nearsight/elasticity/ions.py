"""What the atoms inside the cell do when a crystal is strained: they relax."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import null_space

from nearsight.arrays import FloatArray
from nearsight.errors import StructureError
from nearsight.hessian.strain import GeneralisedHessian
from nearsight.structures.rigid_body import rigid_body_basis
from nearsight.units import wavenumbers_per_cm

ZERO_MODE_PER_CM = 1.0
"""A mode below this, in either sign, has no restoring force beyond rounding."""


@dataclass(frozen=True)
class IonicRelaxation:
    """The modes of the atoms, translations aside, and the forces that strains put on them."""

    eigenvalues_eV_per_A2_amu: FloatArray
    """Of the mass-weighted Hessian on the complement of the translations, ascending."""
    mode_forces_eV_per_A_rootamu: FloatArray
    """∂²E/∂Q∂ε of each mode with each strain, shape ``(n_modes, 6)``."""

    @property
    def wavenumbers_per_cm(self) -> FloatArray:
        """Wavenumbers of the modes, negative where imaginary, ascending."""
        found: FloatArray = wavenumbers_per_cm(self.eigenvalues_eV_per_A2_amu)
        return found

    @property
    def is_zero(self) -> NDArray[np.bool_]:
        """Which modes have no restoring force."""
        found: NDArray[np.bool_] = np.abs(self.wavenumbers_per_cm) < ZERO_MODE_PER_CM
        return found

    @property
    def term_eV(self) -> FloatArray:
        """H_εu H_uu⁺ H_uε, shape ``(6, 6)``; modes without a restoring force are left out."""
        kept = ~self.is_zero
        forces = self.mode_forces_eV_per_A_rootamu[kept]
        term: FloatArray = forces.T @ (forces / self.eigenvalues_eV_per_A2_amu[kept, np.newaxis])
        return term


def relax_ions(generalised: GeneralisedHessian) -> IonicRelaxation:
    """Return the modes of the atoms in the fixed cell and what strains do to them.

    Translations are none of them, nor are rotations of what lies in a box without being held there.
    The pseudo-inverse on the complement of the translations does not depend on masses; with them
    the modes have wavenumbers by which they can be named.

    Raises
    ------
    StructureError
        A mode is imaginary: the atoms are not at a minimum, and run away when strained.
    """
    roots = np.repeat(np.sqrt(generalised.atoms.get_masses()), 3)
    weighted = generalised.hessian.symmetric() / np.outer(roots, roots)
    coupling = generalised.coupling_eV_per_A.reshape(-1, 6) / roots[:, np.newaxis]
    rigid = rigid_body_basis(generalised.atoms, generalised.hessian.pieces)
    inner = null_space(rigid.T)
    eigenvalues, modes = np.linalg.eigh(inner.T @ weighted @ inner)
    found = IonicRelaxation(eigenvalues, (inner @ modes).T @ coupling)
    _require_minimum(found)
    return found


def _require_minimum(ions: IonicRelaxation) -> None:
    imaginary = ions.wavenumbers_per_cm[ions.wavenumbers_per_cm <= -ZERO_MODE_PER_CM]
    if not len(imaginary):
        return
    shown = ", ".join(f"{value:.1f}" for value in imaginary[:3])
    more = ", ..." if len(imaginary) > 3 else ""
    modes = "one mode is imaginary" if len(imaginary) == 1 else f"{len(imaginary)} imaginary modes"
    raise StructureError(
        f"The crystal has no elastic constants, because its atoms are not at a minimum of the "
        f"energy: {modes} ({shown}{more} cm⁻¹). Relax it with a smaller `fmax_eV_per_A` "
        f"and without an imposed space group; where that does not help, leave the saddle point "
        f"with `follow_imaginary`, or take a supercell and relax again."
    )
