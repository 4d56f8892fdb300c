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

from nearsight.arrays import IntArray
from nearsight.errors import StructureError

MOLECULE: Final = "molecule"
SITE_TYPE: Final = "site_type"

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
            f"the array `{MOLECULE}` of {atoms.get_chemical_formula()} has whole numbers: -1 for "
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


def number_copies(molecules: IntArray, n_copies: int) -> IntArray:
    """Return the numbers of so many copies one after the other: no two copies are one molecule.

    Parameters
    ----------
    molecules
        Those of one copy, shape ``(n_atoms,)``.
    n_copies
        How many there are.
    """
    offsets = np.arange(n_copies) * max(0, int(molecules.max(initial=0)))
    numbers: IntArray = np.where(molecules > SINGLE, molecules + offsets[:, np.newaxis], molecules)
    return numbers.reshape(-1)
