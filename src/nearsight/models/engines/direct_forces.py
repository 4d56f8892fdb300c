"""A `Model` out of forces that a PyTorch model predicts directly, not as a gradient.

Their Jacobian stands in for the Hessian: H[A, α, B, β] = -∂f_Aα/∂r_Bβ. It is not symmetric, and is
kept as it is. A row of it is one reverse pass through the forces, for which nothing needs to be
differentiable twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from ase import Atoms
from numpy.typing import NDArray

from nearsight.derivatives.analytic import products_of, rows_of
from nearsight.errors import MissingPropertyError, ModelError
from nearsight.models.contract import Capabilities, Evaluation, Products, Seed
from nearsight.models.engines.torch_graphs import graph_of
from nearsight.models.evaluable import require_all_atoms, require_calculable, require_evaluable
from nearsight.models.facts import Facts
from nearsight.models.graphs.neighbor_graph import NeighborGraph
from nearsight.models.soundness import require_all_sound
from nearsight.provenance import ModelIdentity
from nearsight.structures.pairs import Pairs


@dataclass(frozen=True)
class DirectPrediction:
    """What a model predicts for a batch of structures."""

    energies_eV: torch.Tensor
    """Shape ``(n_structures,)``."""
    forces_eV_per_A: torch.Tensor
    """Shape ``(n_atoms, 3)``."""
    stresses_eV_per_A3: torch.Tensor | None
    """Shape ``(n_structures, 6)``, Voigt order xx, yy, zz, yz, xz, xy, ASE's sign.

    None for a model without; of a structure that is not periodic it means nothing.
    """


class TorchForces(Protocol):
    """Energy, forces and stress of a PyTorch model that predicts each of them by itself."""

    @property
    def identity(self) -> ModelIdentity:
        """Name, checkpoint digest, dtype, device and options."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What may be asked of the model; `Capabilities.conservative` is False."""
        ...

    @property
    def cutoff_A(self) -> float:
        """Distance in Å up to which `predict` needs all pairs."""
        ...

    def complete(self, graph: NeighborGraph) -> NeighborGraph:
        """Return the graph with what the network needs beside pairs; see `TorchEnergy.complete`."""
        ...

    def predict(self, graph: NeighborGraph, positions: torch.Tensor) -> DirectPrediction:
        """Return what the model predicts.

        Parameters
        ----------
        graph
            What `complete` returned, on the model's device.
        positions
            Shape ``(n_atoms, 3)`` in Å; the forces are differentiable by them.
        """
        ...


class DirectForceModel:
    """The contract's verbs over a PyTorch model that predicts forces directly.

    Rows and products are those of the transposed Jacobian, see `Model.rows`. There are none by
    strain, since forces and stress are no derivatives of one energy.
    """

    def __init__(self, predictor: TorchForces, facts: Facts | None = None) -> None:
        self._predictor = predictor
        self._facts = facts or Facts()

    @property
    def identity(self) -> ModelIdentity:
        """Name, checkpoint digest, dtype, device and options."""
        return self._predictor.identity

    @property
    def capabilities(self) -> Capabilities:
        """What may be asked of the model."""
        return self._predictor.capabilities

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
        """Return energies, forces and stresses; see `Model.evaluate`.

        A network that predicts forces has them at no cost, whether they are asked for or not.
        """
        require_evaluable(structures, self, stress=stress)
        if not structures:
            return []
        graph = graph_of(self._predictor, structures, pairs)
        with torch.no_grad():
            found = self._predictor.predict(graph, graph.positions)
        if stress and found.stresses_eV_per_A3 is None:
            raise MissingPropertyError(
                f"{self.identity.name} predicts no stress; ask for energy and forces only, or "
                f"relax with a fixed cell."
            )
        stresses = _array(found.stresses_eV_per_A3) if stress else None
        energies = _array(found.energies_eV)
        boundaries = np.cumsum(graph.atoms_per_structure)[:-1]
        evaluations = [
            Evaluation(
                energy_eV=float(energies[index]),
                forces_eV_per_A=of_atoms if forces else None,
                stress_eV_per_A3=None if stresses is None else stresses[index],
                atomic_energies_eV=None,
            )
            for index, of_atoms in enumerate(np.split(_array(found.forces_eV_per_A), boundaries))
        ]
        require_all_sound(evaluations, structures, self.identity.name)
        return evaluations

    def rows(
        self, atoms: Atoms, seeds: Sequence[Seed], *, batch_size: int = 1
    ) -> Iterator[NDArray[np.float64]]:
        """Yield rows -∂(d·f_A)/∂r of the Jacobian; see `Model.rows`."""
        slope, positions = self._slope(atoms)
        on_device = [(atom, torch.as_tensor(direction).to(positions)) for atom, direction in seeds]
        for row in rows_of(slope, positions, on_device, batch_size):
            yield _array(row)

    def linearize(
        self,
        atoms: Atoms,
        *,
        strain: bool = False,
        centres: NDArray[np.int64] | None = None,
    ) -> Products:
        """Return products with the transposed Jacobian; see `Model.linearize`."""
        require_all_atoms(centres, self)
        if strain:
            raise ModelError(
                f"{self.identity.name} predicts forces and stress that are no derivatives of an "
                f"energy, and so has no second derivatives by strain. Use a conservative model."
            )
        slope, positions = self._slope(atoms)
        multiply = products_of(slope, positions)

        def products(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
            found = np.empty(np.shape(vectors))
            for product, vector in zip(found, vectors, strict=True):
                product[:] = _array(multiply(torch.as_tensor(vector).to(positions)))
            return found

        return products

    def _slope(self, atoms: Atoms) -> tuple[torch.Tensor, torch.Tensor]:
        """Return minus the forces, and the positions that they can be differentiated by."""
        require_calculable(atoms, self)
        graph = graph_of(self._predictor, [atoms])
        positions = graph.positions.detach().requires_grad_(True)
        return -self._predictor.predict(graph, positions).forces_eV_per_A, positions


def _array(tensor: torch.Tensor | None) -> NDArray[np.float64]:
    assert tensor is not None
    return tensor.detach().cpu().numpy().astype(np.float64)
