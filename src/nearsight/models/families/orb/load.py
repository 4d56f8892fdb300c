"""Orb (Neumann et al., arXiv 2410.22570; Rhodes et al., arXiv 2504.06231), versions 2 and 3.

Install with ``nearsight models install orb``. The named models are downloaded by the `orb-models`
package when they are first asked for; they hold weights only, so that none needs to be trusted.

What must be known about all of them:

- They are not equivariant. A turned structure has another energy, by the error of the training.
- The energy is read from the mean of all atoms' features. There are no atomic energies, every atom
  sees every other one, and two fragments far apart do not have the sum of their energies.
- Each atom sends messages to its nearest 20 or 120 neighbours within 6 Å only. With 20 the energy
  jumps whenever a neighbour is replaced by another one. 120 are all in most structures, but not in
  one as dense as diamond, which has 158.
- The direct models predict forces that are no gradient of their energy (`direct_forces`).
- Nuclear repulsion at short range is that of the next element in the package, and in a conservative
  model its mean over the atoms, which does not grow with the structure, is added to the energy. The
  models were trained so.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from nearsight.errors import ModelError
from nearsight.fingerprint import file_sha256
from nearsight.models.contract import Capabilities, Model
from nearsight.models.engines.direct_forces import DirectForceModel, DirectPrediction
from nearsight.models.engines.torch_model import TorchModel
from nearsight.models.families import stated
from nearsight.models.families.orb.network import OrbNetwork
from nearsight.models.families.orb.weights import PUBLISHED, build, download, trained_elements
from nearsight.models.graphs.neighbor_graph import NeighborGraph
from nearsight.models.loading import LoadRequest
from nearsight.models.options_in_names import require_options, whole_number
from nearsight.provenance import ModelIdentity, Setting

_FEW_NEIGHBOURS = 120
"""With fewer than that neighbours are left out in most structures."""

_EMBEDDED = frozenset(range(1, 118))
"""Elements that the package has places for, trained or not."""


class OrbEnergy:
    """The energy of a conservative Orb model as a function of positions and strain."""

    def __init__(
        self, network: OrbNetwork, identity: ModelIdentity, capabilities: Capabilities
    ) -> None:
        self.identity = identity
        self.capabilities = capabilities
        self._network = network
        self.cutoff_A = network.cutoff_A

    def complete(self, graph: NeighborGraph) -> NeighborGraph:
        """Return the graph of the nearest neighbours only."""
        return self._network.complete(graph)

    def energy(
        self, graph: NeighborGraph, positions: torch.Tensor, strain: torch.Tensor
    ) -> torch.Tensor:
        """Return energies in eV, shape ``(n_structures,)``."""
        model = self._network.model
        batch = self._network.batch(graph, positions, graph.edge_vectors(positions, strain))
        with self._network.precision():
            features = model.model(batch)["node_features"]
            energies: torch.Tensor = model.heads["energy"].predict(features, batch)
            if model.pair_repulsion:
                energies = energies + model.pair_repulsion_fn(batch)["energy"]
        return energies


class OrbForces:
    """Energy, forces and stress of a direct Orb model."""

    def __init__(
        self, network: OrbNetwork, identity: ModelIdentity, capabilities: Capabilities
    ) -> None:
        self.identity = identity
        self.capabilities = capabilities
        self._network = network
        self.cutoff_A = network.cutoff_A

    def complete(self, graph: NeighborGraph) -> NeighborGraph:
        """Return the graph of the nearest neighbours only."""
        return self._network.complete(graph)

    def predict(self, graph: NeighborGraph, positions: torch.Tensor) -> DirectPrediction:
        """Return energies, forces and, from models trained on crystals, stresses."""
        vectors = graph.edge_vectors(positions, graph.unstrained())
        batch = self._network.batch(graph, positions, vectors)
        with self._network.precision():
            found = self._network.model.predict(batch)
        return DirectPrediction(found["energy"], found["forces"], found.get("stress"))


def load(request: LoadRequest) -> Model:
    """Load a published Orb model by name, or a checkpoint as ``orb:path#published-model``.

    The published model behind the # is one of the same architecture, such as the one that was
    fine-tuned. The models for molecules (OMol25) need the options ``charge``, in elementary
    charges, and ``spin``, the multiplicity 2S + 1: ``orb-v3-conservative-omol?charge=1&spin=2``.

    Raises
    ------
    ModelError
        The file is missing, damaged or of another architecture; a named model cannot be
        downloaded; or charge and spin are missing, or not taken.
    """
    published = request.name in PUBLISHED
    if published:
        architecture, path = request.name, None
    else:
        path, architecture = _path_and_architecture(request.target)
    options = _options(request, architecture)
    if path is None:
        path = download(architecture)
    model = build(architecture, path)
    identity = ModelIdentity(
        name=request.name,
        family="orb",
        checkpoint_sha256=file_sha256(path),
        dtype=request.dtype,
        device=request.device,
        options=options,
    )
    conservative = hasattr(model, "grad_forces_name")  # as the package's calculator tells it
    capabilities = _capabilities(model, request.name, conservative=conservative)
    facts = replace(
        stated(request.name), neighbour_limit=int(model.system_config.max_num_neighbors)
    )
    network = OrbNetwork(model, identity)
    if conservative:
        return TorchModel(OrbEnergy(network, identity, capabilities), facts)
    return DirectForceModel(OrbForces(network, identity, capabilities), facts)


def _path_and_architecture(target: str) -> tuple[Path, str]:
    file, separator, architecture = target.rpartition("#")
    path = Path(file if separator else target)
    if not path.is_file():
        raise ModelError(f"there is no Orb checkpoint at {path}; check the path.")
    if architecture.lower() not in PUBLISHED or not separator:
        raise ModelError(
            f"an Orb checkpoint does not say which architecture it has; name a published model "
            f"that has the same, as in orb:{path}#orb-v3-conservative-inf-omat: one of "
            f"{', '.join(PUBLISHED)}."
        )
    return path, architecture.lower()


def _options(request: LoadRequest, architecture: str) -> dict[str, Setting]:
    if not architecture.endswith("-omol"):
        require_options(request.name, request.options, ())
        return {}
    require_options(request.name, request.options, ("charge", "spin"))
    charge, spin = (whole_number(request.name, request.options, key) for key in ("charge", "spin"))
    if spin < 1:
        raise ModelError(
            f"spin={spin} of {request.name} is no multiplicity 2S + 1; it is 1 for a singlet, 2 "
            f"for a doublet, 3 for a triplet."
        )
    return {"charge": charge, "spin": spin}


def _capabilities(model: Any, name: str, *, conservative: bool) -> Capabilities:
    config = model.system_config
    return Capabilities(
        cutoff_A=float(config.radius),
        receptive_field_A=None,
        elements=trained_elements(name) if name in PUBLISHED else _EMBEDDED,
        conservative=conservative,
        equivariant=False,
        mirror_equivariant=False,
        atomic_energies=False,
        size_consistent=False,
        differentiable=True,
        curvature_smooth=False if config.max_num_neighbors < _FEW_NEIGHBOURS else None,
    )
