"""Folders of MatGL potentials: what is in them, what is none, and where they come from."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms

from nearsight.errors import ModelError
from nearsight.models.contract import Evaluation
from nearsight.models.registry import load_model

pytest.importorskip("matgl", reason="MatGL is not installed (nearsight models install matgl)")


@pytest.fixture
def folder(tiny_matgl: Callable[..., Any], tmp_path: Path) -> Path:
    """A saved TensorNet."""
    tiny_matgl("TensorNet").save(tmp_path / "tiny")
    return tmp_path / "tiny"


def test_says_what_it_is(folder: Path, tmp_path: Path, tiny_matgl: Callable[..., Any]) -> None:
    model = load_model(f"matgl:{folder}", device="cpu")
    assert (model.identity.name, model.identity.family) == (f"matgl:{folder}", "matgl")
    stated = model.capabilities
    assert (stated.cutoff_A, stated.receptive_field_A) == (4.0, 12.0)
    assert stated.elements == frozenset({1, 6, 8, 12, 14})
    assert stated.curvature_smooth is None
    assert model.facts.citation is None
    with pytest.raises(ModelError, match="does not know Fe"):
        model.evaluate([Atoms("Fe")])
    digest = model.identity.checkpoint_sha256
    assert load_model(f"matgl:{folder}", device="cpu").identity.checkpoint_sha256 == digest
    tiny_matgl("TensorNet", data_std=3.0).save(tmp_path / "other")
    other = load_model(f"matgl:{tmp_path / 'other'}", device="cpu")
    assert other.identity.checkpoint_sha256 != digest


@pytest.mark.parametrize(
    ("kind", "settings", "reason"),
    [
        ("M3GNet", {"is_intensive": True}, "predicts an intensive property"),
        ("M3GNet", {"use_phi": True}, "takes sines of angles"),
        (
            "M3GNet",
            {"include_state": True, "ntypes_state": 2, "dim_state_embedding": 2},
            "asks for a state beside the structure",
        ),
        ("CHGNet", {"pooling_operation": "mean"}, "predicts the mean over atoms"),
        ("CHGNet", {"readout_field": "bond_feat"}, "reads its energy from bonds or angles"),
        ("TensorNet", {"data_mean": 2.5}, "adds 2.5 eV to every structure, however large"),
        ("TensorNet", {"calc_repuls": True}, "adds a nuclear repulsion"),
        ("TensorNet", {"element_refs": torch.ones(2, 5)}, "has several sets of reference"),
    ],
)
def test_potentials_that_are_no_sum_over_atoms_are_refused(
    kind: str,
    settings: dict[str, Any],
    reason: str,
    tiny_matgl: Callable[..., Any],
    tmp_path: Path,
) -> None:
    tiny_matgl(kind, **settings).save(tmp_path)
    with pytest.raises(ModelError, match=f"is a potential that {reason}.*, which is not supported"):
        load_model(f"matgl:{tmp_path}", device="cpu")


def test_kernels_without_second_derivatives_are_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matgl.models import TensorNet

    build = TensorNet.__init__

    def accelerated(self: Any, **settings: Any) -> None:
        build(self, **settings)
        self._use_warp = True

    monkeypatch.setattr(TensorNet, "__init__", accelerated)
    with pytest.raises(ModelError, match="uses the kernels of nvalchemi-toolkit-ops"):
        load_model(f"matgl:{folder}", device="cpu")


def test_a_file_cannot_have_anything_built(folder: Path, tmp_path: Path) -> None:
    settings = torch.load(folder / "model.pt", weights_only=True)
    settings["model"] = {
        "@class": "Popen",
        "@module": "subprocess",
        "init_args": {"args": ["touch", str(tmp_path / "ran")]},
    }
    torch.save(settings, folder / "model.pt")
    with pytest.raises(
        ModelError, match=r"holds a Popen\. Only M3GNet, TensorNet, CHGNet are supp"
    ):
        load_model(f"matgl:{folder}", device="cpu")
    assert not (tmp_path / "ran").exists()


def test_a_compiled_potential_is_loaded_plain(folder: Path) -> None:
    expected = load_model(f"matgl:{folder}", device="cpu").evaluate(
        [Atoms("CO", [[0] * 3, [1] * 3])]
    )
    settings = torch.load(folder / "model.pt", weights_only=True)
    state = torch.load(folder / "state.pt", weights_only=True)
    torch.save(settings | {"compile_model": True}, folder / "model.pt")
    renamed = {key.replace("model.", "model._orig_mod.", 1): value for key, value in state.items()}
    torch.save(renamed, folder / "state.pt")
    found = load_model(f"matgl:{folder}", device="cpu").evaluate([Atoms("CO", [[0] * 3, [1] * 3])])
    assert found[0].energy_eV == expected[0].energy_eV


def test_other_contents_are_refused(folder: Path, tiny_matgl: Callable[..., Any]) -> None:
    state = torch.load(folder / "state.pt", weights_only=True)
    lacking = {key: value for key, value in state.items() if "out_norm" not in key}
    torch.save(lacking, folder / "state.pt")
    with pytest.raises(ModelError, match=r"lacks weights .*: model\.out_norm\.bias"):
        load_model(f"matgl:{folder}", device="cpu")
    torch.save([1, 2], folder / "state.pt")
    with pytest.raises(ModelError, match="is not a usable MatGL potential: AttributeError"):
        load_model(f"matgl:{folder}", device="cpu")
    for content in (b"", b"# a text\n", b"\x80\x02garbage"):
        (folder / "state.pt").write_bytes(content)
        with pytest.raises(ModelError, match="PyTorch reads no weights from it"):
            load_model(f"matgl:{folder}", device="cpu")
    tiny_matgl("TensorNet").model.save(folder)
    with pytest.raises(ModelError, match="holds a network alone"):
        load_model(f"matgl:{folder}", device="cpu")
    (folder / "state.pt").unlink()
    with pytest.raises(ModelError, match=r"there is no MatGL potential at .*: state\.pt is miss"):
        load_model(f"matgl:{folder}", device="cpu")


@pytest.mark.parametrize(
    ("name", "asked", "level"),
    [
        ("tensornet-matpes-pbe", "TensorNet-PES-MatPES-PBE-2025.2", "PBE"),
        ("tensornet-matpes-r2scan", "TensorNet-PES-MatPES-r2SCAN-2025.2", "r2SCAN"),
        ("matgl:TensorNet-PES-MatPES-PBE-2025.2-m", "TensorNet-PES-MatPES-PBE-2025.2-m", "PBE"),
        ("matgl:SomethingElse", "SomethingElse", None),
    ],
)
def test_published_potentials_are_downloaded_by_the_package(
    name: str, asked: str, level: str | None, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matgl.utils import io

    found = []

    def download(repo_id: str, filename: str, **_: Any) -> str:
        found.append((repo_id, filename))
        return str(folder / filename)

    monkeypatch.setattr(io, "hf_hub_download", download)
    model = load_model(name, device="cpu")
    assert found == [(f"materialyze/{asked}", file) for file in io._MODEL_FILES]
    assert model.identity.name == name
    assert model.facts.level_of_theory == level
    assert (model.facts.training_data is None) is (level is None)


def test_a_failed_download_names_the_other_way(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError
    from matgl.utils import io

    for error in (LocalEntryNotFoundError("no connection"), HFValidationError("bad name")):

        def fail(*_: Any, error: Exception = error, **__: Any) -> None:
            raise error

        monkeypatch.setattr(io, "hf_hub_download", fail)
        with pytest.raises(
            ModelError, match=f"there is no folder some-name.*: {error}.*/materialyze/some-name by"
        ):
            load_model("matgl:some-name", device="cpu")


def test_a_path_that_is_not_there_is_no_name(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"there is no MatGL potential at .*nowhere"):
        load_model(f"matgl:{tmp_path / 'nowhere'}", device="cpu")


def test_what_the_file_says_of_itself_is_not_needed(folder: Path) -> None:
    def evaluated(place: Path) -> Evaluation:
        model = load_model(f"matgl:{place}", device="cpu")
        return model.evaluate([Atoms("CO", [[0, 0, 0], [0, 0.3, 1.2]])])[0]

    expected = evaluated(folder)
    assert np.abs(expected.forces_eV_per_A).max() > 0
    (folder / "model.json").write_text(json.dumps({"@class": "Popen", "@module": "subprocess"}))
    told = evaluated(folder)
    (folder / "model.json").unlink()
    shutil.copytree(folder, folder.with_name("copy"))
    for found in (told, evaluated(folder.with_name("copy"))):
        assert found.energy_eV == expected.energy_eV
        np.testing.assert_array_equal(found.forces_eV_per_A, expected.forces_eV_per_A)
