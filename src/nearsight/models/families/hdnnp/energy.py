"""Symmetry functions and networks of a potential in PyTorch, differentiable any number of times."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch.nn import functional

from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import ModelError
from nearsight.hdnnp.potential import ElementPotential, Potential
from nearsight.hdnnp.symmetry_functions import NARROW
from nearsight.models.contract import Capabilities
from nearsight.models.families.hdnnp.cutoffs import cutoff_values
from nearsight.models.families.hdnnp.layout import AngularBlock, Gaussian, RadialBlock, layout_of
from nearsight.models.families.hdnnp.repulsion import TorchRepulsion
from nearsight.models.families.hdnnp.symmetry_graph import SymmetryGraph, symmetry_graph
from nearsight.models.graphs.neighbor_graph import NeighborGraph
from nearsight.provenance import ModelIdentity

_EXACT_SOFTPLUS = 40.0
"""Beyond it ln(1 + e^x) is x in double precision; PyTorch's own threshold of 20 is 2e-9 off."""

_BEYOND_RANGE = 1000
"""n2p2 counts an extrapolation beyond the range by more than this many times the precision."""

_ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "l": lambda x: x,
    "t": torch.tanh,
    "s": torch.sigmoid,
    "S": lambda x: torch.sigmoid(-x),
    "p": lambda x: functional.softplus(x, threshold=_EXACT_SOFTPLUS),
    "r": torch.relu,
    "g": lambda x: torch.exp(-x.square() / 2),
    "c": torch.cos,
    "e": lambda x: torch.exp(-x),
    "h": torch.square,
}


class HdnnpEnergy:
    """The atomic energies of a potential as a function of positions and strain.

    Parameters
    ----------
    potential
        The potential.
    identity, capabilities
        What is said about it.
    """

    def __init__(
        self, potential: Potential, identity: ModelIdentity, capabilities: Capabilities
    ) -> None:
        self.identity = identity
        self.capabilities = capabilities
        self.cutoff_A = potential.cutoff_A
        self._length_A = potential.units.length_A
        self._layout = layout_of(potential)
        self._elements = [
            _tensors(potential, one, columns, identity)
            for one, columns in zip(potential.elements, self._layout.columns, strict=True)
        ]
        self._repulsion = (
            None if potential.repulsion is None else TorchRepulsion(potential, identity)
        )

    def complete(self, graph: NeighborGraph) -> SymmetryGraph:
        """Return the graph with the pairs and triples that symmetry functions look at."""
        return symmetry_graph(graph, self._layout, self._length_A)

    def energy(
        self, graph: NeighborGraph, positions: torch.Tensor, strain: torch.Tensor
    ) -> torch.Tensor:
        """Return atomic energies in eV, shape ``(n_atoms,)``."""
        graph = cast(SymmetryGraph, graph)
        table = self._table(graph, positions, strain)
        energies = positions.new_zeros(len(graph.numbers))
        for index, element in enumerate(self._elements):
            own = (graph.elements == index).nonzero().squeeze(1)
            if len(own):
                energies = energies.index_add(0, own, element.energies(table[own]))
        if self._repulsion is not None:
            distances_A = graph.edge_vectors(positions, strain).norm(dim=1)
            energies = self._repulsion.add(energies, graph, distances_A)
        return energies

    def extrapolations(self, graph: NeighborGraph) -> IntArray:
        """Return how many functions of each atom are beyond their range, shape ``(n_atoms,)``."""
        graph = cast(SymmetryGraph, graph)
        with torch.no_grad():
            table = self._table(graph, graph.positions, graph.unstrained())
            counts = torch.zeros_like(graph.elements)
            for index, element in enumerate(self._elements):
                own = (graph.elements == index).nonzero().squeeze(1)
                counts[own] = element.beyond(table[own]).sum(dim=1)
        return counts.cpu().numpy()

    def _table(
        self, graph: SymmetryGraph, positions: torch.Tensor, strain: torch.Tensor
    ) -> torch.Tensor:
        """Return the sums of all blocks of each atom, shape ``(n_atoms, n_columns)``."""
        vectors = graph.edge_vectors(positions, strain) / self._length_A
        geometry = _Geometry(graph, vectors, vectors.norm(dim=1), len(self._elements))
        edges = graph.radial_edges.split(graph.radial_counts)
        radial = [
            _radial_sums(block, geometry, own)
            for block, own in zip(self._layout.radial, edges, strict=True)
        ]
        first = graph.first_arms.split(graph.angular_counts)
        second = graph.second_arms.split(graph.angular_counts)
        angular = [
            _angular_sums(block, geometry, *arms)
            for block, *arms in zip(self._layout.angular, first, second, strict=True)
        ]
        return torch.cat([*radial, *angular], dim=1)


