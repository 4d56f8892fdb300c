"""The primitive cell to which compact force constants and q-points refer."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms

from nearsight.arrays import FloatArray, IntArray
from nearsight.structures.cell_symmetry import CellSymmetry
from nearsight.structures.reduced_cell import reduced_basis


@dataclass(frozen=True)
class Primitive:
    """A primitive cell inside a unit cell, and inside its supercell."""

    atoms: IntArray
    """Which atoms of the supercell stand for it, ascending, shape ``(n_primitive,)``."""
    vectors: FloatArray
    """Its vectors (rows) in units of those of the unit cell, shape ``(3, 3)``; right-handed."""
    rotations: IntArray
    """Rotations W of the supercell in the basis of `vectors`, shape ``(n, 3, 3)``."""


def primitive_cell(
    unit_cell: Atoms, supercell: Atoms, symmetry: CellSymmetry, matrix: IntArray
) -> Primitive:
    """Return the primitive cell of a supercell: the unit cell itself where it is one.

    Isotopes, which no model sees, may make copies of an atom unlike each other: then the unit cell
    stays whole, and no rotation is used.

    Parameters
    ----------
    unit_cell, supercell
        The structures; the first atoms of the second are those of the first.
    symmetry
        That of the supercell.
    matrix
        Supercell vectors (rows) in units of those of the unit cell.
    """
    identity = np.eye(3, dtype=np.int64)[np.newaxis]
    masses = supercell.get_masses()
    if not _uniform(masses, symmetry.classes):
        whole = reduced_basis(unit_cell).astype(np.float64)
        return Primitive(np.arange(len(unit_cell)), whole, identity)
    vectors = _vectors(unit_cell, symmetry, matrix)
    images = np.array([symmetry.images(rotation) for rotation in range(len(symmetry.rotations))])
    alike = _uniform(masses, images.min(axis=0)[symmetry.classes])
    rotations = _rotations(vectors, symmetry, matrix) if alike else identity
    return Primitive(np.sort(symmetry.first_of_class), vectors, rotations)


def _uniform(masses: FloatArray, labels: IntArray) -> bool:
    """Tell whether atoms of equal labels have equal masses."""
    first = np.unique(labels, return_index=True, return_inverse=True)
    return bool((masses == masses[first[1]][first[2]]).all())


def _vectors(unit_cell: Atoms, symmetry: CellSymmetry, matrix: IntArray) -> FloatArray:
    """Return the reduced vectors of the primitive cell; the unit cell's own where they are such."""
    whole = len(symmetry.first_of_class) == len(unit_cell)
    in_unit_cell = np.eye(3) if whole else symmetry.operations.cell_in_lattice @ matrix
    primitive = Atoms(cell=in_unit_cell @ unit_cell.cell.complete().array, pbc=unit_cell.pbc)
    vectors: FloatArray = reduced_basis(primitive) @ in_unit_cell
    return vectors if np.linalg.det(vectors) > 0 else -vectors


def _rotations(vectors: FloatArray, symmetry: CellSymmetry, matrix: IntArray) -> IntArray:
    change = vectors @ np.linalg.inv(symmetry.operations.cell_in_lattice @ matrix)
    inverse = np.linalg.inv(change)
    own = symmetry.operations.rotations[symmetry.kept]
    rotations: IntArray = np.round(inverse.T @ own @ change.T).astype(np.int64)
    return rotations
