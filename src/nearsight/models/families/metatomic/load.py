"""Exported metatomic models, and the PET models of the `upet` package by name.

Metatomic: Bigi et al., arXiv 2508.15704. PET: Pozdnyakov and Ceriotti, NeurIPS 2023, arXiv
2305.19302; its universal models: Mazitov et al., Nat. Commun. 2025, doi 10.1038/s41467-025-65662-7.

Install with ``nearsight models install metatomic``. An exported file (``.pt``) is TorchScript,
which PyTorch differentiates as often as it is asked to. Forces are taken from the energy also where
a model predicts some directly: those are no derivative of anything.
"""

import contextlib
import math
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import torch
from metatensor.torch import Labels, TensorBlock
from metatomic.torch import (
    ModelEvaluationOptions,
    ModelOutput,
    System,
    load_atomistic_model,
    pick_output,
    unit_conversion_factor,
)

from nearsight.errors import ModelError
from nearsight.fingerprint import file_sha256
from nearsight.models.contract import Capabilities
from nearsight.models.engines.torch_model import TorchModel, ready_to_differentiate
from nearsight.models.families import MODELS, stated
from nearsight.models.families.metatomic.pet import download, read_checkpoint
from nearsight.models.graphs.neighbor_graph import NeighborGraph
from nearsight.models.loading import LoadRequest, require_trust
from nearsight.provenance import ModelIdentity, Setting

_ENERGY = "energy"

_PAIR = ["first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"]


@dataclass(frozen=True)
class _PairList:
    """What one structure has for one list of pairs that the model asks for."""

    request: Any
    """The model's ``NeighborListOptions``."""
    edges: torch.Tensor
    """Which edges of the graph, int64, shape ``(n_pairs,)``."""
    samples: Labels
    """Atoms and cell shifts of the pairs, in metatomic's words."""

    def to(self, device: str) -> "_PairList":
        """Return the list on a device."""
        return _PairList(self.request, self.edges.to(device), self.samples.to(device))


@dataclass(frozen=True)
class MetatomicGraph(NeighborGraph):
    """A neighbour graph with the lists of pairs that a model asks for."""

    pair_lists: tuple[tuple[_PairList, ...], ...]
    """For each structure what it has for each list of pairs."""

    def to(self, dtype: torch.dtype, device: str) -> Self:
        """Return the graph on a device, its real numbers in a precision."""
        lists = tuple(tuple(one.to(device) for one in lists) for lists in self.pair_lists)
        return replace(super().to(dtype, device), pair_lists=lists)


