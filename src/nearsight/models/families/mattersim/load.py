"""MatterSim (Yang et al., arXiv 2405.04967): M3GNet (doi 10.1038/s43588-022-00349-3), retrained.

Install with ``nearsight models install mattersim``: pip alone brings a torchvision that PyTorch
2.13 does not load. The named models are downloaded by the `mattersim` package when they are first
asked for.

The angle between two pairs enters by Legendre polynomials of its cosine. The package goes through
the angle itself: it clamps the cosine to 1 - 1e-7, takes its arc cosine, and the cosine of that.
The energy is the same to rounding, but not its second derivative: where three atoms lie in a line,
the clamp cuts off whatever bending them costs. Here the cosine goes in as it is.
"""

import contextlib
import sys
import warnings
from pathlib import Path
from typing import Any, cast

import torch

from nearsight.errors import ModelError
from nearsight.fingerprint import file_sha256
from nearsight.models.contract import Capabilities
from nearsight.models.engines.torch_model import TorchModel, ready_to_differentiate
from nearsight.models.families import stated
from nearsight.models.graphs.angle_graph import AngleGraph, angle_graph
from nearsight.models.graphs.neighbor_graph import NeighborGraph
from nearsight.models.loading import LoadRequest
from nearsight.provenance import ModelIdentity

# It takes standard output, which belongs to the user's JSON, for its log, and changes which
# warnings are shown.
with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
    try:
        from mattersim.forcefield.m3gnet.m3gnet import M3Gnet
        from mattersim.utils import download_utils
    except RuntimeError as error:  # not an ImportError, as it comes from another library's kernels
        raise ModelError(
            f"mattersim is installed here, but cannot be imported: {error}. If that is about "
            f"torchvision, it was built for another PyTorch; mattersim works without: "
            f"pip uninstall torchvision torchaudio"
        ) from error

_PRETRAINED = {
    "mattersim-v1-1m": "mattersim-v1.0.0-1M.pth",
    "mattersim-v1-5m": "mattersim-v1.0.0-5M.pth",
}
"""The file of each named model."""

# The named models were trained on 89 elements, as the Materials Project has them: polonium to
# radium are in none of its structures.
_UNTRAINED = frozenset(range(84, 89))

_ADDRESS = "https://raw.githubusercontent.com/microsoft/mattersim/main/pretrained_models/"
_FOLDER = Path("~/.local/mattersim/pretrained_models")
"""Where the package keeps what it downloads."""


