"""MACE (Batatia et al., NeurIPS 2022, arXiv 2206.07697), with its foundation models by name.

Install with ``nearsight models install mace``, in another environment than SevenNet's. The named
models are downloaded by the `mace` package when they are first asked for, except mace-dac-1, which
is in a package of its authors. The weights of some are under the Academic Software License, which
allows no commercial use.
"""

import sys
import warnings
from http.client import HTTPException
from pathlib import Path
from typing import Any

import torch
from ase import Atoms

from nearsight.errors import InstallationError, ModelError
from nearsight.fingerprint import file_sha256
from nearsight.models.contract import Capabilities
from nearsight.models.engines.e3nn_convolutions import EdgeProduct, replace_edge_products
from nearsight.models.engines.e3nn_graphs import restore_graphs, simplify_products
from nearsight.models.engines.edge_products import prepare_sums
from nearsight.models.engines.torch_graphs import graph_of
from nearsight.models.engines.torch_model import TorchModel, ready_to_differentiate
from nearsight.models.families import MODELS, stated
from nearsight.models.families.mace.importing import MACE, ScaleShiftMACE, safe_loading_kept
from nearsight.models.graphs.neighbor_graph import NeighborGraph
from nearsight.models.loading import LoadRequest, require_trust
from nearsight.provenance import ModelIdentity, Setting

_PRETRAINED = {
    "mace-mp-0-small": "small",
    "mace-mp-0-medium": "medium",
    "mace-mp-0-large": "large",
    "mace-mp-0b3-medium": "medium-0b3",
    "mace-mpa-0-medium": "medium-mpa-0",
    "mace-omat-0-small": "small-omat-0",
    "mace-omat-0-medium": "medium-omat-0",
    "mace-matpes-pbe-0": "mace-matpes-pbe-0",
    "mace-matpes-r2scan-0": "mace-matpes-r2scan-0",
}
"""The name that the `mace` package has for each named model of materials."""

_ORGANIC = {
    "mace-off23-small": "small",
    "mace-off23-medium": "medium",
    "mace-off23-large": "large",
}
"""And for each one of organic molecules, which it keeps in a table of their own."""

_IN_WHEELS = {
    name: model.wheel
    for name, model in MODELS.items()
    if model.family == "mace" and model.wheel is not None
}
"""Where the weights of named models are whose digest is known, so that they need no trust. The
others are published without any."""

_REBUILT_TOLERANCE = {"float64": 1e-10, "float32": 1e-4}


class MaceEnergy:
    """The atomic energies of a MACE model as a function of positions and strain."""

    def __init__(
        self, model: Any, head: int, identity: ModelIdentity, capabilities: Capabilities
    ) -> None:
        self.identity = identity
        self.capabilities = capabilities
        self._dtype = getattr(torch, identity.dtype)
        self._model = ready_to_differentiate(model, identity)
        self._head = head
        self.cutoff_A = float(model.r_max)
        numbers = model.atomic_numbers
        # For each atomic number its place among the model's elements.
        self._places = numbers.new_full((int(numbers.max()) + 1,), -1)
        self._places[numbers] = torch.arange(len(numbers), device=numbers.device)

    def complete(self, graph: NeighborGraph) -> NeighborGraph:
        """Return the graph as it is: pairs are all that the network needs."""
        return graph

    def energy(
        self, graph: NeighborGraph, positions: torch.Tensor, strain: torch.Tensor
    ) -> torch.Tensor:
        """Return atomic energies in eV, shape ``(n_atoms,)``."""
        energies: torch.Tensor = self.outputs(graph, positions, strain)["node_energy"]
        return energies

    def outputs(
        self, graph: NeighborGraph, positions: torch.Tensor, strain: torch.Tensor
    ) -> dict[str, Any]:
        """Return everything that MACE's own forward pass gives; the arguments are `energy`'s."""
        n = graph.n_structures
        boundaries = torch.tensor([0, *graph.atoms_per_structure]).cumsum(0)
        places = self._places[graph.numbers]
        data = {
            # MACE adds a shift to a difference of positions. Whole vectors go in as shifts, so that
            # what strain does to them is said in one place for all families.
            "positions": torch.zeros_like(positions),
            "shifts": graph.edge_vectors(positions, strain),
            "edge_index": torch.stack([graph.senders, graph.receivers]),
            "node_attrs": torch.nn.functional.one_hot(places, len(self._model.atomic_numbers)).to(
                self._dtype
            ),
            "batch": graph.structure_of_atom,
            "ptr": boundaries.to(graph.numbers.device),
            "cell": positions.new_zeros((3 * n, 3)),  # asked for, and used for nothing here
            "head": torch.full_like(graph.numbers[:n], self._head),
        }
        found: dict[str, Any] = self._model(data, compute_force=False)
        return found


