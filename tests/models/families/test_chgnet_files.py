"""Checkpoint files of CHGNet: tiny ones with random weights, and what is none."""

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import molecule

from nearsight.errors import ModelError
from nearsight.models.registry import load_model

pytest.importorskip("chgnet", reason="CHGNet is not installed (nearsight models install chgnet)")


def tiny_network(**settings: Any) -> Any:
    from chgnet.model.model import CHGNet

    small = {
        "atom_fea_dim": 8,
        "bond_fea_dim": 8,
        "angle_fea_dim": 8,
        "atom_conv_hidden_dim": 8,
        "bond_conv_hidden_dim": 8,
        "num_radial": 5,
        "num_angular": 5,
        "n_conv": 3,
        "mlp_hidden_dims": (8,),
        "atom_graph_cutoff": 3,
        "bond_graph_cutoff": 2,
        "cutoff_coeff": 5,
    }
    with torch.random.fork_rng(), contextlib.redirect_stdout(io.StringIO()):
        torch.manual_seed(4)
        network = CHGNet(**(small | settings))
    for layer in (network.bond_weights_ag, network.bond_weights_bg):
        layer.weight.data *= 10  # messages strong enough to be followed
    return network


@pytest.fixture(scope="module")
def tiny() -> Any:
    """A CHGNet of three layers with random weights and cutoffs of 3 and 2 Å."""
    return tiny_network()


@pytest.fixture(scope="module")
def tiny_path(tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("chgnet") / "tiny.pth.tar"
    torch.save({"model": tiny.as_dict()}, path)
    return path


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"composition_model": None, "is_intensive": False},
        {"mlp_out_bias": True, "gMLP_norm": None, "readout_norm": None},
        {"conv_norm": "layer", "update_angle": False},
        {"update_bond": False},
    ],
    ids=["default", "extensive", "biased", "normed", "no bond convolution"],
)
def test_checkpoint_file_becomes_a_model(
    tmp_path: Path, settings: dict[str, Any], dtype: str
) -> None:
    from chgnet.model.dynamics import CHGNetCalculator

    network = tiny_network(**settings)
    path = tmp_path / "own.pth.tar"
    torch.save({"model": network.as_dict()}, path)
    model = load_model(f"chgnet:{path}", dtype=dtype, device="cpu")
    assert (model.identity.name, model.identity.dtype) == (f"chgnet:{path}", dtype)
    assert model.capabilities.elements == frozenset(range(1, 95))
    assert model.capabilities.cutoff_A == 3.0
    assert model.facts.licence is None
    local = "mlp_out_bias" not in settings and "conv_norm" not in settings
    assert model.capabilities.receptive_field_A == (9.0 if local else None)
    assert model.capabilities.size_consistent is local
    atoms = molecule("CH3CH2OH")
    atoms.set_cell([18.0] * 3)
    atoms.pbc = True
    atoms.rattle(0.1, seed=1)
    [evaluation] = model.evaluate([atoms])
    atoms.calc = CHGNetCalculator(network, use_device="cpu")
    assert evaluation.energy_eV == pytest.approx(atoms.get_potential_energy(), abs=1e-4)
    np.testing.assert_allclose(evaluation.forces_eV_per_A, atoms.get_forces(), rtol=0, atol=2e-5)
    assert np.abs(evaluation.forces_eV_per_A).max() > 1e-3


def test_named_checkpoint_is_known_by_its_path() -> None:
    from chgnet.model.model import module_dir

    from nearsight.models.families.chgnet.load import _PRETRAINED

    path = Path(module_dir).parent / "pretrained" / _PRETRAINED["chgnet-0.3.0"].file
    model = load_model("chgnet-0.3.0", device="cpu")
    by_path = load_model(f"chgnet:{path}", device="cpu")
    assert by_path.identity.checkpoint_sha256 == model.identity.checkpoint_sha256
    assert by_path.capabilities == model.capabilities


def test_files_that_are_no_checkpoint_are_refused(tmp_path: Path, tiny_path: Path) -> None:
    whole = tiny_path.read_bytes()
    path = tmp_path / "model.pth"
    for content in (b"", b"# a text\n", b"\x80\x02garbage", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(ModelError, match=r"model\.pth is not a usable CHGNet checkpoint: PyTo"):
            load_model(f"chgnet:{path}", device="cpu")
    for value in ([1, 2], "text", {"weights": 1}, {"model": 1}, {"model": {"state_dict": {}}}):
        torch.save(value, path)
        with pytest.raises(
            ModelError, match=r"model\.pth is not a usable CHGNet checkpoint: \w+E.* Save"
        ):
            load_model(f"chgnet:{path}", device="cpu")
    for missing in (tmp_path / "nowhere.pth", tmp_path):
        with pytest.raises(ModelError, match="there is no CHGNet checkpoint at"):
            load_model(f"chgnet:{missing}", device="cpu")


def test_file_that_would_run_code_is_refused_even_if_trusted(tmp_path: Path, tiny: Any) -> None:
    path = tmp_path / "whole.pth"
    torch.save(tiny, path)
    with pytest.raises(ModelError, match=r"reads no weights .* Save one with torch\.save"):
        load_model(f"chgnet:{path}", device="cpu", trust=True)


def test_weights_of_another_shape_are_refused(tmp_path: Path, tiny: Any) -> None:
    content = tiny.as_dict()
    content["model_args"] = content["model_args"] | {"num_radial": 6}
    path = tmp_path / "model.pth"
    torch.save({"model": content}, path)
    with pytest.raises(ModelError, match="size mismatch"):
        load_model(f"chgnet:{path}", device="cpu")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mlp_first": False}, "mean features of the whole structure .* mlp_first=True"),
        ({"is_intensive": False}, "is_intensive=False against True"),
    ],
)
def test_energies_that_are_no_sum_over_atoms_are_refused(
    tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    path = tmp_path / "model.pth"
    torch.save({"model": tiny_network(**settings).as_dict()}, path)
    with pytest.raises(ModelError, match=message):
        load_model(f"chgnet:{path}", device="cpu")


def test_nothing_is_printed(tiny_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load_model(f"chgnet:{tiny_path}", device="cpu")
    load_model("chgnet-0.3.0", device="cpu")
    assert capsys.readouterr() == ("", "")


def test_atoms_beyond_the_receptive_field_are_not_felt(tiny_path: Path) -> None:
    # With 1.4 Å from one to the next, a message goes two atoms far, three times.
    model = load_model(f"chgnet:{tiny_path}", device="cpu")
    chain = Atoms("C14", positions=[(1.4 * index, 0.1 * (index % 3), 0) for index in range(14)])
    field = model.capabilities.receptive_field_A
    before = model.evaluate([chain])[0].atomic_energies_eV
    moved = chain.copy()
    moved.positions[0] += (0.05, 0.1, 0.15)
    change = np.abs(model.evaluate([moved])[0].atomic_energies_eV - before)
    distance = np.linalg.norm(chain.positions - chain.positions[0], axis=1)
    assert change[distance > field + 0.2].max() == 0.0
    assert change[distance < field - 0.5].min() > 1e-12
    row = next(iter(model.rows(chain, [(0, np.array([0.0, 0.6, 0.8]))])))
    size = np.abs(row).max(axis=1)
    assert size[distance > 2 * field].max() == 0.0
    assert size[(distance > field + 0.1) & (distance < 2 * field - 2)].max() > 0.0