class MattersimEnergy:
    """The atomic energies of a MatterSim model as a function of positions and strain."""

    def __init__(self, model: Any, identity: ModelIdentity, capabilities: Capabilities) -> None:
        self.identity = identity
        self.capabilities = capabilities
        self._dtype = getattr(torch, identity.dtype)
        self._model = ready_to_differentiate(model, identity)
        self.cutoff_A = float(model.model_args["cutoff"])

    def complete(self, graph: NeighborGraph) -> AngleGraph:
        """Return the graph of pairs and of the angles between short ones."""
        return angle_graph(graph, self._model.model_args["threebody_cutoff"])

    def energy(
        self, graph: NeighborGraph, positions: torch.Tensor, strain: torch.Tensor
    ) -> torch.Tensor:
        """Return atomic energies in eV, shape ``(n_atoms,)``."""
        graph = cast(AngleGraph, graph)
        model = self._model
        vectors = graph.edge_vectors(positions, strain)
        lengths = vectors.norm(dim=-1)
        radial = model.rbf(lengths)
        atoms = model.atom_embedding(model.one_hot_atoms(graph.numbers).to(self._dtype))
        edges = model.edge_encoder(radial)
        arms = graph.short_edges[torch.stack([graph.first_arms, graph.second_arms])]
        basis = self._angle_basis(vectors[arms], lengths[arms])
        unused = graph.numbers[:0]  # counts, from which the package would find the arms anew
        for block in model.graph_conv:
            atoms, edges = block(
                atoms,
                edges,
                radial,
                torch.stack([graph.senders, graph.receivers]),
                basis,
                arms.T,
                lengths.unsqueeze(-1),
                num_edges=unused,
                num_triple_ij=unused,
                num_atoms=unused,
                total_num_atoms=len(graph.numbers),
                total_num_bonds=len(graph.senders),
                three_body_edge_map=arms[0],
            )
        energies: torch.Tensor = model.normalizer(model.final(atoms).squeeze(-1), graph.numbers)
        return energies

    def _angle_basis(self, vectors: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Return the basis functions of each angle from its two arms, the first axis of both."""
        layer = self._model.sbf
        cosines = (vectors[0] * vectors[1]).sum(-1) / (lengths[0] * lengths[1])
        # At an angle of zero every Legendre polynomial is one, so that the radial parts remain.
        radial: torch.Tensor = layer(lengths[1], torch.zeros_like(cosines))
        return radial * _legendre(cosines, layer.max_l).repeat_interleave(layer.max_n, dim=1)


def _legendre(x: torch.Tensor, count: int) -> torch.Tensor:
    """Return the first `count` Legendre polynomials of `x`, shape ``(n, count)``."""
    polynomials = [torch.ones_like(x), x]
    for order in range(2, count):
        last, before = polynomials[-1], polynomials[-2]
        polynomials.append(((2 * order - 1) * x * last - (order - 1) * before) / order)
    return torch.stack(polynomials[:count], dim=-1)


def load(request: LoadRequest) -> TorchModel:
    """Load a MatterSim-v1 model by name, or a checkpoint file of one.

    Only tensors and plain values are read from a file, so none needs to be trusted.

    Raises
    ------
    ModelError
        The file is missing or no MatterSim checkpoint, or a named model cannot be downloaded.
    """
    file = _PRETRAINED.get(request.name)
    path = Path(request.target) if file is None else _downloaded(request.name, file)
    if not path.is_file():
        raise ModelError(f"there is no MatterSim checkpoint at {path}; check the path.")
    digest = file_sha256(path)
    model = _build(path)
    identity = ModelIdentity(
        name=request.name,
        family="mattersim",
        checkpoint_sha256=digest,
        dtype=request.dtype,
        device=request.device,
    )
    capabilities = _capabilities(model, request.name)
    return TorchModel(MattersimEnergy(model, identity, capabilities), stated(request.name))


def _capabilities(model: Any, name: str) -> Capabilities:
    cutoff = float(model.model_args["cutoff"])
    known = frozenset(range(1, model.max_z + 1))
    return Capabilities(
        cutoff_A=cutoff,
        # Each block reaches one cutoff farther. Angles add nothing to that: a pair gathers from
        # arms of its own first atom, and from what that atom has seen already.
        receptive_field_A=cutoff * len(model.graph_conv),
        elements=known - _UNTRAINED if name in _PRETRAINED else known,
        conservative=True,
        equivariant=True,
        mirror_equivariant=True,
        atomic_energies=True,
        size_consistent=True,
        differentiable=True,
        curvature_smooth=None,
    )


def _downloaded(name: str, file: str) -> Path:
    """Return the file of a named model, from the package's folder or from its address."""
    path = _FOLDER.expanduser() / file
    if path.is_file():
        return path
    try:
        with contextlib.redirect_stdout(sys.stderr):
            download_utils.download_checkpoint(file, save_folder=str(_FOLDER))
    except OSError as error:  # no network, a full disk, a page instead: requests' are among them
        raise ModelError(
            f"{name} cannot be downloaded: {error}. Check the network, or fetch {_ADDRESS}{file} "
            f"by other means and put it at {path}, or load it as mattersim:<path>."
        ) from error
    return path


def _build(path: Path) -> Any:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file can raise anything
        raise ModelError(
            f"{path} is not a usable MatterSim checkpoint: PyTorch reads no weights from it "
            f"({type(error).__name__}). Copy or download it again; if it was written during "
            f"training, save it anew with Potential.save of mattersim."
        ) from error
    try:
        if content["model_name"] != "m3gnet":
            raise ModelError(
                f"{path} is a MatterSim of the kind {content['model_name']!r}; only m3gnet is "
                f"supported, of which all published ones are."
            )
        model = M3Gnet(device="cpu", **content["model_args"])
        # As the package does, but without leaving a weight at random that the file does not have.
        missing, _ = model.load_state_dict(content["model"], strict=False)
    except (AssertionError, AttributeError, KeyError, RuntimeError, TypeError) as error:
        raise ModelError(
            f"{path} is not a usable MatterSim checkpoint: {type(error).__name__}: {error}. Save "
            f"one with Potential.save of mattersim."
        ) from error
    weights = {key for key, _ in model.named_parameters()}
    if lacking := sorted(weights.intersection(missing)):
        raise ModelError(
            f"{path} lacks weights of the MatterSim that it describes: {', '.join(lacking[:3])}. "
            f"Copy or download it again, or save it anew with Potential.save of mattersim."
        )
    return model
