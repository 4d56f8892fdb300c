"""A `Model` out of a `TorchEnergy`: everything that is the same for all PyTorch families."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from ase import Atoms
from ase.stress import full_3x3_to_voigt_6_stress
from numpy.typing import NDArray

from nearsight.derivatives.analytic import (
    EnergyFunction,
    Gradient,
    gradient,
    hessian_rows,
    linearize,
    linearize_with_strain,
)
from nearsight.models.contract import Capabilities, Evaluation, Products, Seed, TorchEnergy
from nearsight.models.engines.torch_graphs import graph_of
from nearsight.models.evaluable import require_all_atoms, require_calculable, require_evaluable
from nearsight.models.facts import Facts
from nearsight.models.graphs.neighbor_graph import NeighborGraph
from nearsight.models.soundness import require_all_sound
from nearsight.provenance import ModelIdentity
from nearsight.structures.pairs import Pairs


class TorchModel:
    """The contract's verbs over the energy function of a PyTorch model."""

    def __init__(self, energy: TorchEnergy, facts: Facts | None = None) -> None:
        self._energy = energy
        self._facts = facts or Facts()

    @property
    def identity(self) -> ModelIdentity:
        """Name, checkpoint digest, dtype, device and options."""
        return self._energy.identity

    @property
    def capabilities(self) -> Capabilities:
        """What may be asked of the model."""
        return self._energy.capabilities

    @property
    def facts(self) -> Facts:
        """Licence, citation, level of theory and what else is to be said of the model."""
        return self._facts

    def evaluate(
        self,
        structures: Sequence[Atoms],
        *,
        forces: bool = True,
        stress: bool = False,
        pairs: Sequence[Pairs] | None = None,
    ) -> list[Evaluation]:
        """Return energies, forces and stresses; see `Model.evaluate`."""
        require_evaluable(structures, self, stress=stress)
        if not structures:
            return []
        graph = self._graph(structures, pairs)
        first = gradient(
            self._energy_of(graph),
            graph.positions,
            graph.unstrained(),
            by_positions=forces,
            by_strain=stress,
        )
        evaluations = self._split(first, graph, structures)
        require_all_sound(evaluations, structures, self.identity.name)
        return evaluations

    def rows(
        self, atoms: Atoms, seeds: Sequence[Seed], *, batch_size: int = 1
    ) -> Iterator[NDArray[np.float64]]:
        """Yield analytic rows; see `Model.rows`."""
        require_calculable(atoms, self)
        graph = self._graph([atoms])
        on_device = [
            (atom, torch.as_tensor(direction).to(graph.positions)) for atom, direction in seeds
        ]
        rows = hessian_rows(
            self._energy_of(graph), graph.positions, graph.unstrained(), on_device, batch_size
        )
        for row in rows:
            yield _array(row)

    def linearize(
        self,
        atoms: Atoms,
        *,
        strain: bool = False,
        centres: NDArray[np.int64] | None = None,
    ) -> Products:
        """Return analytic products; see `Model.linearize`."""
        require_calculable(atoms, self)
        if not self.capabilities.atomic_energies:
            require_all_atoms(centres, self)
        graph = self._graph([atoms])
        energy = self._energy_of(graph, centres)
        if strain:
            multiply = linearize_with_strain(energy, graph.positions)
        else:
            multiply = linearize(energy, graph.positions, graph.unstrained())

        def products(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
            found = np.empty(np.shape(vectors))
            for product, vector in zip(found, vectors, strict=True):
                product[:] = _array(multiply(torch.as_tensor(vector).to(graph.positions)))
            return found

        return products

    def _graph(
        self, structures: Sequence[Atoms], pairs: Sequence[Pairs] | None = None
    ) -> NeighborGraph:
        return graph_of(self._energy, structures, pairs)

    def _energy_of(
        self, graph: NeighborGraph, centres: NDArray[np.int64] | None = None
    ) -> EnergyFunction:
        if centres is None:
            return lambda positions, strain: self._energy.energy(graph, positions, strain)
        chosen = torch.as_tensor(centres, device=graph.positions.device)
        return lambda positions, strain: self._energy.energy(graph, positions, strain)[chosen]

    def _split(
        self, first: Gradient, graph: NeighborGraph, structures: Sequence[Atoms]
    ) -> list[Evaluation]:
        boundaries = np.cumsum(graph.atoms_per_structure)[:-1]
        forces = None
        if first.positions is not None:
            forces = np.split(-_array(first.positions), boundaries)
        energies = _array(first.energies)
        atomic = np.split(energies, boundaries) if self.capabilities.atomic_energies else None
        strain = None if first.strain is None else _array(first.strain)
        return [
            Evaluation(
                energy_eV=float(energies[index] if atomic is None else atomic[index].sum()),
                forces_eV_per_A=None if forces is None else forces[index],
                stress_eV_per_A3=(
                    None
                    if strain is None
                    else full_3x3_to_voigt_6_stress(strain[index]) / atoms.get_volume()
                ),
                atomic_energies_eV=None if atomic is None else atomic[index],
            )
            for index, atoms in enumerate(structures)
        ]


def ready_to_differentiate(model: Any, identity: ModelIdentity) -> Any:
    """Return a PyTorch module in the identity's precision, on its device, with weights held fixed.

    Reverse passes then compute derivatives by positions and strain only.
    """
    model = model.to(dtype=getattr(torch, identity.dtype), device=identity.device).eval()
    return model.requires_grad_(False)


def _array(tensor: torch.Tensor) -> NDArray[np.float64]:
    return tensor.detach().cpu().numpy().astype(np.float64)
