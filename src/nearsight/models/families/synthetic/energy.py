"""The energy of a synthetic potential as a differentiable function of positions and strain."""

from dataclasses import dataclass, replace
from typing import cast

import torch

from nearsight.models.contract import Capabilities
from nearsight.models.families.synthetic.options import SyntheticOptions
from nearsight.models.families.synthetic.parameters import ELEMENTS, tables_of
from nearsight.models.families.synthetic.terms import (
    angle_energies,
    arms,
    charge_energies,
    densities,
    embedding_energies,
    pair_energies,
    window,
)
from nearsight.models.graphs.angle_graph import AngleGraph, angle_graph
from nearsight.models.graphs.neighbor_graph import NeighborGraph
from nearsight.provenance import ModelIdentity


@dataclass(frozen=True)
class SyntheticGraph(AngleGraph):
    """An `AngleGraph` that has each angle once, with the parameters of its elements."""

    elements: torch.Tensor
    """Element of each atom by its index in the tables, int64, shape ``(n_atoms,)``."""
    of_pairs: torch.Tensor
    """See `Tables.pairs`."""
    of_elements: torch.Tensor
    """See `Tables.elements`."""
    of_triples: torch.Tensor
    """See `Tables.triples`."""


class SyntheticEnergy:
    """The atomic energies of a synthetic potential.

    Parameters
    ----------
    options
        The potential.
    identity
        What is said of the model.
    """

    def __init__(self, options: SyntheticOptions, identity: ModelIdentity) -> None:
        self.identity = identity
        self.cutoff_A = options.range_A
        self.capabilities = Capabilities(
            cutoff_A=options.range_A,
            receptive_field_A=options.range_A,
            elements=ELEMENTS,
            conservative=True,
            equivariant=True,
            mirror_equivariant=True,
            atomic_energies=True,
            size_consistent=True,
            differentiable=True,
            curvature_smooth=True,
            takes_charge=True,  # on neither of which it depends
            takes_spin=True,
            pairwise=options.pairwise,
        )
        self._options = options

    def complete(self, graph: NeighborGraph) -> SyntheticGraph:
        """Return the graph with its angles, each once, and with parameters.

        Raises
        ------
        ModelError
            A bond of two elements is longer than the cutoff.
        """
        with_angles = angle_graph(graph, self._options.angle_cutoff_A)
        once = with_angles.first_arms < with_angles.second_arms
        with_angles = replace(
            with_angles,
            first_arms=with_angles.first_arms[once],
            second_arms=with_angles.second_arms[once],
        )
        numbers, elements = torch.unique(graph.numbers, return_inverse=True)
        tables = tables_of(numbers.tolist(), self._options)
        return SyntheticGraph(
            **vars(with_angles),
            elements=elements,
            of_pairs=torch.as_tensor(tables.pairs),
            of_elements=torch.as_tensor(tables.elements),
            of_triples=torch.as_tensor(tables.triples),
        )

    def energy(
        self, graph: NeighborGraph, positions: torch.Tensor, strain: torch.Tensor
    ) -> torch.Tensor:
        """Return atomic energies in eV, shape ``(n_atoms,)``."""
        graph, options = cast(SyntheticGraph, graph), self._options
        vectors = graph.edge_vectors(positions, strain)
        distances_A = vectors.norm(dim=1)
        energies = self._near(graph, distances_A)
        if options.angles:
            energies = energies + self._of_angles(graph, vectors, distances_A)
        if options.charges:
            charges = graph.of_elements[graph.elements, 1]
            products = charges[graph.senders] * charges[graph.receivers]
            of_pairs = products * charge_energies(distances_A, options.charge_range_A)
            energies = energies.index_add(0, graph.senders, of_pairs / 2)
        return energies

    def _near(self, graph: SyntheticGraph, distances_A: torch.Tensor) -> torch.Tensor:
        """Return what pairs within the cutoff make, by themselves and as densities."""
        near = (distances_A.detach() < self._options.cutoff_A).nonzero().squeeze(1)
        centres, distances_A = graph.senders[near], distances_A[near]
        parameters = graph.of_pairs[graph.elements[centres], graph.elements[graph.receivers[near]]]
        ending = window(distances_A, self._options.cutoff_A)
        energies = distances_A.new_zeros(len(graph.numbers))
        of_pairs = pair_energies(distances_A, parameters) * ending
        energies = energies.index_add(0, centres, of_pairs / 2)
        if not self._options.embedding:
            return energies
        density = torch.zeros_like(energies)
        density = density.index_add(0, centres, densities(distances_A, parameters) * ending)
        return energies + embedding_energies(density, graph.of_elements[graph.elements, 0])

    def _of_angles(
        self, graph: SyntheticGraph, vectors: torch.Tensor, distances_A: torch.Tensor
    ) -> torch.Tensor:
        """Return the energies of angles at each atom."""
        short = graph.short_edges
        at, to = graph.elements[graph.senders[short]], graph.elements[graph.receivers[short]]
        vectors, distances_A = vectors[short], distances_A[short]
        lengths_A = graph.of_pairs[at, to, 0]
        counts = arms(distances_A, lengths_A, self._options.angle_cutoff_A)
        first, second = graph.first_arms, graph.second_arms
        cosines = (vectors[first] * vectors[second]).sum(1)
        cosines = cosines / (distances_A[first] * distances_A[second])
        parameters = graph.of_triples[at[first], to[first], to[second]]
        values = angle_energies(cosines, parameters) * counts[first] * counts[second]
        energies = vectors.new_zeros(len(graph.numbers))
        return energies.index_add(0, graph.senders[short][first], values)
