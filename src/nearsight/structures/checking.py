"""The check that a structure is one that a calculation can start from."""

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols

from nearsight.errors import MethodError, StructureError
from nearsight.memory import require_room
from nearsight.structures.neighbours import neighbour_pairs
from nearsight.structures.reduced_cell import require_lattice

CLOSEST_DISTANCE_A = 0.5
"""Atoms closer than this are a mistake: the shortest bond, H-H, has 0.74 Å."""

_SEARCHED_A = 2.0
"""Searches for pairs that are much closer than the cell is wide divide it into too many bins."""

# What ASE's neighbour list takes, measured for rock salt: 8.0 and 8.5 kB for each of 262,144 and
# 64,000 atoms. Nothing that comes before rows takes more, the lists of matscipy included.
_BYTES_PER_ATOM = 9000


def check_structure(atoms: Atoms) -> None:
    """Check that `atoms` is a structure that a model can be asked about.

    A left-handed cell is accepted. So is a cell without periodic directions: the structure is a
    molecule then, and its cell is not used.

    Parameters
    ----------
    atoms
        The structure.

    Raises
    ------
    MemoryBudgetError
        So many atoms cannot be checked.
    StructureError
        There are no atoms; a position, cell vector, charge or moment is not finite; an atom has no
        element, or a mass that is not positive; a periodic direction has no cell vector; periodic
        cell vectors are linearly dependent; or two atoms, periodic images included, are closer
        than `CLOSEST_DISTANCE_A`.

    Examples
    --------
    >>> from ase import Atoms
    >>> from nearsight.errors import StructureError
    >>> from nearsight.structures import check_structure
    >>> check_structure(Atoms("H2", [[0, 0, 0], [0, 0, 0.74]]))
    >>> try:
    ...     check_structure(Atoms("H2", [[0, 0, 0], [0, 0, 0.1]]))
    ... except StructureError as error:
    ...     print(str(error).split(";")[0])
    ...
    Atom 0 (H) and atom 1 (H) are 0.100 Å apart
    """
    if len(atoms) == 0:
        raise StructureError("The structure has no atoms; check the file or how it was built.")
    require_room_to_check(len(atoms))
    require_atomic_numbers(atoms)
    _require_finite(atoms)
    _require_elements(atoms)
    _require_masses(atoms)
    require_lattice(atoms)
    _require_distances(atoms)


def require_room_to_check(n_atoms: int) -> None:
    """Check that the memory suffices for looking at the distances of so many atoms.

    Raises
    ------
    MemoryBudgetError
        It does not.
    """
    require_room(
        _BYTES_PER_ATOM * n_atoms,
        f"Checking the distances of {n_atoms} atoms",
        "Take a smaller cell or supercell.",
    )


def require_no_constraints(atoms: Atoms) -> None:
    """Check that every atom may move.

    Raises
    ------
    MethodError
        The structure has constraints, which ASE would apply to the forces without a word.
    """
    if atoms.constraints:
        kinds = ", ".join(sorted({type(constraint).__name__ for constraint in atoms.constraints}))
        raise MethodError(
            f"The structure has constraints ({kinds}), but here every atom moves; "
            f"remove them with atoms.set_constraint()."
        )


def _require_finite(atoms: Atoms) -> None:
    finite = np.isfinite(atoms.positions).all(axis=1)
    if not finite.all():
        first = int(np.argmin(finite))
        raise StructureError(
            f"Atom {first} ({atoms[first].symbol}) has the position "
            f"{atoms.positions[first].tolist()} Å, which is not finite; correct it."
        )
    if not np.isfinite(atoms.cell.array).all():
        raise StructureError(
            f"The cell {atoms.cell.array.tolist()} Å has entries that are not finite; correct it."
        )
    for what, values in (
        ("charge", atoms.get_initial_charges()),
        ("magnetic moment", atoms.get_initial_magnetic_moments()),
    ):
        if not np.isfinite(values).all():
            first = int(np.argwhere(~np.isfinite(values))[0][0])
            raise StructureError(
                f"Atom {first} ({atoms[first].symbol}) has an initial {what} that is not finite; "
                f"correct it."
            )


def require_atomic_numbers(atoms: Atoms) -> None:
    """Check that every atomic number is in the periodic table, or 0 for a placeholder.

    Raises
    ------
    StructureError
        One is not.
    """
    # ASE counts from the end of its table where a number is negative.
    impossible = np.flatnonzero((atoms.numbers < 0) | (atoms.numbers >= len(chemical_symbols)))
    if len(impossible):
        raise StructureError(
            f"Atom {impossible[0]} has the atomic number {atoms.numbers[impossible[0]]}, which no "
            f"element has; correct it."
        )


def _require_elements(atoms: Atoms) -> None:
    unknown = np.flatnonzero(atoms.numbers == 0)
    if len(unknown):
        raise StructureError(
            f"{len(unknown)} atoms have no element (symbol X), the first is atom {unknown[0]}; "
            f"replace or delete these placeholders."
        )


def _require_masses(atoms: Atoms) -> None:
    masses_u = atoms.get_masses()
    wrong = np.flatnonzero(~(np.isfinite(masses_u) & (masses_u > 0)))
    if len(wrong):
        raise StructureError(
            f"Atom {wrong[0]} ({atoms[wrong[0]].symbol}) has the mass {masses_u[wrong[0]]:g} u; "
            f"correct it."
        )


def _require_distances(atoms: Atoms) -> None:
    first, second, shifts = neighbour_pairs(atoms, _SEARCHED_A)
    between = atoms.positions[second] + shifts - atoms.positions[first]
    distances = np.linalg.norm(between, axis=1)
    # An atom near its own image counts once, every other pair is listed in both directions.
    once = (first <= second) & (distances < CLOSEST_DISTANCE_A)
    if not once.any():
        return
    first, second, distances = first[once], second[once], distances[once]
    closest = int(np.argmin(distances))
    a, b = int(first[closest]), int(second[closest])
    other = "its own periodic image" if a == b else f"atom {b} ({atoms[b].symbol})"
    n_pairs = len(np.unique(np.stack([first, second], axis=1), axis=0))
    pairs = "one pair of atoms is" if n_pairs == 1 else f"{n_pairs} pairs of atoms are"
    raise StructureError(
        f"Atom {a} ({atoms[a].symbol}) and {other} are {distances[closest]:.3f} Å apart; "
        f"{pairs} closer than {CLOSEST_DISTANCE_A} Å. Delete duplicate or disordered atoms, "
        f"and check the cell and the units of the positions."
    )
