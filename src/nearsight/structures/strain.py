"""Homogeneous strain of a crystal, in Voigt order xx, yy, zz, yz, xz, xy with doubled shears."""

import numpy as np
from ase import Atoms
from numpy.typing import ArrayLike

from nearsight.arrays import FloatArray
from nearsight.errors import StructureError

VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
"""The pair of axes of each component."""


def strain_matrix(voigt: ArrayLike) -> FloatArray:
    """Return the symmetric matrix ε, shape ``(3, 3)``, of six components with doubled shears."""
    matrix = np.zeros((3, 3))
    for component, (a, b) in zip(np.asarray(voigt, dtype=np.float64), VOIGT, strict=True):
        matrix[a, b] += component / 2
        matrix[b, a] += component / 2
    return matrix


def strained(atoms: Atoms, strain: ArrayLike) -> Atoms:
    """Return a copy with r = (1 + ε) r⁰ for atoms and cell.

    Parameters
    ----------
    atoms
        The structure.
    strain
        The matrix ε, shape ``(3, 3)``, dimensionless.
    """
    deformation = np.eye(3) + np.asarray(strain, dtype=np.float64)
    changed: Atoms = atoms.copy()
    changed.cell = atoms.cell.array @ deformation.T
    changed.positions = atoms.positions @ deformation.T
    return changed


def require_crystal_for_strain(atoms: Atoms) -> None:
    """Check that every strain of a structure is a strain of its cell.

    Raises
    ------
    StructureError
        It is not periodic in three directions.
    """
    if not atoms.pbc.all():
        raise StructureError(
            f"Elastic constants are those of a crystal, but {atoms.get_chemical_formula()} is not "
            f"periodic in three directions (pbc = {atoms.pbc.tolist()}): a molecule, a chain or a "
            f"layer has no volume to refer a stress to. Give a crystal with pbc in all directions."
        )
