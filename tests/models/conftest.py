"""What the tests of several models share."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

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
