"""Which files and names of MACE are loaded, and why the others are not."""

import os
import subprocess
import sys
import zipfile
from http.client import BadStatusLine
from pathlib import Path
from typing import Any

import pytest
import torch
from ase import Atoms

from nearsight.errors import ModelError
from nearsight.models.contract import Model
from nearsight.models.families import FAMILIES, MODELS, stated
from nearsight.models.families.d3.functionals import functional_of
from nearsight.models.registry import load_model

pytestmark = pytest.mark.skipif(
    FAMILIES["mace"].obstacle is not None, reason="the tests of MACE need mace-torch"
)


def load(path: Path, **settings: Any) -> Any:
    return load_model(f"mace:{path}", device="cpu", trust=True, **settings)


def test_an_unknown_file_needs_trust(tiny_mace_path: Path) -> None:
    with pytest.raises(ModelError, match=r"tiny\.model \(sha256 .* load it with `trust`"):
        load_model(f"mace:{tiny_mace_path}", device="cpu")


class Bomb:
    """What runs code when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self.path,))


def test_without_trust_nothing_runs(tmp_path: Path) -> None:
    torch.save(Bomb(tmp_path / "ran"), tmp_path / "bomb.model")
    with pytest.raises(ModelError, match="with `trust`"):
        load_model(f"mace:{tmp_path / 'bomb.model'}", device="cpu")
    assert not (tmp_path / "ran").exists()


def test_safe_loading_stays_on_after_the_import(tmp_path: Path) -> None:
    torch.save(Bomb(tmp_path / "ran"), tmp_path / "bomb.pt")
    torch.save(slice(1), tmp_path / "slice.pt")
    code = f"""
import os, pickle, sys, torch
import nearsight.models.families.mace.load
assert "mace" in sys.modules
assert "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD" not in os.environ
for name in ("bomb.pt", "slice.pt"):
    try:
        torch.load({str(tmp_path)!r} + "/" + name)
    except pickle.UnpicklingError:
        print("refused", name)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["refused bomb.pt", "refused slice.pt"]
    assert "uequivariance" not in done.stderr  # kernels that would be refused anyway
    assert not (tmp_path / "ran").exists()


def test_a_users_own_switch_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from nearsight.models.families.mace.importing import safe_loading_kept

    switch = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"
    for before in ("0", None):
        if before is None:
            monkeypatch.delenv(switch)
        else:
            monkeypatch.setenv(switch, before)
        with safe_loading_kept():
            os.environ[switch] = "1"
        assert os.environ.get(switch) == before


def test_files_that_are_no_model_are_refused(tmp_path: Path, tiny_mace_path: Path) -> None:
    whole = tiny_mace_path.read_bytes()
    path = tmp_path / "some.model"
    for content in (b"", b"# a text\n", b"\x80\x02garbage", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(
            ModelError, match=r"some\.model is not a usable MACE model: .* again .* 0\.4\.4"
        ):
            load(path)
    for value in ([1, 2], "text", torch.nn.Linear(2, 2)):
        torch.save(value, path)
        with pytest.raises(ModelError, match=r"some\.model holds a \w+\. Only MACE and ScaleShift"):
            load(path)
    for missing in (tmp_path / "nowhere.model", tmp_path):
        with pytest.raises(ModelError, match="there is no MACE model at"):
            load(missing)


def test_weights_without_their_model_are_refused(tmp_path: Path, tiny_mace_path: Path) -> None:
    weights = torch.load(tiny_mace_path, weights_only=False).state_dict()
    for value in (weights, {"model": weights, "optimizer": {}, "epoch": 3}):
        torch.save(value, tmp_path / "weights.pt")
        with pytest.raises(ModelError, match=r"weights\.pt holds weights .* use the \.model file"):
            load(tmp_path / "weights.pt")


def test_models_without_second_derivatives_are_refused(
    tmp_path: Path, tiny_mace_path: Path
) -> None:
    path = tmp_path / "fast.model"
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), path)
    with pytest.raises(ModelError, match="is a compiled model"):
        load(path)
    for name, settings in (("cueq_config", "CuEquivarianceConfig"), ("oeq_config", "OEQConfig")):
        from mace.modules import wrapper_ops

        model = torch.load(tiny_mace_path, weights_only=False)
        enabled = getattr(wrapper_ops, settings)()
        enabled.enabled = True
        setattr(model.interactions[1], name, enabled)
        torch.save(model, path)
        with pytest.raises(ModelError, match="cuEquivariance or OpenEquivariance"):
            load(path)


