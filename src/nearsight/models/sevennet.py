"""SevenNet (Park et al., J. Chem. Theory Comput. 2024, 20, 4857, doi 10.1021/acs.jctc.4c00190).

Install with ``pip install 'nearsight[sevennet]'``. The `sevenn` package carries the weights of the
named models, so nothing is downloaded.
"""

import contextlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import e3nn
import sevenn._const
import sevenn._keys as keys
import torch
from ase import Atoms
from sevenn.checkpoint import SevenNetCheckpoint
from sevenn.nn.linear import AtomReduce

from nearsight.errors import ModelError
from nearsight.fingerprint import file_sha256
from nearsight.models.catalogue import MODELS, stated
from nearsight.models.contract import Capabilities
from nearsight.models.e3nn_graphs import simplify_products
from nearsight.models.graph import NeighborGraph, neighbor_graph
from nearsight.models.loading import LoadRequest, require_trust
from nearsight.models.torch_model import TorchModel, ready_to_differentiate
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
}


class SevenNetEnergy:
    """The atomic energies of a SevenNet model as a function of positions and strain."""

    def __init__(self, model: Any, identity: ModelIdentity, capabilities: Capabilities) -> None:
        self.identity = identity
        self.capabilities = capabilities
        self._dtype = getattr(torch, identity.dtype)
        self._model = ready_to_differentiate(model, identity)
        # What follows the atomic energies (their sum, and forces from it) is done here instead.
        self._layers = []
        for layer in self._model:
            if isinstance(layer, AtomReduce):
                break
            self._layers.append(layer)

    def prepare(self, structures: Sequence[Atoms]) -> NeighborGraph:
        """Return the neighbour graph of a batch of structures."""
        return neighbor_graph(
            structures, self._model.cutoff, dtype=self._dtype, device=self.identity.device
        )

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

    Raises
    ------
    ModelError
        The file is missing, is no SevenNet checkpoint, or holds a multi-fidelity model.
    """
    pretrained = _PRETRAINED.get(request.name)
    path = Path(pretrained.file if pretrained else request.target)
    if not path.is_file():
        raise ModelError(f"there is no SevenNet checkpoint at {path}; check the path.")
    digest = file_sha256(path)
    known = {one.sha256: name for name, one in _PRETRAINED.items()}
    require_trust(path, digest, known, request)
    known_as = known.get(digest, request.name)  # also of a copy that is given by its path
    model, config = _build(path)
    identity = ModelIdentity(
        name=request.name,
        family="sevennet",
        checkpoint_sha256=digest,
        dtype=request.dtype,
        device=request.device,
    )
    cutoff = float(model.cutoff)
    capabilities = Capabilities(
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
        **stated(known_as),
    )
    return TorchModel(SevenNetEnergy(model, identity, capabilities))


def _build(path: Path) -> tuple[Any, dict[str, Any]]:
    # sevenn prints when it converts a checkpoint; standard output belongs to the user's JSON.
    with contextlib.redirect_stdout(sys.stderr), _without_torchscript():
        try:
            checkpoint = SevenNetCheckpoint(path)
            config = checkpoint.config
        except Exception as error:  # a damaged pickle can raise anything
            raise ModelError(_unusable(path, error)) from error
        if config.get(keys.USE_MODALITY, False):
            raise ModelError(
                f"{path} is a multi-fidelity SevenNet, which is not supported; "
                f"choose a single-fidelity one such as sevennet-0."
            )
        try:
            model = checkpoint.build_model()
        except (RuntimeError, KeyError, ValueError, TypeError) as error:
            raise ModelError(_unusable(path, error)) from error
    simplify_products(model)
    return model, config


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
