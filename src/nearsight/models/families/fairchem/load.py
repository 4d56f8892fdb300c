"""UMA and eSEN of fairchem (arXiv 2506.23971 and 2502.12147), conservative and direct.

Install with ``nearsight models install fairchem``. The named models are downloaded by the
`fairchem` package when they are first asked for, from pages of Hugging Face on which access is to
be asked for once: its terms are agreed to there, and the token of that account (``HF_TOKEN``) opens
the download.

A model is for the task, charge and spin in its name, as in ``uma-s-1p1?task=omat`` or
``esen-sm-conserving-all-omol?charge=-1&spin=2``. The task may be left out where there is one only.
Charge and spin (the multiplicity 2S + 1) are needed for ``omol``; elsewhere both are 0, as in
training.

Models with experts chosen by composition (UMA) have energies that are sums over atoms, each of
which depends on what the whole structure is made of: parts far away from each other do not have the
sum of their energies. In uma-s-1p2 even the number of atoms counts, so that a supercell is not
exactly its number of cells times one.
"""

import contextlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from fairchem.core.calculate import pretrained_mlip
from huggingface_hub import errors

from nearsight.errors import ModelError
from nearsight.fingerprint import file_sha256
from nearsight.models.contract import Capabilities, Model
from nearsight.models.engines.direct_forces import DirectForceModel, DirectPrediction
from nearsight.models.engines.torch_model import TorchModel
from nearsight.models.facts import Facts
from nearsight.models.families import stated
from nearsight.models.families.fairchem.network import FairchemNetwork, System, build, energy_block
from nearsight.models.graphs.neighbor_graph import NeighborGraph
from nearsight.models.loading import LoadRequest, require_trust
from nearsight.models.options_in_names import whole_number
from nearsight.provenance import ModelIdentity

_GATE = "https://huggingface.co"

NAMES = tuple(
    name for name in pretrained_mlip.available_models if name.startswith(("uma-", "esen-"))
)
"""Named models of the package that have a supported network."""

_LEVELS = {
    "omol": "ωB97M-V/def2-TZVPD",
    "omat": "PBE (+U as in OMat24)",
    "oc20": "RPBE",
    "odac": "PBE-D3",
    "omc": "PBE-D3",
}
"""Level of theory of each task of the models that are no fine-tuned ones."""

_SCALES = {"omat": "total energies of VASP as in OMat24, not those of the Materials Project"}
"""Energy scale of tasks whose is known: the README of fairchem warns of it."""

_TUNED = {
    ("uma-s-1p2p1-ft-d4rev", "omol"): "ωB97M-D4rev",
    ("uma-s-1p2p1-ft-r2scan", "omat"): "r2SCAN",
}

_WITH_CHARGE = "omol"
"""The task whose structures differ in charge and spin."""

_VOIGT = [0, 4, 8, 5, 2, 1]
"""Places of xx, yy, zz, yz, xz, xy in a tensor of nine components."""


class FairchemEnergy:
    """The atomic energies of a conservative network as a function of positions and strain."""

    def __init__(
        self,
        network: FairchemNetwork,
        block: Any,
        identity: ModelIdentity,
        capabilities: Capabilities,
    ) -> None:
        self.identity = identity
        self.capabilities = capabilities
        self._network = network
        self.cutoff_A = network.cutoff_A
        self._block = block.to(dtype=getattr(torch, identity.dtype), device=identity.device)
        self._block.requires_grad_(False)
        self._rmsd = float(network.task("energy").normalizer.rmsd)
        self._references = network.references()

    def complete(self, graph: NeighborGraph) -> NeighborGraph:
        """Return the graph of the nearest neighbours only."""
        return self._network.complete(graph)

    def energy(
        self, graph: NeighborGraph, positions: torch.Tensor, strain: torch.Tensor
    ) -> torch.Tensor:
        """Return atomic energies in eV, shape ``(n_atoms,)``.

        They are added to those of free atoms in double precision, as fairchem does.
        """
        _, features = self._network.features(graph, positions, strain)
        energies: torch.Tensor = self._block(features["node_embedding"][:, 0]).squeeze(-1)
        return self._rmsd * energies.double() + self._references[graph.numbers]


