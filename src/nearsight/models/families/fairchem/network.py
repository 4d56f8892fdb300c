"""The networks of fairchem (UMA, eSEN) on our neighbour graphs, differentiable twice.

Weights, layers and readouts are the package's own. Two things of its forward pass are replaced:

- Its graph is made from positions and cell; ours gives the vectors of the pairs, by which positions
  and strain are differentiated.
- Features of a pair are turned into a frame along the pair by rotations whose angle around the
  pair is drawn at random, for every pair and call. No result depends on it but by rounding; here it
  is zero, so that the same structure always has the same numbers.

The package's settings that have no second derivatives are never on: `SETTINGS`. Its older rotations
by Euler angles are among them, whose reverse pass takes their own sines and cosines for constants.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from fairchem.core.graph.radius_graph_pbc import get_max_neighbors_mask
from fairchem.core.models.uma.common.quaternion.wigner_d_hybrid import axis_angle_wigner_hybrid
from fairchem.core.models.uma.escn_md import eSCNMDBackbone
from fairchem.core.models.uma.escn_moe import DatasetSpecificMoEWrapper, eSCNMDMoeBackbone
from fairchem.core.units.mlip_unit import InferenceSettings
from fairchem.core.units.mlip_unit.utils import (
    get_backbone_class_from_checkpoint,
    load_inference_model,
)

from nearsight.errors import ModelError
from nearsight.models.engines.torch_model import ready_to_differentiate
from nearsight.models.graphs.neighbor_graph import NeighborGraph
from nearsight.provenance import ModelIdentity

SETTINGS = InferenceSettings(
    activation_checkpointing=False,
    merge_mole=False,
    compile=False,
    nitro=False,
    tf32=False,
    use_quaternion_wigner=True,
    execution_mode="general",
)
"""No recomputed layers, no experts merged for one composition, no compiled code, no kernels."""


@dataclass(frozen=True)
class System:
    """What fairchem asks for beside the structure."""

    task: str
    """The data set whose level of theory is wanted, such as ``omat``."""
    charge: int
    """Total charge in elementary charges."""
    spin: int
    """Multiplicity 2S + 1; 0 where it means nothing."""


class _Inputs(dict[str, Any]):
    """A batch as fairchem's layers read it: by key and by attribute."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(name) from error

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value; unlike that of a dictionary, with `default` by name."""
        return super().get(key, default)


class FairchemNetwork:
    """A network of fairchem for one task, charge and spin.

    Parameters
    ----------
    model
        The whole network, with its tasks set up.
    identity
        Precision and device, and the name in messages.
    system
        Task, charge and spin of every structure.
    """

    def __init__(self, model: Any, identity: ModelIdentity, system: System) -> None:
        self.model = ready_to_differentiate(model, identity)
        self.system = system
        self._identity = identity
        self._dtype = getattr(torch, identity.dtype)
        backbone = self.model.backbone
        backbone._generate_graph = partial(_given_graph, backbone.cutoff)
        backbone._get_rotmat_and_wigner = partial(_rotations, backbone)
        # Derivatives are taken here, not by the heads.
        backbone.regress_config = replace(
            backbone.regress_config, forces=False, stress=False, hessian=False
        )
        self._tasks = {task.property: task for task in self.model.dataset_to_tasks[system.task]}
        for task in self._tasks.values():
            task.normalizer.to(identity.device)

    def has(self, name: str) -> bool:
        """Return whether the task predicts the property `name`."""
        return name in self._tasks

    def task(self, name: str) -> Any:
        """Return how the property `name` is scaled and what it refers to."""
        return self._tasks[name]

    def references(self) -> torch.Tensor:
        """Return the reference energy in eV of each atomic number, in double precision."""
        given = self.task("energy").element_references
        if given is None:
            found = torch.zeros(self.model.backbone.max_num_elements)
        else:
            found = given.element_references
        return found.to(self._identity.device, torch.float64)

    @property
    def cutoff_A(self) -> float:
        """Distance in Å beyond which atoms are no neighbours."""
        return float(self.model.backbone.cutoff)

    def complete(self, graph: NeighborGraph) -> NeighborGraph:
        """Return the graph of the nearest neighbours only.

        Raises
        ------
        ModelError
            A structure is an atom by itself, and the network was not trained on such.
        """
        single = torch.tensor([count == 1 for count in graph.atoms_per_structure])
        [isolated] = torch.nonzero(single & ~graph.periodic.any(dim=1), as_tuple=True)
        if len(isolated) and not self.model.supports_single_atoms:
            which = f"structure {int(isolated[0])} of the batch: " if len(single) > 1 else ""
            raise ModelError(
                f"{which}{self._identity.name} was not trained on an atom by itself; the energy "
                f"that fairchem gives for one is from a table. Use two atoms or more."
            )
        return _nearest(graph, self.model.backbone.max_neighbors)

    def features(
        self, graph: NeighborGraph, positions: torch.Tensor, strain: torch.Tensor
    ) -> tuple[Any, dict[str, torch.Tensor]]:
        """Return the batch as the heads read it, and the features of its atoms."""
        n = graph.n_structures
        counts = torch.tensor(graph.atoms_per_structure, device=positions.device)
        inputs = _Inputs(
            pos=positions,
            atomic_numbers=graph.numbers,
            batch=graph.structure_of_atom,
            natoms=counts,
            charge=torch.full_like(counts, self.system.charge),
            spin=torch.full_like(counts, self.system.spin),
            dataset=[self.system.task] * n,
            # fairchem's edges come in at the second atom; ours go out from the first.
            edge_index=torch.stack([graph.receivers, graph.senders]),
            edge_distance_vec=graph.edge_vectors(positions, strain),
        )
        return inputs, self.model.backbone(inputs)

    def head_outputs(self, inputs: Any, features: dict[str, torch.Tensor]) -> dict[str, Any]:
        """Return what the heads make of features, in the units and under the names of properties.

        Reference energies of the elements are not in it.
        """
        found: dict[str, Any] = {}
        for name, head in self.model.output_heads.items():
            output = head(inputs, features)
            found.update(output if self.model.pass_through_head_outputs else {name: output})
        return {
            name: task.normalizer.denorm(found[task.name][name])
            for name, task in self._tasks.items()
        }


def build(checkpoint: Any, path: Path, dtype: str) -> Any:
    """Return the network of a checkpoint, in the precision in which it is to be used.

    Built in another precision and converted, its tables would keep the rounding of the first.

    Raises
    ------
    ModelError
        It is of another architecture.
    """
    kind = get_backbone_class_from_checkpoint(checkpoint)
    if kind not in {eSCNMDBackbone, eSCNMDMoeBackbone}:
        raise ModelError(
            f"{path} holds the network {kind.__name__}, which is not supported; possible are UMA "
            f"and eSEN ({eSCNMDMoeBackbone.__name__}, {eSCNMDBackbone.__name__})."
        )
    overrides = {"backbone": eSCNMDBackbone.build_inference_settings(SETTINGS)}
    with _default_dtype(dtype):
        averaged, checkpoint = load_inference_model(
            str(path), overrides=overrides, use_ema=True, preloaded_checkpoint=checkpoint
        )
        model = averaged.module
        model.setup_tasks(checkpoint.tasks_config)
    return model


def energy_block(model: Any, task: str, dtype: str) -> Any:
    """Return the layers from scalar features of an atom to its energy; None if there are no such.

    Of a head with experts, those of `task` are merged, which is a choice and no sum.
    """
    found = []
    for head in model.output_heads.values():
        inner = getattr(head, "head", head)
        if getattr(inner, "energy_block", None) is None or inner.reduce != "sum":
            continue
        if isinstance(head, DatasetSpecificMoEWrapper):
            with _default_dtype(dtype):
                nothing = torch.empty(0, dtype=getattr(torch, dtype))
                head.merge_MOLE_model(SimpleNamespace(dataset=[task], pos=nothing))
        found.append(inner.energy_block)
    return found[0] if len(found) == 1 else None


@contextlib.contextmanager
def _default_dtype(dtype: str) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(getattr(torch, dtype))
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _given_graph(cutoff_A: float, inputs: _Inputs) -> dict[str, torch.Tensor]:
    """Return the graph that is in a batch already, in place of one that fairchem would make."""
    edges, vectors = inputs.edge_index, inputs.edge_distance_vec
    if edges.shape[1] == 0:
        # The layers need a pair. As in fairchem it is one beyond the cutoff, which adds nothing.
        edges = edges.new_zeros((2, 1))
        vectors = vectors.new_full((1, 3), cutoff_A + 1)
    inputs["scatter_target"] = edges[1]
    return {
        "edge_index": edges,
        "edge_distance": vectors.norm(dim=-1),
        "edge_distance_vec": vectors,
    }


def _rotations(backbone: Any, vectors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the rotations into the frame of each pair and back, with no turn around the pair."""
    tables = backbone.wigner_data
    rotations: tuple[torch.Tensor, torch.Tensor] = axis_angle_wigner_hybrid(
        vectors,
        backbone.lmax,
        gamma=vectors.new_zeros(len(vectors)),
        coeffs=tables.coeffs,
        U_blocks=tables.U_blocks,
        custom_kernels=tables.custom_kernels,
    )
    return rotations


def _nearest(graph: NeighborGraph, most: int) -> NeighborGraph:
    """Return `graph` with at most so many neighbours of each atom, as fairchem counts them.

    Neighbours whose squared distance is within 0.01 Å² of the last one are kept too.
    """
    vectors = graph.edge_vectors(graph.positions, graph.unstrained())
    kept, _ = get_max_neighbors_mask(
        natoms=torch.tensor(graph.atoms_per_structure),
        index=graph.senders,
        atom_distance=vectors.square().sum(dim=1),
        max_num_neighbors_threshold=most,
    )
    return graph.with_edges(kept)
