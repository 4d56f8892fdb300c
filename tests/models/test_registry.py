"""From a name to a model, or to an answer that helps."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import torch

from nearsight.errors import ModelError
from nearsight.models import registry, requirements
from nearsight.models.families import FAMILIES, MODELS
from nearsight.models.registry import load_here, load_model

HERE = next(name for name, model in MODELS.items() if FAMILIES[model.family].obstacle is None)
"""A model that this environment can load: which one depends on its version of e3nn."""


@pytest.mark.skipif(FAMILIES["sevennet"].obstacle is not None, reason="sevenn is not usable here")
def test_names_are_found_whatever_their_case() -> None:
    model = load_model("SevenNet-0", device="cpu")
    assert (model.identity.name, model.identity.family) == ("sevennet-0", "sevennet")
    assert (model.identity.dtype, model.identity.device) == ("float64", "cpu")
    assert model.identity.checkpoint_sha256 is not None


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("sevenet-0", "Did you mean sevennet-0?"),
        ("sevennet-l3i", "Did you mean sevennet-l3i5?"),
        ("qqq", "any other is FAMILY:TARGET, of the families sevennet, mace, "),
        ("gap:small", "`nearsight models list` shows those that have a name"),
        ("ase:", "Behind ase: comes the name of an ASE calculator, or package.module:Class."),
        ("", "`nearsight models list` shows those that have a name"),
    ],
)
def test_unknown_names_get_a_hint(name: str, hint: str) -> None:
    with pytest.raises(ModelError) as error:
        load_model(name)
    assert f"there is no model {name!r}." in str(error.value)
    assert hint in str(error.value)


def test_a_file_without_its_family_gets_a_hint(tmp_path: Path) -> None:
    path = tmp_path / "sevennet-0"
    path.touch()
    with pytest.raises(ModelError, match=f"in front of it, such as sevennet:{path}"):
        load_model(str(path))
    with pytest.raises(ModelError, match=r"With \+d3 or \+d3:<functional> behind any of them"):
        load_model("sevennet-0+d4")


def test_far_names_get_no_wrong_hint() -> None:
    with pytest.raises(ModelError) as error:
        load_model("qqq")
    assert "Did you mean" not in str(error.value)


def test_missing_package_comes_with_its_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec

    def hide(name: str, package: str | None = None) -> Any:
        return None if name == "sevenn" else find(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", hide)
    monkeypatch.setattr(requirements, "_version_of_e3nn", lambda: None)
    for load in (load_model, load_here):
        with pytest.raises(ModelError) as error:
            load("sevennet-0")
        assert str(error.value) == (
            "sevennet-0 needs the package sevenn, which is not installed here: nearsight models "
            "install sevennet gives it an environment of its own; pip install torch==2.13.0 "
            "'sevenn>=0.13,<0.14' 'numba>=0.63' installs it here."
        )


def test_a_package_that_cannot_be_imported_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> None:
        raise ModuleNotFoundError("No module named 'e3nn.o3'")

    monkeypatch.setattr(registry.importlib, "import_module", fail)
    family = FAMILIES[MODELS[HERE].family]
    with pytest.raises(ModelError) as error:
        load_model(HERE, device="cpu")
    assert str(error.value) == (
        f"{HERE} needs the package {family.requires}, which is found here but cannot be imported: "
        f"No module named 'e3nn.o3'. Install it anew: {family.install}."
    )


@pytest.mark.parametrize("dtype", ["float16", "double", ""])
def test_other_precisions_are_refused(dtype: str) -> None:
    with pytest.raises(ModelError, match=f"`dtype` '{dtype}' .* float64 or float32"):
        load_model("sevennet-0", dtype=dtype)


def test_devices_that_are_not_there_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    possible = "choose auto, cpu, cuda or cuda:N"
    for device in ("gpu", "mps", "meta", "xpu", "cpu:0", "cuda:", "cuda:-1", "cuda:01", "CUDA", ""):
        with pytest.raises(ModelError, match=f"device '{device}' is not possible; {possible}"):
            load_model(HERE, device=device)
    with pytest.raises(ModelError, match="'cuda:1' was asked for, but PyTorch sees no GPU"):
        load_model(HERE, device="cuda:1")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(ModelError, match=r"'cuda:2' .* sees 2 GPU\(s\) here; .* from 0 to 1\."):
        load_model(HERE, device="cuda:2")


@pytest.mark.parametrize(
    ("what", "value"),
    [("device", "cuda"), ("device", "cuda:0"), ("device", "mps"), ("dtype", "float32")],
)
def test_a_calculator_has_its_own_device_and_precision(what: str, value: str) -> None:
    with pytest.raises(
        ModelError, match=f"{what} '{value}' .* ase:emt: .* own device and its own p"
    ):
        load_model("ase:emt", **{what: value})
    assert load_model("ase:emt", device="cpu", dtype="float64").identity.dtype == "unknown"


def test_automatic_device_follows_what_pytorch_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    requests = []

    class Family:
        @staticmethod
        def load(request: Any) -> None:
            requests.append(request)

    monkeypatch.setattr(registry.importlib, "import_module", lambda name: Family)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    for available, expected in ((True, "cuda"), (False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda found=available: found)
        load_model(HERE, dtype="float32", trust=True)
        assert requests[-1].device == expected
    assert (requests[-1].dtype, requests[-1].trust) == ("float32", True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    load_model(HERE, device="cuda:1")
    assert requests[-1].device == "cuda:1"
    load_model("ase:emt", device="auto")
    assert (requests[-1].target, requests[-1].device) == ("emt", "cpu")
