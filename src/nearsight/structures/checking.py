"""The check that a structure is one that a calculation can start from."""

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols

from nearsight.errors import MethodError, StructureError

CLOSEST_DISTANCE_A = 0.5
"""Atoms closer than this are a mistake: the shortest bond, H-H, has 0.74 Å."""

# The sine of the smallest angle between cell vectors that is not taken for a mistake.
_SMALLEST_SINE = 1e-3
_SHORTEST_VECTOR_A = 1e-3


def check_structure(atoms: Atoms) -> None:
    """Check that `atoms` is a structure that a model can be asked about.

    A left-handed cell is accepted. So is a cell without periodic directions: the structure is a
    molecule then, and its cell is not used.

    Raises
    ------
    StructureError
        There are no atoms; a position or cell vector is not finite; an atom has no element, or a
        mass that is not positive; a
        periodic direction has no cell vector; periodic cell vectors are linearly dependent; or two
        atoms, periodic images included, are closer than `CLOSEST_DISTANCE_A`.
    """
    if len(atoms) == 0:
        raise StructureError("The structure has no atoms; check the file or how it was built.")
    _require_finite(atoms)
    _require_elements(atoms)
    _require_masses(atoms)
    _require_cell(atoms)
    _require_distances(atoms)


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
    require_atomic_numbers(atoms)
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


def _require_cell(atoms: Atoms) -> None:
    lengths = np.linalg.norm(atoms.cell.array, axis=1)
    missing = [
        name
        for name, length, periodic in zip("abc", lengths, atoms.pbc, strict=True)
        if periodic and length < _SHORTEST_VECTOR_A
    ]
    if missing:
        raise StructureError(
            f"The structure is periodic along {', '.join(missing)} but has no cell vector there; "
            f"set the cell, or set pbc to False for a molecule."
        )
    directions = atoms.cell.array[atoms.pbc] / lengths[atoms.pbc, np.newaxis]
    if len(directions) < 2:
        return
    smallest_sine = float(np.linalg.svd(directions, compute_uv=False)[-1])
    if smallest_sine < _SMALLEST_SINE:
        raise StructureError(
            f"The periodic cell vectors {atoms.cell.array[atoms.pbc].tolist()} Å are linearly "
            f"dependent, so that the cell has no volume; correct the cell."
        )


def _require_distances(atoms: Atoms) -> None:
    from ase.neighborlist import neighbor_list

    # Along directions that are not periodic the cell may be anything, even another vector again.
    cell = np.where(atoms.pbc[:, np.newaxis], atoms.cell.array, 0.0)
    bare = Atoms(atoms.numbers, atoms.positions, cell=cell, pbc=atoms.pbc)
    first, second, distances = neighbor_list("ijd", bare, CLOSEST_DISTANCE_A)
    # An atom near its own image counts once, every other pair is listed in both directions.
    once = first <= second
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
