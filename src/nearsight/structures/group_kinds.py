"""The names of groups."""

from collections import Counter
from collections.abc import Sequence

from ase import Atoms

from nearsight.structures.bonds import Bonds
from nearsight.structures.metals import METALS
from nearsight.structures.multiple_bonds import MultipleBonds

_BY_FORMULA = {
    "CH3": "methyl",
    "CH2": "methylene",
    "CH": "methine",
    "C": "carbon",
    "CO2": "carboxylate",
    "CHO2": "carboxyl",
    "CO": "carbonyl",
    "CHO": "aldehyde",
    "CN": "nitrile",
    "HO": "hydroxyl",
    "H2O": "water",
    "O": "ether",
    "H2N": "amino",
    "HN": "amino",
    "N": "amino",
    "NO2": "nitro",
    "S": "thioether",
    "HS": "thiol",
    "O3S": "sulfonate",
    "O3P": "phosphonate",
    "F": "halogen",
    "Cl": "halogen",
    "Br": "halogen",
    "I": "halogen",
}


def group_kind(
    bonds: Bonds, members: Sequence[int], of_rings: set[int], multiple: MultipleBonds
) -> str:
    """Return what a group is called.

    ``"metal node"``, ``"isolated atom"``, ``"ring"``, ``"fused rings"`` (a ring with what cannot be
    cut off it is called a ring), a functional group by its formula, ``"double bond"``,
    ``"triple bond"`` (of carbon atoms with two neighbours), or ``"other"``.
    """
    numbers = bonds.atoms.numbers
    if any(int(numbers[atom]) in METALS for atom in members):
        return "metal node"
    if len(members) == 1 and not bonds.covalent[members[0]] and not bonds.metallic[members[0]]:
        return "isolated atom"
    inside = {
        bond for atom in members for other, _, bond in bonds.covalent[atom] if other in set(members)
    }
    rings = inside & of_rings
    if rings:
        in_rings = {int(end) for bond in rings for end in (bonds.first[bond], bonds.second[bond])}
        return "ring" if len(rings) == len(in_rings) else "fused rings"
    named = _BY_FORMULA.get(_formula(bonds.atoms, members))
    if named is not None:
        return named
    found = inside & multiple.bonds
    if not found:
        return "other"
    ends = Counter(int(end) for bond in found for end in (bonds.first[bond], bonds.second[bond]))
    # the middle of an allene has two neighbours, too, but two double bonds with them
    is_triple = any(
        numbers[end] == 6 and len(bonds.covalent[end]) == 2 and count == 1
        for end, count in ends.items()
    )
    return "triple bond" if is_triple else "double bond"


def _formula(atoms: Atoms, members: Sequence[int]) -> str:
    formula: str = atoms[list(members)].get_chemical_formula()
    return formula
