"""How the atoms of a given cell, such as a supercell, are carried onto each other.

A cell has the rotations of its space group that map its own lattice onto itself, and the lattice
translations of its primitive cell. Everything here is done in whole numbers: an atom is a class
and a lattice vector of the primitive cell, so that no search by distance can go wrong.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from ase import Atoms

from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import StructureError
from nearsight.structures.operations import OperationKind, Operations, find_operations


@dataclass(frozen=True)
class CellSymmetry:
    """The operations under which a cell and its atoms are invariant.

    An operation is a rotation, counted from 0, followed by a translation by a lattice vector of the
    primitive cell.
    """

    operations: Operations = field(repr=False)
    """Those of the crystal; `kept` are the ones that the cell has."""
    kept: IntArray
    """Indices of the operations that map the lattice of the cell onto itself."""
    rotations: FloatArray = field(repr=False)
    """Cartesian rotations r → R r of the operations kept, shape ``(n_rotations, 3, 3)``."""
    vectors: IntArray = field(repr=False)
    """Lattice vector of each atom in units of the primitive vectors, shape ``(n_atoms, 3)``."""
    shifts: IntArray = field(repr=False)
    """By which lattice vector a rotated class misses its image, as `vectors`.

    Shape ``(n_rotations, n_primitive, 3)``."""

    @property
    def classes(self) -> IntArray:
        """Which atom of the primitive cell each atom is a copy of, shape ``(n_atoms,)``."""
        return self.operations.classes

    @cached_property
    def first_of_class(self) -> IntArray:
        """The first atom of each class, shape ``(n_primitive,)``."""
        first: IntArray = np.unique(self.classes, return_index=True)[1]
        return first

    @cached_property
    def cell_in_primitive(self) -> IntArray:
        """Cell vectors (rows) in units of the primitive vectors, shape ``(3, 3)``."""
        return np.round(np.linalg.inv(self.operations.cell_in_lattice)).astype(np.int64)

    @property
    def n_cells(self) -> int:
        """Number of primitive cells in the cell."""
        return round(abs(float(np.linalg.det(self.cell_in_primitive))))

    def images(self, rotation: int) -> IntArray:
        """Return the class onto which a rotation carries each class, shape ``(n_primitive,)``."""
        images: IntArray = self.operations.images[self.kept[rotation]]
        return images

    def translation(self, rotation: int, atom: int, target: int) -> IntArray:
        """Return the translation after which a rotated `atom` lies on `target`."""
        translation: IntArray = self.vectors[target] - self._rotated(rotation)[atom]
        return translation

    def permutation(self, rotation: int, translation: IntArray) -> IntArray:
        """Return where each atom goes, shape ``(n_atoms,)``."""
        arrived = self._coset(self._rotated(rotation) + translation)
        permutation: IntArray = self._atom_at[self.images(rotation)[self.classes], arrived]
        return permutation

    def _rotated(self, rotation: int) -> IntArray:
        matrix = self.operations.rotations[self.kept[rotation]]
        rotated: IntArray = self.vectors @ matrix.T + self.shifts[rotation][self.classes]
        return rotated

    def _coset(self, vectors: IntArray) -> IntArray:
        """Return a number for each lattice vector, the same if two differ by cell vectors."""
        scaled = np.round(vectors @ self._adjugate).astype(np.int64) % self.n_cells
        number: IntArray = np.searchsorted(self._cosets, self._packed(scaled))
        return number

    def _packed(self, scaled: IntArray) -> IntArray:
        packed: IntArray = scaled @ np.array([self.n_cells**2, self.n_cells, 1])
        return packed

    @cached_property
    def _adjugate(self) -> FloatArray:
        """Whole numbers: n_cells times the inverse of `cell_in_primitive`."""
        return np.round(np.linalg.inv(self.cell_in_primitive) * self.n_cells)

    @cached_property
    def _cosets(self) -> IntArray:
        scaled = np.round(self.vectors @ self._adjugate).astype(np.int64) % self.n_cells
        return np.unique(self._packed(scaled))

    @cached_property
    def _atom_at(self) -> IntArray:
        table = np.full((len(self.first_of_class), self.n_cells), -1, dtype=np.int64)
        table[self.classes, self._coset(self.vectors)] = np.arange(len(self.classes))
        return table


def find_cell_symmetry(
    atoms: Atoms, tolerance_A: float, kept: OperationKind = "all"
) -> CellSymmetry:
    """Find the operations under which a crystal in its given cell is invariant.

    Parameters
    ----------
    atoms
        A structure periodic in three directions; supercells are recognised.
    tolerance_A
        How far in Å an atom may be from where the group wants it.
    kept
        ``all`` operations, the ``proper`` ones without mirror images, or ``translations`` only:
        what a model leaves as it is.

    Raises
    ------
    StructureError
        The structure is not a crystal, or no consistent group is found at this tolerance.
    """
    operations = find_operations(atoms, tolerance_A)
    cell_in_primitive = np.linalg.inv(operations.cell_in_lattice)
    n_cells = round(abs(float(np.linalg.det(cell_in_primitive))))
    turned = (
        np.round(cell_in_primitive)
        @ np.swapaxes(operations.rotations, 1, 2)
        @ operations.cell_in_lattice
    )
    of_cell = np.abs(turned - np.round(turned)).max(axis=(1, 2)) < 0.5 / n_cells
    of_cell &= operations.of_kind(kept)
    return _act(atoms, operations, np.flatnonzero(of_cell), tolerance_A)


def symmetry_of_supercell(unit_cell: Atoms, supercell: Atoms, matrix: IntArray) -> CellSymmetry:
    """Return the translations of a supercell that `make_general_supercell` made.

    They need no search, and are there for layers and chains too.
    """
    n_atoms = len(unit_cell)
    cell = supercell.copy()
    cell.pbc = True
    cell.cell = cell.cell.complete()
    operations = Operations(
        rotations=np.eye(3, dtype=np.int64)[np.newaxis],
        translations=np.zeros((1, 3)),
        cell_in_lattice=np.linalg.inv(matrix),
        classes=np.tile(np.arange(n_atoms), len(supercell) // n_atoms),
        images=np.arange(n_atoms)[np.newaxis],
    )
    return _act(cell, operations, np.array([0]), 0.0)


def _act(atoms: Atoms, operations: Operations, kept: IntArray, tolerance_A: float) -> CellSymmetry:
    """Find out which lattice vectors carry the atoms onto each other."""
    cell_in_primitive = np.linalg.inv(operations.cell_in_lattice)
    q = atoms.cell.scaled_positions(atoms.positions) @ cell_in_primitive
    first = np.unique(operations.classes, return_index=True)[1]
    vectors = np.round(q - q[first][operations.classes]).astype(np.int64)
    means = np.zeros((len(first), 3))
    np.add.at(means, operations.classes, q - vectors)
    means /= np.bincount(operations.classes)[:, np.newaxis]
    moved = (
        means @ np.swapaxes(operations.rotations[kept], 1, 2)
        + operations.translations[kept][:, np.newaxis]
    )
    symmetry = CellSymmetry(
        operations=operations,
        kept=kept,
        rotations=operations.cartesian_rotations(atoms.cell.array)[kept],
        vectors=vectors,
        shifts=np.round(moved - means[operations.images[kept]]).astype(np.int64),
    )
    if (symmetry._atom_at < 0).any():
        raise StructureError(
            f"The lattice found within {tolerance_A} Å does not carry the atoms onto each other; "
            f"use a smaller tolerance."
        )
    return symmetry
