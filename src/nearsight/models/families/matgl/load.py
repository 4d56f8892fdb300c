"""M3GNet, TensorNet and CHGNet of MatGL (Ko et al., npj Comput. Mater. 2025, 11, 253).

The library is doi 10.1038/s41524-025-01742-y, M3GNet doi 10.1038/s43588-022-00349-3, TensorNet
arXiv 2306.06482, CHGNet doi 10.1038/s42256-023-00716-3. Install with
``nearsight models install matgl``. Published models are downloaded by the `matgl` package when they
are first asked for.

What is said here of smoothness follows from the functions of the package, whatever the weights:

- M3GNet clamps the cosine of an angle to 1 - 1e-7, and with it cuts off whatever bending costs
  where three atoms lie in a line. Here the cosine goes in as it is: the same energy to rounding,
  and its own second derivative.
- M3GNet without smooth Bessel functions (``use_smooth=False``) has forces that jump where a pair
  crosses the cutoff. TensorNet's forces are continuous there, its second derivatives are not.
- CHGNet applies its polynomial cutoff to the radial functions in place of the distance, so that its
  forces jump at both cutoffs. Angles enter through their arc cosine, a cusp in straight ones.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import torch
from ase.data import atomic_numbers
from huggingface_hub.errors import HfHubHTTPError
from matgl.apps.pes import Potential
from matgl.models import CHGNet, M3GNet, TensorNet
from matgl.utils import io
from matgl.utils.cutoff import polynomial_cutoff

from nearsight.errors import ModelError
from nearsight.fingerprint import file_sha256
from nearsight.models.contract import Capabilities
from nearsight.models.engines.torch_model import TorchModel, ready_to_differentiate
from nearsight.models.facts import Facts
from nearsight.models.families import stated
from nearsight.models.graphs.angle_graph import AngleGraph, angle_graph
from nearsight.models.graphs.neighbor_graph import NeighborGraph
from nearsight.models.loading import LoadRequest
from nearsight.provenance import ModelIdentity

_NETWORKS = {"M3GNet": M3GNet, "TensorNet": TensorNet, "CHGNet": CHGNet}

_PUBLISHED = {
    "tensornet-matpes-pbe": "TensorNet-PES-MatPES-PBE-2025.2",
    "tensornet-matpes-r2scan": "TensorNet-PES-MatPES-r2SCAN-2025.2",
}
"""The name that the package has for each named model."""
_MATPES = re.compile(r"-(MatPES-(PBE|r2SCAN)-[\d.]+)")
_NAMES = {published: name for name, published in _PUBLISHED.items()}

_FILES = ("model.pt", "state.pt")


class MatglEnergy:
    """The atomic energies of a MatGL potential as a function of positions and strain."""

    def __init__(self, potential: Any, identity: ModelIdentity, capabilities: Capabilities) -> None:
        self.identity = identity
        self.capabilities = capabilities
        self._potential = ready_to_differentiate(potential, identity)
        self._network = self._potential.model
        self.cutoff_A = float(self._network.cutoff)
        numbers = [atomic_numbers[symbol] for symbol in self._network.element_types]
        # For each atomic number its place among the model's elements.
        self._places = torch.full((max(numbers) + 1,), -1, device=identity.device)
        self._places[numbers] = torch.arange(len(numbers), device=identity.device)

    def complete(self, graph: NeighborGraph) -> NeighborGraph:
        """Return the graph with the angles of a network that has some."""
        network = self._network
        if isinstance(network, TensorNet):
            return graph
        # CHGNet finds its own angles, in pairs whose two directions are each other's negatives.
        return angle_graph(graph, network.threebody_cutoff if isinstance(network, M3GNet) else 0.0)

    def energy(
        self, graph: NeighborGraph, positions: torch.Tensor, strain: torch.Tensor
    ) -> torch.Tensor:
        """Return atomic energies in eV, shape ``(n_atoms,)``."""
        network = self._network
        places = self._places[graph.numbers]
        vectors = graph.edge_vectors(positions, strain)
        if isinstance(network, M3GNet):
            features = _m3gnet_features(network, cast(AngleGraph, graph), places, vectors)
        else:
            features = _features(network, graph, places, vectors)
        energies: torch.Tensor = network.final_layer(features).squeeze(-1)
        energies = self._potential.data_std * energies
        references = self._potential.element_refs
        return energies if references is None else energies + references.property_offset[places]


def _features(
    network: Any, graph: NeighborGraph, places: torch.Tensor, vectors: torch.Tensor
) -> torch.Tensor:
    """Return the atomic features of TensorNet or CHGNet by the package's own forward pass."""
    given = SimpleNamespace(
        node_type=places,
        edge_index=torch.stack([graph.senders, graph.receivers]),
        # The package adds a shift to a difference of positions. Whole vectors go in as shifts, so
        # that what strain does to them is said in one place for all families.
        pos=vectors.new_zeros((len(places), 3)),
        pbc_offshift=vectors,
        pbc_offset=graph.shifts,  # which tell images apart, and serve for nothing else
        batch=graph.structure_of_atom,
    )
    features: torch.Tensor
    if isinstance(network, TensorNet):
        features = network.forward_features(given)["readout"]
    else:
        network(given)
        features = network.feature_dict[f"gc_{network.n_blocks}"]["atom_feat"]
        network.feature_dict = {}  # or its last pass would be kept in memory
    return features


