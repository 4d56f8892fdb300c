"""NequIP and Allegro, from packaged models or compiled ones.

NequIP: Batzner et al., Nat. Commun. 2022, 13, 2453, doi 10.1038/s41467-022-29939-5. Allegro:
Musaelian et al., Nat. Commun. 2023, 14, 579, doi 10.1038/s41467-023-36329-y.

Install with ``nearsight models install nequip``. A package (``.nequip.zip``) carries the model with
its code, so it needs no Allegro beside `nequip`, and has analytic rows. What `nequip-compile` makes
of it (``.nequip.pt2``) holds energy and forces as finished kernels, which nothing can differentiate
once more: its rows are differences of forces.
"""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from ase.data import atomic_numbers
from nequip.model.saved_models import ModelFromPackage, load_utils
from nequip.utils.model_repository import ModelNotFoundError

from nearsight.errors import ModelError
from nearsight.fingerprint import file_sha256
from nearsight.models.contract import Capabilities, Model
from nearsight.models.engines.e3nn_convolutions import replace_edge_products
from nearsight.models.engines.e3nn_graphs import simplify_products
from nearsight.models.engines.edge_products import prepare_sums
from nearsight.models.engines.torch_model import TorchModel, ready_to_differentiate
from nearsight.models.families import stated
from nearsight.models.families.nequip.compiled import load_compiled, require_element_names
from nearsight.models.graphs.neighbor_graph import NeighborGraph
from nearsight.models.loading import LoadRequest, require_trust
from nearsight.provenance import ModelIdentity

_NEQUIP_NET = "nequip.net:"
"""How addresses of the authors' collection of models begin."""

_PACKAGE, _COMPILED = ".nequip.zip", ".nequip.pt2"

_SOLE_MODEL = "sole_model"
"""The name that nequip gives a model that is not one of several."""


_PUBLISHED = {
    f"{name.lower()}-l": f"{_NEQUIP_NET}mir-group/{name}-L:0.1"
    for name in ("NequIP-OAM", "NequIP-MP", "Allegro-OAM", "Allegro-MP")
}
"""Address of each named model."""

_SHARED_MODULES = {
    "AddRadialCutoffToData",
    "ApplyFactor",
    "AtomwiseReduce",
    "BesselEdgeLengthEncoding",
    "EdgeLengthNormalizer",
    "LennardJones",
    "NodeTypeEmbed",
    "PerTypeScaleShift",
    "ScalarMLP",
    "SimpleLennardJones",
    "ZBL",
}
"""Modules of both architectures whose numbers depend on single atoms or pairs within the cutoff."""

_NEQUIP_MODULES = _SHARED_MODULES | {"SphericalHarmonicEdgeAttrs", "ConvNetLayer"}

_ALLEGRO_MODULES = _SHARED_MODULES | {
    "Allegro_Module",
    "EdgewiseReduce",
    "ProductTypeEmbedding",
    "TwoBodySphericalHarmonicTensorEmbed",
    "TwoBodySplineScalarEmbed",
}


class NequIPEnergy:
    """The atomic energies of a packaged model as a function of positions and strain."""

    def __init__(
        self,
        model: Any,
        type_of_number: torch.Tensor,
        cutoffs_A: torch.Tensor,
        identity: ModelIdentity,
        capabilities: Capabilities,
    ) -> None:
        self.identity = identity
        self.capabilities = capabilities
        self._dtype = getattr(torch, identity.dtype)
        self._model = _in_precision(ready_to_differentiate(model, identity), self._dtype)
        prepare_sums(self._dtype, identity.device)
        self._type_of_number = type_of_number.to(identity.device)
        self._cutoffs_A = cutoffs_A.to(torch.float64)
        self.cutoff_A = float(cutoffs_A.max())

    def complete(self, graph: NeighborGraph) -> NeighborGraph:
        """Return the graph of the pairs that are within the cutoff of their two types."""
        if bool((self._cutoffs_A == self.cutoff_A).all()):
            return graph
        types = self._type_of_number.cpu()[graph.numbers]
        lengths = graph.edge_vectors(graph.positions, graph.unstrained()).norm(dim=1)
        return graph.with_edges(
            lengths <= self._cutoffs_A[types[graph.senders], types[graph.receivers]]
        )

    def energy(
        self, graph: NeighborGraph, positions: torch.Tensor, strain: torch.Tensor
    ) -> torch.Tensor:
        """Return atomic energies in eV, shape ``(n_atoms,)``."""
        # Edge vectors that are there already are what the model begins with: it needs no cell, and
        # structures of a batch need no boundaries.
        data = {
            "pos": positions,
            "atom_types": self._type_of_number[graph.numbers],
            "edge_index": torch.stack([graph.senders, graph.receivers]),
            "edge_vectors": graph.edge_vectors(positions, strain),
        }
        energies: torch.Tensor = self._model(data)["atomic_energy"].squeeze(-1)
        return energies


