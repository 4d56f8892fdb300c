"""Double and triple bonds, from valences rather than lengths.

Lengths of thermally distorted structures, or of another theory, do not tell a double bond; how
many neighbours its atoms have does. Every carbon atom with three neighbours and every nitrogen atom
with two takes part in one double bond; which ones is a matching of the graph of these atoms. Bonds
in small rings need no answer, since rings are never cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ase.data import covalent_radii

from nearsight.structures.bonds import Bonds

if TYPE_CHECKING:
    import networkx as nx

# By atomic number: how many single bonds leave nothing over.
_FULL = {6: 4, 7: 3}
# Two bonds of a delocalised system that are as long as each other are both kept.
_SAME_LENGTH_A = 0.02


@dataclass(frozen=True)
class MultipleBonds:
    """What is double or triple outside of rings, and which rings lack an electron for it."""

    bonds: frozenset[int]
    """Numbers of bonds."""
    odd_systems: tuple[tuple[int, ...], ...]
    """Atoms of rings and chains that cannot be paired, as in imidazolate and acetylacetonate."""


def is_terminal(bonds: Bonds, atom: int) -> bool:
    """Whether an atom has one covalent bond and is neither hydrogen nor a halogen."""
    return (
        len(bonds.covalent[atom]) == 1
        and int(bonds.atoms.numbers[atom]) in {6, 7, 8, 15, 16, 34, 52}
        and bonds.atoms.numbers[bonds.covalent[atom][0][0]] != 1
    )


def multiple_bonds(bonds: Bonds, of_rings: set[int]) -> MultipleBonds:
    """Find double and triple bonds outside of rings.

    Parameters
    ----------
    bonds
        All bonds of the structure.
    of_rings
        The numbers of those in small rings.
    """
    import networkx as nx

    triple, open_atoms = _triple_and_open(bonds)
    graph = nx.MultiGraph()
    graph.add_nodes_from(open_atoms)
    for bond, i, j, _ in bonds.each():
        if i in open_atoms and j in open_atoms and i != j and not bonds.of_metal[bond]:
            graph.add_edge(i, j, bond=bond, length=float(bonds.lengths_A[bond]))
    in_rings = {
        atom
        for bond in of_rings
        for atom in (int(bonds.first[bond]), int(bonds.second[bond]))
        if atom in open_atoms
    }
    odd = [
        tuple(sorted(system))
        for system in nx.connected_components(_ring_graph(graph, of_rings, in_rings))
        if not _is_paired(graph.subgraph(system))
    ]
    found = set(triple)
    anions: list[tuple[int, ...]] = []
    for chain in nx.connected_components(graph.subgraph(set(graph) - in_rings)):
        part = graph.subgraph(chain)
        if _is_paired(part):
            found |= _paired_bonds(part)
            continue
        # what is left over is shared with carbonyl groups, or with whatever is next to it
        enol = _to_carbonyl(bonds, chain)
        found |= enol or {data["bond"] for *_, data in graph.edges(chain, data=True)}
        if enol:
            anions.append(tuple(sorted(chain)))
    member = {atom: index for index, system in enumerate(odd) for atom in system}
    for i, j, data in graph.edges(data=True):
        if i in member and j in member and member[i] != member[j]:
            found.add(data["bond"])  # as in bifulvenylidene
    return MultipleBonds(frozenset(found - of_rings), (*odd, *anions))


def _triple_and_open(bonds: Bonds) -> tuple[set[int], set[int]]:
    """Return bonds of carbon atoms with two neighbours, and atoms that one double bond lacks."""
    triple, open_atoms = set(), set()
    numbers = bonds.atoms.numbers
    for atom, around in enumerate(bonds.covalent):
        full = _FULL.get(int(numbers[atom]))
        missing = 0 if full is None else full - len(around) - _to_metal_by_carbon(bonds, atom)
        if missing == 1 and not _has_terminal_partner(bonds, atom):
            open_atoms.add(atom)
        elif missing >= 2 and len(around) > 1:
            # alkynes and nitriles have one short bond, allenes and ketenes two
            excess = {bond: _excess_A(bonds, bond) for *_, bond in around}
            shortest = min(excess.values())
            triple |= {bond for bond, length in excess.items() if length < shortest + _OF_ALLENE_A}
    return triple, open_atoms


# In an alkyne the triple bond (1.20 Å) is shorter than the single one (1.43 Å, 1.37 between two
# triple bonds) by more than that; the two double bonds of a cumulene differ by less, beyond
# what radii explain.
_OF_ALLENE_A = 0.08


def _excess_A(bonds: Bonds, bond: int) -> float:
    """Return how much longer a bond is than the covalent radii together."""
    ends = bonds.atoms.numbers[[bonds.first[bond], bonds.second[bond]]]
    return float(bonds.lengths_A[bond] - covalent_radii[ends].sum())


def _to_metal_by_carbon(bonds: Bonds, atom: int) -> int:
    return int(bonds.atoms.numbers[atom] == 6 and len(bonds.metallic[atom]) == 1)


def _has_terminal_partner(bonds: Bonds, atom: int) -> bool:
    """Whether an atom's double bond goes to one with no other neighbour, as carbonyl oxygen."""
    return any(is_terminal(bonds, other) for other, *_ in bonds.covalent[atom])


def _to_carbonyl(bonds: Bonds, chain: set[int]) -> set[int]:
    """Return the bonds within a chain and to carbonyl carbon atoms, if there are any of these."""
    numbers = bonds.atoms.numbers
    carbonyl = {
        bond
        for atom in chain
        for other, _, bond in bonds.covalent[atom]
        if numbers[other] == 6
        and len(bonds.covalent[other]) == 3
        and _has_terminal_partner(bonds, other)
    }
    if not carbonyl:
        return set()
    return carbonyl | {
        bond for atom in chain for other, _, bond in bonds.covalent[atom] if other in chain
    }


def _ring_graph(graph: nx.MultiGraph, of_rings: set[int], in_rings: set[int]) -> nx.MultiGraph:
    import networkx as nx

    kept = nx.MultiGraph()
    kept.add_nodes_from(in_rings)
    kept.add_edges_from(
        (i, j, data) for i, j, data in graph.edges(data=True) if data["bond"] in of_rings
    )
    return kept


def _is_paired(part: nx.MultiGraph) -> bool:
    """Whether all atoms can be paired by double bonds."""
    import networkx as nx

    if len(part) % 2:
        return False
    return 2 * len(nx.max_weight_matching(nx.Graph(part), maxcardinality=True)) == len(part)


def _paired_bonds(part: nx.MultiGraph) -> set[int]:
    """Return the double bonds of a chain whose atoms can all be paired.

    A chain without cycles has one pairing. In a cycle, an infinite chain included, the
    shorter bonds are the double ones, all of them if there is no difference.
    """
    import networkx as nx

    simple = nx.Graph()
    for i, j, data in part.edges(data=True):
        if not simple.has_edge(i, j) or data["length"] < simple.edges[i, j]["length"]:
            simple.add_edge(i, j, **data, weight=10.0 - data["length"])
    pairs = nx.max_weight_matching(simple, maxcardinality=True)
    found = {simple.edges[pair]["bond"] for pair in pairs}
    if part.number_of_edges() == len(part) - 1:
        return found
    longest = max(simple.edges[pair]["length"] for pair in pairs)
    return found | {
        data["bond"]
        for *_, data in part.edges(data=True)
        if data["length"] <= longest + _SAME_LENGTH_A
    }
