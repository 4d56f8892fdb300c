"""What the tests of several models share."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms


@pytest.fixture
def calm_cutoffs(monkeypatch: pytest.MonkeyPatch) -> Callable[[Atoms], None]:
    """Return a function: end D3's sums near 12 Å, in the widest gap between the distances there.

    Differences then see no pair that crosses a cutoff, where the energy jumps.
    """

    def between_shells(atoms: Atoms) -> None:
        from nearsight.models.d3 import energy

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
