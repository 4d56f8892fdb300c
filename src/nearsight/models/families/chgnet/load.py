"""CHGNet (Deng et al., Nat. Mach. Intell. 2023, 5, 1031, doi 10.1038/s42256-023-00716-3).

Install with ``nearsight models install chgnet``. The `chgnet` package carries the weights of the
named models, so nothing is downloaded. Magnetic moments are not read out.

Analytic second derivatives of CHGNet are exact, and yet not the curvature that a vibration feels.
Diagonal elements in eV/Å² for rocksalt MgO (a = 4.25 Å) and silicon (a = 5.469 Å), analytic and
from central differences of forces over 0.01, 0.02 and 0.03 Å::

    chgnet-0.3.0   MgO  -1.29 |  3.95  4.18  4.49     Si  11.47 |  7.74  7.34  7.51
    chgnet-0.2.0   MgO   3.08 |  3.79  3.86  3.90     Si   8.12 |  8.13  8.15  8.20
    chgnet-r2scan  MgO   6.85 |  4.30  3.99  3.53     Si   8.79 |  8.34  7.00  7.18

The causes, found by changing one at a time:

- Angles θ enter through sines and cosines of f·acos(0.999999 cos θ) with learned f. Where the two
  arms are parallel or opposite that is a cusp in θ, rounded over 1.4 mrad only. With those angles
  held fixed, MgO of chgnet-0.2.0 has 3.95 analytically and over 0.01 Å.
- A layer norm behind each gated perceptron of 0.3.0 and r2scan lets weights grow for nothing: the
  arguments of its hidden SiLUs reach 160 (root mean square; 4 in 0.2.0) and change by up to 900 per
  Å, so that each is a corner rounded over 0.01 Å, which equal neighbours turn together. With SiLUs
  30 times wider, Si of chgnet-0.3.0 has 5.88 analytically and 5.86 over 0.01 Å.
- At 3 Å, where angles begin, second derivatives are continuous but steep: that of a pair in O-Mg-O
  changes by 1.5 eV/Å² over the last 0.01 Å. At the outer cutoff all is smooth.

Even differences depend on their step therefore, for 0.3.0 and r2scan by a tenth or more.
"""

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from chgnet.model import model as stock

from nearsight.errors import ModelError
from nearsight.fingerprint import file_sha256
from nearsight.models.contract import Capabilities
from nearsight.models.engines.torch_model import TorchModel, ready_to_differentiate
from nearsight.models.families import stated
from nearsight.models.families.chgnet.layers import convolve_atoms, convolve_bonds, update_angles
from nearsight.models.graphs.angle_graph import AngleGraph, angle_graph
from nearsight.models.graphs.neighbor_graph import NeighborGraph
from nearsight.models.loading import LoadRequest
from nearsight.provenance import ModelIdentity

# Polonium to radium are in none of the training sets: their embeddings never had a gradient.
_UNTRAINED = frozenset(range(84, 89))


@dataclass(frozen=True)
class _Pretrained:
    file: str
    """Below the package's folder of weights."""
    sha256: str
    untrained: frozenset[int] = _UNTRAINED


_PRETRAINED = {
    "chgnet-0.3.0": _Pretrained(
        file="0.3.0/chgnet_0.3.0_e29f68s314m37.pth.tar",
        sha256="d14ab7c0f093efe64b60a7bcd540bca10e74fb7f46c86108a079af60524659d1",
    ),
    "chgnet-0.2.0": _Pretrained(
        file="0.2.0/chgnet_0.2.0_e30f77s348m32.pth.tar",
        sha256="ef624f78b6db9d315b4ef256f1bb3207449924191b91720dc17d3f60c5df980e",
    ),
    "chgnet-r2scan": _Pretrained(
        file="r2scan/chgnet_r2scan_transfer_learning_e15f36s161m23.pth.tar",
        sha256="8eba3db0f35a2788bb3ae22885ad340591e27996f213c6643af522a633b50dad",
        untrained=_UNTRAINED | {70},  # no ytterbium at this level: its reference energy is zero
    ),
}


