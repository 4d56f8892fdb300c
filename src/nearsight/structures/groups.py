"""Groups of atoms that a fragment keeps or leaves out as a whole."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from ase import Atoms
from ase.geometry import find_mic

from nearsight.arrays import IntArray
from nearsight.errors import StructureError
from nearsight.structures.bonds import (
    Bonds,
    Image,
    as_image,
    find_bonds,
    minus,
    plus,
    whole_numbers,
)
from nearsight.structures.formal_charges import FormalCharges, formal_charges
from nearsight.structures.group_kinds import group_kind
from nearsight.structures.metal_nodes import Edge, node_edges
from nearsight.structures.metals import METALS
from nearsight.structures.multiple_bonds import MultipleBonds, is_terminal, multiple_bonds
from nearsight.structures.rings import ring_bonds

_ORIGIN: Image = (0, 0, 0)


@dataclass(frozen=True)
class GroupBond:
    """A bond between two groups, which may be cut."""

    i: int
    """Atom; the metal, if there is one."""
    j: int
    image: Image
    """Lattice vector that is added to atom j where the structure has it."""
    coordination: bool
    """Whether a metal is at one end; else it is a covalent single bond."""


@dataclass(frozen=True)
class Groups:
    """A structure as groups that must not be cut, and the bonds between them that may be."""

    atoms: Atoms
    labels: IntArray
    """Group of each atom, shape ``(n_atoms,)``; groups are counted in the order of their atoms."""
    images: IntArray
    """Lattice vector to be added to an atom so that its group is in one piece, ``(n_atoms, 3)``."""
    kinds: tuple[str, ...]
    """What each group is: ``"ring"``, ``"carboxylate"``, ``"metal node"``, ``"methylene"``, ..."""
    bonds: tuple[GroupBond, ...]
    charges: FormalCharges
    """Formal charge of each group."""

    def __len__(self) -> int:
        return len(self.kinds)

    @cached_property
    def members(self) -> tuple[IntArray, ...]:
        """The atoms of each group."""
        return tuple(np.flatnonzero(self.labels == group) for group in range(len(self)))

    @cached_property
    def neighbours(self) -> tuple[tuple[tuple[GroupBond, int, Image], ...], ...]:
        """For each group its bonds, what is on their other side, and where.

        The lattice vector is that of the other group if this one is at the origin, both in the
        pieces that `images` makes of them.
        """
        found: list[list[tuple[GroupBond, int, Image]]] = [[] for _ in range(len(self))]
        for bond in self.bonds:
            one, other = int(self.labels[bond.i]), int(self.labels[bond.j])
            step = plus(bond.image, plus(self.image(bond.i), minus(self.image(bond.j))))
            found[one].append((bond, other, step))
            found[other].append((bond, one, minus(step)))
        return tuple(tuple(entries) for entries in found)

    def image(self, atom: int) -> Image:
        """Return the row of `images` as a tuple."""
        a, b, c = self.images[atom].tolist()
        return a, b, c


def find_groups(atoms: Atoms, *, own: Sequence[Sequence[int]] = ()) -> Groups:
    """Divide a structure into groups that must not be cut.

    Cut are covalent single bonds with carbon at one end, and bonds between metals and their
    ligands. Never cut are bonds of hydrogen, between two atoms other than carbon, in rings of up to
    eight atoms, double and triple bonds, those of atoms with no other neighbour (C=O, S=O, C-O⁻),
    those of a carbonyl carbon to oxygen, nitrogen or sulfur (carboxylate, ester, amide), and those
    of carbon to a metal. A metal node holds metals that share an atom or a carboxylate, with their
    oxo, hydroxo and halide ions.

    Parameters
    ----------
    atoms
        A molecule or a crystal; it stays as it is.
    own
        Lists of atom indices, counted from 0, each kept in one piece together with the groups
        that it touches.

    Raises
    ------
    StructureError
        The structure cannot be calculated or is disordered, `own` names an atom that is not there,
        or a group is connected with its own periodic image, so that there is no bond to cut (a
        metal, a zeolite, an ionic crystal, a rod of metals).

    Examples
    --------
    >>> from ase.build import molecule
    >>> from nearsight.structures import find_groups
    >>> groups = find_groups(molecule("CH3CH2OCH3"))
    >>> groups.kinds
    ('ether', 'methylene', 'methyl', 'methyl')
    >>> [members.tolist() for members in groups.members]
    [[0], [1, 4, 5], [2, 6, 7, 8], [3, 9, 10, 11]]
    """
    bonds = find_bonds(atoms)
    metals = set(np.flatnonzero(np.isin(atoms.numbers, list(METALS))).tolist())
    of_rings = ring_bonds(bonds)
    multiple = multiple_bonds(bonds, of_rings)
    held = [
        (i, j, image)
        for bond, i, j, image in bonds.each()
        if not bonds.of_metal[bond] and _is_kept(bonds, bond, of_rings, multiple)
    ]
    edges = held + node_edges(bonds, metals) + _own_edges(atoms, own)
    labels, images = _pieces(atoms, edges)
    members = [np.flatnonzero(labels == group).tolist() for group in range(int(labels.max()) + 1)]
    kinds = tuple(group_kind(bonds, group, of_rings, multiple) for group in members)
    between = tuple(
        _group_bond(i, j, image, metals)
        for _, i, j, image in bonds.each()
        if not _is_inside(labels, images, i, j, image)
    )
    charges = formal_charges(bonds, members, multiple)
    return Groups(atoms.copy(), labels, images, kinds, between, charges)


def _is_kept(bonds: Bonds, bond: int, of_rings: set[int], multiple: MultipleBonds) -> bool:
    """Whether a covalent bond is never cut."""
    i, j = int(bonds.first[bond]), int(bonds.second[bond])
    pair = (int(bonds.atoms.numbers[i]), int(bonds.atoms.numbers[j]))
    return (
        1 in pair
        or 6 not in pair
        or bond in of_rings
        or bond in multiple.bonds
        or is_terminal_hetero(bonds, i)
        or is_terminal_hetero(bonds, j)
        or _is_acyl(bonds, i, pair[1])
        or _is_acyl(bonds, j, pair[0])
    )


def is_terminal_hetero(bonds: Bonds, atom: int) -> bool:
    """Whether an atom other than carbon has one covalent bond, as oxygen in C=O or C-O⁻."""
    return is_terminal(bonds, atom) and bonds.atoms.numbers[atom] != 6


def _is_acyl(bonds: Bonds, carbon: int, partner: int) -> bool:
    """Whether `carbon` is a carbonyl's and its partner in a bond is O, N or S."""
    return (
        bonds.atoms.numbers[carbon] == 6
        and partner in {7, 8, 16}
        and len(bonds.covalent[carbon]) == 3
        and any(is_terminal_hetero(bonds, other) for other, *_ in bonds.covalent[carbon])
    )


