"""What a relaxed crystal nearly is: the group it has within a little, and the rows that saves."""

from dataclasses import dataclass
from typing import Any

from ase import Atoms

from nearsight.errors import StructureError
from nearsight.hessian.rows.plan import operations_kept, plan
from nearsight.models.contract import Capabilities
from nearsight.structures.operations import find_operations
from nearsight.structures.symmetry import name_of, space_group, symmetrize
from nearsight.structures.tolerances import EXACT_TOLERANCE_A

TOLERANCES_A = (1e-4, 1e-3, 1e-2, 5e-2)
"""A relaxation ends so far from the minimum; the largest is still a twentieth of a short bond."""

_WORTH = 0.5
"""A larger tolerance must leave no more than this share of the rows of the smaller one."""

MOST_ATOMS = 1000
"""Of more atoms no group is looked for: of 1,000 it takes 1 to 11 s, and the square of that beyond.
"""


@dataclass(frozen=True)
class NearSymmetry:
    """A group that a structure has within a tolerance, under what its model keeps of it."""

    symbol: str
    """Short international symbol, of the proper operations alone if the model keeps no others."""
    number: int
    """1 to 230, International Tables for Crystallography A."""
    tolerance_A: float
    """The structure can be moved onto the group with this ``symmetrize_A``."""
    max_displacement_A: float
    """How far the farthest atom would go."""
    rows_needed: int
    """Rows of the Hessian from which the others would follow."""
    rows_now: int
    """Those that are needed of the structure as it is."""

    def summary(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "space_group": self.symbol,
            "number": self.number,
            "tolerance_A": self.tolerance_A,
            "max_displacement_A": self.max_displacement_A,
            "rows_needed": self.rows_needed,
            "rows_now": self.rows_now,
        }

    def __str__(self) -> str:
        """Return what is saved and how, in a line."""
        rows = "1 row" if self.rows_needed == 1 else f"{self.rows_needed} rows"
        return (
            f"{self.symbol} within {self.tolerance_A:g} Å: {rows} instead of {self.rows_now}: "
            f"`symmetrize_A` {self.tolerance_A:g}"
        )


def near_symmetry(
    atoms: Atoms,
    capabilities: Capabilities | None = None,
    row_symmetry_A: float | None = EXACT_TOLERANCE_A,
) -> NearSymmetry | None:
    """Return the group that a crystal nearly has, if rows of its Hessian followed from it.

    Tolerances up to 0.05 Å are tried, smaller ones first, and the structure is moved onto what is
    found: the rows are those that it then needs. A larger tolerance is taken only if it halves the
    rows once more.

    Parameters
    ----------
    atoms
        The structure.
    capabilities
        Those of the model, as for `nearsight.hessian.rows.plan.plan`: no group is named whose
        operations the model does not keep.
    row_symmetry_A
        The tolerance at which rows follow from others; None if they are not to.

    Returns
    -------
    NearSymmetry or None
        None if nothing is saved, without periodicity in three directions, and for more than 1,000
        atoms, of which no group is looked for.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.relaxation import near_symmetry
    >>> salt = bulk("NaCl", "rocksalt", a=5.64, cubic=True)
    >>> salt.rattle(0.0005, seed=1)
    >>> near = near_symmetry(salt)
    >>> print(f"{near.symbol} within {near.tolerance_A} Å")
    Fm-3m within 0.01 Å
    >>> print(f"{near.rows_needed} rows in place of {near.rows_now}")
    2 rows in place of 24
    """
    if row_symmetry_A is None or not atoms.pbc.all() or len(atoms) > MOST_ATOMS:
        return None
    kind = operations_kept(capabilities)
    try:
        n_operations = space_group(atoms, row_symmetry_A).n_operations
        rows_now = plan(atoms, capabilities, tolerance_A=row_symmetry_A).rows_needed
    except StructureError:  # of a group that is not consistent at this tolerance
        return None
    near: NearSymmetry | None = None
    for tolerance_A in TOLERANCES_A:
        best = rows_now - 1 if near is None else int(_WORTH * near.rows_needed)
        try:
            if space_group(atoms, tolerance_A).n_operations <= n_operations:
                continue
            if plan(atoms, capabilities, tolerance_A=tolerance_A).rows_needed > best:
                continue
            moved = symmetrize(atoms, tolerance_A, kind=kind)
            rows = plan(moved.atoms, capabilities, tolerance_A=row_symmetry_A).rows_needed
            operations = find_operations(moved.atoms, EXACT_TOLERANCE_A).only(kind)
            symbol, number = name_of(operations, moved.atoms.cell.array)
        except StructureError:
            continue
        if rows <= best and moved.max_displacement_A <= tolerance_A:
            near = NearSymmetry(
                symbol,
                number,
                tolerance_A,
                moved.max_displacement_A,
                rows,
                rows_now,
            )
    return near