class MetatomicEnergy:
    """The energy of an exported model as a function of positions and strain."""

    def __init__(
        self, model: Any, output: str, identity: ModelIdentity, capabilities: Capabilities
    ) -> None:
        self.identity = identity
        self.capabilities = capabilities
        self._model = ready_to_differentiate(model, identity)
        self._requests = model.requested_neighbor_lists()
        self._cutoffs_A = [request.engine_cutoff("angstrom") for request in self._requests]
        self.cutoff_A = max(self._cutoffs_A)
        self._output = output
        kind = "atom" if capabilities.atomic_energies else "system"
        self._options = ModelEvaluationOptions(
            length_unit="angstrom",
            outputs={output: ModelOutput(unit="eV", sample_kind=kind, explicit_gradients=[])},
        )

    def complete(self, graph: NeighborGraph) -> MetatomicGraph:
        """Return the graph with the lists of pairs that the model asks for."""
        n_structures = graph.n_structures
        first_atoms = torch.tensor([0, *graph.atoms_per_structure[:-1]]).cumsum(0)
        of_edges = graph.structure_of_atom[graph.senders]
        # Cells of slabs and wires have rows of zeros, and so do their shifts.
        inverse = torch.linalg.pinv(graph.cells * graph.periodic[:, :, None])
        images = torch.einsum("ni,nij->nj", graph.shifts, inverse[of_edges]).round()
        atoms = torch.stack([graph.senders, graph.receivers], dim=1) - first_atoms[of_edges, None]
        pairs = torch.cat([atoms, images.to(atoms)], dim=1)
        lengths = graph.edge_vectors(graph.positions, graph.unstrained()).norm(dim=1)
        of_requests = []
        for request, cutoff in zip(self._requests, self._cutoffs_A, strict=True):
            listed = lengths <= cutoff
            if not request.full_list:
                listed &= _each_once(pairs)
            [edges] = torch.nonzero(listed, as_tuple=True)
            counts = torch.bincount(of_edges[edges], minlength=n_structures)  # in their order
            of_requests.append(
                [
                    _PairList(request, own, Labels(_PAIR, pairs[own].to(torch.int32)))
                    for own in edges.split(counts.tolist())
                ]
            )
        return MetatomicGraph(**vars(graph), pair_lists=tuple(zip(*of_requests, strict=True)))

    def energy(
        self, graph: NeighborGraph, positions: torch.Tensor, strain: torch.Tensor
    ) -> torch.Tensor:
        """Return energies in eV: per atom ``(n_atoms,)``, or ``(n_structures,)``."""
        assert isinstance(graph, MetatomicGraph)
        systems = self._systems(graph, positions, strain)
        block = self._model(systems, self._options, check_consistency=False)[self._output].block()
        values: torch.Tensor = block.values.squeeze(-1)
        structures = block.samples.column("system")
        if not self.capabilities.atomic_energies:
            return values.new_zeros(graph.n_structures).index_add(0, structures, values)
        first_atoms = torch.tensor([0, *graph.atoms_per_structure], device=values.device).cumsum(0)
        atoms = first_atoms[structures] + block.samples.column("atom")
        return values.new_zeros(len(positions)).index_add(0, atoms, values)

    def _systems(
        self, graph: MetatomicGraph, positions: torch.Tensor, strain: torch.Tensor
    ) -> list[Any]:
        """Return metatomic's structures, all of whose vectors follow positions and strain.

        Some models read the vectors of the pairs, some make them anew from positions and cell.
        """
        vectors = graph.edge_vectors(positions, strain)
        moved = positions + torch.einsum("ni,nij->nj", positions, strain[graph.structure_of_atom])
        cells = graph.cells * graph.periodic[:, :, None]
        cells = cells + cells @ strain
        device = positions.device
        components = [Labels(["xyz"], torch.arange(3, dtype=torch.int32, device=device)[:, None])]
        properties = Labels(["distance"], torch.zeros(1, 1, dtype=torch.int32, device=device))
        systems = []
        types = graph.numbers.to(torch.int32).split(graph.atoms_per_structure)
        for index, places in enumerate(moved.split(graph.atoms_per_structure)):
            system = System(types[index], places, cells[index], graph.periodic[index])
            for pairs in graph.pair_lists[index]:
                values = vectors[pairs.edges].unsqueeze(-1)
                block = TensorBlock(values, pairs.samples, components, properties)
                system.add_neighbor_list(pairs.request, block)
            systems.append(system)
        return systems


def load(request: LoadRequest) -> TorchModel:
    """Load an exported model, a checkpoint of metatrain, or a model of upet by its name.

    Of several energies in one file, ``metatomic:path#variant`` names the one to use.

    Raises
    ------
    ModelError
        The file is missing, not trusted or damaged; the model has no energy, or asks for more than
        structures; or it cannot be downloaded.
    """
    options: dict[str, Setting] = {}
    if request.name in MODELS:
        path, version = download(request)
        variant, options = None, {"version": version}
    else:
        path, variant = _path_and_variant(request.target)
    if not path.is_file():
        raise ModelError(f"there is no metatomic model at {path}; check the path.")
    digest = file_sha256(path)
    require_trust(path, digest, (), request)
    model = _read(path, request.dtype)
    output = _energy_output(model, variant, path)
    supported = model.capabilities().supported_devices
    if request.device.partition(":")[0] not in supported:
        raise ModelError(
            f"{path} runs on {', '.join(supported)} only, not on {request.device}; choose "
            f"`device` {supported[0]}."
        )
    if variant is not None:
        options["variant"] = variant
    identity = ModelIdentity(
        name=request.name,
        family="metatomic",
        checkpoint_sha256=digest,
        dtype=request.dtype,
        device=request.device,
        options=options,
    )
    return TorchModel(
        MetatomicEnergy(model, output, identity, _capabilities(model, output)),
        stated(request.name),
    )


