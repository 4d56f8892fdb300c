"""The Hessian of a supercell as the force constants of its primitive cell."""

from dataclasses import replace

import numpy as np

from nearsight.errors import StructureError
from nearsight.hessian.force_constants import ForceConstants
from nearsight.hessian.matrix import Hessian
from nearsight.hessian.primitive import primitive_cell
from nearsight.structures.cell_symmetry import find_cell_symmetry
from nearsight.structures.tolerances import EXACT_TOLERANCE_A


def from_hessian(hessian: Hessian, *, row_symmetry_A: float = EXACT_TOLERANCE_A) -> ForceConstants:
    """Return the force constants that the Hessian of a supercell holds.

    Parameters
    ----------
    hessian
        The Hessian of a supercell, or of any cell of a crystal; its primitive cell is found.
    row_symmetry_A
        How far in Å an atom may be from where the translations want it.

    Raises
    ------
    StructureError
        The structure is no crystal, or has no lattice at this tolerance.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.hessian import from_hessian, hessian
    >>> from nearsight.models import load_model
    >>> of_supercell = hessian(bulk("Cu", cubic=True) * (2, 2, 2), load_model("ase:emt"))
    >>> from_hessian(of_supercell).values_eV_per_A2.shape
    (1, 3, 32, 3)
    """
    atoms = hessian.atoms
    if not atoms.pbc.all():
        raise StructureError(
            f"{atoms.get_chemical_formula()} is not periodic in three directions, so that its "
            f"Hessian holds no force constants of a crystal; use its normal modes."
        )
    symmetry = find_cell_symmetry(atoms, row_symmetry_A, "translations")
    matrix = np.eye(3, dtype=np.int64)
    primitive = primitive_cell(atoms, atoms, symmetry, matrix)
    return ForceConstants(
        origin=replace(hessian.origin, row_symmetry_A=row_symmetry_A),
        unit_cell=atoms,
        supercell=atoms,
        supercell_matrix=matrix,
        primitive_vectors=primitive.vectors,
        rotations=primitive.rotations,
        primitive_atoms=primitive.atoms,
        values_eV_per_A2=hessian.matrix_eV_per_A2[primitive.atoms],
        warnings=hessian.warnings,
        reach_A=hessian.reach_A,
    )
