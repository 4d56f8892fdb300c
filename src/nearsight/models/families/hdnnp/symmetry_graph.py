"""Graphs with the pairs and triples of atoms that the symmetry functions of a potential look at."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from nearsight.hdnnp.symmetry_functions import NARROW
from nearsight.models.families.hdnnp.layout import AngularBlock, Layout, RadialBlock
from nearsight.models.graphs.neighbor_graph import NeighborGraph, neighbor_fields

_TRIPLES_AT_A_TIME = 2_000_000
"""Of all triples few may be looked at, where elements or cutoffs leave most of them out."""


@dataclass(frozen=True)
class SymmetryGraph(NeighborGraph):
    """A `NeighborGraph` with what each block of symmetry functions takes of it.

    Pairs, and triples, of all blocks are in one array, block after block.
    """

    elements: torch.Tensor
    """Element of each atom by its index in the potential, int64, shape ``(n_atoms,)``."""
    radial_edges: torch.Tensor
    """Pairs of radial blocks, int64."""
    first_arms: torch.Tensor
    """Pair from the centre to the first neighbour of each triple of angular blocks, int64."""
    second_arms: torch.Tensor
    """Pair from the centre to the second neighbour, whose element is no earlier one, int64."""
    radial_counts: tuple[int, ...]
    """Number of pairs of each radial block."""
    angular_counts: tuple[int, ...]
    """Number of triples of each angular block."""


def symmetry_graph(graph: NeighborGraph, layout: Layout, length_A: float) -> SymmetryGraph:
    """Return the graph with the pairs and triples that functions look at.

    Parameters
    ----------
    graph
        All pairs, in double precision on the CPU.
    layout
        The blocks of the potential.
    length_A
        Its unit of length in Å.
    """
    vectors = graph.edge_vectors(graph.positions, graph.unstrained()) / length_A
    elements = _indices(graph.numbers, layout.numbers)
    pairs = _Pairs(
        senders=graph.senders,
        vectors=vectors,
        distances=vectors.norm(dim=1),
        centres=elements[graph.senders],
        neighbours=elements[graph.receivers],
    )
    n_elements = len(layout.numbers)
    radial = [_edges_of(block, pairs, n_elements) for block in layout.radial]
    angular = [_triples_of(block, pairs, n_elements) for block in layout.angular]
    return SymmetryGraph(
        **neighbor_fields(graph),
        elements=elements,
        radial_edges=_joined(radial),
        first_arms=_joined([first for first, _ in angular]),
        second_arms=_joined([second for _, second in angular]),
        radial_counts=tuple(len(edges) for edges in radial),
        angular_counts=tuple(len(first) for first, _ in angular),
    )


@dataclass(frozen=True)
class _Pairs:
    """Pairs as blocks choose among them; lengths are in the potential's unit."""

    senders: torch.Tensor
    vectors: torch.Tensor
    distances: torch.Tensor
    centres: torch.Tensor
    """Element of the first atom, by its index."""
    neighbours: torch.Tensor
    """That of the second."""


def _edges_of(block: RadialBlock, pairs: _Pairs, n_elements: int) -> torch.Tensor:
    counts = torch.zeros((n_elements, n_elements), dtype=torch.bool)
    for elements in block.centres:
        counts[elements] = True
    chosen = counts[pairs.centres, pairs.neighbours] & (pairs.distances < block.cutoff.radius)
    return chosen.nonzero().squeeze(1)


def _triples_of(
    block: AngularBlock, pairs: _Pairs, n_elements: int
) -> tuple[torch.Tensor, torch.Tensor]:
    counts = torch.zeros((n_elements,) * 3, dtype=torch.bool)
    for elements in block.centres:
        counts[elements] = True
    near = (pairs.distances < block.cutoff.radius).nonzero().squeeze(1)
    # By centre, and there by element, so that the first arm has the earlier element.
    key = pairs.senders[near] * n_elements + pairs.neighbours[near]
    near = near[key.argsort(stable=True)]
    firsts, seconds = [near[:0]], [near[:0]]
    for first, second in _unordered(pairs.senders[near]):
        first, second = near[first], near[second]  # noqa: PLW2901
        chosen = counts[pairs.centres[first], pairs.neighbours[first], pairs.neighbours[second]]
        first, second = first[chosen], second[chosen]  # noqa: PLW2901
        if block.kind == NARROW:
            across = (pairs.vectors[second] - pairs.vectors[first]).norm(dim=1)
            chosen = across < block.cutoff.radius
            first, second = first[chosen], second[chosen]  # noqa: PLW2901
        firsts.append(first)
        seconds.append(second)
    return torch.cat(firsts), torch.cat(seconds)


def _unordered(groups: torch.Tensor) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield each two members of a group once, the earlier one first; `groups` is sorted."""
    if len(groups) == 0:
        return
    sizes = torch.bincount(groups)
    ends = sizes.cumsum(0)[groups]
    later = ends - torch.arange(len(groups)) - 1
    starts = _starts_of_portions(later)
    for start, end in zip(starts, [*starts[1:], len(groups)], strict=True):
        members = torch.arange(start, end)
        first = members.repeat_interleave(later[start:end])
        ahead = later[start:end].cumsum(0) - later[start:end]
        place = torch.arange(len(first)) - ahead.repeat_interleave(later[start:end])
        yield first, first + 1 + place


def _starts_of_portions(later: torch.Tensor) -> list[int]:
    """Return where to divide first arms, so that no portion has many triples."""
    portions = later.cumsum(0) // _TRIPLES_AT_A_TIME
    begins = torch.ones_like(portions, dtype=torch.bool)
    begins[1:] = portions[1:] != portions[:-1]
    starts: list[int] = begins.nonzero().squeeze(1).tolist()
    return starts


def _indices(numbers: torch.Tensor, known: tuple[int, ...]) -> torch.Tensor:
    """Return the index of the element of each atom."""
    return torch.searchsorted(torch.tensor(known), numbers)


def _joined(parts: list[torch.Tensor]) -> torch.Tensor:
    return torch.cat([torch.empty(0, dtype=torch.int64), *parts])