class ChgnetEnergy:
    """The atomic energies of a CHGNet model as a function of positions and strain.

    Weights, basis functions and readout are the package's own. Its graph is single precision and
    for crystals only, and its convolutions do more than they need (`chgnet_layers`).
    """

    def __init__(self, model: Any, identity: ModelIdentity, capabilities: Capabilities) -> None:
        self.identity = identity
        self.capabilities = capabilities
        self._model = ready_to_differentiate(model, identity)
        self.cutoff_A = float(model.graph_converter.atom_graph_cutoff)

    def complete(self, graph: NeighborGraph) -> AngleGraph:
        """Return the graph of bonds and of the angles between short ones."""
        return angle_graph(graph, self._model.graph_converter.bond_graph_cutoff)

    def energy(
        self, graph: NeighborGraph, positions: torch.Tensor, strain: torch.Tensor
    ) -> torch.Tensor:
        """Return atomic energies in eV, shape ``(n_atoms,)``."""
        graph = cast(AngleGraph, graph)
        model = self._model
        atoms = self._atom_features(graph, graph.edge_vectors(positions, strain))
        if model.readout_norm is not None:
            atoms = model.readout_norm(atoms)
        energies: torch.Tensor = model.mlp(atoms).squeeze(-1)
        if model.composition_model is not None:
            energies = energies + model.composition_model.fc.weight[0, graph.numbers - 1]
        return energies

    def _atom_features(self, graph: AngleGraph, vectors: torch.Tensor) -> torch.Tensor:
        model = self._model
        lengths = vectors[: graph.n_bonds].norm(dim=-1)
        radial = model.bond_basis_expansion.rbf_expansion_ag(lengths)
        near = model.bond_weights_bg(model.bond_basis_expansion.rbf_expansion_bg(lengths))
        atoms = model.atom_embedding(graph.numbers - 1)
        bonds = model.bond_embedding(radial)
        angles = model.angle_embedding(self._angle_basis(graph, vectors))
        weights = model.bond_weights_ag(radial)
        pairs = (graph.senders, graph.receivers, graph.bond_of_edge)
        corners = graph.corners()
        layers = zip(
            model.atom_conv_layers[:-1], model.bond_conv_layers, model.angle_layers, strict=True
        )
        for atom_layer, bond_layer, angle_layer in layers:
            atoms = convolve_atoms(atom_layer, atoms, bonds, pairs, weights=weights)
            if bond_layer is None or len(graph.first_arms) == 0:
                continue
            new = convolve_bonds(bond_layer, atoms, bonds, angles, corners, weights=near)
            bonds = self._where_angles_are(graph, new, bonds)
            if angle_layer is not None:
                angles = update_angles(angle_layer, atoms, bonds, angles, corners)
        return convolve_atoms(model.atom_conv_layers[-1], atoms, bonds, pairs, weights=weights)

    def _angle_basis(self, graph: AngleGraph, vectors: torch.Tensor) -> torch.Tensor:
        arms = vectors[graph.short_edges]
        arms = arms / arms.norm(dim=-1, keepdim=True)
        basis: torch.Tensor = self._model.angle_basis_expansion(
            arms[graph.first_arms], arms[graph.second_arms]
        )
        return basis

    def _where_angles_are(
        self, graph: AngleGraph, updated: torch.Tensor, bonds: torch.Tensor
    ) -> torch.Tensor:
        if self.capabilities.size_consistent:
            return updated  # bonds without angles are as they were
        structures = graph.structure_of_atom[graph.senders[: graph.n_bonds]]
        return torch.where(graph.has_angles()[structures, None], updated, bonds)


