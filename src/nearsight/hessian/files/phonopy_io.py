"""To phonopy and back: its objects and its files."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.arrays import IntArray
from nearsight.errors import StructureError
from nearsight.hessian.files.phonopy_born import read_born
from nearsight.storage import write_text
from nearsight.structures.reduced_cell import reduced_basis
from nearsight.structures.tolerances import EXACT_TOLERANCE_A

if TYPE_CHECKING:
    from phonopy import Phonopy
    from phonopy.structure.atoms import PhonopyAtoms

    from nearsight.hessian.force_constants import ForceConstants


_SAME_PLACE_A = 0.1
"""Atoms nearer than this in two listings of one supercell are the same one."""


def to_phonopy(
    force_constants: "ForceConstants", nac: str | os.PathLike[str] | None = None
) -> "Phonopy":
    """Return phonopy's `Phonopy` with these force constants.

    Its unit cell is the reduced one where that of the force constants is skewed: phonopy looks for
    atoms in all images that a skewed cell has around its supercell, which may be millions. The
    atoms, their order and their Cartesian coordinates stay as they are.

    Parameters
    ----------
    force_constants
        Of a crystal.
    nac
        A BORN file of phonopy for the primitive cell.

    Raises
    ------
    StructureError
        The structure is not periodic in three directions, or the BORN file is for another cell.
    CheckpointError
        The BORN file cannot be read.
    """
    from phonopy import Phonopy

    of_cell = force_constants.unit_cell
    if not of_cell.pbc.all():
        raise StructureError(
            f"{of_cell.get_chemical_formula()} is not periodic in three directions, as phonopy "
            f"wants it; use the normal modes of its Hessian, or give it a cell vector through "
            f"the vacuum and pbc=True."
        )
    basis = reduced_basis(of_cell)
    in_basis = np.round(np.linalg.inv(basis)).astype(np.int64)
    reduced = of_cell.copy()
    reduced.cell = basis @ of_cell.cell.array
    with any_cell_is_fine():
        phonon = Phonopy(
            phonopy_atoms(reduced),
            # phonopy's matrices have vectors as columns
            supercell_matrix=(force_constants.supercell_matrix @ in_basis).T,
            primitive_matrix=(force_constants.primitive_vectors @ in_basis).T,
            symprec=force_constants.row_symmetry_A or EXACT_TOLERANCE_A,
            is_symmetry=force_constants.space_group is not None,
        )
    order = find_order(force_constants.supercell, force_constants.primitive_atoms, phonon)
    phonon.force_constants = order.to_phonopy(force_constants.values_eV_per_A2)
    if nac is not None:
        phonon.nac_params = read_born(nac, phonon).in_order(np.arange(len(phonon.primitive)))
    elif force_constants.born is not None:
        phonon.nac_params = force_constants.born.in_order(order.own)
    return phonon


def with_born(
    force_constants: "ForceConstants", nac: str | os.PathLike[str] | None
) -> "ForceConstants":
    """Return force constants with the charges of a BORN file, in place of those that they have.

    Raises
    ------
    StructureError, CheckpointError
        As for `to_phonopy`.
    """
    if nac is None:
        return force_constants
    phonon = to_phonopy(force_constants)
    order = find_order(force_constants.supercell, force_constants.primitive_atoms, phonon)
    found = read_born(nac, phonon)
    before = force_constants.born
    told = () if before is None else before.remarks
    return replace(
        force_constants,
        warnings=(*(each for each in force_constants.warnings if each not in told), *found.remarks),
        born=replace(
            found,
            charges_e=found.charges_e[np.argsort(order.own)],
            in_place_of=None if before is None else before.file,
        ),
    )


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


def write_phonopy(
    path: str | os.PathLike[str],
    force_constants: "ForceConstants",
    nac: str | os.PathLike[str] | None = None,
) -> None:
    """Write phonopy's own YAML file, which ``phonopy-load`` and `phonopy.load` read.

    Raises
    ------
    StorageError
        The file cannot be written; an older one is intact.
    """
    phonon = to_phonopy(force_constants, nac)
    write_text(path, str(phonon.to_phonopy_yaml(settings={"force_constants": True})))


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
