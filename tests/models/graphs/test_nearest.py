"""Neighbour graphs of the nearest neighbours only."""

import numpy as np
import torch
from ase import Atoms
from ase.build import bulk

from nearsight.models.graphs.nearest import nearest_neighbours
from nearsight.models.graphs.neighbor_graph import NeighborGraph, neighbor_graph
from nearsight.structures.pairs import pairs_of


def graph(structures: list[Atoms], cutoff_A: float = 6.0) -> NeighborGraph:
    return neighbor_graph(structures, [pairs_of(atoms, cutoff_A) for atoms in structures])


def lengths(pairs: NeighborGraph) -> np.ndarray:
    return pairs.edge_vectors(pairs.positions, pairs.unstrained()).norm(dim=1).numpy()


def test_every_atom_keeps_its_nearest(displaced_quartz: Atoms) -> None:
    silicon = bulk("Si", a=5.43)
    silicon.rattle(0.05, seed=2)
    pairs = graph([displaced_quartz, silicon])
    nearest = nearest_neighbours(pairs, 7)
    assert torch.bincount(nearest.senders).tolist() == [7] * 11
    for atom in range(11):
        of_atom = np.sort(lengths(pairs)[pairs.senders.numpy() == atom])
        np.testing.assert_array_equal(
            lengths(nearest)[nearest.senders.numpy() == atom], of_atom[:7]
        )


def test_all_are_kept_where_there_are_fewer(displaced_water: Atoms) -> None:
    pairs = graph([displaced_water])
    nearest = nearest_neighbours(pairs, 7)
    assert len(nearest.senders) == 6
    np.testing.assert_allclose(np.sort(lengths(nearest)), np.sort(lengths(pairs)))


def test_among_equal_distances_every_copy_of_an_atom_keeps_the_same() -> None:
    crystal = bulk("Si", a=5.469)
    once = nearest_neighbours(graph([crystal]), 10)  # 4, then 6 of 12
    many = crystal * (2, 3, 2)
    many.positions += (0.123, 4.5, -7.8)
    thrice = nearest_neighbours(graph([many]), 10)

    def vectors(pairs: NeighborGraph, atom: int) -> np.ndarray:
        found = pairs.edge_vectors(pairs.positions, pairs.unstrained())
        return found[pairs.senders == atom].numpy()

    for atom in range(24):
        np.testing.assert_allclose(vectors(thrice, atom), vectors(once, atom % 2), atol=1e-12)