class FairchemForces:
    """Energy, forces and stress of a network that predicts forces directly."""

    def __init__(
        self, network: FairchemNetwork, identity: ModelIdentity, capabilities: Capabilities
    ) -> None:
        self.identity = identity
        self.capabilities = capabilities
        self._network = network
        self.cutoff_A = network.cutoff_A
        self._references = network.references()

    def complete(self, graph: NeighborGraph) -> NeighborGraph:
        """Return the graph of the nearest neighbours only."""
        return self._network.complete(graph)

    def predict(self, graph: NeighborGraph, positions: torch.Tensor) -> DirectPrediction:
        """Return energies, forces and, from networks that have a head for it, stresses."""
        inputs, features = self._network.features(graph, positions, graph.unstrained())
        found = self._network.head_outputs(inputs, features)
        free = self._references.new_zeros(graph.n_structures)
        free = free.index_add(0, graph.structure_of_atom, self._references[graph.numbers])
        stresses = found["stress"].reshape(-1, 9)[:, _VOIGT] if "stress" in found else None
        return DirectPrediction(found["energy"].reshape(-1) + free, found["forces"], stresses)


def load(request: LoadRequest) -> Model:
    """Load a UMA or eSEN by name, or a checkpoint of one as ``fairchem:path``.

    Options are ``task``, ``charge`` and ``spin``.

    Raises
    ------
    ModelError
        The file is missing, not trusted or damaged, or holds another network; a named model cannot
        be downloaded; or an option is missing or not possible.
    """
    named = request.target if request.target in NAMES else None
    path = _download(named) if named else Path(request.target)
    if not path.is_file():
        raise ModelError(f"there is no fairchem checkpoint at {path}; check the path.")
    digest = file_sha256(path)
    require_trust(path, digest, (), request)
    model = _build(path, request.dtype)
    system = _system(request, model)
    identity = ModelIdentity(
        name=request.name,
        family="fairchem",
        checkpoint_sha256=digest,
        dtype=request.dtype,
        device=request.device,
        options={"task": system.task, "charge": system.charge, "spin": system.spin},
    )
    capabilities = _capabilities(model)
    facts = _facts(model, named, system.task)
    if not capabilities.conservative:
        network = FairchemNetwork(model, identity, system)
        _require_heads(network, ("energy", "forces"), path)
        return DirectForceModel(FairchemForces(network, identity, capabilities), facts)
    block = energy_block(model, system.task, request.dtype)
    network = FairchemNetwork(model, identity, system)
    _require_heads(network, ("energy",), path)
    if block is None or float(network.task("energy").normalizer.mean) != 0:
        raise ModelError(
            f"{path} does not have one energy that is a sum over atoms, which is what is supported "
            f"of conservative networks; use one that has (MLP_EFS_Head with reduce='sum')."
        )
    return TorchModel(FairchemEnergy(network, block, identity, capabilities), facts)


def _download(name: str) -> Path:
    """Return the file of a named model, from the package's cache or from its page."""
    file = pretrained_mlip._MODEL_CKPTS.checkpoints[name]
    page = f"{_GATE}/{file.repo_id}"
    try:
        with contextlib.redirect_stdout(sys.stderr):  # it shows a bar
            return Path(pretrained_mlip.pretrained_checkpoint_path_from_name(name))
    except errors.RepositoryNotFoundError as error:  # also where access was not granted
        raise ModelError(
            f"{name} cannot be downloaded without permission. Ask for access at {page} and agree "
            f"to its terms, then set HF_TOKEN to a token of that account that may read gated "
            f"repositories (or run `hf auth login`)."
        ) from error
    except (OSError, errors.HTTPError, errors.EntryNotFoundError) as error:
        # no network, a full disk, a file that is gone
        reason = str(error).rstrip(".")
        raise ModelError(
            f"{name} cannot be downloaded: {reason}. Check the network, or fetch {file.filename} "
            f"from {page} by other means and load it as fairchem:<path>."
        ) from error


