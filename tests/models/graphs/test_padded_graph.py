"""Graphs of rounded sizes: what is in them, and that what was added is out of reach."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from nearsight.models.graphs.padded_graph import PaddedGraph, padded_graph, rounded_atoms
from nearsight.structures.neighbours import neighbour_pairs
from nearsight.structures.pairs import pairs_of


def graph_of(structures: list[Atoms], dtype: str) -> PaddedGraph:
    return padded_graph(structures, [pairs_of(atoms, 3.0) for atoms in structures], dtype)


def test_the_structures_come_first_and_in_order() -> None:
    crystal, cluster = bulk("MgO", "rocksalt", a=4.25), molecule("CH3OH")
    crystal.rattle(0.1, seed=1)
    graph = graph_of([crystal, cluster], "float64")
    assert graph.numbers[:8].tolist() == [12, 8, 6, 8, 1, 1, 1, 1]
    assert graph.structure_of_atom[:8].tolist() == [0, 0, 1, 1, 1, 1, 1, 1]
    pairs = [neighbour_pairs(atoms, 3.0) for atoms in (crystal, cluster)]
    first, second = (len(i) for i, _, _ in pairs)
    np.testing.assert_array_equal(graph.senders[:first], pairs[0][0])
    np.testing.assert_array_equal(graph.receivers[first : first + second], pairs[1][1] + 2)
    vectors = graph.edge_vectors(graph.positions, graph.unstrained)[: first + second]
    expected = np.concatenate(
        [
            atoms.positions[j] - atoms.positions[i] + shifts
            for atoms, (i, j, shifts) in zip((crystal, cluster), pairs, strict=True)
        ]
    )
    np.testing.assert_allclose(vectors, expected, rtol=0, atol=1e-14)


def test_added_pairs_are_out_of_reach_under_any_strain() -> None:
    atoms = molecule("H2O")
    graph = graph_of([atoms], "float32")
    assert len(graph.senders) == 64
    strained = graph.unstrained - 0.3 * np.eye(3, dtype="float32")
    lengths = np.linalg.norm(graph.edge_vectors(graph.positions, strained), axis=1)
    assert (lengths[:6] < 3).all()
    assert (lengths[6:] > 3).all()
    assert {graph.positions.dtype, graph.shifts.dtype} == {np.dtype("float32")}


def test_strain_moves_every_pair_of_its_own_structure() -> None:
    graph = graph_of([bulk("MgO", "rocksalt", a=4.25), molecule("H2O")], "float64")
    strain = np.zeros((2, 3, 3))
    strain[0] = [[0.1, 0.02, 0], [0.02, 0, 0.03], [0, 0.03, -0.1]]
    before = graph.edge_vectors(graph.positions, graph.unstrained)
    after = graph.edge_vectors(graph.positions, strain)
    of_crystal = graph.structure_of_atom[graph.senders] == 0
    expected = before[of_crystal] @ (np.eye(3) + strain[0])
    np.testing.assert_allclose(after[of_crystal], expected, rtol=0, atol=1e-14)
    np.testing.assert_array_equal(after[~of_crystal], before[~of_crystal])


@pytest.mark.parametrize("n_atoms", [1, 8, 9, 88, 106, 1000])
def test_sizes_are_few_and_little_is_added(n_atoms: int) -> None:
    rounded = rounded_atoms(n_atoms)
    assert n_atoms <= rounded < n_atoms + max(8, n_atoms / 8)
    sizes = {rounded_atoms(count) for count in range(1, n_atoms + 1)}
    assert len(sizes) <= 8 + 8 * max(np.log2(n_atoms / 64), 0) + 1


def test_graphs_of_similar_structures_have_the_same_shapes() -> None:
    shapes = set()
    for distance in (1.0, 2.9, 3.1):  # beyond the cutoff at the end
        atoms = Atoms("CO", positions=[(0, 0, 0), (0, 0, distance)])
        shapes.add(tuple(array.shape for array in graph_of([atoms], "float64")))
    assert len(shapes) == 1