def load(request: LoadRequest) -> Model:
    """Load a packaged or compiled model from a file, or one of the authors' collection.

    ``nequip:nequip.net:group/model:version`` is downloaded from there, as the named models are.

    Raises
    ------
    ModelError
        The file is missing, not trusted, damaged, or of a kind that has no usable derivatives; the
        model needs more than a structure; or it cannot be downloaded.
    """
    address = _PUBLISHED.get(request.name, request.target)
    path = _download(address, request) if address.startswith(_NEQUIP_NET) else Path(address)
    _require_supported(path)
    digest = file_sha256(path)
    require_trust(path, digest, (), request)
    identity = ModelIdentity(
        name=request.name,
        family="nequip",
        checkpoint_sha256=digest,
        dtype=request.dtype,
        device=request.device,
    )
    if path.name.endswith(_COMPILED):
        return load_compiled(path, identity)
    model = _read(path)
    cutoffs = _cutoffs_A(model)
    capabilities = _capabilities(model, float(cutoffs.max()), path)
    type_of_number = torch.zeros(len(atomic_numbers), dtype=torch.int64)
    for place, symbol in enumerate(model.type_names):
        type_of_number[atomic_numbers[symbol]] = place
    energy = _energy_part(model, path)
    replace_edge_products(energy)
    simplify_products(energy)
    return TorchModel(
        NequIPEnergy(energy, type_of_number, cutoffs, identity, capabilities), stated(request.name)
    )


def _download(address: str, request: LoadRequest) -> Path:
    """Return the package of a model of the authors' collection, from nequip's cache or from there.

    The context in which nequip gives the path removes no file that it leaves in the cache.
    """
    if not request.trust:  # before anything is fetched
        raise ModelError(
            f"{request.name} is downloaded as {address}: a package with code of its own, which "
            f"runs when it is loaded. If you trust nequip.net, load it with `trust`."
        )
    try:
        with (
            contextlib.redirect_stdout(sys.stderr),
            load_utils._get_model_file_path(address) as path,
        ):
            return Path(path)
    except (OSError, ValueError, AssertionError, ModelNotFoundError) as error:
        # no network, a full disk, an address that is none, an answer without a file
        raise ModelError(
            f"{request.name} cannot be downloaded as {address}: {error}. Check the network, or "
            f"fetch the {_PACKAGE} file from https://www.nequip.net by other means and load it as "
            f"nequip:<path>."
        ) from error


def _require_supported(path: Path) -> None:
    """Refuse what is neither a package nor compiled for PyTorch, saying what to use instead."""
    if not path.is_file():
        raise ModelError(f"there is no NequIP model at {path}; check the path.")
    if path.suffix == ".ckpt":
        raise ModelError(
            f"{path} is a checkpoint of a training, which needs the files it was trained with; "
            f"make a package of it: nequip-package build {path} model{_PACKAGE}"
        )
    if not path.name.endswith((_PACKAGE, _COMPILED)):
        raise ModelError(
            f"{path} is neither a package ({_PACKAGE}) nor compiled by AOTInductor ({_COMPILED}), "
            f"of which nequip's names must end so; use the package that the model came as."
        )