def _build(path: Path, dtype: str) -> Any:
    """Return the network in a file that the caller trusts."""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            checkpoint = torch.load(path, map_location="cpu", weights_only=False)
            return build(checkpoint, path, dtype)
    except ModelError:
        raise
    except Exception as error:  # a damaged pickle, or one of other classes, can raise anything
        raise ModelError(
            f"{path} is not a usable fairchem checkpoint: {type(error).__name__}: {error}. Copy or "
            f"download it again; of a training of your own, use inference_ckpt.pt."
        ) from error


def _system(request: LoadRequest, model: Any) -> System:
    name, options = request.name, request.options
    tasks = sorted(model.dataset_to_tasks)
    task = options.get("task", tasks[0] if len(tasks) == 1 else None)
    if task is None or task not in tasks:
        problem = "needs the option task" if task is None else f"has no task {task!r}"
        raise ModelError(f"{name} {problem}; it is one of {', '.join(tasks)}.")
    needed = ("charge", "spin") if task == _WITH_CHARGE else tuple(options.keys() - {"task"})
    numbers = {"charge": 0, "spin": 0} | {key: whole_number(name, options, key) for key in needed}
    lowest = 1 if task == _WITH_CHARGE else 0
    if not lowest <= numbers["spin"] <= 100:
        raise ModelError(
            f"spin={numbers['spin']} of {name} is not possible: it is the multiplicity 2S + 1, 1 "
            f"for a singlet, 2 for a doublet, and at most 100."
        )
    if abs(numbers["charge"]) > 100:
        raise ModelError(f"charge={numbers['charge']} of {name} is not between -100 and 100.")
    return System(task, numbers["charge"], numbers["spin"])


def _require_heads(network: FairchemNetwork, properties: Sequence[str], path: Path) -> None:
    missing = [name for name in properties if not network.has(name)]
    if missing:
        raise ModelError(
            f"{path} predicts no {' and no '.join(missing)} for the task {network.system.task}; "
            f"use a checkpoint that does."
        )


def _capabilities(model: Any) -> Capabilities:
    backbone = model.backbone
    conservative = not backbone.regress_config.direct_forces
    # Each atom sees its neighbours before the first layer already.
    reach = float(backbone.cutoff) * (backbone.num_layers + 1)
    experts = getattr(backbone, "num_experts", 0) > 0
    balanced = max(backbone.charge_channel_end, backbone.spin_channel_end) > 0
    local = not balanced and not (experts and backbone.use_composition_embedding)
    # What is computed on a grid of points turns with the structure only as far as the grid is fine:
    # with random weights forces deviate by 10⁻⁴ of their size (atoms), by 10⁻⁶ (pairs).
    exact = backbone.act_type == "gate" and backbone.ff_type == "spectral"
    return Capabilities(
        cutoff_A=float(backbone.cutoff),
        receptive_field_A=reach if local else None,
        elements=frozenset(range(1, backbone.max_num_elements)),
        conservative=conservative,
        equivariant=exact,
        mirror_equivariant=False,
        atomic_energies=conservative,
        size_consistent=local,
        differentiable=True,
        curvature_smooth=None,
    )


def _facts(model: Any, named: str | None, task: str) -> Facts:
    facts = replace(stated(named or ""), neighbour_limit=int(model.backbone.max_neighbors))
    if not named:
        return facts
    untuned = None if "-ft-" in named else _LEVELS.get(task)
    return replace(
        facts,
        level_of_theory=_TUNED.get((named, task), untuned),
        training_data=f"that of the task {task}",
        energy_scale=_SCALES.get(task),
    )
