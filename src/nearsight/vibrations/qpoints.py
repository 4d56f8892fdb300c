"""Points of the Brillouin zone: those of a supercell, and meshes without what symmetry repeats."""

import math
import sys
from collections.abc import Sequence
from numbers import Integral

import numpy as np
from ase import Atoms

from nearsight.arrays import BoolArray, FloatArray, IntArray
from nearsight.errors import MethodError
from nearsight.hessian.force_constants import ForceConstants
from nearsight.memory import require_room
from nearsight.printable import printable_count
from nearsight.structures.supercell import lattice_points

_MOST_POINTS = 2**31 - 1
_BYTES_PER_POINT = 50  # measured: 45 to 47 for addresses and the point that each stands for
_BYTES_PER_EIGENVALUE = 64  # frequencies, signs, squares, wavenumbers and weights at once


def commensurate_points(force_constants: ForceConstants) -> FloatArray:
    """Return the q-points that the supercell has exactly, Γ first, shape ``(n_cells, 3)``.

    In units of the reciprocal vectors of the primitive cell.
    """
    in_primitive = force_constants.supercell_matrix @ np.linalg.inv(
        force_constants.primitive_vectors
    )
    transposed = np.round(in_primitive.T).astype(np.int64)
    points: FloatArray = lattice_points(transposed) @ np.linalg.inv(transposed)
    return points


def irreducible_mesh(
    numbers: tuple[int, int, int], rotations: IntArray
) -> tuple[FloatArray, IntArray]:
    """Return the irreducible points of a Γ-centred mesh, Γ first, and how often each counts.

    Parameters
    ----------
    numbers
        Points along each reciprocal vector.
    rotations
        W in the basis of the cell, shape ``(n, 3, 3)``. Those that do not map the mesh onto itself
        are left out; time reversal always counts.
    """
    import spglib

    mesh = np.array(numbers)
    found = spglib.get_stabilized_reciprocal_mesh(
        mesh,
        rotations_of_mesh(numbers, rotations),
        is_shift=[0, 0, 0],
        is_time_reversal=True,
        qpoints=[0.0, 0.0, 0.0],
    )
    assert found is not None
    mapping, addresses = found
    irreducible, weights = np.unique(mapping, return_counts=True)
    return addresses[irreducible] / mesh, weights


def rotations_of_mesh(numbers: tuple[int, int, int], rotations: IntArray) -> IntArray:
    """Return those of the rotations that map a mesh onto itself, shape ``(n, 3, 3)``."""
    mesh = np.array(numbers)
    on_mesh = np.linalg.inv(rotations) * mesh / mesh[:, np.newaxis]
    kept: BoolArray = np.abs(on_mesh - np.round(on_mesh)).max(axis=(1, 2)) < 1e-6
    return rotations[kept]


def require_room_for_mesh(numbers: tuple[int, int, int], force_constants: ForceConstants) -> None:
    """Check that a mesh can be counted and its phonons kept.

    Raises
    ------
    MethodError
        It has more points than can be numbered.
    MemoryBudgetError
        Its phonons do not fit into the memory.
    """
    n_points = math.prod(numbers)
    size = " × ".join(map(printable_count, numbers))
    remedy = "Take a coarser `mesh`."
    if n_points > _MOST_POINTS:
        raise MethodError(
            f"a mesh of {size} points has more than the {_MOST_POINTS} that spglib can number. "
            f"{remedy}"
        )
    # Time reversal and the rotations make one point of at most so many.
    fewest = n_points // (2 * len(force_constants.rotations)) + 1
    n_branches = 3 * len(force_constants.primitive_atoms)
    require_room(
        _BYTES_PER_POINT * n_points + _BYTES_PER_EIGENVALUE * n_branches * fewest,
        f"A mesh of {size} q-points",
        remedy,
    )


def mesh_numbers(primitive: Atoms, mesh: Sequence[int] | float) -> tuple[int, int, int]:
    """Return the number of points along each reciprocal vector; see `phonon_mesh`.

    Raises
    ------
    MethodError
        The mesh is neither three positive integers nor a positive length.
    """
    given = np.asarray(mesh, dtype=object)  # as objects, numbers of any size stay what they are
    if isinstance(mesh, int | float | np.number) and not isinstance(mesh, bool):
        if not 0.0 < mesh < np.inf:
            raise MethodError(f"`mesh` needs a positive length in Å, not {mesh}.")
        lengths = np.linalg.norm(primitive.cell.reciprocal(), axis=1).tolist()
        a, b, c = (max(round(min(float(mesh) * each, sys.float_info.max)), 1) for each in lengths)
        return a, b, c
    numbers = given.ravel().tolist()
    whole = all(isinstance(each, Integral) and not isinstance(each, bool) for each in numbers)
    if given.shape != (3,) or not whole or min(numbers) < 1:
        raise MethodError(f"`mesh` needs three positive integers or a length in Å, not {mesh!r}.")
    a, b, c = map(int, numbers)
    return a, b, c
