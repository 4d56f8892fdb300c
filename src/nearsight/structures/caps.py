"""Hydrogen atoms in place of what a fragment leaves out."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from ase.data import chemical_symbols, covalent_radii

from nearsight.arrays import FloatArray
from nearsight.structures.bonds import minus, plus
from nearsight.structures.groups import GroupBond, Groups
from nearsight.structures.places import Place, position

DEFAULT_CAP_LENGTHS_A: Mapping[str, float] = MappingProxyType(
    {
        "B": 1.19,
        "C": 1.05,
        "N": 1.01,
        "O": 0.97,
        "Si": 1.48,
        "P": 1.42,
        "S": 1.34,
        "Ge": 1.53,
        "As": 1.51,
        "Se": 1.46,
        "Te": 1.66,
    }
)
"""Bond of a capping hydrogen atom with an atom of this element.

C-H: 1.05 Å, M. Herbold and J. Behler, J. Chem. Phys. 156, 114106 (2022), doi:10.1063/5.0082952. The
others are bonds of the hydrides (water 0.96, silane 1.48, phosphine 1.42, hydrogen sulfide 1.34 Å).
Elements that are not listed get the sum of the covalent radii.
"""

_SAME_DISTANCE_A = 1e-3


@dataclass(frozen=True)
class Cap:
    """One capping hydrogen atom."""

    anchor: Place
    """The kept atom to which it is bonded."""
    replaced: Place
    """The atom in whose direction it is."""
    position_A: FloatArray
    is_proton: bool
    """Whether it takes the place of a metal on an anion, and so adds a positive charge."""


def find_caps(
    groups: Groups, kept: set[Place], lengths_A: Mapping[str, float], site_A: FloatArray
) -> list[Cap]:
    """Return the caps of a fragment that holds the groups `kept`, each with its lattice vector.

    Every cut covalent bond gets a hydrogen atom. An anion of which no metal is kept gets as
    many as it has charges, each on another atom, in the direction of a metal: the one farthest
    from the site, then of the shortest bond. A neutral ligand gets none.
    """
    caps = []
    for here in sorted(kept):
        group, at = here
        cut, metals = [], 0
        for bond, other, step in groups.neighbours[group]:
            place = (other, plus(at, step))
            if place in kept:
                metals += bond.coordination
            elif bond.coordination:
                cut.append(_cap(groups, bond, here, place, lengths_A))
            else:
                caps.append(_cap(groups, bond, here, place, lengths_A))
        if cut and metals == 0:
            caps += _protons(groups, cut, -groups.charges.groups[group], site_A)
    return caps


def _cap(
    groups: Groups,
    bond: GroupBond,
    here: Place,
    other: Place,
    lengths_A: Mapping[str, float],
) -> Cap:
    group, at = here
    ends = (bond.i, bond.j)
    if groups.labels[bond.i] == groups.labels[bond.j]:
        # a group bonded to its own image: the end here is told by the side the other one is on
        step = plus(bond.image, plus(groups.image(bond.i), minus(groups.image(bond.j))))
        ends = ends if plus(at, step) == other[1] else ends[::-1]
    elif groups.labels[bond.i] != group:
        ends = ends[::-1]
    anchor = (ends[0], plus(at, groups.image(ends[0])))
    replaced = (ends[1], plus(other[1], groups.image(ends[1])))
    start = position(groups.atoms, anchor)
    bond_vector = position(groups.atoms, replaced) - start
    number = int(groups.atoms.numbers[anchor[0]])
    length = lengths_A.get(chemical_symbols[number], covalent_radii[number] + covalent_radii[1])
    place = start + length * bond_vector / np.linalg.norm(bond_vector)
    return Cap(anchor, replaced, place, bond.coordination)


def _protons(groups: Groups, cut: list[Cap], n_protons: int, site_A: FloatArray) -> list[Cap]:
    def order(cap: Cap) -> tuple[int, int, Place, Place]:
        from_site = float(np.linalg.norm(cap.position_A - site_A))
        bond = position(groups.atoms, cap.replaced) - position(groups.atoms, cap.anchor)
        # Rounded, so that rounding errors do not choose between equivalent atoms.
        return (
            -round(from_site / _SAME_DISTANCE_A),
            round(float(np.linalg.norm(bond)) / _SAME_DISTANCE_A),
            cap.anchor,
            cap.replaced,
        )

    chosen: list[Cap] = []
    for cap in sorted(cut, key=order):
        if len(chosen) < n_protons and all(cap.anchor != other.anchor for other in chosen):
            chosen.append(cap)
    return chosen
