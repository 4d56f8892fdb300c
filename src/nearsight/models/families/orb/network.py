"""The network of an Orb model, fed with neighbour graphs of ours."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch
from ase import Atoms
from orb_models.forcefield.base import AtomGraphs

from nearsight.errors import ModelError
from nearsight.models.engines.torch_model import ready_to_differentiate
from nearsight.models.graphs.nearest import nearest_neighbours
from nearsight.models.graphs.neighbor_graph import NeighborGraph, neighbor_graph
from nearsight.provenance import ModelIdentity

_N_ELEMENTS = 118
"""Length of the package's one-hot vectors, whose first place no element has."""


@dataclass(frozen=True)
class OrbGraph(NeighborGraph):
    """The nearest pairs within the cutoff, and the cells."""

    cells: torch.Tensor
    """Cell vectors (rows) in Å, shape ``(n_structures, 3, 3)``; zero without a cell."""


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

    def prepare(self, structures: Sequence[Atoms]) -> OrbGraph:
        """Return the graph of a batch of structures."""
        for atoms in structures:
            _require_same_options(atoms, self._identity)
        config = self.model.system_config
        # In double precision, which tells which neighbours are equally far.
        pairs = neighbor_graph(structures, config.radius, torch.float64, "cpu")
        nearest = nearest_neighbours(pairs, config.max_num_neighbors)
        cells = torch.stack([torch.as_tensor(atoms.cell.array) for atoms in structures])
        device = self._identity.device
        values = {field.name: getattr(nearest, field.name) for field in fields(NeighborGraph)}
        for name, value in values.items():
            if isinstance(value, torch.Tensor):
                dtype = self._dtype if value.is_floating_point() else value.dtype
                values[name] = value.to(dtype=dtype, device=device)
        return OrbGraph(**values, cells=cells.to(dtype=self._dtype, device=device))

    def batch(
        self, graph: NeighborGraph, positions: torch.Tensor, vectors: torch.Tensor
    ) -> AtomGraphs:
        """Return what the package's models take, with the pairs' `vectors` in Å as they are."""
        assert isinstance(graph, OrbGraph)
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


def _require_same_options(atoms: Atoms, identity: ModelIdentity) -> None:
    """Refuse a structure that says it has another charge or spin than the model was loaded for."""
    said: Mapping[str, Any] = atoms.info
    for key in ("charge", "spin"):
        if key in said and key in identity.options and said[key] != identity.options[key]:
            raise ModelError(
                f"{atoms.get_chemical_formula()} says {key} {said[key]} in its info, and "
                f"{identity.name} was loaded with {key}={identity.options[key]}; load it with the "
                f"structure's."
            )
