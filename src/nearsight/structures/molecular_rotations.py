"""The rotations that turn a molecule into itself, found by trying them."""

import itertools
from collections.abc import Iterator

import numpy as np

from nearsight.arrays import FloatArray, IntArray


def count_rotations(positions_A: FloatArray, kinds: IntArray, tolerance_A: float) -> int | None:
    """Return how many rotations turn a molecule into itself; None if those found are no group.

    A rotation takes each atom to one of its own kind, and is then fitted to all atoms; none may be
    off by more than the tolerance. Of a linear molecule, which any rotation about its axis turns
    into itself, those that differ by more than one of these are counted: 2 or 1. An atom has 1.

    Parameters
    ----------
    positions_A
        In Å, shape ``(n_atoms, 3)``.
    kinds
        Equal for atoms that cannot be told apart, shape ``(n_atoms,)``.
    tolerance_A
        How far in Å an atom may be from where a rotation takes another one.
    """
    # The centre of all atoms, whatever their masses, is on every axis.
    centred = positions_A - positions_A.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    if len(centred) == 1:
        return 1
    along = centred @ axes[0]
    if np.linalg.norm(centred - np.outer(along, axes[0]), axis=1).max() <= tolerance_A:
        turned = _partners(centred, -centred, kinds)
        reversible = turned is not None and _off(centred[turned], -centred) <= tolerance_A
        return 2 if reversible else 1
    permutations = {
        tuple(partners.tolist())
        for rotation in _candidates(centred, kinds, tolerance_A)
        if (partners := _accepted(rotation, centred, kinds, tolerance_A)) is not None
    }
    return len(permutations) if _is_group(permutations) else None


def _candidates(centred: FloatArray, kinds: IntArray, tolerance_A: float) -> Iterator[FloatArray]:
    """Yield the rotations that take two atoms, far from one axis, to two of the same kinds."""
    areas = np.linalg.norm(np.cross(centred[:, np.newaxis], centred), axis=2)
    counts = np.bincount(kinds)[kinds]
    good = areas > 0.5 * areas.max()
    images = np.where(good, counts[:, np.newaxis] * counts, np.inf)
    first, second = np.unravel_index(int(np.argmin(images)), images.shape)
    frame = _frame(centred[first], centred[second])
    radii = np.linalg.norm(centred, axis=1)

    def like(atom: np.intp) -> IntArray:
        alike = (kinds == kinds[atom]) & (np.abs(radii - radii[atom]) <= 2 * tolerance_A)
        return np.flatnonzero(alike)

    distance = np.linalg.norm(centred[first] - centred[second])
    for one, other in itertools.product(like(first), like(second)):
        if abs(np.linalg.norm(centred[one] - centred[other]) - distance) <= 4 * tolerance_A:
            yield _frame(centred[one], centred[other]) @ frame.T


def _frame(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return orthonormal columns: along the sum of the directions, in their plane, and normal."""
    one, other = first / np.linalg.norm(first), second / np.linalg.norm(second)
    middle = (one + other) / np.linalg.norm(one + other)
    normal = np.cross(one, other) / np.linalg.norm(np.cross(one, other))
    return np.stack([middle, np.cross(normal, middle), normal], axis=1)


def _accepted(
    rotation: FloatArray, centred: FloatArray, kinds: IntArray, tolerance_A: float
) -> IntArray | None:
    """Return to which atom each one goes; None if that is no rotation onto itself."""
    partners = _partners(centred, centred @ rotation.T, kinds)
    if partners is None:
        return None
    best = _fitted(centred, centred[partners])
    return partners if _off(centred[partners], centred @ best.T) <= tolerance_A else None


def _partners(centred: FloatArray, moved: FloatArray, kinds: IntArray) -> IntArray | None:
    """Return the nearest atom of its kind to each moved one; None if two have the same."""
    distances = np.linalg.norm(moved[:, np.newaxis] - centred, axis=2)
    partners: IntArray = np.argmin(
        np.where(kinds[:, np.newaxis] == kinds, distances, np.inf), axis=1
    )
    return partners if len(np.unique(partners)) == len(partners) else None


def _fitted(start: FloatArray, end: FloatArray) -> FloatArray:
    """Return the rotation that takes `start` closest to `end` (W. Kabsch, 1976)."""
    left, _, right = np.linalg.svd(end.T @ start)
    proper = np.diag([1.0, 1.0, np.linalg.det(left @ right)])
    rotation: FloatArray = left @ proper @ right
    return rotation


def _off(there: FloatArray, moved: FloatArray) -> float:
    return float(np.linalg.norm(there - moved, axis=1).max())


def _is_group(permutations: set[tuple[int, ...]]) -> bool:
    return all(
        tuple(one[atom] for atom in other) in permutations
        for one, other in itertools.product(permutations, repeat=2)
    )