def _own_edges(atoms: Atoms, own: Sequence[Sequence[int]]) -> list[Edge]:
    """Return edges that join each list, every atom with the nearest one before it."""
    edges: list[Edge] = []
    for given in own:
        for atom in given:
            if not 0 <= atom < len(atoms):
                raise StructureError(
                    f"A group of one's own names atom {atom}, but the structure has atoms 0 to "
                    f"{len(atoms) - 1}; correct the list {list(given)}."
                )
        edges += [_nearest(atoms, given[k], given[:k]) for k in range(1, len(given))]
    return edges


def _nearest(atoms: Atoms, atom: int, others: Sequence[int]) -> Edge:
    # Along directions that are not periodic the cell may be anything; there are no images there.
    cell = np.where(atoms.pbc[:, np.newaxis], atoms.cell.array, 0.0)
    between = atoms.positions[list(others)] - atoms.positions[atom]
    vectors, lengths = find_mic(between, cell, atoms.pbc)
    closest = int(np.argmin(lengths))
    image = whole_numbers(atoms, (vectors - between)[[closest]])[0]
    return atom, others[closest], as_image(image)


def _pieces(atoms: Atoms, edges: Sequence[Edge]) -> tuple[IntArray, IntArray]:
    """Return the connected piece of each atom, and the lattice vector that puts it together."""
    around: list[list[tuple[int, Image]]] = [[] for _ in range(len(atoms))]
    for i, j, image in edges:
        around[i].append((j, image))
        around[j].append((i, minus(image)))
    labels = np.full(len(atoms), -1, dtype=np.int64)
    images = np.zeros((len(atoms), 3), dtype=np.int64)
    places: dict[int, Image] = {}
    n_groups = 0
    for root in range(len(atoms)):
        if root in places:
            continue
        places[root] = _ORIGIN
        waiting = deque([root])
        group = [root]
        while waiting:
            atom = waiting.popleft()
            for other, step in around[atom]:
                at = plus(places[atom], step)
                if other not in places:
                    places[other] = at
                    waiting.append(other)
                    group.append(other)
                elif places[other] != at:
                    _refuse_spanning(atoms, root, around)
        labels[group] = n_groups
        n_groups += 1
    for atom, place in places.items():
        images[atom] = place
    return labels, images


def _refuse_spanning(atoms: Atoms, root: int, around: list[list[tuple[int, Image]]]) -> None:
    piece, waiting = {root}, [root]
    while waiting:
        for other, _ in around[waiting.pop()]:
            if other not in piece:
                piece.add(other)
                waiting.append(other)
    formula = atoms[sorted(piece)].get_chemical_formula()
    raise StructureError(
        f"Atom {root} ({atoms[root].symbol}) belongs to a group ({formula}) that spans the "
        f"crystal: it is connected with its own periodic image by bonds for which no capping is "
        f"defined, as in a metal, an ionic crystal, a zeolite, or a rod of metals. Calculate it as "
        f"a periodic supercell; if a list of own groups joins it, shorten that list."
    )


def _is_inside(labels: IntArray, images: IntArray, i: int, j: int, image: Image) -> bool:
    """Whether a bond is between two atoms of the same group at the same place."""
    return bool(labels[i] == labels[j] and (images[i] + image == images[j]).all())


def _group_bond(i: int, j: int, image: Image, metals: set[int]) -> GroupBond:
    if j in metals:
        return GroupBond(j, i, minus(image), coordination=True)
    return GroupBond(i, j, image, coordination=i in metals)