@dataclass(frozen=True)
class _Geometry:
    """Pairs of atoms where they are now; lengths are in the potential's unit."""

    graph: SymmetryGraph
    vectors: torch.Tensor
    distances: torch.Tensor
    n_elements: int

    def neighbours(self, edges: torch.Tensor) -> torch.Tensor:
        """Return the element of the second atom of each pair."""
        return self.graph.elements[self.graph.receivers[edges]]

    def summed(
        self, values: torch.Tensor, edges: torch.Tensor, slots: torch.Tensor, n_slots: int
    ) -> torch.Tensor:
        """Return sums over the pairs that `edges` are the first arms of, by atom and slot."""
        n_atoms = len(self.graph.numbers)
        places = self.graph.senders[edges] * n_slots + slots
        sums = values.new_zeros((n_atoms * n_slots, values.shape[1]))
        return sums.index_add(0, places, values).reshape(n_atoms, -1)


def _radial_sums(block: RadialBlock, geometry: _Geometry, edges: torch.Tensor) -> torch.Tensor:
    distances = geometry.distances[edges]
    values = _gaussians(block.gaussians, distances)
    values = values * cutoff_values(block.cutoff, distances)[:, None]
    return geometry.summed(values, edges, geometry.neighbours(edges), geometry.n_elements)


def _angular_sums(
    block: AngularBlock, geometry: _Geometry, first: torch.Tensor, second: torch.Tensor
) -> torch.Tensor:
    # Once for each pair, which is in many triples. Beyond the cutoff all is 0.
    distances = geometry.distances
    arms = _gaussians(block.gaussians, distances) * cutoff_values(block.cutoff, distances)[:, None]
    radial = arms[first] * arms[second]
    one, other = geometry.vectors[first], geometry.vectors[second]
    if block.kind == NARROW:
        across = (other - one).norm(dim=1)
        radial = radial * _gaussians(block.gaussians, across)
        radial = radial * cutoff_values(block.cutoff, across)[:, None]
    cosines = (one * other).sum(1) / (distances[first] * distances[second])
    angular = torch.stack(
        [2 ** (1 - zeta) * _power(1 + sign * cosines, zeta) for sign, zeta in block.angles], dim=1
    )
    gaussian, angle = zip(*block.products, strict=True)
    values = radial[:, list(gaussian)] * angular[:, list(angle)]
    slots = geometry.neighbours(first) * geometry.n_elements + geometry.neighbours(second)
    return geometry.summed(values, first, slots, geometry.n_elements**2)


def _gaussians(gaussians: tuple[Gaussian, ...], distances: torch.Tensor) -> torch.Tensor:
    """Return exp(-eta (r - shift)²), shape ``(n, n_gaussians)``."""
    eta, shift = distances.new_tensor(gaussians).T
    return torch.exp(-eta * (distances[:, None] - shift).square())


def _power(base: torch.Tensor, exponent: float) -> torch.Tensor:
    """Return base^exponent, and 0 where a base that rounding may make negative has none."""
    if exponent == int(exponent):
        return base ** int(exponent)
    positive = base > 0
    return torch.where(positive, torch.where(positive, base, 1.0) ** exponent, 0.0)


