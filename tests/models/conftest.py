"""What the tests of several models share."""

import copy
import signal
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms

if find_spec("torch") is not None:  # an environment of JAX models has none
    import torch


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Let SIGINT interrupt, also where whoever started the tests has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def calm_cutoffs(monkeypatch: pytest.MonkeyPatch) -> Callable[[Atoms], None]:
    """Return a function: end D3's sums near 12 Å, in the widest gap between the distances there.

    Differences then see no pair that crosses a cutoff, where the energy jumps.
    """

    def between_shells(atoms: Atoms) -> None:
        from nearsight.models.families.d3 import energy

        i, j = np.triu_indices(len(atoms))
        grid = np.stack(np.meshgrid(*[np.arange(-8, 9)] * 3), axis=-1).reshape(-1, 3)
        images = (grid * atoms.pbc) @ atoms.cell.array
        vectors = atoms.positions[j] - atoms.positions[i]
        distances = np.linalg.norm(vectors[:, None] + images, axis=2).ravel()
        near = np.sort(distances[np.abs(distances - 12.0) < 0.3])
        widest = int(np.argmax(np.diff(near)))
        middle = float(near[widest : widest + 2].mean())
        monkeypatch.setattr(energy, "ENERGY_CUTOFF_A", middle)
        monkeypatch.setattr(energy, "COUNTING_CUTOFF_A", middle)

    return between_shells


@pytest.fixture
def saved_orb(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Path]:
    """Return a function: save an Orb with random weights, its architecture named, but small.

    All architectures of version 3 are small from then on, so that the file can be loaded.
    """
    pretrained = pytest.importorskip("orb_models.forcefield.pretrained", reason="needs orb-models")
    sizes = {"latent_dim": 16, "head_mlp_hidden_dim": 16, "num_message_passing_steps": 2}
    sizes |= {"base_mlp_hidden_dim": 16, "base_mlp_depth": 1}
    for kind in ("conservative", "direct"):
        build = getattr(pretrained, f"orb_v3_{kind}_architecture")
        monkeypatch.setattr(pretrained, f"orb_v3_{kind}_architecture", partial(build, **sizes))
    build = partial(pretrained.orb_v2_architecture, num_message_passing_steps=1)
    monkeypatch.setattr(pretrained, "orb_v2_architecture", build)

    def save(architecture: str) -> Path:
        with torch.random.fork_rng(), pytest.MonkeyPatch.context() as patch:
            torch.manual_seed(3)
            patch.setattr(pretrained, "load_model", lambda model, *_args, **_settings: model)
            model = pretrained.ORB_PRETRAINED_MODELS[architecture](device="cpu", compile=False)
        # Forces and force constants of about 1 eV/Å and 10 eV/Å², as real ones.
        model.heads["energy"].normalizer.bn.running_var.fill_(100.0)
        path = tmp_path / f"{architecture}.ckpt"
        torch.save(model.state_dict(), path)
        return path

    return save


@pytest.fixture(scope="session")
def tiny_matgl() -> Callable[..., Any]:
    """Return a function: a MatGL potential of one kind with random weights, cutoffs 4 and 3 Å."""
    return _tiny_matgl


def _tiny_matgl(kind: str, **changes: Any) -> Any:
    import matgl.models
    from matgl.apps.pes import Potential

    common = {"element_types": ("H", "C", "O", "Mg", "Si"), "cutoff": 4.0, "is_intensive": False}
    own: dict[str, dict[str, Any]] = {
        "M3GNet": {
            "threebody_cutoff": 3.0,
            "nblocks": 2,
            "units": 8,
            "dim_node_embedding": 8,
            "dim_edge_embedding": 8,
            "use_smooth": True,
        },
        "TensorNet": {
            "nblocks": 2,
            "units": 8,
            "rbf_type": "SphericalBessel",
            "use_smooth": True,
        },
        "CHGNet": {
            "threebody_cutoff": 3.0,
            "num_blocks": 3,
            "dim_atom_embedding": 8,
            "dim_bond_embedding": 8,
            "dim_angle_embedding": 8,
            "max_n": 5,
            "max_f": 2,
            "atom_conv_hidden_dims": (8,),
            "bond_conv_hidden_dims": (8,),
            "final_hidden_dims": (8,),
        },
    }
    outer = {"data_mean", "data_std", "element_refs", "calc_repuls"}
    settings = common | own[kind]
    settings |= {key: value for key, value in changes.items() if key not in outer}
    with torch.random.fork_rng():
        torch.manual_seed(4)
        network = getattr(matgl.models, kind)(**settings)
    if kind == "M3GNet":  # angles that can be followed
        for block in network.three_body_interactions:
            for parameter in block.update_network_bond.parameters():
                parameter.data *= 20
    scale = {"M3GNet": 500.0, "TensorNet": 100.0, "CHGNet": 50.0}[kind]  # as stiff as real bonds
    references = [-1.0, -2.0, -3.0, -4.0, -5.0]
    own_changes = {key: value for key, value in changes.items() if key in outer}
    return Potential(network, **{"data_std": scale, "element_refs": references} | own_changes)


NEQUIP_TYPES = ["H", "C", "O", "Mg", "Si"]


