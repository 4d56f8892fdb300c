"""Neighbour graphs in which every atom has its nearest neighbours only, up to a number of them."""

from typing import TypeVar

import numpy as np
import torch

from nearsight.models.graphs.neighbor_graph import NeighborGraph

_SAME_DISTANCE_A = 1e-6
"""Neighbours that are equally far but for this much are told apart by their directions."""

Graph = TypeVar("Graph", bound=NeighborGraph)


def nearest_neighbours(graph: Graph, most: int) -> Graph:
    """Return `graph` with the nearest `most` pairs of each first atom i, in order of distance.

    A pair may be left in one direction only. Which pairs there are changes in steps when atoms
    move, and with it all that is computed from them. Of neighbours at the same distance those are
    taken that come first by the x, then y, then z component of their vectors, so that atoms which a
    translation of the crystal carries onto each other keep the same neighbours.

    Parameters
    ----------
    graph
        All pairs, best in double precision.
    most
        The number of neighbours that are kept, at least 1.
    """
    vectors = graph.edge_vectors(graph.positions, graph.unstrained()).cpu().numpy()
    steps = np.round(np.column_stack([np.linalg.norm(vectors, axis=1), vectors]) / _SAME_DISTANCE_A)
    senders = graph.senders.cpu().numpy()
    order = np.lexsort((*steps.T[::-1], senders))
    counts = np.bincount(senders, minlength=len(graph.numbers))
    rank = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    return graph.with_edges(torch.as_tensor(order[rank < most], device=graph.senders.device))
