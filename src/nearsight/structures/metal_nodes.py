"""Metal nodes: metals with the small anions between them."""

from collections import defaultdict
from itertools import pairwise

from nearsight.structures.bonds import Bonds, Image, minus, plus

# Edges between atoms that belong to one group: atom, atom, image of the second.
Edge = tuple[int, int, Image]


def is_core_atom(bonds: Bonds, atom: int) -> bool:
    """Whether an atom is an anion by itself: oxo, hydroxo, halide, hydride; water is none."""
    if not bonds.metallic[atom]:
        return False
    others = [int(bonds.atoms.numbers[other]) for other, *_ in bonds.covalent[atom]]
    is_water = bonds.atoms.numbers[atom] in {7, 8} and len(others) >= 2
    return set(others) <= {1} and not is_water


def node_edges(bonds: Bonds, metals: set[int]) -> list[Edge]:
    """Return what holds the atoms of metal nodes together.

    Metals belong to one node if they are bonded, share an atom, or are bridged by O-X-O
    (carboxylate, phosphonate, sulfonate) or by N-N (pyrazolate). Core anions belong to the node,
    and so does a carbon atom that is bonded to a metal (organometallic bonds are not cut).
    """
    edges: list[Edge] = []
    for bond, i, j, image in bonds.each():
        if not bonds.of_metal[bond]:
            continue
        both = i in metals and j in metals
        ligand = j if i in metals else i
        if both or is_core_atom(bonds, ligand) or bonds.atoms.numbers[ligand] == 6:
            edges.append((i, j, image))
    for bridge in _bridges(bonds, metals):
        edges += [
            (one, other, plus(at, minus(start)))
            for (one, start), (other, at) in pairwise(sorted(bridge))
        ]
    return edges


def _bridges(bonds: Bonds, metals: set[int]) -> list[set[tuple[int, Image]]]:
    """Return sets of metals, with their images, that a small ligand holds together."""
    numbers = bonds.atoms.numbers
    found: dict[tuple[str, int], set[tuple[int, Image]]] = defaultdict(set)
    for atom, around in enumerate(bonds.metallic):
        if atom in metals or numbers[atom] == 6 or not around:
            continue
        found["shared", atom] |= {(metal, at) for metal, at, _ in around}
        for centre, at, _ in bonds.covalent[atom]:
            if numbers[atom] in {8, 16} and len(bonds.covalent[atom]) == 1 and numbers[centre] != 1:
                found["centre", centre] |= {
                    (metal, plus(minus(at), step)) for metal, step, _ in around
                }
    for bond, i, j, image in bonds.each():
        if numbers[i] == numbers[j] == 7 and not bonds.of_metal[bond]:
            found["pair", bond] |= {(metal, at) for metal, at, _ in bonds.metallic[i]}
            found["pair", bond] |= {(metal, plus(image, at)) for metal, at, _ in bonds.metallic[j]}
    return [bridge for bridge in found.values() if len(bridge) > 1]
