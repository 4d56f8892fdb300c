"""Formal charges of groups, from which those of fragments follow."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nearsight.structures.bonds import Bonds
from nearsight.structures.metal_nodes import is_core_atom
from nearsight.structures.metals import USUAL_CHARGES
from nearsight.structures.multiple_bonds import MultipleBonds, is_terminal

# Charge of an ion without hydrogen; each hydrogen atom on it adds one.
_CORE_CHARGES = {1: -1, 7: -3, 8: -2, 9: -1, 16: -2, 17: -1, 34: -2, 35: -1, 53: -1, 52: -2}
# Number of terminal oxygen (or sulfur) atoms that are doubly bonded to an atom of this kind with so
# many neighbours; the others carry a negative charge each.
_DOUBLY_BOUND = {(6, 3): 1, (15, 4): 1, (16, 4): 2, (16, 3): 1, (17, 4): 3, (7, 2): 1}


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

    With one metal element all its atoms get the same charge, if that is a whole number. Otherwise
    metals get the charge of their most common ion.
    """
    atoms = bonds.atoms
    per_atom = np.array([_atom_charge(bonds, atom) for atom in range(len(atoms))], dtype=np.int64)
    for system in multiple.odd_rings:
        per_atom[system[0]] += _odd_ring_charge(bonds, system)
    total = int(atoms.info.get("charge", 0))
    metals = np.isin(atoms.numbers, list(USUAL_CHARGES))
    reason = "formal charges of its groups"
    if metals.any():
        usual = np.array([USUAL_CHARGES[int(number)] for number in atoms.numbers[metals]])
        missing = total - int(per_atom[~metals].sum())
        each, rest = divmod(missing, int(metals.sum()))
        element = set(atoms.symbols[metals])
        if usual.sum() == missing:
            per_atom[metals] = usual
            reason += f", usual ones of {', '.join(sorted(element))}"
        elif len(element) == 1 and rest == 0 and 0 <= each <= 8:
            per_atom[metals] = each
            reason += f", {element.pop()} {each:+d} for a parent of charge {total:+d}"
        else:
            per_atom[metals] = usual
            found = int(usual.sum()) - missing
            reason += (
                f", usual ones of {', '.join(sorted(element))}, which leave the parent with "
                f"{found:+d}: check"
            )
    groups = tuple(int(per_atom[list(group)].sum()) for group in members)
    return FormalCharges(groups, total, reason)


def _atom_charge(bonds: Bonds, atom: int) -> int:
    """Return the formal charge of an atom, zero for metals."""
    number = int(bonds.atoms.numbers[atom])
    neighbours = [other for other, *_ in bonds.covalent[atom]]
    if is_core_atom(bonds, atom):
        return _CORE_CHARGES.get(number, 0) + len(neighbours)
    if len(neighbours) == 4 and number in {5, 7}:
        return number - 6  # borate and ammonium
    terminal = [
        other
        for other in neighbours
        if is_terminal(bonds, other) and bonds.atoms.numbers[other] in {8, 16}
    ]
    if not terminal:
        return 0
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


def _odd_ring_charge(bonds: Bonds, system: Sequence[int]) -> int:
    """Return the charge of a ring system with one electron too few for its double bonds."""
    if any(bonds.metallic[atom] for atom in system):
        return -1
    hydrogens = [
        atom for atom in system if bonds.atoms.numbers[atom] == 7 and len(bonds.covalent[atom]) == 2
    ]
    return -1 if hydrogens else 0
