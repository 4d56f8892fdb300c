"""Pairs of atoms as a value: what a model is given beside its structure, or finds by itself."""

from dataclasses import dataclass, replace

import numpy as np
from ase import Atoms

from nearsight.arrays import BoolArray, FloatArray, IntArray
from nearsight.errors import MethodError, StructureError
from nearsight.structures.neighbours import lattice_vectors_A, neighbour_images
from nearsight.structures.reduced_cell import periodic_cell, require_lattice

WITH_ROUNDING = 1 + 1e-9
"""Searches go that much farther than the cutoff, and what they come upon is then compared with it
by `closer_than`: their own arithmetic rounds differently from search to search."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """All pairs of a structure that are closer than a cutoff, in both directions."""

    first: IntArray
    """First atom i of each pair, shape ``(n_pairs,)``."""
    second: IntArray
    """Second atom j of each pair, shape ``(n_pairs,)``."""
    shifts_A: FloatArray
    """Lattice vector in Å that is added to r_j, shape ``(n_pairs, 3)``."""
    cutoff_A: float
    """Distance in Å below which all pairs are here."""
    positions_A: FloatArray
    """Positions in Å of the structure whose pairs these are, shape ``(n_atoms, 3)``."""
    cell_A: FloatArray
    """Its cell vectors in Å, shape ``(3, 3)``."""
    periodic: BoolArray
    """Along which of them it is periodic, shape ``(3,)``."""
    centre_A: FloatArray
    """Point in Å around which a model is to take the positions, shape ``(3,)``.

    Structures that are compared should have the same one: in single precision the coordinates of
    what they share are then the same numbers."""

    def vectors_A(self) -> FloatArray:
        """Return r_j + shift - r_i in Å, shape ``(n_pairs, 3)``."""
        positions = self.positions_A
        vectors: FloatArray = positions[self.second] - positions[self.first] + self.shifts_A
        return vectors

    def within(self, cutoff_A: float) -> "Pairs":
        """Return those closer than `cutoff_A` Å, which are all such pairs if it is not larger."""
        if cutoff_A >= self.cutoff_A:
            return self
        near = closer_than(cutoff_A, self.vectors_A())
        return replace(
            self,
            first=self.first[near],
            second=self.second[near],
            shifts_A=self.shifts_A[near],
            cutoff_A=cutoff_A,
        )

    def belong_to(self, atoms: Atoms) -> bool:
        """Tell whether these are the pairs of `atoms`: of its positions and cell, to the bit."""
        return (
            np.array_equal(self.positions_A, atoms.positions)
            and np.array_equal(self.cell_A, atoms.cell.array)
            and np.array_equal(self.periodic, atoms.pbc)
        )


def pairs_of(atoms: Atoms, cutoff_A: float) -> Pairs:
    """Return all pairs of `atoms` closer than `cutoff_A` Å, periodic images included.

    Raises
    ------
    MethodError
        The cutoff is not above 0.
    StructureError
        A position or cell vector is not finite, or the cell vectors span no lattice.
    """
    require_length("cutoff_A", cutoff_A)
    require_searchable(atoms)
    first, second, images = neighbour_images(atoms, cutoff_A * WITH_ROUNDING)
    shifts = lattice_vectors_A(images, periodic_cell(atoms))
    positions = atoms.positions
    near = closer_than(cutoff_A, positions[second] - positions[first] + shifts)
    return Pairs(
        first=first[near],
        second=second[near],
        shifts_A=shifts[near],
        cutoff_A=cutoff_A,
        positions_A=positions.copy(),
        cell_A=atoms.cell.array.copy(),
        periodic=atoms.pbc.copy(),
        # Around their mean, so that single precision is not spent on where the origin is.
        centre_A=middle_of(positions),
    )


def closer_than(cutoff_A: float, vectors_A: FloatArray) -> BoolArray:
    """Tell which of the vectors, shape ``(n, 3)``, are shorter than the cutoff.

    The one rule by which pairs are within a cutoff: r_j - r_i + shift in double precision, in this
    order, is the same to the bit however a pair was come upon, and in both directions.
    """
    x, y, z = vectors_A.T
    near: BoolArray = x * x + y * y + z * z < cutoff_A * cutoff_A
    return near


def require_length(name: str, length_A: float) -> None:
    """Check that a cutoff, or a skin, is a length.

    Raises
    ------
    MethodError
        It is not above 0 and finite.
    """
    if length_A is None or not 0 < length_A < np.inf:
        raise MethodError(f"`{name}` is a length above 0 Å, such as 1, not {length_A}.")


def middle_of(positions_A: FloatArray) -> FloatArray:
    """Return the mean of positions in Å, shape ``(n_atoms, 3)``; the origin if there are none."""
    middle: FloatArray = positions_A.sum(axis=0) / max(len(positions_A), 1)
    return middle


def require_searchable(atoms: Atoms) -> None:
    """Check that pairs of a structure can be searched for.

    Raises
    ------
    StructureError
        A position or cell vector is not finite, or the cell vectors span no lattice.
    """
    require_finite(atoms.positions, "position")
    require_finite(atoms.cell.array, "cell vector")
    require_lattice(atoms)


def require_finite(vectors_A: FloatArray, what: str) -> None:
    """Check that all of the vectors, shape ``(n, 3)``, are numbers: a search would not end else.

    Raises
    ------
    StructureError
        Naming the first that is not, as `what` with its index.
    """
    finite = np.isfinite(vectors_A).all(axis=1)
    if not finite.all():
        index = int(np.argmin(finite))
        raise StructureError(
            f"{what} {index} is {vectors_A[index].tolist()} Å; pairs need finite numbers."
        )