def load(request: LoadRequest) -> TorchModel:
    """Load a foundation model by name, or a file in which a MACE model was saved whole.

    Of a model with several heads, ``mace:path#head`` names the one to use.

    Raises
    ------
    ModelError
        The file is missing, not trusted or damaged, or holds something else than a MACE model that
        has second derivatives; the head is not in it; or a named model cannot be downloaded, or the
        package with its weights is not installed.
    """
    path, head = _find(request)
    if not path.is_file():
        raise ModelError(f"there is no MACE model at {path}; check the path.")
    digest = file_sha256(path)
    known = {wheel.sha256: name for name, wheel in _IN_WHEELS.items()}
    require_trust(path, digest, known, request)
    model = _read(path, request.device)
    _require_supported(model, path)
    place, options = _choose_head(model, head, path)
    identity = ModelIdentity(
        name=request.name,
        family="mace",
        checkpoint_sha256=digest,
        dtype=request.dtype,
        device=request.device,
        options=options,
    )
    energy = MaceEnergy(model, place, identity, _capabilities(model))
    _make_differentiation_cheap(model, energy, path)
    known_as = known.get(digest, request.name)  # also of a copy that is given by its path
    return TorchModel(energy, stated(known_as))


def _capabilities(model: Any) -> Capabilities:
    cutoff = float(model.r_max)
    return Capabilities(
        cutoff_A=cutoff,
        receptive_field_A=cutoff * int(model.num_interactions),
        elements=frozenset(model.atomic_numbers.tolist()),
        conservative=True,
        equivariant=True,
        mirror_equivariant=True,
        atomic_energies=True,
        size_consistent=True,
        differentiable=True,
        curvature_smooth=None,
        row_over_force_memory=1.9,  # least 1.8; MACE-DAC-1 in two precisions on a CPU
    )


def _find(request: LoadRequest) -> tuple[Path, str | None]:
    """Return the file of a model, and the head that its name chooses."""
    if request.name in _IN_WHEELS:
        return _in_wheel(request.name), None
    if request.name in _PRETRAINED or request.name in _ORGANIC:
        return _download(request), None
    return _path_and_head(request.target)


def _in_wheel(name: str) -> Path:
    """Return the file of a named model in the package that carries its weights."""
    wheel = _IN_WHEELS[name]
    path = wheel.path
    if path is None:
        raise ModelError(
            f"the weights of {name} are in the package {wheel.requirement}, which is not installed "
            f"in {sys.prefix}. `{wheel.install}` installs it there, and `nearsight models install "
            f"mace` has it in a new environment."
        )
    if file_sha256(path) != wheel.sha256:
        raise ModelError(
            f"{path} holds other weights than {wheel.requirement}, where those of {name} are. "
            f"Install that version anew, or load this file as mace:<path>."
        )
    return path


def _download(request: LoadRequest) -> Path:
    """Return the file of a named model, from MACE's cache or from its address."""
    with safe_loading_kept():
        from mace.calculators import foundations_models

        if request.name in _ORGANIC:
            address = foundations_models.mace_off_urls[_ORGANIC[request.name]]
            key = address  # the same function downloads from any address, once
        else:
            key = _PRETRAINED[request.name]
            address = foundations_models.mace_mp_urls[key]
        if not request.trust:  # before anything is fetched
            raise ModelError(
                f"{request.name} is downloaded from {address} as a pickled module, which can run "
                f"any code when it is loaded, and its authors publish no digest to compare it "
                f"with. If you trust that address, load it with `trust`. "
                f"Licence of the weights: {stated(request.name).licence}."
            )
        try:
            return Path(foundations_models.download_mace_mp_checkpoint(key))
        except (OSError, RuntimeError, HTTPException) as error:
            # no network, a full disk, a page instead, an answer that ends too early
            raise ModelError(
                f"{request.name} cannot be downloaded: {error}. Check the network, or fetch "
                f"{address} by other means and load it as mace:<path>."
            ) from error


def _path_and_head(target: str) -> tuple[Path, str | None]:
    path, separator, head = target.rpartition("#")
    if not separator or Path(target).is_file():
        return Path(target), None
    return Path(path), head


def _read(path: Path, device: str) -> Any:
    """Return what is pickled in a file that the caller trusts."""
    with warnings.catch_warnings():
        # Said of a TorchScript archive, which `_require_supported` refuses with more to go by.
        warnings.filterwarnings("ignore", "'torch.load' received a zip file", UserWarning)
        try:
            with safe_loading_kept():  # unpickling imports what the file names
                return torch.load(path, map_location=device, weights_only=False)
        except ModuleNotFoundError as error:
            raise ModelError(
                f"{path} needs the package {error.name}, which is not installed here. If that is a "
                f"library of kernels, which have no second derivatives, convert the model back "
                f"(`mace_cueq_to_e3nn`) or use the file it was made from; otherwise install it."
            ) from error
        except Exception as error:  # a damaged pickle can raise anything
            raise ModelError(
                f"{path} is not a usable MACE model: {error}. Copy or download it again (a named "
                f"model is downloaded once this file is deleted); if it was written by another "
                f"mace-torch, or another e3nn than 0.4.4, save it anew with those installed here."
            ) from error


