"""Bonds and angles against a search that goes through everything."""

from collections import Counter
from itertools import permutations

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, molecule

from nearsight.models.graphs.angle_graph import AngleGraph, angle_graph
from nearsight.models.graphs.neighbor_graph import NeighborGraph, neighbor_graph
from nearsight.structures.pairs import pairs_of

CUTOFF_A, ANGLE_CUTOFF_A = 5.0, 2.8


def triclinic() -> Atoms:
    random = np.random.default_rng(4)
    cell = 3.1 * np.eye(3) + random.uniform(-0.7, 0.7, size=(3, 3))
    return Atoms("MgO", scaled_positions=[[0, 0, 0], [0.5, 0.45, 0.4]], cell=cell, pbc=True)


STRUCTURES = {
    "molecule": molecule("CH3CH2OH"),
    "one atom with its images": bulk("Cu"),
    "triclinic": triclinic(),
    "no neighbour": Atoms("He"),
    "no angle": Atoms("O2", positions=[(0, 0, 0), (0, 0, 1.2)]),
}


def graph_of(*structures: Atoms, dtype: torch.dtype = torch.float64) -> AngleGraph:
    return angle_graph(pairs_graph(*structures), ANGLE_CUTOFF_A).to(dtype, "cpu")


def pairs_graph(*structures: Atoms) -> NeighborGraph:
    return neighbor_graph(structures, [pairs_of(atoms, CUTOFF_A) for atoms in structures])


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("atoms", STRUCTURES.values(), ids=STRUCTURES.keys())
def test_pairs_are_those_of_the_neighbour_list_and_come_in_twos(
    atoms: Atoms, dtype: torch.dtype
) -> None:
    graph = graph_of(atoms, dtype=dtype)
    plain = pairs_graph(atoms).to(dtype, "cpu")
    assert counted_pairs(graph) == counted_pairs(plain)
    there, back = slice(0, graph.n_bonds), slice(graph.n_bonds, None)
    assert torch.equal(graph.senders[there], graph.receivers[back])
    vectors = graph.edge_vectors(graph.positions, graph.unstrained())
    assert torch.equal(vectors[there], -vectors[back])
    assert torch.equal(graph.bond_of_edge[there], graph.bond_of_edge[back])


def counted_pairs(graph: AngleGraph) -> Counter[tuple[int, ...]]:
    shifts = (graph.shifts * 1000).round().int().tolist()
    pairs = zip(graph.senders.tolist(), graph.receivers.tolist(), shifts, strict=True)
    return Counter((i, j, *shift) for i, j, shift in pairs)


@pytest.mark.parametrize("atoms", STRUCTURES.values(), ids=STRUCTURES.keys())
def test_angles_are_all_ordered_pairs_of_short_bonds_of_an_atom(atoms: Atoms) -> None:
    graph = graph_of(atoms)
    lengths = graph.edge_vectors(graph.positions, graph.unstrained()).norm(dim=1).tolist()
    senders = graph.senders.tolist()
    short = [edge for edge, length in enumerate(lengths) if length < ANGLE_CUTOFF_A]
    expected = {
        (first, second)
        for first, second in permutations(short, 2)
        if senders[first] == senders[second]
    }
    first = graph.short_edges[graph.first_arms].tolist()
    second = graph.short_edges[graph.second_arms].tolist()
    assert len(first) == len(expected)
    assert set(zip(first, second, strict=True)) == expected
    bonds = graph.bond_of_edge.tolist()
    assert [corner.tolist() for corner in graph.corners()] == [
        [senders[one] for one in first],
        [bonds[one] for one in first],
        [bonds[other] for other in second],
    ]
    assert graph.has_angles().tolist() == [len(expected) > 0]


def test_batch_is_the_graphs_side_by_side() -> None:
    structures = list(STRUCTURES.values())
    batch = graph_of(*structures)
    alone = [graph_of(atoms) for atoms in structures]
    assert batch.has_angles().tolist() == [True, True, True, False, False]
    owners = batch.structure_of_atom[batch.corners()[0]]
    counts = torch.bincount(owners, minlength=len(structures)).tolist()
    assert counts == [len(graph.first_arms) for graph in alone]
    assert batch.n_bonds == sum(graph.n_bonds for graph in alone)
