"""The axes that a crystal's tensors refer to."""

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from scipy.linalg import polar

from nearsight.structures.operations import find_dataset

TOLERANCE_A = 0.01
"""How far in Å atoms may be from where the space group wants them, to find its cell."""


def conventional_axes(atoms: Atoms, tolerance_A: float = TOLERANCE_A) -> NDArray[np.float64]:
    """Return the rotation R that turns a crystal into the standard orientation, r → R r.

    Then x is along a of the conventional cell and y in the plane of its a and b, as spglib chooses
    them: the axes of published constants of cubic, hexagonal, trigonal, tetragonal and orthorhombic
    crystals, such as C11, C12 and C44. In monoclinic and triclinic ones conventions differ.

    Parameters
    ----------
    atoms
        The crystal.
    tolerance_A
        How far, in Å, atoms may be from the places of its space group.

    Raises
    ------
    StructureError
        The structure is not periodic in three directions, or spglib finds no group.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.elasticity import conventional_axes
    >>> copper = bulk("Cu", cubic=True)
    >>> copper.rotate(30, "z", rotate_cell=True)
    >>> rotation = conventional_axes(copper)
    >>> print(f"a along x: {(rotation @ copper.cell[0])[0]:.2f} Å")
    a along x: 3.61 Å
    """
    rotation = np.asarray(find_dataset(atoms, tolerance_A).std_rotation_matrix)
    # spglib takes the crystal onto an ideal cell, which may stretch it a little.
    orthogonal: NDArray[np.float64] = polar(rotation)[0]
    return orthogonal
