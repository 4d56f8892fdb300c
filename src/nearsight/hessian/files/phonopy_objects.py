"""phonopy's objects of our structures, and in which order it has their atoms."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.arrays import IntArray
from nearsight.errors import StructureError

if TYPE_CHECKING:
    from phonopy import Phonopy
    from phonopy.structure.atoms import PhonopyAtoms


_SAME_PLACE_A = 0.1
"""Atoms nearer than this in two listings of one supercell are the same one."""


@contextmanager
def any_cell_is_fine() -> Iterator[None]:
    """Let phonopy find a primitive cell, and make a supercell of lower symmetry than its crystal.

    It warns of both. Nothing here depends on which primitive cell it is, or uses more symmetry than
    the supercell has.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*Point group symmetries of supercell and primitive")
        warnings.filterwarnings("ignore", "primitive_matrix defaulted to 'auto'")
        yield


def phonopy_atoms(atoms: Atoms) -> "PhonopyAtoms":
    """Return a structure as phonopy's, with the masses it has here."""
    from phonopy.structure.atoms import PhonopyAtoms

    return PhonopyAtoms(
        numbers=atoms.numbers,
        masses=atoms.get_masses(),
        cell=atoms.cell.array,
        scaled_positions=atoms.cell.scaled_positions(atoms.positions),
    )


def phonopy_of_cell(atoms: Atoms, tolerance_A: float) -> "Phonopy":
    """Return phonopy's `Phonopy` of a cell by itself, without force constants."""
    from phonopy import Phonopy

    one = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    return Phonopy(phonopy_atoms(atoms), one, primitive_matrix=one, symprec=tolerance_A)


@dataclass(frozen=True)
class Order:
    """Where phonopy keeps what is kept here."""

    own: IntArray
    """For each atom of phonopy's primitive cell its index in ours, shape ``(n_primitive,)``."""
    columns: IntArray
    """The atom of our supercell in the place of each of theirs, ``(n_primitive, n_supercell)``."""

    def to_phonopy(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return Φ of shape ``(n_primitive, n_supercell, 3, 3)`` from ours."""
        return np.stack(
            [
                values[own][:, columns].transpose(1, 0, 2)
                for own, columns in zip(self.own, self.columns, strict=True)
            ]
        )

    def from_phonopy(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return Φ of shape ``(n_primitive, 3, n_supercell, 3)`` from phonopy's."""
        n_primitive, n_supercell = self.columns.shape
        ours = np.empty((n_primitive, 3, n_supercell, 3))
        for own, columns, block in zip(self.own, self.columns, values, strict=True):
            ours[own][:, columns] = block.transpose(1, 0, 2)
        return ours


def find_order(supercell: Atoms, primitive_atoms: IntArray, phonon: "Phonopy") -> Order:
    """Find out how phonopy orders a supercell and its primitive cell.

    Parameters
    ----------
    supercell
        Ours.
    primitive_atoms
        Which of its atoms stand for the primitive cell.
    phonon
        phonopy's object of the same supercell.

    Raises
    ------
    StructureError
        They are not the same supercell.
    """
    cell = supercell.cell.array
    theirs = phonon.supercell.positions
    ours = _matching(theirs, supercell.positions, cell)
    stand_ins = supercell.positions[primitive_atoms]
    lattice = phonon.primitive.cell
    own, columns = [], []
    for atom in phonon.primitive.p2s_map:
        place = supercell.positions[ours[atom]]
        scaled = (stand_ins - place) @ np.linalg.inv(lattice)
        off = np.linalg.norm((scaled - np.round(scaled)) @ lattice, axis=1)
        index = int(np.argmin(off))
        own.append(index)
        # What their atom sees at some distance, our copy of it sees there too.
        columns.append(_matching(theirs + (stand_ins[index] - place), supercell.positions, cell))
    return Order(np.array(own), np.array(columns))


def _matching(
    positions: NDArray[np.float64], listed: NDArray[np.float64], cell: NDArray[np.float64]
) -> IntArray:
    """Return for each position the index of the listed one that is the same modulo the cell."""
    from scipy.spatial import cKDTree

    def wrapped(points: NDArray[np.float64]) -> NDArray[np.float64]:
        scaled = points @ np.linalg.inv(cell) % 1.0
        scaled[scaled >= 1.0] = 0.0
        return scaled

    distances, found = cKDTree(wrapped(listed), boxsize=1.0).query(wrapped(positions))
    longest = np.linalg.norm(cell, axis=1).max()
    if len(np.unique(found)) != len(found) or distances.max() * longest > _SAME_PLACE_A:
        raise StructureError(
            "The supercell and its primitive cell do not match: the force constants belong to "
            "another supercell, which must be a whole multiple of the primitive cell."
        )
    matching: IntArray = found.astype(np.int64)
    return matching
