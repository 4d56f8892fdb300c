"""SevenNet (Park et al., J. Chem. Theory Comput. 2024, 20, 4857, doi 10.1021/acs.jctc.4c00190).

Install with ``nearsight models install sevennet``. The `sevenn` package carries the weights of the
named models, except those of sevennet-mf-ompa, which it downloads when they are first asked for.

A multi-fidelity model (Kim et al., J. Am. Chem. Soc. 2025, 147, 1042, doi 10.1021/jacs.4c14455) is
for the modality in its name, as in ``sevennet-mf-0?modal=PBE``.
"""

import contextlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import e3nn
import sevenn._const
import sevenn._keys as keys
import sevenn.util
import torch
from sevenn.checkpoint import SevenNetCheckpoint
from sevenn.nn.convolution import IrrepsConvolution
from sevenn.nn.linear import AtomReduce
from sevenn.util import pretrained_name_to_path

from nearsight.errors import ModelError
from nearsight.fingerprint import file_sha256
from nearsight.models.contract import Capabilities
from nearsight.models.engines.e3nn_convolutions import EdgeProduct, is_edge_product
from nearsight.models.engines.e3nn_graphs import simplify_products
from nearsight.models.engines.edge_products import prepare_sums
from nearsight.models.engines.torch_model import TorchModel, ready_to_differentiate
from nearsight.models.families import MODELS, stated
from nearsight.models.families.sevennet import LEVELS_OF_MODALITIES
from nearsight.models.graphs.neighbor_graph import NeighborGraph
from nearsight.models.loading import LoadRequest, require_trust
from nearsight.provenance import ModelIdentity


@dataclass(frozen=True)
class _Pretrained:
    file: str
    sha256: str


_PRETRAINED = {
    "sevennet-0": _Pretrained(
        file=sevenn._const.SEVENNET_0_11Jul2024,
        sha256="7052cb42b7b3be42b40b97fa0d21077a48c54b5548948fc4dcf346629f813c36",
    ),
    "sevennet-l3i5": _Pretrained(
        file=sevenn._const.SEVENNET_l3i5,
        sha256="a7ff190d41efe5b8317a03d20a468e4036a1a3e64e0b14fdbab64ac3f4bfc09d",
    ),
    "sevennet-mf-0": _Pretrained(
        file=sevenn._const.SEVENNET_MF_0,
        sha256="81791329b37d445f46b531578c182c41792d98c7814222c9e5dde276402225fd",
    ),
}

_DOWNLOADED = {"sevennet-mf-ompa": ("7net-mf-ompa", sevenn._const.SEVENNET_MF_ompa)}
"""The name that the `sevenn` package has for a model, and the file that its address belongs to."""


