"""Which atoms of a structure are one rigid molecule, and of which types its sites are.

Two arrays of ``atoms.arrays`` say so, for models that have no bonds, such as force fields:

- ``molecule``, whole numbers: 1 and more number molecules, whose atoms belong together; -1 is the
  rigid framework; 0, as for a structure without the array, is an atom by itself.
- ``site_type``, text: the name of a type; empty, as for a structure without the array, where the
  element tells it.

ASE fills arrays that one part lacks with zeros, also those of text, so that
``framework + molecule`` says of each part what it said before, and a framework without the array
stays made of single atoms.
"""

from typing import Final

import numpy as np
from ase import Atoms

from nearsight.archives import MOLECULE, SITE_TYPE
from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import StructureError
from nearsight.structures.reduced_cell import periodic_cell, reduced_basis

__all__ = [
    "FRAMEWORK",
    "MOLECULE",
    "SINGLE",
    "SITE_TYPE",
    "as_framework",
    "molecule_images",
    "molecules_of",
    "site_types_of",
    "unique_image_radius_A",
]

FRAMEWORK: Final = -1
SINGLE: Final = 0

_FILLED: Final = "0"


def molecules_of(atoms: Atoms) -> IntArray:
    """Return the number of the molecule of each atom, shape ``(n_atoms,)``.

    Raises
    ------
    StructureError
        The array is not made of whole numbers from -1 on.
    """
    stated = atoms.arrays.get(MOLECULE)
    if stated is None:
        return np.zeros(len(atoms), dtype=np.int64)
    given = np.asarray(stated)
    whole = given.shape == (len(atoms),) and given.dtype.kind in "iuf"
    if not whole or (given != np.floor(given)).any() or (given < FRAMEWORK).any():
        raise StructureError(
            f"the array {MOLECULE} of {atoms.get_chemical_formula()} has whole numbers: -1 for "
            f"the rigid framework, 0 for single atoms, and 1, 2, ... for molecules."
        )
    return given.astype(np.int64)


def site_types_of(atoms: Atoms) -> tuple[str, ...]:
    """Return the name of the type of each atom; empty where the structure names none."""
    stated = atoms.arrays.get(SITE_TYPE)
    if stated is None:
        return ("",) * len(atoms)
    return tuple("" if name == _FILLED else str(name) for name in stated)


def as_framework(atoms: Atoms) -> Atoms:
    """Return a copy all of whose atoms are the rigid framework."""
    framework: Atoms = atoms.copy()
    framework.set_array(MOLECULE, np.full(len(atoms), FRAMEWORK))
    return framework


def molecule_images(atoms: Atoms) -> IntArray:
    """Return the lattice vectors that put the atoms of each molecule together.

    Parameters
    ----------
    atoms
        A structure, whose faces may cut molecules.

    Returns
    -------
    IntArray
        Whole numbers of cell vectors to be added to each atom, shape ``(n_atoms, 3)``; zeros for
        the first atom of a molecule and for what is of none. Any two atoms of a molecule are then
        at their nearest images.

    Raises
    ------
    StructureError
        Two atoms of one number are farther apart than half of the shortest lattice vector: the
        molecule is as wide as its cell, or two have one number.
    """
    molecules = molecules_of(atoms)
    numbers, firsts, which = np.unique(molecules, return_index=True, return_inverse=True)
    of_one = np.flatnonzero(molecules > SINGLE)
    basis = reduced_basis(atoms)
    cell = basis @ periodic_cell(atoms)
    between = atoms.positions[of_one] - atoms.positions[firsts[which[of_one]]]
    back = -np.where(atoms.pbc, np.round(between @ np.linalg.inv(cell)), 0.0)
    near = back[:, np.newaxis] + _steps(atoms)
    nearest = np.linalg.norm(between[:, np.newaxis] + near @ cell, axis=2).argmin(axis=1)
    images = np.zeros((len(atoms), 3), dtype=np.int64)
    images[of_one] = near[np.arange(len(of_one)), nearest].astype(np.int64) @ basis
    whole_A = atoms.positions + images @ periodic_cell(atoms)
    reach_A = unique_image_radius_A(atoms)
    for number in numbers[numbers > SINGLE].tolist():
        members = whole_A[molecules == number]
        if len(members) > 1 and _width_A(members) >= reach_A:
            raise StructureError(
                f"molecule {number} of {atoms.get_chemical_formula()} is wider than half of its "
                f"cell, or has its number twice; give each molecule a number of its own (array "
                f"{MOLECULE}), or take a larger cell."
            )
    return images


def _width_A(positions_A: FloatArray) -> float:
    """Return the largest distance between places, shape ``(n, 3)``."""
    from scipy.spatial.distance import pdist  # takes its time, and few structures have molecules

    return float(pdist(positions_A).max())


def unique_image_radius_A(atoms: Atoms) -> float:
    """Return half of the shortest lattice vector in Å, infinite where nothing is periodic.

    Of all images of an atom not more than one is closer than that to any place.
    """
    cell = reduced_basis(atoms) @ periodic_cell(atoms)
    lengths = np.linalg.norm(_steps(atoms) @ cell, axis=1)
    return float(lengths[lengths > 0].min(initial=np.inf)) / 2


def _steps(atoms: Atoms) -> IntArray:
    """Return all steps to a neighbouring cell along periodic directions, and none."""
    steps: IntArray = np.array(list(np.ndindex(3, 3, 3)), dtype=np.int64) - 1
    inside: IntArray = steps[(steps[:, ~atoms.pbc] == 0).all(axis=1)]
    return inside