def test_a_package_that_the_file_needs_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "fast.model", "w") as archive:
        archive.writestr("fast/data.pkl", b"\x80\x02ccuequivariance_torch\nLinear\n.")
        archive.writestr("fast/version", "3")
    with pytest.raises(ModelError, match=r"the package cuequivariance_torch, .*`mace_cueq_to"):
        load(tmp_path / "fast.model")


def test_models_of_other_quantities_are_refused(tmp_path: Path, tiny_mace_path: Path) -> None:
    from mace.modules import EnergyDipolesMACE

    model = torch.load(tiny_mace_path, weights_only=False)
    model.__class__ = EnergyDipolesMACE
    torch.save(model, tmp_path / "dipoles.model")
    with pytest.raises(ModelError, match=r"holds a EnergyDipolesMACE\. Only MACE and ScaleShiftM"):
        load(tmp_path / "dipoles.model")
    model = torch.load(tiny_mace_path, weights_only=False)
    model.joint_embedding = torch.nn.Identity()
    model.embedding_specs = {"total_charge": {}, "total_spin": {}}
    torch.save(model, tmp_path / "charged.model")
    with pytest.raises(ModelError, match="asks for total_charge, total_spin beside the structure"):
        load(tmp_path / "charged.model")


def test_files_from_before_there_were_heads_still_work(
    tiny_mace_path: Path, tmp_path: Path, tiny_mace: Model, mgo: Atoms
) -> None:
    model = torch.load(tiny_mace_path, weights_only=False)
    for attribute in ("heads", "use_reduced_cg", "use_so3", "apply_cutoff", "lammps_mliap"):
        delattr(model, attribute)
    torch.save(model, tmp_path / "old.model")
    [found] = load(tmp_path / "old.model").evaluate([mgo])
    assert found.energy_eV == tiny_mace.evaluate([mgo])[0].energy_eV


def test_products_that_cannot_be_rebuilt_are_refused(
    tiny_mace_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nearsight.models.families.mace import load as mace

    model = torch.load(tiny_mace_path, weights_only=False)
    del model.interactions[0].linear.instructions
    torch.save(model, tmp_path / "old.model")
    with pytest.raises(ModelError, match=r"old\.model does not work with .*: .*instructions"):
        load(tmp_path / "old.model")
    restore = mace.restore_graphs

    def spoil(model: Any) -> None:
        restore(model)
        with torch.no_grad():
            model.interactions[0].linear_up.weight[0] += 1e-6

    monkeypatch.setattr(mace, "restore_graphs", spoil)
    with pytest.raises(ModelError, match=r"features change by \de-0\d of .* Save the model"):
        load(tiny_mace_path)


def test_nothing_compiled_is_left_in_use(tiny_mace: Any) -> None:
    compiled = [
        name
        for name, module in tiny_mace._energy._model.named_modules()
        if isinstance(module, torch.jit.ScriptModule)
    ]
    # The other way to apply a product is a stub that raises, and nothing calls it.
    assert all(name.endswith("_compiled_main_right") for name in compiled)


@pytest.fixture
def downloads(monkeypatch: pytest.MonkeyPatch, tiny_mace_path: Path, tmp_path: Path) -> list[str]:
    """Serve the random model at every address; the list is of the addresses asked for."""
    from nearsight.models.families.mace.importing import safe_loading_kept

    with safe_loading_kept():
        from mace.calculators import foundations_models
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    asked: list[str] = []

    def fetch(address: str, filename: str) -> tuple[str, str]:
        asked.append(address)
        Path(filename).write_bytes(tiny_mace_path.read_bytes())
        return filename, "Content-Type: application/octet-stream"

    monkeypatch.setattr(foundations_models, "_urlretrieve_with_timeout", fetch)
    return asked


def test_a_damaged_download_names_the_file_to_delete(downloads: list[str], tmp_path: Path) -> None:
    load_model("mace-mp-0-small", device="cpu", trust=True)
    [path] = (tmp_path / "cache" / "mace").iterdir()
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ModelError, match=f"{path.name} is not a usable .* this file is deleted"):
        load_model("mace-mp-0-small", device="cpu", trust=True)
    assert len(downloads) == 1


