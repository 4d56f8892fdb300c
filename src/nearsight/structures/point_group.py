"""The point group of a molecule, and how many rotations turn it into itself."""

from dataclasses import dataclass, replace

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.errors import MethodError
from nearsight.remarks import Remark
from nearsight.structures.molecular_rotations import count_rotations

TOLERANCE_A = 0.02
"""What relaxed molecules miss their symmetry by is an order of magnitude less."""

_LOOSE_A = 0.1


@dataclass(frozen=True)
class PointGroup:
    """The point group that a molecule has within a tolerance."""

    symbol: str
    """Schoenflies symbol, such as C2v, D∞h for a linear molecule with two equal ends, Kh."""
    symmetry_number: int
    """Number of rotations that turn the molecule into itself; 2 or 1 for a linear one."""
    tolerance_A: float
    """How far in Å an atom may be from where a rotation takes another one."""
    remarks: tuple[Remark, ...]
    """What speaks for another group, in plain words; empty if nothing does."""


def find_point_group(atoms: Atoms, tolerance_A: float = TOLERANCE_A) -> PointGroup:
    """Return the point group of a molecule, in which isotopes are different atoms.

    libmolsymm names it. Near the edge of its tolerance such a search can end in a group that is
    none; so the rotations are counted once more, by `count_rotations`, and both must agree.

    Parameters
    ----------
    atoms
        A molecule, not periodic.
    tolerance_A
        How far in Å an atom may be from where a rotation takes another one.

    Raises
    ------
    MethodError
        The structure is periodic, or its symmetry is not definite within the tolerance.
    """
    if atoms.pbc.any():
        raise MethodError(
            f"a periodic structure (pbc={atoms.pbc.tolist()}) has no point group of a molecule."
        )
    kinds = _kinds(atoms)
    number = count_rotations(atoms.positions, kinds, tolerance_A)
    symbol, named = _named(atoms.positions, kinds, tolerance_A)
    if number is None or number != named:
        raise MethodError(
            f"the symmetry of {atoms.get_chemical_formula()} is not definite within "
            f"{tolerance_A:g} Å: some rotations turn it into itself, and others that follow from "
            f"them do not; relax it further, or give `symmetry_number` (2 for water, 12 for "
            f"methane)."
        )
    found = PointGroup(symbol, named, tolerance_A, ())
    loose = count_rotations(atoms.positions, kinds, max(_LOOSE_A, tolerance_A))
    if loose is None or loose <= named:
        return found
    remark = (
        f"{loose} rotations instead of {named} ({symbol}) turn the molecule into itself where "
        f"atoms may be {_LOOSE_A:g} Å off instead of {tolerance_A:g} Å; if it is meant to have "
        f"them, relax it further, or set `symmetry_number` to {loose}."
    )
    return replace(found, remarks=(Remark("symmetry-number-doubtful", remark),))


def _kinds(atoms: Atoms) -> NDArray[np.int64]:
    """Return a number from 1 on for each atom, equal for atoms that cannot be told apart."""
    isotopes = np.stack([atoms.numbers, np.round(atoms.get_masses(), 3)], axis=1)
    kinds: NDArray[np.int64] = np.unique(isotopes, axis=0, return_inverse=True)[1].reshape(-1) + 1
    return kinds


def _named(
    positions_A: NDArray[np.float64], kinds: NDArray[np.int64], tolerance_A: float
) -> tuple[str, int]:
    """Return symbol and symmetry number by libmolsymm; 0 if what it finds is no group."""
    import molsymm

    try:
        # Which atoms are equal decides, not which elements they are.
        found = molsymm.analyze(kinds.tolist(), positions_A, tolerance_A)
    except RuntimeError:
        return "", 0
    symbol = str(found.point_group).replace("inf", "∞")
    return symbol, int(found.symmetry_number)
