"""How a result names itself and its structure in one short paragraph."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ase import Atoms


def name_structure(atoms: "Atoms") -> str:
    """Return the formula of a structure and how many atoms it has, such as ``Cu4 (4 atoms)``."""
    n_atoms = len(atoms)
    return f"{atoms.get_chemical_formula()} ({n_atoms} atom{'' if n_atoms == 1 else 's'})"


def paragraph(result: object, of: str, *parts: str) -> str:
    """Return what `repr` says of a result: its kind, what it is of, and a few numbers with units.

    Parameters
    ----------
    result
        The result.
    of
        What it is of, and by which model.
    parts
        The numbers; empty ones are left out.
    """
    said = "; ".join(part for part in parts if part)
    return f"<{type(result).__name__} of {of}{': ' if said else ''}{said}>"


def count_warnings(warnings: tuple[object, ...]) -> str:
    """Return how many warnings a result has; nothing if none."""
    n = len(warnings)
    return "" if n == 0 else f"{n} warning{'' if n == 1 else 's'}"
