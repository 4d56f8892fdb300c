"""Formal charges of groups, from which those of fragments follow."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from nearsight.arrays import IntArray
from nearsight.structures.bonds import Bonds
from nearsight.structures.charge import charge_of
from nearsight.structures.metal_nodes import is_core_atom
from nearsight.structures.metals import ION_CHARGES
from nearsight.structures.multiple_bonds import MultipleBonds, is_terminal

# Charge of an ion without hydrogen; each hydrogen atom on it adds one.
_CORE_CHARGES = {1: -1, 7: -3, 8: -2, 9: -1, 16: -2, 17: -1, 34: -2, 35: -1, 53: -1, 52: -2}
# Number of terminal oxygen (or sulfur) atoms that are doubly bonded to an atom of this kind with so
# many neighbours; the others carry a negative charge each.
_DOUBLY_BOUND = {
    (6, 3): 1,
    (15, 4): 1,
    (16, 4): 2,
    (16, 3): 1,
    (17, 4): 3,
    (7, 2): 1,
    (6, 2): 2,
    (16, 2): 2,
}
# Charges by element and number of neighbours: borate, ammonium, oxonium and lone halides.
_IONS = {(5, 4): -1, (7, 4): 1, (8, 3): 1, **{(halogen, 0): -1 for halogen in (9, 17, 35, 53)}}


@dataclass(frozen=True)
class FormalCharges:
    """Formal charges, and where those of the metals are from."""

    groups: tuple[int, ...]
    """Charge of each group in units of e."""
    total: int
    """Charge of the structure (``atoms.info["charge"]``, else 0)."""
    reason: str
    """How the charges of the metals were decided."""


def formal_charges(
    bonds: Bonds, members: Sequence[Sequence[int]], multiple: MultipleBonds
) -> FormalCharges:
    """Return formal charges: ligands by their valences, metals so that the structure is neutral.

    Metals get the charges of their most common ions if these make the structure neutral (or what
    ``atoms.info["charge"]`` says); else, with one metal element, the same charge each if that is
    one its ions have; else those of the most common ions, with a remark on what is left.
    """
    atoms = bonds.atoms
    per_atom = np.array([_atom_charge(bonds, atom) for atom in range(len(atoms))], dtype=np.int64)
    for system in multiple.odd_systems:
        per_atom[system[0]] += _odd_charge(bonds, system)
    total = charge_of(atoms)
    metals = np.isin(atoms.numbers, list(ION_CHARGES))
    missing = total - int(per_atom[~metals].sum())
    per_atom[metals], reason = _metal_charges(atoms[metals], missing)
    groups = tuple(int(per_atom[list(group)].sum()) for group in members)
    return FormalCharges(groups, total, reason)


def _metal_charges(metals: Atoms, total: int) -> tuple[IntArray, str]:
    """Return the charges of metals that have `total` together, and how they were decided."""
    usual = np.array([ION_CHARGES[int(number)][0] for number in metals.numbers], dtype=np.int64)
    remaining = total - int(usual.sum())
    stated = "formal charges of the groups"
    if len(metals):
        names = ", ".join(
            f"{symbol} {ION_CHARGES[atomic_numbers[symbol]][0]:+d}"
            for symbol in sorted(set(metals.symbols))
        )
        stated = f"{stated}, {names}"
        each, rest = divmod(total, len(metals))
        alike = len(set(metals.symbols)) == 1 and rest == 0
        if remaining and alike and each in ION_CHARGES[int(metals.numbers[0])]:
            found = f"formal charges of the groups, {metals.symbols[0]} {each:+d} to balance them"
            return np.full(len(metals), each, dtype=np.int64), found
    if remaining:
        stated += f"; in all they leave the parent with {-remaining:+d} too much: check"
    return usual, stated


def _atom_charge(bonds: Bonds, atom: int) -> int:
    """Return the formal charge of an atom, zero for metals."""
    number = int(bonds.atoms.numbers[atom])
    neighbours = [other for other, *_ in bonds.covalent[atom]]
    if is_core_atom(bonds, atom):
        return _CORE_CHARGES.get(number, 0) + len(neighbours)
    ion = _IONS.get((number, len(neighbours)))
    if ion is not None:
        return ion
    if _is_cyanide(bonds, atom) or _is_pseudohalide(bonds, atom):
        return -1
    terminal = [
        other
        for other in neighbours
        if is_terminal(bonds, other) and bonds.atoms.numbers[other] in {8, 16}
    ]
    if number == 7 and len(neighbours) == 3:  # nitro, nitrate: one of the charges is on nitrogen
        return min(0, 2 - len(terminal))
    if number == 6 and _is_in_odd_ring_with_metal(bonds, terminal, neighbours):
        return -len(terminal)
    return min(0, _DOUBLY_BOUND.get((number, len(neighbours)), 0) - len(terminal))


def _is_in_odd_ring_with_metal(
    bonds: Bonds, terminal: Sequence[int], neighbours: Sequence[int]
) -> bool:
    """Whether the only terminal oxygen of an aryl carbon is bonded to a metal: a phenolate."""
    others = [other for other in neighbours if other not in terminal]
    unsaturated = all(
        bonds.atoms.numbers[other] == 6 and len(bonds.covalent[other]) == 3 for other in others
    )
    return (
        len(terminal) == 1
        and unsaturated
        and len(others) == 2
        and bool(bonds.metallic[terminal[0]])
    )


def _odd_charge(bonds: Bonds, system: Sequence[int]) -> int:
    """Return the charge of atoms that lack one electron for their double bonds.

    An anion if a metal is bonded to it or to the oxygen atoms of its carbonyl groups, as in an
    imidazolate or acetylacetonate; else a radical.
    """
    nearby = set(system)
    for atom in system:
        for other, *_ in bonds.covalent[atom]:
            nearby |= {
                other,
                *(end for end, *_ in bonds.covalent[other] if is_terminal(bonds, end)),
            }
    return -1 if any(bonds.metallic[atom] for atom in nearby) else 0


def _is_cyanide(bonds: Bonds, atom: int) -> bool:
    """Whether this is a carbon atom between nitrogen and a metal."""
    around = [int(bonds.atoms.numbers[other]) for other, *_ in bonds.covalent[atom]]
    return bool(bonds.atoms.numbers[atom] == 6 and around == [7] and bonds.metallic[atom])


def _is_pseudohalide(bonds: Bonds, atom: int) -> bool:
    """Whether this is the middle of azide, cyanate or thiocyanate."""
    numbers = bonds.atoms.numbers
    neighbours = [other for other, *_ in bonds.covalent[atom]]
    if len(neighbours) != 2 or not all(is_terminal(bonds, other) for other in neighbours):
        return False
    ends = sorted(int(numbers[other]) for other in neighbours)
    return (int(numbers[atom]), ends) in ((7, [7, 7]), (6, [7, 8]), (6, [7, 16]))
