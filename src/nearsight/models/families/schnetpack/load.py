"""SchNet and PaiNN of SchNetPack (J. Chem. Phys. 2023, 158, 144801, doi 10.1063/5.0138367).

Install with ``nearsight models install schnetpack``. There are no named models; a model is the file
that SchNetPack saves when it has trained one (``best_model``).

Such a file says nothing about units. They are read from the ``config.yaml`` that SchNetPack writes
beside it, or given in the name: ``schnetpack:best_model?energy_unit=kcal/mol&length_unit=Ang``.

Every element that has a row in the table of embeddings counts as known, for the file does not say
which were in the training set.

Analytic second derivatives of PaiNN are exact, and yet not the curvature that a vibration feels. It
takes lengths of vector features as √(|V|² + 10⁻⁸): a cusp, rounded over the smallest of movements,
wherever symmetry makes V zero, as at every centre of inversion. With random weights the diagonal
element of an atom in MgO is 55.2 eV/Å² analytically, and 2.43, 1.18 and 0.76 from differences of
forces over 0.01, 0.02 and 0.03 Å. With 1 in place of 10⁻⁸ all are -0.427.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml

from nearsight.errors import ModelError
from nearsight.fingerprint import file_sha256
from nearsight.models.contract import Capabilities
from nearsight.models.engines.torch_model import TorchModel, ready_to_differentiate
from nearsight.models.facts import Facts
from nearsight.models.families.schnetpack.importing import (
    NeuralNetworkPotential,
    atomistic,
    representation,
    transform,
)
from nearsight.models.graphs.neighbor_graph import NeighborGraph
from nearsight.models.loading import LoadRequest, require_trust
from nearsight.provenance import ModelIdentity
from nearsight.units import BOHR_IN_A, CALORIE_IN_J, EV_PER_CELL_IN_J_PER_MOL, HARTREE_IN_EV

_PER_MOL_EV = 1 / EV_PER_CELL_IN_J_PER_MOL

_ENERGY_UNITS: dict[str, float] = {
    "eV": 1.0,
    "meV": 1e-3,
    "Ha": HARTREE_IN_EV,
    "Hartree": HARTREE_IN_EV,
    "kcal/mol": 1e3 * CALORIE_IN_J * _PER_MOL_EV,
    "kJ/mol": 1e3 * _PER_MOL_EV,
}
"""What each unit is in eV, under SchNetPack's names."""

_LENGTH_UNITS: dict[str, float] = {
    "Ang": 1.0,
    "Angstrom": 1.0,
    "Bohr": BOHR_IN_A,
    "a0": BOHR_IN_A,
    "nm": 10.0,
}
"""What each unit is in Å, under SchNetPack's names."""

_CITATIONS = {
    representation.SchNet: "doi 10.1063/1.5019779",
    representation.PaiNN: "arXiv 2102.03150",
}
"""The supported representations and where each was published."""


@dataclass(frozen=True)
class _Units:
    """Units of a model, under SchNetPack's names."""

    energy: str
    length: str

    @property
    def energy_eV(self) -> float:
        """The unit of energy in eV."""
        return _ENERGY_UNITS[self.energy]

    @property
    def length_A(self) -> float:
        """The unit of length in Å."""
        return _LENGTH_UNITS[self.length]


@dataclass(frozen=True)
class _Readout:
    """How the features of an atom become its energy, in the model's unit."""

    network: Any
    """Perceptron from features to energies."""
    scale: float
    """Factor on what the perceptron gives."""
    references: torch.Tensor
    """What is added for each atomic number, shape ``(n_elements + 1,)``, double precision."""


class SchnetpackEnergy:
    """The atomic energies of a SchNet or PaiNN model as a function of positions and strain.

    Parameters
    ----------
    model
        The whole model, as SchNetPack saves it.
    readout
        How its features become the energy.
    units
        Units of the energy and of lengths in `model`.
    identity, capabilities
        What is said about the model.
    """

    def __init__(
        self,
        model: Any,
        readout: _Readout,
        units: _Units,
        identity: ModelIdentity,
        capabilities: Capabilities,
    ) -> None:
        self.identity = identity
        self.capabilities = capabilities
        self._dtype = getattr(torch, identity.dtype)
        model = ready_to_differentiate(model, identity)
        self._representation = model.representation
        self.cutoff_A = _cutoff_A(model.representation, units)
        self._network = readout.network
        self._scale = readout.scale
        self._references = readout.references.to(identity.device, self._dtype)
        self._units = units

    def complete(self, graph: NeighborGraph) -> NeighborGraph:
        """Return the graph as it is: pairs are all that the network needs."""
        return graph

    def energy(
        self, graph: NeighborGraph, positions: torch.Tensor, strain: torch.Tensor
    ) -> torch.Tensor:
        """Return atomic energies in eV, shape ``(n_atoms,)``."""
        inputs = {
            "_atomic_numbers": graph.numbers,
            "_Rij": graph.edge_vectors(positions, strain) / self._units.length_A,
            "_idx_i": graph.senders,
            "_idx_j": graph.receivers,
        }
        features = self._representation(inputs)["scalar_representation"]
        energies: torch.Tensor = self._network(features).squeeze(-1)
        energies = self._scale * energies + self._references[graph.numbers]
        return energies * self._units.energy_eV


