"""Neighbour graphs with undirected bonds and the angles between short ones."""

from dataclasses import dataclass, replace

import torch

from nearsight.models.graphs.neighbor_graph import NeighborGraph, neighbor_fields

_ZERO_A = 1e-6


@dataclass(frozen=True)
class AngleGraph(NeighborGraph):
    """A `NeighborGraph` whose pairs are the two directions of bonds, with angles between them.

    Pair k of the first half and pair ``n_bonds + k`` are bond k, there and back.
    """

    short_edges: torch.Tensor
    """Pairs shorter than the angle cutoff, by their first atom, int64, shape ``(n_short,)``."""
    first_arms: torch.Tensor
    """Index into `short_edges` of the first arm of each angle, int64, shape ``(n_angles,)``."""
    second_arms: torch.Tensor
    """The same of the second arm; every angle is there twice, once from each of its arms."""

    @property
    def n_bonds(self) -> int:
        """Number of undirected bonds."""
        return len(self.senders) // 2

    @property
    def bond_of_edge(self) -> torch.Tensor:
        """The bond of each pair, shape ``(n_edges,)``."""
        return torch.arange(self.n_bonds, device=self.senders.device).repeat(2)

    def corners(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the atom, the first and the second bond of each angle, shape ``(n_angles,)``."""
        first = self.short_edges[self.first_arms]
        second = self.short_edges[self.second_arms]
        bonds = self.bond_of_edge
        return self.senders[first], bonds[first], bonds[second]

    def has_angles(self) -> torch.Tensor:
        """Return whether each structure has any angle, shape ``(n_structures,)``."""
        found = self.senders.new_zeros(self.n_structures, dtype=torch.bool)
        found[self.structure_of_atom[self.corners()[0]]] = True
        return found


def angle_graph(graph: NeighborGraph, angle_cutoff_A: float) -> AngleGraph:
    """Return the graph with its pairs in order of bonds, and the angles between short ones.

    Angles are those between two bonds of an atom that are both shorter than `angle_cutoff_A` Å.

    Parameters
    ----------
    graph
        All pairs, best in double precision.
    angle_cutoff_A
        No larger than the distance up to which `graph` has all pairs.
    """
    pairs = _both_directions(graph)
    vectors = pairs.edge_vectors(pairs.positions, pairs.unstrained())
    short = torch.nonzero(vectors.square().sum(-1) < angle_cutoff_A**2).squeeze(-1)
    short = short[torch.argsort(pairs.senders[short], stable=True)]
    first, second = _pairs_within_groups(pairs.senders[short], len(pairs.numbers))
    return AngleGraph(
        **neighbor_fields(pairs), short_edges=short, first_arms=first, second_arms=second
    )


def _both_directions(graph: NeighborGraph) -> NeighborGraph:
    """Order the pairs so that the second half is the first one, backwards."""
    i, j, shifts = graph.senders, graph.receivers, graph.shifts
    # One direction of every bond, and the other one made from it: two that were found one by one
    # could differ by rounding, and one of them could be missing right at the cutoff.
    away = shifts.abs() > _ZERO_A
    leading = shifts.gather(1, away.int().argmax(1, keepdim=True)).squeeze(1)
    kept = torch.where(i == j, leading > 0, i < j)
    i, j, shifts = i[kept], j[kept], shifts[kept]
    return replace(
        graph,
        senders=torch.cat([i, j]),
        receivers=torch.cat([j, i]),
        shifts=torch.cat([shifts, -shifts]),
    )


def _pairs_within_groups(groups: torch.Tensor, n_groups: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return every ordered pair of two different members of a group; `groups` is sorted."""
    sizes = torch.bincount(groups, minlength=n_groups)
    starts = sizes.cumsum(0) - sizes
    partners = sizes[groups]
    members = torch.arange(len(groups), device=groups.device)
    first = members.repeat_interleave(partners)
    place = torch.arange(len(first), device=groups.device)
    place = place - (partners.cumsum(0) - partners).repeat_interleave(partners)
    second = starts[groups[first]] + place
    different = first != second
    return first[different], second[different]