def _m3gnet_features(
    network: Any, graph: AngleGraph, places: torch.Tensor, vectors: torch.Tensor
) -> torch.Tensor:
    """Return the atomic features of M3GNet by its layers, with cosines as they are."""
    lengths = vectors.norm(dim=-1)
    radial = network.bond_expansion(lengths)
    arms = graph.short_edges[torch.stack([graph.first_arms, graph.second_arms])]
    cosines = (vectors[arms[0]] * vectors[arms[1]]).sum(-1) / (lengths[arms[0]] * lengths[arms[1]])
    angular = network.basis_expansion(lengths[arms[1]], cosines, torch.zeros_like(cosines))
    weights = polynomial_cutoff(lengths, network.threebody_cutoff)
    pairs = torch.stack([graph.senders, graph.receivers])
    atoms, edges, state = network.embedding(places, radial, None)
    blocks = zip(network.three_body_interactions, network.graph_layers, strict=True)
    for interact, convolve in blocks:
        edges = interact(graph.receivers, arms, None, len(lengths), angular, weights, atoms, edges)
        edges, atoms, state = convolve(
            pairs, edges, atoms, state, radial, None, None, len(places), graph.n_structures
        )
    return cast(torch.Tensor, atoms)


def load(request: LoadRequest) -> TorchModel:
    """Load a published MatGL potential by its name, or a folder in which one was saved.

    Only tensors and plain values are read from files, and only networks of MatGL are built from
    them, so none needs to be trusted.

    Raises
    ------
    ModelError
        There is no such folder, no such published potential or no network to download it, or it is
        no potential whose energy is a sum over atoms.
    """
    published = _PUBLISHED.get(request.name, request.target)
    folder = Path(published)
    found = {file: folder / file for file in _FILES}
    downloaded = request.name in _PUBLISHED or not (folder.exists() or len(folder.parts) > 1)
    if downloaded:
        found = _download(published)
    for path in found.values():
        if not path.is_file():
            raise ModelError(f"there is no MatGL potential at {folder}: {path.name} is missing.")
    potential = _build(found, folder)
    identity = ModelIdentity(
        name=request.name,
        family="matgl",
        checkpoint_sha256=_digest(found),
        dtype=request.dtype,
        device=request.device,
    )
    facts = _facts(published if downloaded else "")
    return TorchModel(MatglEnergy(potential, identity, _capabilities(potential.model)), facts)


def _capabilities(network: Any) -> Capabilities:
    kind = type(network).__name__
    blocks = network.num_layers + 1 if kind == "TensorNet" else network.n_blocks
    return Capabilities(
        cutoff_A=float(network.cutoff),
        # Each block reaches one cutoff farther, and so does the embedding of TensorNet. Angles add
        # nothing to that: their arms are shorter than the cutoff.
        receptive_field_A=float(network.cutoff) * blocks,
        elements=frozenset(atomic_numbers[symbol] for symbol in network.element_types),
        conservative=True,
        equivariant=True,
        mirror_equivariant=getattr(network, "equivariance_invariance_group", "O(3)") == "O(3)",
        atomic_energies=True,
        size_consistent=True,
        differentiable=True,
        # CHGNet's cusps are there whatever the weights; nothing is known of the others' before they
        # are examined.
        curvature_smooth=False if kind == "CHGNet" else None,
    )