def _require_supported(model: Any, path: Path) -> None:
    """Refuse whatever is not a MACE model with second derivatives, saying what to use instead."""
    kind = type(model).__name__
    if isinstance(model, torch.jit.ScriptModule) or kind == "OptimizedModule":
        raise ModelError(
            f"{path} is a compiled model, which has no second derivatives to rely on; use the "
            f".model file it was compiled from."
        )
    if isinstance(model, dict):
        raise ModelError(
            f"{path} holds weights or a state of training without the model they belong to; use "
            f"the .model file that mace_run_train writes, or torch.save(model, path)."
        )
    if type(model) not in {MACE, ScaleShiftMACE}:
        raise ModelError(
            f"{path} holds a {kind}. Only MACE and ScaleShiftMACE are supported: their energy is a "
            f"sum of atomic energies that depend on nothing but the structure."
        )
    if hasattr(model, "joint_embedding"):
        raise ModelError(
            f"{path} is a model that asks for {', '.join(model.embedding_specs)} beside the "
            f"structure, which is not supported; use one that does not."
        )
    if any(_accelerated(module) for module in model.modules()):
        raise ModelError(
            f"{path} uses the kernels of cuEquivariance or OpenEquivariance, which have no second "
            f"derivatives to rely on; convert it back to e3nn (`mace_cueq_to_e3nn`)."
        )


def _accelerated(module: torch.nn.Module) -> bool:
    if type(module).__module__.startswith(("cuequivariance", "openequivariance")):
        return True
    settings = (getattr(module, name, None) for name in ("cueq_config", "oeq_config"))
    return any(getattr(setting, "enabled", False) for setting in settings)


def _choose_head(model: Any, wanted: str | None, path: Path) -> tuple[int, dict[str, Setting]]:
    """Return the place of the head to use, and the option that says which, if there are several."""
    heads = list(getattr(model, "heads", None) or ["Default"])
    listed = ", ".join(heads)
    if wanted is None:
        # As in MACE's own calculator: the only one, or the one that is called default.
        defaults = [head for head in heads if len(heads) == 1 or head.lower() == "default"]
        if not defaults:
            raise ModelError(
                f"{path} has several heads and none is the default; choose one of {listed} as in "
                f"mace:{path}#{heads[0]}."
            )
        wanted = defaults[0]
    elif wanted not in heads:
        raise ModelError(f"{path} has no head {wanted!r}; choose one of {listed}.")
    return heads.index(wanted), {"head": wanted} if len(heads) > 1 else {}


def _make_differentiation_cheap(model: Any, energy: MaceEnergy, path: Path) -> None:
    """Replace the compiled products of a checkpoint, and check that no number changes."""
    numbers = sorted(energy.capabilities.elements or ())
    three = [numbers[0], numbers[len(numbers) // 2], numbers[-1]]
    spots = float(model.r_max) * torch.tensor([[0, 0, 0], [0.35, 0.1, 0], [0.1, 0.4, 0.2]])
    graph = graph_of(energy, [Atoms(three, positions=spots.numpy())])

    def features() -> torch.Tensor:
        # Not the energies, in which those of free atoms hide all else.
        outputs = energy.outputs(graph, graph.positions, graph.unstrained())
        found: torch.Tensor = outputs["node_feats"]
        return found.detach()

    try:
        compiled = features()
        restore_graphs(model)
        replace_edge_products(model)
        for block in model.interactions:
            if isinstance(block.conv_tp, EdgeProduct):
                block.conv_fusion = True  # in MACE's words: the product sums over neighbours
        prepare_sums(getattr(torch, energy.identity.dtype), energy.identity.device)
        _replace_contractions(model, energy.identity)
    except (AttributeError, KeyError, RuntimeError, TypeError) as error:
        raise ModelError(_of_another_version(path, str(error))) from error
    simplify_products(model)
    deviation = float((features() - compiled).abs().max() / compiled.abs().max())
    if not deviation <= _REBUILT_TOLERANCE[energy.identity.dtype]:
        reason = f"features change by {deviation:.0e} of their size without TorchScript"
        raise ModelError(_of_another_version(path, reason))


def _replace_contractions(model: Any, identity: ModelIdentity) -> None:
    """Put compiled polynomials in the place of contractions, on a CPU where numba is installed."""
    if identity.device != "cpu":
        return
    try:
        from nearsight.models.engines.atom_polynomials import prepare_polynomials
        from nearsight.models.families.mace.contractions import replace_contractions
    except InstallationError:
        return
    replace_contractions(model)
    prepare_polynomials(getattr(torch, identity.dtype))


def _of_another_version(path: Path, reason: str) -> str:
    return (
        f"{path} does not work with the mace-torch and e3nn that are installed here, or its tensor "
        f"products could not be rebuilt: {reason}. Save the model anew with these versions."
    )