def _path_and_variant(target: str) -> tuple[Path, str | None]:
    path, separator, variant = target.rpartition("#")
    if not separator or Path(target).is_file():
        return Path(target), None
    return Path(path), variant


def _read(path: Path, dtype: str) -> Any:
    if path.suffix == ".ckpt":
        return read_checkpoint(path, dtype)
    try:
        with contextlib.redirect_stdout(sys.stderr), _warnings_of_names_ignored():
            return load_atomistic_model(path)
    except Exception as error:  # a damaged archive can raise anything
        raise ModelError(
            f"{path} is not a usable metatomic model: {error}. Copy or download it again, or "
            f"export it anew with the versions installed here (mtt export)."
        ) from error


@contextlib.contextmanager
def _warnings_of_names_ignored() -> Iterator[None]:
    with warnings.catch_warnings():
        # Said of every file, whose reader has no other way; and of outputs that are not used here.
        warnings.filterwarnings("ignore", ".torch.jit.load. is deprecated", DeprecationWarning)
        warnings.filterwarnings("ignore", ".*output name is deprecated", DeprecationWarning)
        yield


def _energy_output(model: Any, variant: str | None, path: Path) -> str:
    """Return the name of the energy to use, of a model that needs nothing but a structure."""
    outputs = model.capabilities().outputs
    energies = [name for name in outputs if name.partition("/")[0] == _ENERGY]
    if not energies:
        raise ModelError(f"{path} has no energy, only {', '.join(outputs)}; use a potential.")
    if asked := sorted(model.requested_inputs(use_new_names=True)):
        raise ModelError(
            f"{path} is a model that asks for {', '.join(asked)} beside the structure, which is "
            f"not supported; use one that does not."
        )
    if not model.requested_neighbor_lists():
        raise ModelError(
            f"{path} asks for no pairs of neighbours, and no cutoff is known; use a model that "
            f"has one."
        )
    try:
        name: str = pick_output(_ENERGY, outputs, variant)
    except ValueError as error:
        variants = [name.partition("/")[2] for name in energies if "/" in name]
        listed = f"choose one of {', '.join(variants)}" if variants else "it has one only"
        raise ModelError(f"{path} has no energy {variant!r}: {listed}.") from error
    return name


def _capabilities(model: Any, output: str) -> Capabilities:
    """Return what is true of PET; of an architecture that is not known, what the file says."""
    own = model.capabilities()
    to_A = unit_conversion_factor(own.length_unit, "angstrom") if own.length_unit else 1.0
    requests = model.requested_neighbor_lists()
    cutoff = max(request.engine_cutoff("angstrom") for request in requests)
    module = model.module
    pet = getattr(module, "original_name", type(module).__name__) == "PET"
    field = own.interaction_range * to_A if pet else None
    if pet and getattr(module, "num_neighbors_adaptive", None) is not None:
        field = field + cutoff if field is not None else None  # how far a neighbour looks itself
    if field is not None and (not math.isfinite(field) or getattr(module, "long_range", False)):
        field = None
    return Capabilities(
        cutoff_A=cutoff,
        receptive_field_A=field,
        elements=frozenset(own.atomic_types),
        conservative=True,  # forces are taken from the energy here, whatever else there is
        equivariant=False if pet else None,  # PET learns how structures turn, and is not exact
        mirror_equivariant=False if pet else None,
        atomic_energies=own.outputs[output].sample_kind == "atom",
        size_consistent=True if field is not None else None,
        differentiable=True,
        curvature_smooth=None,
    )


def _each_once(pairs: torch.Tensor) -> torch.Tensor:
    """Return which of the pairs, each of which is there in both directions, to keep."""
    first, second, a, b, c = pairs.unbind(1)
    ahead = (a > 0) | ((a == 0) & ((b > 0) | ((b == 0) & (c > 0))))
    return (first < second) | ((first == second) & ahead)