class _Convolution(torch.nn.Module):
    """What SevenNet's own layer computes, by an `EdgeProduct`.

    Parameters
    ----------
    layer
        That layer; its weights are taken.
    """

    def __init__(self, layer: IrrepsConvolution) -> None:
        super().__init__()
        self.product = EdgeProduct(layer.convolution)
        self.weights: Any = layer.weight_nn
        self.denominator = layer.denominator
        self._layer_keys = (layer.key_x, layer.key_filter, layer.key_weight_input)
        self._key_pairs = layer.key_edge_idx

    def forward(self, data: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        features, harmonics, lengths = (data[key] for key in self._layer_keys)
        pairs = data[self._key_pairs].flip(0)  # its first row is the atom that sums
        summed = self.product(features, harmonics, self.weights(lengths), pairs)
        data[self._layer_keys[0]] = summed / self.denominator
        return data


class SevenNetEnergy:
    """The atomic energies of a SevenNet model as a function of positions and strain."""

    def __init__(
        self, model: Any, modal: str | None, identity: ModelIdentity, capabilities: Capabilities
    ) -> None:
        self.identity = identity
        self.capabilities = capabilities
        self._dtype = getattr(torch, identity.dtype)
        self._model = ready_to_differentiate(model, identity)
        prepare_sums(self._dtype, identity.device)
        self.cutoff_A = float(model.cutoff)
        self._modality = None if modal is None else int(model.modal_map[modal])
        # What follows the atomic energies (their sum, and forces from it) is done here instead.
        self._layers = []
        for layer in self._model:
            if isinstance(layer, AtomReduce):
                break
            self._layers.append(layer)

    def complete(self, graph: NeighborGraph) -> NeighborGraph:
        """Return the graph as it is: pairs are all that the network needs."""
        return graph

    def energy(
        self, graph: NeighborGraph, positions: torch.Tensor, strain: torch.Tensor
    ) -> torch.Tensor:
        """Return atomic energies in eV, shape ``(n_atoms,)``."""
        data = {
            keys.NODE_FEATURE: self._model._atomic_numbers_to_onehot(graph.numbers),
            keys.EDGE_IDX: torch.stack([graph.senders, graph.receivers]),
            keys.EDGE_VEC: graph.edge_vectors(positions, strain),
            keys.BATCH: graph.structure_of_atom,
        }
        if self._modality is not None:
            data[keys.MODAL_TYPE] = torch.full_like(
                graph.numbers[: graph.n_structures], self._modality
            )
        for layer in self._layers:
            data = layer(data)
            # SevenNet's one-hot embedding is single precision whatever the model is.
            for key in (keys.NODE_FEATURE, keys.NODE_ATTR):
                if key in data and data[key].is_floating_point():
                    data[key] = data[key].to(self._dtype)
        energies: torch.Tensor = data[keys.ATOMIC_ENERGY].squeeze(-1)
        return energies


def load(request: LoadRequest) -> TorchModel:
    """Load a pretrained SevenNet by name, or a checkpoint file of one.

    The option ``modal`` chooses the modality of a multi-fidelity model.

    Raises
    ------
    ModelError
        The file is missing or is no SevenNet checkpoint; the modality is missing, or is none of the
        model's; or a named model cannot be downloaded.
    """
    path = _path_of(request)
    if not path.is_file():
        raise ModelError(f"there is no SevenNet checkpoint at {path}; check the path.")
    digest = file_sha256(path)
    known = {one.sha256: name for name, one in _PRETRAINED.items()}
    require_trust(path, digest, known, request)
    checkpoint = _read(path)
    modal = _choose_modality(request, list(checkpoint.config.get(keys.MODAL_MAP) or ()))
    model = _build(checkpoint, path)
    identity = ModelIdentity(
        name=request.name,
        family="sevennet",
        checkpoint_sha256=digest,
        dtype=request.dtype,
        device=request.device,
        options={} if modal is None else {"modal": modal},
    )
    known_as = known.get(digest, request.name)  # also of a copy that is given by its path
    capabilities = _capabilities(model, checkpoint.config, known_as)
    facts = stated(known_as)
    if modal is not None:
        facts = replace(facts, level_of_theory=LEVELS_OF_MODALITIES.get((known_as, modal)))
    return TorchModel(SevenNetEnergy(model, modal, identity, capabilities), facts)


def _capabilities(model: Any, config: dict[str, Any], known_as: str) -> Capabilities:
    cutoff = float(model.cutoff)
    return Capabilities(
        cutoff_A=cutoff,
        receptive_field_A=cutoff * config["num_convolution_layer"],
        elements=frozenset(int(number) for number in model.type_map),
        conservative=True,
        equivariant=True,
        mirror_equivariant=bool(config["is_parity"]),
        atomic_energies=True,
        size_consistent=True,
        differentiable=True,
        curvature_smooth=MODELS[known_as].curvature_smooth if known_as in MODELS else None,
        row_over_force_memory=2.1,  # least 2.0; 0 in two precisions, l3i5 1.9 to 2.0; on a CPU
    )


def _path_of(request: LoadRequest) -> Path:
    if request.name in _DOWNLOADED:
        return _download(request)
    pretrained = _PRETRAINED.get(request.name)
    return Path(pretrained.file if pretrained else request.target)


def _download(request: LoadRequest) -> Path:
    """Return the file of a named model, from where the package keeps it or from its address."""
    name, file = _DOWNLOADED[request.name]
    address = sevenn._const.CHECKPOINT_DOWNLOAD_LINKS[file]
    if not request.trust:  # before anything is fetched
        raise ModelError(
            f"{request.name} is downloaded from {address} as a pickled checkpoint, which can run "
            f"any code when it is loaded, and its authors publish no digest to compare it with. If "
            f"you trust that address, load it with `trust`."
        )
    try:
        with contextlib.redirect_stdout(sys.stderr):
            return Path(pretrained_name_to_path(name))
    except OSError as error:  # no network, no such page, no right to write, a full disk
        raise ModelError(
            f"{request.name} cannot be downloaded: {error}. Check the network, or fetch {address} "
            f"by other means and load it as sevennet:<path>."
        ) from error


def _choose_modality(request: LoadRequest, modalities: Sequence[str]) -> str | None:
    """Return the modality that was asked for; None for a model of one fidelity."""
    name, modal = request.name, request.options.get("modal")
    if not modalities:
        if modal is not None:
            raise ModelError(
                f"{name} is for one fidelity only: there is no modal={modal} to choose. Leave the "
                f"option out."
            )
        return None
    listed = ", ".join(modalities)
    if modal is None:
        raise ModelError(
            f"{name} is for several fidelities; choose one of {listed} as in "
            f"{name}?modal={modalities[0]}."
        )
    if modal not in modalities:
        raise ModelError(f"{name} has no modality {modal!r}; choose one of {listed}.")
    return modal


def _read(path: Path) -> Any:
    # sevenn prints when it converts a checkpoint; standard output belongs to the user's JSON.
    with contextlib.redirect_stdout(sys.stderr), _without_torchscript():
        try:
            checkpoint = SevenNetCheckpoint(path)
            _ = checkpoint.config  # it is read only now
        except Exception as error:  # a damaged pickle can raise anything
            raise ModelError(_unusable(path, error)) from error
    return checkpoint


def _build(checkpoint: Any, path: Path) -> Any:
    with contextlib.redirect_stdout(sys.stderr), _without_torchscript(), _irreps_without_code():
        try:
            model = checkpoint.build_model()
        except (RuntimeError, KeyError, ValueError, TypeError) as error:
            raise ModelError(_unusable(path, error)) from error
    for name, layer in model.named_children():
        if type(layer) is IrrepsConvolution and is_edge_product(layer.convolution):
            setattr(model, name, _Convolution(layer))
    simplify_products(model)
    return model


def _unusable(path: Path, error: Exception) -> str:
    return (
        f"{path} is not a usable SevenNet checkpoint: {error}. Copy or download it again, or check "
        f"that it was written by sevenn."
    )


@contextlib.contextmanager
def _without_torchscript() -> Iterator[None]:
    # TorchScript compiles anew during the first calls, each time it meets another order of
    # derivative; without it rows cost the same and are ready at once.
    before = e3nn.get_optimization_defaults()
    e3nn.set_optimization_defaults(jit_script_fx=False)
    try:
        yield
    finally:
        e3nn.set_optimization_defaults(**before)


@contextlib.contextmanager
def _irreps_without_code() -> Iterator[None]:
    # sevenn makes full products to read which irreps they have, and evaluates none of them: e3nn
    # need not write code for them, as it does unless it is told otherwise.
    util: Any = sevenn.util  # which has the class from e3nn
    product = util.FullTensorProduct
    util.FullTensorProduct = partial(product, compile_left_right=False)
    try:
        yield
    finally:
        util.FullTensorProduct = product
