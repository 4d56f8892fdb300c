"""Graphs as a PyTorch model takes them: of found or given pairs, completed, on its device."""

from collections.abc import Sequence
from typing import Protocol

import torch
from ase import Atoms

from nearsight.models.given_pairs import pairs_within
from nearsight.models.graphs.neighbor_graph import NeighborGraph, neighbor_graph
from nearsight.provenance import ModelIdentity
from nearsight.structures.pairs import Pairs


class TakesGraphs(Protocol):
    """What is common to energies and to forces that are predicted directly."""

    @property
    def identity(self) -> ModelIdentity:
        """Precision and device among others."""
        ...

    @property
    def cutoff_A(self) -> float:
        """Distance in Å up to which all pairs are needed."""
        ...

    def complete(self, graph: NeighborGraph) -> NeighborGraph:
        """Return the graph with what is needed beside pairs."""
        ...


def graph_of(
    network: TakesGraphs, structures: Sequence[Atoms], pairs: Sequence[Pairs] | None = None
) -> NeighborGraph:
    """Return the graph of a batch of structures on the network's device, in its precision.

    Which pairs and angles there are is decided in double precision: neighbours that are equally far
    are so there, and structures that differ by rounding have the same ones in both precisions.

    Raises
    ------
    ModelError
        `pairs` are those of other structures, or do not reach the cutoff.
    """
    identity = network.identity
    within = pairs_within(structures, pairs, network.cutoff_A, identity.name)
    graph = network.complete(neighbor_graph(structures, within))
    return graph.to(getattr(torch, identity.dtype), identity.device)
