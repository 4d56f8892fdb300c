"""Structures around one, by random strains and displacements."""

import numpy as np
from ase import Atoms

from nearsight.structures.strain import strain_matrix, strained


def distorted(
    atoms: Atoms, *, displacement_A: float, strain: float, random: np.random.Generator
) -> Atoms:
    """Return a copy whose cell is strained, and whose atoms are then displaced.

    Parameters
    ----------
    atoms
        The structure. What is not periodic in three directions is displaced only.
    displacement_A
        Standard deviation of each coordinate.
    strain
        That of each of the six components, shears as in the matrix, dimensionless.
    random
        Where they are drawn from.
    """
    components = strain * random.normal(size=6)
    shifts_A = displacement_A * random.normal(size=(len(atoms), 3))
    shears_doubled = components * (1, 1, 1, 2, 2, 2)
    changed: Atoms = (
        strained(atoms, strain_matrix(shears_doubled)) if atoms.pbc.all() else atoms.copy()
    )
    changed.positions += shifts_A
    return changed