def load(request: LoadRequest) -> TorchModel:
    """Load a pretrained CHGNet by name, or a checkpoint file of one.

    Only tensors and plain values are read from a file, so none needs to be trusted.

    Raises
    ------
    ModelError
        The file is missing or no CHGNet checkpoint, or its energy is not a sum over atoms.
    """
    pretrained = _PRETRAINED.get(request.name)
    weights = Path(stock.module_dir).parent / "pretrained"
    path = weights / pretrained.file if pretrained else Path(request.target)
    if not path.is_file():
        raise ModelError(f"there is no CHGNet checkpoint at {path}; check the path.")
    digest = file_sha256(path)
    known_as = next(
        (name for name, one in _PRETRAINED.items() if one.sha256 == digest), request.name
    )
    model = _build(path)
    identity = ModelIdentity(
        name=request.name,
        family="chgnet",
        checkpoint_sha256=digest,
        dtype=request.dtype,
        device=request.device,
    )
    energy = ChgnetEnergy(model, identity, _capabilities(model, known_as))
    return TorchModel(energy, stated(known_as))


def _capabilities(model: Any, known_as: str) -> Capabilities:
    pretrained = _PRETRAINED.get(known_as)
    cutoff = float(model.graph_converter.atom_graph_cutoff)
    local = _bonds_without_angles_stay(model)
    known = frozenset(range(1, model.atom_embedding.embedding.num_embeddings + 1))
    return Capabilities(
        cutoff_A=cutoff,
        # Each atom convolution reaches one cutoff farther. Bonds and angles add nothing to that:
        # they gather from arms, shorter than the cutoff, what earlier convolutions have seen.
        receptive_field_A=cutoff * model.n_conv if local else None,
        elements=known - pretrained.untrained if pretrained else known,
        conservative=True,
        equivariant=True,
        mirror_equivariant=True,
        atomic_energies=True,
        size_consistent=local,
        differentiable=True,
        curvature_smooth=False,
        row_over_force_memory=3.3,  # least 2.6; 0.3.0 in double precision on a CPU
    )


def _bonds_without_angles_stay(model: Any) -> bool:
    """Return whether a bond convolution leaves bonds alone that are in no angle.

    In chgnet-0.2.0 a bias is added to all bonds as soon as a structure has a single angle, however
    far away, and the energy jumps; later versions have no such bias.
    """
    layers = [layer for layer in model.bond_conv_layers if layer is not None]
    return all(
        layer.bond_norm is None and layer.mlp_out.layers[-1].bias is None for layer in layers
    )


def _build(path: Path) -> Any:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file can raise anything
        raise ModelError(
            f"{path} is not a usable CHGNet checkpoint: PyTorch reads no weights from it "
            f"({type(error).__name__}). Save one with torch.save({{'model': model.as_dict()}}, "
            f"path)."
        ) from error
    try:
        weights = content["model"]["state_dict"]
        settings = content["model"]["model_args"] | {
            # the package leaves this to the caller, who need not know
            "mlp_out_bias": any(key.endswith("mlp_out.layers.1.bias") for key in weights),
            "graph_converter_algorithm": "legacy",  # its converter is not used
        }
        with contextlib.redirect_stdout(io.StringIO()):  # it prints how many parameters it has
            model = stock.CHGNet(**settings)
        model.load_state_dict(weights)
    except (
        AttributeError,
        KeyError,
        NotImplementedError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        raise ModelError(
            f"{path} is not a usable CHGNet checkpoint: {type(error).__name__}: {error}. Save one "
            f"with torch.save({{'model': model.as_dict()}}, path)."
        ) from error
    _require_sum_over_atoms(model, path)
    return model


def _require_sum_over_atoms(model: Any, path: Path) -> None:
    if not model.mlp_first:
        raise ModelError(
            f"{path} is a CHGNet that reads its energy from mean features of the whole structure "
            f"(mlp_first=False), which is not supported; train one with mlp_first=True."
        )
    references = model.composition_model
    if references is not None and references.is_intensive != model.is_intensive:
        raise ModelError(
            f"{path} is a CHGNet whose energy and reference energies are not both per atom "
            f"(is_intensive={model.is_intensive} against {references.is_intensive}), so that its "
            f"total does not grow with the structure; train one with both the same."
        )
