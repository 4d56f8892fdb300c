"""The symmetry operations of a CIF: whole numbers, checked to be a group and to suit the cell."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from ase.cell import Cell
from numpy.typing import NDArray

from nearsight.errors import StructureError
from nearsight.structures.operations import exceptions_from_spglib

if TYPE_CHECKING:
    import gemmi

# gemmi counts translations in 24ths of a cell vector, which all space groups have.
_PARTS = 24

# How far an operation may carry the lengths and angles of a cell off. Refined cells obey their
# group to the last digit; relaxed ones come within this.
_LENGTH_TOLERANCE = 3e-3
_ANGLE_TOLERANCE_degrees = 0.3


@dataclass(frozen=True)
class Operations:
    """A group of symmetry operations in the basis of the cell, centring translations included."""

    codes: frozenset[tuple[int, ...]]
    """Nine entries of the rotation by rows, then the translation in 24ths, from 0 to 23."""

    def __len__(self) -> int:
        return len(self.codes)

    @functools.cached_property
    def table(self) -> NDArray[np.int64]:
        """The codes with the identity first, shape ``(n_operations, 12)``."""
        return np.array(sorted(self.codes, key=lambda code: (code != _IDENTITY, code)))

    @property
    def rotations(self) -> NDArray[np.int64]:
        """Rotations W of x -> W x + w, shape ``(n_operations, 3, 3)``."""
        return self.table[:, :9].reshape(-1, 3, 3)

    @property
    def translations(self) -> NDArray[np.float64]:
        """Translations w, shape ``(n_operations, 3)``."""
        return self.table[:, 9:] / _PARTS

    @functools.cached_property
    def number(self) -> int:
        """The number of the space group; 0 if spglib does not recognise it."""
        import spglib
        from spglib.error import SpglibError

        try:
            with exceptions_from_spglib():
                found = spglib.get_spacegroup_type_from_symmetry(self.rotations, self.translations)
        except SpglibError:
            return 0
        return 0 if found is None else int(found.number)


_IDENTITY = (1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0)
ONLY_IDENTITY = Operations(frozenset([_IDENTITY]))


def of_setting(group: "gemmi.SpaceGroup") -> Operations:
    """Return the operations of an entry of gemmi's table."""
    return _of_gemmi(group.operations())


@functools.cache
def from_hall(symbol: str) -> Operations | None:
    """Return the operations of a Hall symbol; None if it is none."""
    import gemmi

    try:
        return _of_gemmi(gemmi.symops_from_hall(symbol))
    except (RuntimeError, ValueError):
        return None


def from_triplets(triplets: Sequence[str]) -> Operations:
    """Return the operations that a file lists, such as ``-x, y+1/2, -z+1/2``.

    The identity, which every group has, may be left out.

    Raises
    ------
    StructureError
        One cannot be understood, or together they are not a group.
    """
    import gemmi

    codes: set[tuple[int, ...]] = {_IDENTITY}
    for triplet in triplets:
        try:
            code = _code(gemmi.Op(triplet))
        except (RuntimeError, ValueError) as error:
            raise StructureError(
                f"Its symmetry operation {triplet!r} cannot be understood ({error}); correct it."
            ) from error
        codes.add(code)
    operations = Operations(frozenset(codes))
    _require_group(operations)
    return operations


def metric_conflict(operations: Operations, cell: Cell) -> str | None:
    """Return what is wrong with the cell for these operations; None if it suits them."""
    if metric_misfit(operations, cell) <= 1.0:
        return None
    lengths = ", ".join(f"{value:.6g}" for value in cell.cellpar()[:3])
    angles = ", ".join(f"{value:.6g}" for value in cell.cellpar()[3:])
    return f"the cell has the lengths {lengths} Å and the angles {angles}°"


def metric_misfit(operations: Operations, cell: Cell) -> float:
    """Return the largest change of a length or angle by an operation, in units of the tolerance."""
    metric = cell.array @ cell.array.T
    rotations = np.unique(operations.rotations, axis=0)
    images = np.einsum("nki,kl,nlj->nij", rotations, metric, rotations)
    lengths, angles = _lengths_and_angles(metric[np.newaxis])
    new_lengths, new_angles = _lengths_and_angles(images)
    off_lengths = np.abs(new_lengths / lengths - 1.0).max() / _LENGTH_TOLERANCE
    off_angles = np.abs(new_angles - angles).max() / _ANGLE_TOLERANCE_degrees
    return float(max(off_lengths, off_angles))


def _lengths_and_angles(
    metrics: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    lengths = np.sqrt(np.einsum("nii->ni", metrics))
    cosines = metrics / (lengths[:, :, np.newaxis] * lengths[:, np.newaxis, :])
    off_diagonal = cosines[:, [1, 0, 0], [2, 2, 1]]
    return lengths, np.degrees(np.arccos(np.clip(off_diagonal, -1.0, 1.0)))


def _of_gemmi(group: "gemmi.GroupOps") -> Operations:
    return Operations(frozenset(_code(operation) for operation in group))


def _code(operation: "gemmi.Op") -> tuple[int, ...]:
    rotation = [entry for row in operation.rot for entry in row]
    if any(entry % _PARTS for entry in rotation) or operation.det_rot() not in {
        _PARTS**3,
        -(_PARTS**3),
    }:
        raise ValueError("no rotation, mirror or inversion")
    return tuple(
        [entry // _PARTS for entry in rotation] + [shift % _PARTS for shift in operation.tran]
    )


def _require_group(operations: Operations) -> None:
    table = operations.table
    rotations, shifts = operations.rotations, table[:, 9:]
    products = np.einsum("aij,bjk->abik", rotations, rotations).reshape(-1, 9)
    moved = np.einsum("aij,bj->abi", rotations, shifts) + shifts[:, np.newaxis, :]
    codes = np.hstack([products, moved.reshape(-1, 3) % _PARTS])
    outside = next(
        (
            code
            for code in map(tuple, np.unique(codes, axis=0).tolist())
            if code not in operations.codes
        ),
        None,
    )
    if outside is not None:
        raise StructureError(
            f"Its {len(operations)} symmetry operations do not form a group: a product of two of "
            f"them is {_triplet(outside)!r}, which is not among them. List all, or only the symbol."
        )


def _triplet(code: tuple[int, ...]) -> str:
    import gemmi

    operation = gemmi.Op()
    operation.rot = [[_PARTS * code[3 * row + column] for column in range(3)] for row in range(3)]
    operation.tran = list(code[9:])
    return str(operation.triplet())