def load(request: LoadRequest) -> TorchModel:
    """Load a SchNet or PaiNN from the file in which SchNetPack saved it.

    Behind the path, ``?energy_unit=`` and ``length_unit=`` name the model's units and
    ``energy_key=`` the output that is its energy, if the model and its training do not say.

    Raises
    ------
    ModelError
        The file is missing, not trusted or damaged; holds something else than a SchNet or PaiNN
        whose energy is a sum over atoms; or units or energy are in doubt.
    """
    options = request.options
    path = Path(request.target)
    if not path.is_file():
        raise ModelError(f"there is no SchNetPack model at {path}; check the path.")
    digest = file_sha256(path)
    require_trust(path, digest, (), request)
    model = _read(path)
    _require_supported(model, path)
    key = options.get("energy_key") or _energy_key(model, path)
    units = _units(options, path, key)
    readout = _readout(model, key, path)
    identity = ModelIdentity(
        name=request.name,
        family="schnetpack",
        checkpoint_sha256=digest,
        dtype=request.dtype,
        device=request.device,
        options={"energy_unit": units.energy, "length_unit": units.length, "energy_key": key},
    )
    capabilities = _capabilities(model.representation, units, len(readout.references))
    facts = Facts(citation=_CITATIONS[type(model.representation)])
    return TorchModel(SchnetpackEnergy(model, readout, units, identity, capabilities), facts)


def _cutoff_A(network: Any, units: _Units) -> float:
    return float(network.cutoff_fn.cutoff) * units.length_A


def _capabilities(network: Any, units: _Units, n_rows: int) -> Capabilities:
    cutoff = _cutoff_A(network, units)
    return Capabilities(
        cutoff_A=cutoff,
        receptive_field_A=cutoff * len(network.interactions),
        elements=frozenset(range(1, n_rows)),
        conservative=True,
        equivariant=True,
        mirror_equivariant=True,
        atomic_energies=True,
        size_consistent=True,
        differentiable=True,
        curvature_smooth=False if isinstance(network, representation.PaiNN) else None,
    )


def _read(path: Path) -> Any:
    """Return what is pickled in a file that the caller trusts."""
    try:
        model = torch.load(path, map_location="cpu", weights_only=False)
    except Exception as error:  # a damaged pickle can raise anything
        raise ModelError(
            f"{path} is not a usable SchNetPack model: {type(error).__name__}: {error}. Use the "
            f"file that SchNetPack 2 saves when training ends (best_model)."
        ) from error
    return model


def _require_supported(model: Any, path: Path) -> None:
    """Refuse whatever is not a SchNet or PaiNN of the structure alone."""
    if not isinstance(model, NeuralNetworkPotential):
        raise ModelError(
            f"{path} holds a {type(model).__name__} and no NeuralNetworkPotential; use the file "
            f"that SchNetPack 2 saves when training ends (best_model), or "
            f"torch.save(task.model, path)."
        )
    network = model.representation
    if type(network) not in _CITATIONS:
        raise ModelError(
            f"{path} holds a {type(network).__name__}, which is not supported; possible are "
            f"{' and '.join(kind.__name__ for kind in _CITATIONS)}."
        )
    if getattr(network, "electronic_embeddings", None):
        raise ModelError(
            f"{path} embeds the charge or spin of a whole structure, which its attention spreads "
            f"over all atoms of a batch; that is not supported. Train a model without "
            f"electronic_embeddings."
        )
    # SchNetPack 2.1 asks for them in models of 2.0 too.
    network.electronic_embeddings = torch.nn.ModuleList()
    for module in model.input_modules:
        if type(module) not in {atomistic.PairwiseDistances, atomistic.Strain}:
            raise ModelError(
                f"{path} prepares its input by {type(module).__name__}, which is not supported; "
                f"only PairwiseDistances and Strain are."
            )


