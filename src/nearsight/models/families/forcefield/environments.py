"""Types of framework atoms by what they are bonded to."""

from collections.abc import Mapping, Sequence

import numpy as np
from ase import Atoms

from nearsight.arrays import IntArray
from nearsight.models.families.forcefield.parameters import SiteType
from nearsight.structures.bonds import find_bonds


def types_by_bonds(atoms: Atoms, types: Mapping[str, SiteType]) -> list[str]:
    """Return the type of each atom whose element and bonds are those of one; empty for others.

    A type names the neighbours of its atoms by their elements, or by types: those of neighbours are
    decided first, so that a second shell tells apart what the first does not. Bonds are those of
    `nearsight.structures.bonds`.

    Parameters
    ----------
    atoms
        The framework, without guests.
    types
        Types by name; those without `SiteType.neighbours` decide nothing here.

    Raises
    ------
    StructureError
        Atoms overlap.
    """
    bonds = find_bonds(atoms)
    around: list[list[int]] = [[] for _ in range(len(atoms))]
    for i, j in zip(bonds.first.tolist(), bonds.second.tolist(), strict=True):
        around[i].append(j)
        around[j].append(i)
    symbols = atoms.get_chemical_symbols()
    found = [""] * len(atoms)
    for _ in types:  # each round may decide what the next one needs
        before = list(found)
        for atom, symbol in enumerate(symbols):
            if not found[atom]:
                found[atom] = _type_of(symbol, around[atom], symbols, before, types)
        if found == before:
            break
    return found


def framework_atoms(molecules: IntArray) -> IntArray:
    """Return the indices of all atoms that are of no molecule."""
    of_none: IntArray = np.flatnonzero(molecules <= 0)
    return of_none


def _type_of(
    symbol: str,
    around: Sequence[int],
    symbols: Sequence[str],
    found: Sequence[str],
    types: Mapping[str, SiteType],
) -> str:
    fitting = [
        name
        for name, one in types.items()
        if one.neighbours is not None
        and one.element == symbol
        and _agree(one.neighbours, [(symbols[atom], found[atom]) for atom in around])
    ]
    return fitting[0] if len(fitting) == 1 else ""


def _agree(asked: Sequence[str], there: Sequence[tuple[str, str]]) -> bool:
    """Tell whether neighbours, each an element with its type, are those that are asked for."""
    if len(asked) != len(there):
        return False
    left = list(there)
    # Types first: an element is the looser condition.
    elements = {symbol for symbol, _ in there}
    for name in sorted(asked, key=elements.__contains__):
        match = next((each for each in left if name in each), None)
        if match is None:
            return False
        left.remove(match)
    return True
