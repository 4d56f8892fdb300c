"""The network of an Orb model, fed with neighbour graphs of ours."""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from orb_models.forcefield.base import AtomGraphs

from nearsight.models.engines.torch_model import ready_to_differentiate
from nearsight.models.graphs.nearest import nearest_neighbours
from nearsight.models.graphs.neighbor_graph import NeighborGraph
from nearsight.provenance import ModelIdentity

_N_ELEMENTS = 118
"""Length of the package's one-hot vectors, whose first place no element has."""


class OrbNetwork:
    """A model of the package, and the graphs that it takes.

    Parameters
    ----------
    model
        What `orb_weights.build` returned.
    identity
        Precision, device and, for a model that takes them, charge and spin multiplicity.
    """

    def __init__(self, model: Any, identity: ModelIdentity) -> None:
        self.model = ready_to_differentiate(model, identity)
        self._identity = identity
        self._dtype = getattr(torch, identity.dtype)

    @contextlib.contextmanager
    def precision(self) -> Iterator[None]:
        """Let the package compute in the model's precision.

        Its repulsion and the activations of version 2 take some of their constants in that of the
        process, whatever the model's is.
        """
        before = torch.get_default_dtype()
        torch.set_default_dtype(self._dtype)
        try:
            yield
        finally:
            torch.set_default_dtype(before)

    @property
    def cutoff_A(self) -> float:
        """Distance in Å beyond which atoms are no neighbours."""
        return float(self.model.system_config.radius)

    def complete(self, graph: NeighborGraph) -> NeighborGraph:
        """Return the graph of the nearest neighbours only."""
        return nearest_neighbours(graph, self.model.system_config.max_num_neighbors)

    def batch(
        self, graph: NeighborGraph, positions: torch.Tensor, vectors: torch.Tensor
    ) -> AtomGraphs:
        """Return what the package's models take, with the pairs' `vectors` in Å as they are."""
        n, device = graph.n_structures, graph.numbers.device
        sizes = torch.tensor(graph.atoms_per_structure, device=device)
        owners = graph.structure_of_atom[graph.senders]
        one_hot = torch.nn.functional.one_hot(graph.numbers, _N_ELEMENTS).to(self._dtype)
        of_structures = {"cell": graph.cells}
        for key, feature in (("charge", "total_charge"), ("spin", "total_spin")):
            value = self._identity.options.get(key)
            if isinstance(value, int):
                of_structures[feature] = positions.new_full((n,), value)
        return AtomGraphs(
            senders=graph.senders,
            receivers=graph.receivers,
            n_node=sizes,
            n_edge=torch.bincount(owners, minlength=n),
            node_features={
                "positions": positions,
                "atomic_numbers": graph.numbers,
                "atomic_numbers_embedding": one_hot,
            },
            edge_features={"vectors": vectors},
            system_features=of_structures,
            node_targets={},
            edge_targets={},
            system_targets={},
            system_id=None,
            fix_atoms=None,
            tags=None,
            radius=self.model.system_config.radius,
            max_num_neighbors=torch.full_like(sizes, self.model.system_config.max_num_neighbors),
        )