def _facts(published: str) -> Facts:
    """Return what is known of a published potential; that of one without a name is in its name."""
    facts = stated(_NAMES.get(published, ""))
    if found := _MATPES.search(published):
        return replace(facts, training_data=found[1], level_of_theory=found[2])
    return facts


def _download(name: str) -> dict[str, Path]:
    """Return the files of a published potential, from the package's cache or from its address."""
    address = f"{io.HF_MATGL_ORG}/{name}"
    try:
        files: dict[str, Path] = io._download_from_hf_hub(address)
    except (OSError, ValueError, HfHubHTTPError) as error:  # no network, no such name, a full disk
        raise ModelError(
            f"there is no folder {name}, and no potential of that name can be downloaded: {error}. "
            f"Check the name and the network, or fetch {', '.join(io._MODEL_FILES)} from "
            f"https://huggingface.co/{address} by other means and load their folder as "
            f"matgl:<path>."
        ) from error
    return files


def _digest(files: dict[str, Path]) -> str:
    """Return one digest of settings and weights: that of their digests in a row."""
    return hashlib.sha256("".join(file_sha256(files[file]) for file in _FILES).encode()).hexdigest()


def _build(files: dict[str, Path], folder: Path) -> Any:
    remedy = "Copy or download it again, or save it anew with Potential.save of this matgl."
    try:
        settings, state = (
            torch.load(files[file], map_location="cpu", weights_only=True) for file in _FILES
        )
    except Exception as error:  # a damaged file can raise anything
        raise ModelError(
            f"{folder} is not a usable MatGL potential: PyTorch reads no weights from it "
            f"({type(error).__name__}). {remedy}"
        ) from error
    try:
        # Built here, not by the package: it would call whatever the file names.
        network = _network(settings, folder)
        potential = Potential(**settings | {"model": network, "compile_model": False})
        weights = {key.replace("_orig_mod.", ""): value for key, value in state.items()}
        missing, _ = potential.load_state_dict(weights, strict=False)
    except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise ModelError(
            f"{folder} is not a usable MatGL potential: {type(error).__name__}: {error}. {remedy}"
        ) from error
    parameters = {key for key, _ in potential.named_parameters()}
    if lacking := sorted(parameters.intersection(missing)):
        raise ModelError(
            f"{folder} lacks weights of the network that it describes: {', '.join(lacking[:3])}. "
            f"It may be of another version of matgl. {remedy}"
        )
    if reason := next(_obstacles(potential), None):
        raise ModelError(f"{folder} is a potential that {reason}, which is not supported.")
    return potential


def _network(settings: Any, folder: Path) -> Any:
    if "model" not in settings:
        raise ModelError(
            f"{folder} holds a network alone, without the scale of its energies; save the "
            f"Potential that it is part of."
        )
    kind = settings["model"]["@class"]
    if kind not in _NETWORKS:
        raise ModelError(
            f"{folder} holds a {kind}. Only {', '.join(_NETWORKS)} are supported: their energy "
            f"is a sum of atomic energies that depend on nothing but the structure."
        )
    return _NETWORKS[kind](**settings["model"]["init_args"])


def _obstacles(potential: Any) -> Iterator[str]:
    """Yield what makes the energy of a potential something else than the sum over atoms here."""
    network = potential.model
    references = potential.element_refs
    if network.is_intensive:
        yield "predicts an intensive property (is_intensive=True)"
    if getattr(network, "include_state", False) or getattr(network, "include_states", False):
        yield "asks for a state beside the structure"
    if potential.calc_repuls:
        yield "adds a nuclear repulsion (calc_repuls=True)"
    if float(potential.data_mean) != 0:
        yield f"adds {float(potential.data_mean):g} eV to every structure, however large"
    if references is not None and references.property_offset.ndim > 1:
        yield "has several sets of reference energies"
    if isinstance(network, M3GNet) and network.basis_expansion.use_phi:
        yield "takes sines of angles (use_phi=True), which have cusps in straight ones"
    if isinstance(network, CHGNet) and network.readout_operation != "sum":
        yield "predicts the mean over atoms"
    if isinstance(network, CHGNet) and network.readout_field != "atom_feat":
        yield "reads its energy from bonds or angles"
    if getattr(network, "_use_warp", False):
        yield "uses the kernels of nvalchemi-toolkit-ops (uninstall it), of no second derivatives"