def _energy_key(model: Any, path: Path) -> str:
    """Return the output whose gradient the model gives as forces, else its only one."""
    keys = {module.energy_key for module in model.output_modules if hasattr(module, "energy_key")}
    if not keys:
        keys = {module.output_key for module in model.output_modules}
    if len(keys) == 1:
        return str(keys.pop())
    raise ModelError(
        f"{path} has the outputs {', '.join(sorted(keys))}, and nothing says which is the energy; "
        f"name it behind the path, as in ?energy_key={min(keys)}."
    )


def _readout(model: Any, key: str, path: Path) -> _Readout:
    """Return how features become atomic energies, with what is done to the energy afterwards."""
    layers = {getattr(module, "output_key", None): module for module in model.output_modules}
    if key not in layers:
        raise ModelError(
            f"{path} has no output {key!r}; it has {', '.join(sorted(filter(None, layers)))}."
        )
    layer = layers[key]
    sums = type(layer) is atomistic.Atomwise and layer.aggregation_mode == "sum"
    if not sums or layer.n_out != 1:
        how = f"aggregation_mode={getattr(layer, 'aggregation_mode', None)!r}"
        raise ModelError(
            f"{path} makes {key!r} by {type(layer).__name__} ({how}); only a sum of atomic "
            f"energies is supported, which is Atomwise with aggregation_mode='sum'."
        )
    scale, references = 1.0, torch.zeros(_embedded(model.representation), dtype=torch.float64)
    for step in model.postprocessors if model.do_postprocessing else ():
        if isinstance(step, transform.ScaleProperty) and key in {step.input_key, step.output_key}:
            _require(step.input_key == step.output_key, step, key, path)
            scale, references = scale * float(step.scale), references * float(step.scale)
        elif isinstance(step, transform.AddOffsets) and step._property == key:
            _require(step.is_extensive, step, key, path)
            references = _with_offsets(references, step)
        elif not isinstance(
            step, transform.CastMap | transform.ScaleProperty | transform.AddOffsets
        ):
            _require(False, step, key, path)
    return _Readout(layer.outnet, scale, references)


def _with_offsets(references: torch.Tensor, step: Any) -> torch.Tensor:
    if step.add_mean:
        references = references + step.mean.double()
    if step.add_atomrefs:
        free = step.atomref.double().reshape(-1)
        n = min(len(free), len(references))  # elements without a reference are not known
        references = references[:n] + free[:n]
    return references


def _require(possible: bool, step: Any, key: str, path: Path) -> None:
    if not possible:
        raise ModelError(
            f"{path} changes its outputs by {type(step).__name__} in a way that does not leave "
            f"{key!r} a sum of atomic energies, which is not supported; save the model with other "
            f"postprocessors."
        )


def _embedded(network: Any) -> int:
    table = network.embedding
    if isinstance(table, torch.nn.Embedding):
        return int(table.num_embeddings)
    return len(table.element_embedding)


def _units(options: Mapping[str, str], path: Path, key: str) -> _Units:
    """Return the units given in the name, else those that SchNetPack wrote beside the model."""
    given = {**_written_units(path.parent / "config.yaml", key), **options}
    for option, known in (("energy_unit", _ENERGY_UNITS), ("length_unit", _LENGTH_UNITS)):
        if given.get(option) not in known:
            wrong = f" {given[option]!r} is not possible." if option in given else ""
            raise ModelError(
                f"the units of {path} are needed, which the file does not hold.{wrong} Give them "
                f"behind the path, as in ?energy_unit=eV&length_unit=Ang. Possible are "
                f"{', '.join(_ENERGY_UNITS)} for energies and {', '.join(_LENGTH_UNITS)} for "
                f"lengths."
            )
    return _Units(given["energy_unit"], given["length_unit"])


def _written_units(path: Path, key: str) -> dict[str, str]:
    """Return the units in the settings of a training, as far as they are there."""
    if not path.is_file():
        return {}
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))["data"]
        units = {
            "energy_unit": (data.get("property_units") or {}).get(key),
            "length_unit": data.get("distance_unit"),
        }
    except (AttributeError, KeyError, TypeError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ModelError(
            f"{path}, which should hold the settings of the training, cannot be read: {error}. "
            f"Move it away, and give the units of the model behind its path."
        ) from error
    return {option: unit for option, unit in units.items() if unit is not None}