@pytest.fixture(scope="session")
def packaged_nequip(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a function: package a small NequIP or Allegro with random weights."""
    pytest.importorskip("nequip", reason="the tests of NequIP need nequip")
    from nequip.utils.global_state import set_global_state

    from nearsight.models.families.nequip.compiled import process_kept

    with process_kept():
        set_global_state()  # once, or nequip builds no models

    def package(dtype: str = "float64", *, architecture: str = "nequip", **changes: Any) -> Path:
        path = tmp_path_factory.mktemp(architecture) / f"{dtype}.nequip.zip"
        model = random_nequip if architecture == "nequip" else random_allegro
        write_package(model(dtype, changes), path)
        return path

    return package


def random_nequip(dtype: str, changes: dict[str, Any]) -> Any:
    """Return a NequIP of two layers."""
    from nequip.model import FullNequIPGNNModel, NequIPGNNModel

    if "irreps_edge_sh" in changes:
        return FullNequIPGNNModel(**nequip_settings(dtype), **changes)
    settings = {"num_layers": 2, "l_max": 2, "num_features": 4}
    radial = {"radial_mlp_depth": 1, "radial_mlp_width": 8, "num_bessels": 4}
    return NequIPGNNModel(**nequip_settings(dtype) | settings | radial | changes)


def random_allegro(dtype: str, changes: dict[str, Any]) -> Any:
    """Return an Allegro of two layers."""
    pytest.importorskip("allegro", reason="the tests of Allegro need nequip-allegro to make one")
    from allegro.model import AllegroModel

    settings = {
        "num_layers": 2,
        "l_max": 2,
        "num_scalar_features": 4,
        "num_tensor_features": 2,
        "allegro_mlp_hidden_layers_width": 4,
        "scalar_embed_mlp_hidden_layers_width": 4,
        "readout_mlp_hidden_layers_width": 4,
        "radial_chemical_embed": {
            "_target_": "allegro.nn.TwoBodyBesselScalarEmbed",
            "num_bessels": 4,
        },
    }
    return AllegroModel(**nequip_settings(dtype) | settings | changes)


def nequip_settings(dtype: str) -> dict[str, Any]:
    """Return what both kinds are asked for."""
    return {
        "seed": 6,
        "model_dtype": dtype,
        "type_names": NEQUIP_TYPES,
        "r_max": 3.0,
        "avg_num_neighbors": 3.0,
        "per_type_energy_scales": dict.fromkeys(NEQUIP_TYPES, 2.0),
        "per_type_energy_shifts": dict(zip(NEQUIP_TYPES, (-1.0, -2, -3, -4, -5), strict=True)),
    }


def write_package(model: Any, path: Path) -> None:
    """Write what `nequip-package` writes, without the training that it begins from."""
    import yaml
    from ase.build import bulk
    from ase.data import atomic_numbers
    from nequip.data import from_ase
    from nequip.integrations.utils import basic_transforms
    from nequip.scripts import _package_utils as modules
    from nequip.utils.versions import get_current_code_versions

    atoms = bulk("MgO", "rocksalt", a=4.25) * (2, 3, 1)
    atoms.rattle(0.1, seed=1)
    del atoms[0]
    names = model.type_names
    example = from_ase(atoms)
    identical = {name: name for name in names if name in atomic_numbers}
    for transform in basic_transforms(model.metadata, 3.0, names, identical):
        example = transform(example)
    description = {
        "versions": get_current_code_versions(),
        "external_modules": {},
        "package_version_id": 2,
        "available_models": ["eager"],
        "atom_types": dict(enumerate(names)),
    }
    models = torch.nn.ModuleDict({"sole_model": model})
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "TypedStorage is deprecated", UserWarning)
        with torch.package.PackageExporter(path) as package:
            package.mock([f"{name}.**" for name in modules._MOCK_MODULES])
            package.extern([f"{name}.**" for name in modules._EXTERNAL_MODULES])
            package.intern([f"{name}.**" for name in modules._INTERNAL_MODULES])
            package.save_text("model", "package_metadata.txt", yaml.dump(description))
            package.save_text("model", "config.yaml", "{}")
            package.save_pickle("model", "example_data.pkl", example)
            package.save_pickle("model", "eager_model.pkl", models)


@pytest.fixture(scope="session")
def random_pet() -> Callable[..., Any]:
    """Return a function: a PET of two layers with random weights for H, C, O, Mg and Si."""
    pytest.importorskip("metatrain", reason="a PET needs metatrain")
    from metatrain.pet import PET
    from metatrain.utils.architectures import get_default_hypers
    from metatrain.utils.data import DatasetInfo
    from metatrain.utils.data.target_info import get_energy_target_info

    small = {"d_pet": 8, "d_head": 8, "d_node": 8, "d_feedforward": 8, "num_heads": 2}
    layers = {"cutoff": 3.0, "num_attention_layers": 1, "num_gnn_layers": 2}

    def build(dtype: str = "float64", **changes: Any) -> Any:
        settings = copy.deepcopy(get_default_hypers("pet")["model"])
        energy = get_energy_target_info(
            "energy",
            {"quantity": "energy", "unit": "eV"},
            add_position_gradients=True,
            add_strain_gradients=True,
        )
        info = DatasetInfo(
            length_unit="Angstrom", atomic_types=[1, 6, 8, 12, 14], targets={"energy": energy}
        )
        with torch.random.fork_rng():
            torch.manual_seed(0)
            return PET(settings | layers | small | changes, info).to(getattr(torch, dtype))

    return build