def _read(path: Path) -> Any:
    """Return the model in a package that the caller trusts."""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            models = ModelFromPackage(str(path))
    except Exception as error:  # a package runs code of its own, which can raise anything
        raise ModelError(
            f"{path} is not a usable package of nequip: {error}. Copy or download it again, or "
            f"package the model anew with the versions installed here."
        ) from error
    if set(models.keys()) != {_SOLE_MODEL}:
        raise ModelError(
            f"{path} holds several models ({', '.join(models.keys())}), which is not supported; "
            f"package one of them alone."
        )
    model = models[_SOLE_MODEL]
    require_element_names(model.type_names, path)
    return model


def _energy_part(model: Any, path: Path) -> Any:
    """Return the modules up to the energy: what follows (forces by autograd) is done here."""
    asked = sorted(
        field
        for part in model.modules()
        for field in getattr(part, "categorical_graph_field_embed_shifts", ())
    )
    if asked:
        raise ModelError(
            f"{path} is a model that asks for {', '.join(asked)} beside the structure, which is "
            f"not supported; use one that does not."
        )
    energy = getattr(model.model, "func", None)
    if energy is None or "atomic_energy" not in energy.irreps_out:
        raise ModelError(
            f"{path} holds no model of atomic energies with forces as their gradient; use one "
            f"such as NequIPGNNModel or AllegroModel."
        )
    return energy


def _cutoffs_A(model: Any) -> torch.Tensor:
    """Return the cutoff in Å of each pair of types, shape ``(n_types, n_types)``."""
    n_types = len(model.type_names)
    metadata = model.metadata
    if by_pair := metadata.get("per_edge_type_cutoff"):
        values = [float(value) for value in by_pair.split()]
        return torch.tensor(values, dtype=torch.float64).reshape(n_types, n_types)
    return torch.full((n_types, n_types), float(metadata["r_max"]), dtype=torch.float64)


def _capabilities(model: Any, cutoff_A: float, path: Path) -> Capabilities:
    """Return what is true of the architecture; of one that is not known, no more than is seen.

    The code of a package is its own, so that architectures are told by the names of their modules.
    """
    modules = list(_in_sequence(_energy_part(model, path)))
    kinds = [type(module).__name__ for module in modules]
    field: float | None = None
    if set(kinds) <= _NEQUIP_MODULES:
        field = cutoff_A * max(1, kinds.count("ConvNetLayer"))
    elif set(kinds) <= _ALLEGRO_MODULES:
        field = cutoff_A  # strictly local: layers pass nothing on between atoms
    known = True if field is not None else None
    # Products keep parity. Mirror images are told apart only where vectors count as axial ones.
    polar = all(
        harmonic.p == (-1) ** harmonic.l
        for module in modules
        for _, harmonic in getattr(module, "irreps_edge_sh", ())
    )
    return Capabilities(
        cutoff_A=cutoff_A,
        receptive_field_A=field,
        elements=frozenset(atomic_numbers[symbol] for symbol in model.type_names),
        conservative=True,  # forces are taken from the energy here, whatever the model is
        equivariant=known,
        mirror_equivariant=known and polar,
        atomic_energies=True,
        size_consistent=known,
        differentiable=True,
        curvature_smooth=None,
    )


def _in_sequence(module: Any) -> Iterator[Any]:
    """Yield what a sequence of modules consists of, with sequences in it taken apart."""
    for part in module.children():
        if type(part).__name__ == "SequentialGraphNetwork":
            yield from _in_sequence(part)
        else:
            yield part


def _in_precision(model: Any, dtype: torch.dtype) -> Any:
    """Return `model` with all the precisions that its modules cast to replaced by one.

    nequip computes geometry and sums in double precision whatever the precision of the model.
    """
    for module in model.modules():
        for name, value in list(vars(module).items()):
            if isinstance(value, torch.dtype) and value.is_floating_point:
                setattr(module, name, dtype)
    return model
