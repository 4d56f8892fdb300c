"""Frameworks that are known in closed form."""

from ase import Atoms
from ase.spacegroup import crystal


def sodalite() -> Atoms:
    """Silica sodalite: cages of 4.4 Å, whose six-rings let hardly anything through."""
    return crystal(
        ("Si", "O"),
        basis=[(0.25, 0.5, 0.0), (0.1485, 0.1485, 0.5)],
        spacegroup=229,
        cellpar=[8.83] * 3 + [90] * 3,
    )