@dataclass(frozen=True)
class _Element:
    """Scaling and network of one element as tensors."""

    columns: torch.Tensor
    """Which columns of the table its functions are."""
    subtracted: torch.Tensor
    """What is taken off each function."""
    factors: torch.Tensor
    """By what each is multiplied then."""
    low: float
    """What is added to all."""
    smallest: torch.Tensor
    """Below it a function extrapolates."""
    largest: torch.Tensor
    """Above it, too."""
    layers: tuple[tuple[torch.Tensor, torch.Tensor, str], ...]
    """Weights, biases and the letter of the activation."""
    scale_eV: float
    """What 1 of the network is."""
    offset_eV: float
    """What is added to the network for each atom."""

    def energies(self, table: torch.Tensor) -> torch.Tensor:
        """Return the energies in eV of atoms whose rows of the table these are."""
        values = (table[:, self.columns] - self.subtracted) * self.factors + self.low
        for weights, biases, activation in self.layers:
            values = _ACTIVATIONS[activation](values @ weights.T + biases)
        return values.squeeze(1) * self.scale_eV + self.offset_eV

    def beyond(self, table: torch.Tensor) -> torch.Tensor:
        """Tell which functions of atoms extrapolate, shape ``(n_atoms, n_functions)``."""
        values = table[:, self.columns]
        return (values < self.smallest) | (values > self.largest)


def _tensors(
    potential: Potential,
    element: ElementPotential,
    columns: tuple[int, ...],
    identity: ModelIdentity,
) -> _Element:
    """Return an element's tensors in the identity's precision, on its device."""

    def tensor(values: FloatArray) -> torch.Tensor:
        return torch.tensor(values, dtype=getattr(torch, identity.dtype), device=identity.device)

    subtracted, factors, low = scaling_of(potential, element)
    slack = _BEYOND_RANGE * torch.finfo(getattr(torch, identity.dtype)).eps
    normalization, unit_eV = potential.normalization, potential.units.energy_eV
    return _Element(
        columns=torch.tensor(columns, dtype=torch.int64, device=identity.device),
        subtracted=tensor(subtracted),
        factors=tensor(factors),
        low=low,
        smallest=tensor(element.statistics.smallest - slack),
        largest=tensor(element.statistics.largest + slack),
        layers=tuple(
            (tensor(layer.weights), tensor(layer.biases), layer.activation)
            for layer in element.network.layers
        ),
        scale_eV=unit_eV / normalization.conv_energy,
        offset_eV=unit_eV * (normalization.mean_energy + element.atomic_energy),
    )


def scaling_of(
    potential: Potential, element: ElementPotential
) -> tuple[FloatArray, FloatArray, float]:
    """Return what brings the functions of an element to a common size, as `Scaling` says.

    Subtracted from each, then a factor of each, both of shape ``(n_functions,)``, then added.

    Raises
    ------
    ModelError
        A function that had one value over all training data has no range to be scaled by.
    """
    scaling, statistics = potential.scaling, element.statistics
    nothing, one = np.zeros(len(element.functions)), np.ones(len(element.functions))
    match scaling.kind:
        case "none":
            return nothing, one, 0.0
        case "center":
            return statistics.mean, one, 0.0
        case "sigma":
            subtracted, range_ = statistics.mean, statistics.sigma
        case "range":
            subtracted, range_ = statistics.smallest, statistics.largest - statistics.smallest
        case _:
            subtracted, range_ = statistics.mean, statistics.largest - statistics.smallest
    if not (range_ > 0).all():
        constant = int(np.argmin(range_ > 0))
        raise ModelError(
            f"symmetry function {constant + 1} of {element.symbol} had no range in the training "
            f"data, so that it cannot be scaled; leave it out of the potential."
        )
    return subtracted, (scaling.high - scaling.low) / range_, scaling.low
