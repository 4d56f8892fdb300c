"""Space groups: finding one, and moving a structure onto the one it nearly has."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.arrays import FloatArray
from nearsight.errors import StructureError
from nearsight.structures.operations import (
    OperationKind,
    Operations,
    exceptions_from_spglib,
    find_dataset,
    find_operations,
)
from nearsight.structures.tolerances import EXACT_TOLERANCE_A

# Each round can reveal a larger group, and no chain of groups is longer.
_MAX_ROUNDS = 5


@dataclass(frozen=True)
class SpaceGroup:
    """The space group that a structure has within a tolerance; magnetic moments are ignored."""

    number: int
    """1 to 230, International Tables for Crystallography A."""
    symbol: str
    """Short international symbol such as ``Fm-3m``."""
    n_operations: int
    """Operations that the given cell can express, its pure translations included."""
    tolerance_A: float
    equivalent_atoms: NDArray[np.int64]
    """For each atom the first one that is equivalent to it, shape ``(n_atoms,)``."""


@dataclass(frozen=True)
class Symmetrized:
    """A structure moved onto the space group that it had within a tolerance."""

    atoms: Atoms
    """Same atoms in the same order, same setting and orientation of the cell."""
    before: SpaceGroup
    """The group of the structure as given, at `EXACT_TOLERANCE_A`."""
    after: SpaceGroup
    """The group of `atoms`, at `EXACT_TOLERANCE_A`."""
    tolerance_A: float
    max_displacement_A: float
    """The longest way an atom went, beyond what it went with the cell."""
    max_strain: float
    """The largest principal strain of the cell, dimensionless."""


def space_group(atoms: Atoms, tolerance_A: float = EXACT_TOLERANCE_A) -> SpaceGroup:
    """Find the space group of a crystal with spglib.

    Parameters
    ----------
    atoms
        A structure periodic in three directions. Magnetic moments are ignored.
    tolerance_A
        How far in Å an atom may be from where the group wants it.

    Raises
    ------
    StructureError
        The structure is not a crystal, or spglib finds no group.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.structures import space_group
    >>> group = space_group(bulk("NaCl", "rocksalt", a=5.64))
    >>> group.symbol, group.number, group.n_operations
    ('Fm-3m', 225, 48)
    """
    dataset = find_dataset(atoms, tolerance_A)
    return SpaceGroup(
        number=dataset.number,
        symbol=dataset.international,
        n_operations=len(dataset.rotations),
        tolerance_A=tolerance_A,
        equivalent_atoms=np.asarray(dataset.crystallographic_orbits, dtype=np.int64),
    )


def name_of(operations: Operations, cell_A: FloatArray) -> tuple[str, int]:
    """Return the short international symbol and the number of the group that operations are.

    Parameters
    ----------
    operations
        Such as the proper ones of a group alone.
    cell_A
        The cell of the structure that they are of, rows.

    Raises
    ------
    StructureError
        spglib knows no such group.
    """
    import spglib

    with exceptions_from_spglib():
        found = spglib.get_spacegroup_type_from_symmetry(
            operations.rotations, operations.translations, operations.cell_in_lattice @ cell_A
        )
    if found is None:
        raise StructureError("spglib has no name for the group of these operations.")
    return str(found.international_short), int(found.number)


def symmetrize(
    atoms: Atoms, tolerance_A: float = 0.01, *, kind: OperationKind = "all"
) -> Symmetrized:
    """Move a crystal onto the space group that it has within a tolerance.

    The metric of the cell and the positions are averaged over the operations of the group. Atom
    count, order, cell setting and orientation stay as they are. Magnetic moments are ignored.

    Parameters
    ----------
    atoms
        A structure periodic in three directions; it stays as it is.
    tolerance_A
        How far in Å an atom may be from where the group wants it.
    kind
        Which operations of the group the structure is moved onto: ``all``, the ``proper`` ones
        without mirror images, or ``translations`` only.

    Returns
    -------
    Symmetrized
        The structure has these operations at `EXACT_TOLERANCE_A`.

    Raises
    ------
    StructureError
        The structure is not a crystal, or no consistent group is found at this tolerance.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.structures import symmetrize
    >>> salt = bulk("NaCl", "rocksalt", a=5.64, cubic=True)
    >>> salt.rattle(0.001, seed=1)
    >>> moved = symmetrize(salt, tolerance_A=0.01)
    >>> print(f"from {moved.before.symbol} to {moved.after.symbol}")
    from P1 to Fm-3m
    >>> print(f"no atom moves by more than {moved.max_displacement_A:.4f} Å")
    no atom moves by more than 0.0022 Å
    """
    before = space_group(atoms)
    moved = atoms
    for _ in range(_MAX_ROUNDS):
        moved = _average(moved, tolerance_A, kind)
        after, wanted = space_group(moved), space_group(moved, tolerance_A)
        if after.number == wanted.number or _settled(moved, tolerance_A, kind):
            break
    else:
        raise StructureError(
            f"The structure does not settle on one space group within {tolerance_A} Å "
            f"({wanted.symbol} wanted, {after.symbol} reached); use a smaller tolerance."
        )
    # The cells differ by a symmetric stretch: its eigenvalues are the principal strains.
    stretch = np.linalg.solve(atoms.cell.array, moved.cell.array)
    displacements = moved.positions - atoms.positions @ stretch
    return Symmetrized(
        atoms=moved,
        before=before,
        after=after,
        tolerance_A=tolerance_A,
        max_displacement_A=float(np.linalg.norm(displacements, axis=1).max()),
        max_strain=float(np.abs(np.linalg.svd(stretch, compute_uv=False) - 1.0).max()),
    )


def _settled(atoms: Atoms, tolerance_A: float, kind: OperationKind) -> bool:
    """Tell whether some operations are there exactly, whatever the others are."""
    if kind == "all":
        return False
    exact, near = (
        find_operations(atoms, tolerance).only(kind)
        for tolerance in (EXACT_TOLERANCE_A, tolerance_A)
    )
    return exact.images.shape == near.images.shape


def _average(atoms: Atoms, tolerance_A: float, kind: OperationKind) -> Atoms:
    operations = find_operations(atoms, tolerance_A).only(kind)
    coordinates = operations.average_coordinates(atoms.cell.scaled_positions(atoms.positions))
    averaged: Atoms = atoms.copy()
    cell = atoms.cell.array @ operations.average_strain(atoms.cell.array)
    # Written directly: constraints must not hold back an average.
    averaged.cell = cell
    averaged.positions = coordinates @ cell
    return averaged