NAMED = [name for name, model in MODELS.items() if model.family == "mace" and model.wheel is None]


@pytest.mark.parametrize("name", NAMED)
def test_a_named_model_is_downloaded_once(
    name: str, downloads: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert MODELS[name].downloaded is False
    for _ in range(2):
        model = load_model(name.upper(), device="cpu", trust=True)
    [address] = downloads
    assert MODELS[name].downloaded is True
    assert len(list((tmp_path / "cache" / "mace").iterdir())) == 1
    owner = "https://raw.githubusercontent" if "off23" in name else "https://github"
    assert address.startswith(f"{owner}.com/ACEsuit/mace-")
    assert model.identity.name == name
    assert model.identity.checkpoint_sha256 is not None
    assert model.facts == stated(name)
    assert model.capabilities.curvature_smooth is None
    # What MACE prints about it is not among the results.
    assert capsys.readouterr().out == ""


def test_two_names_are_never_the_same_file(downloads: list[str]) -> None:
    for name in NAMED:
        load_model(name, device="cpu", trust=True)
    assert len({*downloads}) == len(downloads) == len(NAMED)


@pytest.mark.parametrize(
    ("name", "licence"),
    [("mace-mpa-0-medium", r"MIT\."), ("mace-off23-small", r".*\(ASL\), no commercial use\.")],
)
def test_the_licence_is_said_before_anything_is_downloaded(
    name: str, licence: str, downloads: list[str]
) -> None:
    with pytest.raises(ModelError, match=f"Licence of the weights: {licence}"):
        load_model(name, device="cpu")
    assert downloads == []


@pytest.mark.parametrize(
    ("name", "functional"),
    [
        ("mace-mpa-0-medium", "pbe"),
        ("mace-dac-1", "pbe"),
        ("mace-omat-0-medium", "pbe"),
        ("mace-matpes-pbe-0", "pbe"),
        ("mace-matpes-r2scan-0", "r2scan"),
    ],
)
def test_dispersion_goes_with_what_a_model_was_trained_on(name: str, functional: str) -> None:
    assert functional_of(MODELS[name].level_of_theory, name) == functional


def test_dispersion_is_not_added_to_a_model_that_has_it() -> None:
    with pytest.raises(ModelError, match="which has dispersion already"):
        functional_of(MODELS["mace-off23-large"].level_of_theory, "mace-off23-large")


def test_without_trust_nothing_is_downloaded(downloads: list[str]) -> None:
    with pytest.raises(ModelError, match=r"from https://\S+ as a pickled .* load it with `trust`"):
        load_model("mace-mp-0-small", device="cpu")
    assert downloads == []


@pytest.mark.parametrize(
    "error",
    [OSError("no route to host"), RuntimeError("a page instead"), BadStatusLine("not HTTP")],
)
def test_a_failed_download_names_the_other_way(
    error: Exception, downloads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mace.calculators import foundations_models

    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(foundations_models, "_urlretrieve_with_timeout", fail)
    for name in ("mace-mp-0-large", "mace-off23-medium"):
        with pytest.raises(ModelError, match=f"cannot be downloaded: {error}.* as mace:<path>"):
            load_model(name, device="cpu", trust=True)
