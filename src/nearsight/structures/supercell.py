"""Supercells."""

from collections.abc import Sequence
from numbers import Integral

from ase import Atoms

from nearsight.errors import StructureError


def make_supercell(atoms: Atoms, repeats: Sequence[int]) -> Atoms:
    """Return the supercell that repeats `atoms` along its three cell vectors.

    The first ``len(atoms)`` atoms are those of `atoms` in their order; the copies follow cell by
    cell, the repeat along the last vector running fastest.

    Parameters
    ----------
    atoms
        The structure; it stays as it is.
    repeats
        How often along each cell vector: three positive integers, 1 where it is not periodic.

    Raises
    ------
    StructureError
        `repeats` is something else.
    """
    counts = tuple(repeats)
    if len(counts) != 3 or not all(_is_positive_integer(count) for count in counts):
        raise StructureError(
            f"A supercell needs three positive integers such as (2, 2, 2), not {repeats!r}."
        )
    for name, count, periodic in zip("abc", counts, atoms.pbc, strict=True):
        if count > 1 and not periodic:
            raise StructureError(
                f"The structure cannot be repeated {count} times along {name}, where it is not "
                f"periodic; repeat it once there."
            )
    supercell: Atoms = atoms.repeat(tuple(int(count) for count in counts))
    return supercell


def _is_positive_integer(count: object) -> bool:
    return type(count) is not bool and isinstance(count, Integral) and int(count) >= 1
