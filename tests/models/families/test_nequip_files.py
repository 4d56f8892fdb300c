"""Which files and names of NequIP are loaded, and why the others are not."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, molecule

from nearsight.errors import ModelError
from nearsight.hessian import hessian
from nearsight.models.registry import load_model
from nearsight.testing import check_model

pytest.importorskip("nequip", reason="NequIP is not installed (nearsight models install nequip)")


@pytest.fixture(scope="module")
def path(packaged_nequip: Callable[..., Path]) -> Path:
    """A package of a random NequIP."""
    return packaged_nequip()


def load(path: Path, **settings: Any) -> Any:
    return load_model(f"nequip:{path}", device="cpu", trust=True, **settings)


def test_a_package_needs_trust(path: Path) -> None:
    with pytest.raises(ModelError, match=r"float64\.nequip\.zip \(sha256 .* load it with `trust`"):
        load_model(f"nequip:{path}", device="cpu")


def test_files_that_are_no_package_are_refused(tmp_path: Path, path: Path) -> None:
    whole = path.read_bytes()
    for name in ("some.nequip.zip", "some.nequip.pt2"):
        for content in (b"", b"# a text\n", whole[: len(whole) // 2]):
            (tmp_path / name).write_bytes(content)
            with pytest.raises(ModelError, match=rf"{name} is not .*usable .* anew"):
                load(tmp_path / name)
    with pytest.raises(ModelError, match=r"there is no NequIP model at .*; check the path"):
        load(tmp_path / "nowhere.nequip.zip")


def test_other_files_are_sent_to_the_package(tmp_path: Path) -> None:
    (tmp_path / "best.ckpt").touch()
    with pytest.raises(ModelError, match=r"nequip-package build .*best\.ckpt model\.nequip\.zip"):
        load(tmp_path / "best.ckpt")
    (tmp_path / "old.nequip.pth").touch()
    with pytest.raises(ModelError, match=r"neither a package .* use the package that the model"):
        load(tmp_path / "old.nequip.pth")


def test_a_model_of_more_than_structures_is_refused(packaged_nequip: Callable[..., Path]) -> None:
    charges = {"field": "charge", "num_features": 2, "min": -1, "max": 1}
    from nequip.data import register_fields

    register_fields(graph_fields=["charge"], long_fields=["charge"])
    path = packaged_nequip(categorical_graph_field_embed=[charges])
    with pytest.raises(ModelError, match="asks for charge beside the structure"):
        load(path)


def test_types_that_are_no_elements_are_refused(packaged_nequip: Callable[..., Path]) -> None:
    names = ["H", "Cs1", "Mg", "O", "C2"]
    values = dict.fromkeys(names, 1.0)
    with pytest.raises(ModelError, match=r"no elements \(Cs1, C2\)"):
        load(
            packaged_nequip(
                type_names=names, per_type_energy_scales=values, per_type_energy_shifts=values
            )
        )


def test_of_an_unknown_architecture_nothing_is_claimed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nearsight.models.families.nequip import load as nequip

    monkeypatch.setattr(nequip, "_NEQUIP_MODULES", nequip._NEQUIP_MODULES - {"ConvNetLayer"})
    stated = load(path).capabilities
    unknown = (stated.equivariant, stated.mirror_equivariant, stated.size_consistent)
    assert unknown == (None, None, None)
    assert stated.receptive_field_A is None
    assert (stated.conservative, stated.cutoff_A) == (True, 3.0)


@pytest.fixture
def compiled(
    request: pytest.FixtureRequest, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A file that loads as if `nequip-compile` had made it, of the same model."""
    from nequip.model.saved_models import ModelFromPackage

    from nearsight.models.families.nequip import compiled as nequip_compiled

    model = ModelFromPackage(str(path))["sole_model"].eval()
    names = list(model.type_names)
    dtype = getattr(request, "param", "float64")
    metadata = {"r_max": 3.0, "type_names": names, "model_dtype": dtype}

    def read(file: str, device: str, inputs: list[str], outputs: list[str]) -> Any:
        assert (device, "pos" in inputs, "forces" in outputs) == ("cpu", True, True)
        return model, metadata

    monkeypatch.setattr(nequip_compiled, "load_compiled_model", read)
    (tmp_path / "fast.nequip.pt2").write_bytes(b"kernels")
    return tmp_path / "fast.nequip.pt2"


def test_a_compiled_model_has_the_numbers_of_its_package(path: Path, compiled: Path) -> None:
    fast, whole = load(compiled), load(path)
    for atoms in (molecule("CH3CH2OH"), bulk("MgO", "rocksalt", a=4.3)):
        atoms.rattle(0.05, seed=3)
        periodic = bool(atoms.pbc.all())
        [found], [expected] = (one.evaluate([atoms], stress=periodic) for one in (fast, whole))
        assert found.energy_eV == pytest.approx(expected.energy_eV, abs=1e-12)
        np.testing.assert_allclose(
            found.forces_eV_per_A, expected.forces_eV_per_A, rtol=0, atol=1e-12
        )
        if periodic:
            np.testing.assert_allclose(
                found.stress_eV_per_A3, expected.stress_eV_per_A3, rtol=0, atol=1e-12
            )
    assert torch.get_default_dtype() is torch.float32


def test_rows_of_a_compiled_model_are_differences(path: Path, compiled: Path, mgo: Atoms) -> None:
    fast = load(compiled)
    assert fast.capabilities.differentiable is False
    assert (fast.capabilities.equivariant, fast.capabilities.receptive_field_A) == (None, None)
    assert (fast.identity.family, fast.identity.dtype) == ("nequip", "float64")
    assert fast.identity.checkpoint_sha256 != load(path).identity.checkpoint_sha256
    mgo.set_cell(mgo.cell * 1.02, scale_atoms=True)
    found, expected = hessian(mgo, fast), hessian(mgo, load(path))
    assert (found.method, expected.method) == ("central-difference", "rows")
    np.testing.assert_allclose(found.matrix_eV_per_A2, expected.matrix_eV_per_A2, rtol=0, atol=2e-3)


def test_a_compiled_model_has_one_precision_and_its_elements(compiled: Path) -> None:
    with pytest.raises(ModelError, match=r"compiled in float64 and cannot be float32; .* package"):
        load(compiled, dtype="float32")
    with pytest.raises(ModelError, match="does not know F"):
        load(compiled).evaluate([molecule("HF")])


@pytest.mark.parametrize("compiled", ["float64", "float32"], indirect=True)
def test_contract_is_kept_by_a_compiled_model(
    compiled: Path, mgo: Atoms, request: pytest.FixtureRequest
) -> None:
    mgo.set_cell(mgo.cell * 1.02, scale_atoms=True)  # no shell of neighbours lies on the cutoff
    dtype = request.node.callspec.params["compiled"]
    report = check_model(load(compiled, dtype=dtype), {"MgO": mgo}, progress=False)
    assert not report.failures, str(report)


def test_without_trust_nothing_is_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    from nequip.model.saved_models import load_utils

    monkeypatch.setattr(load_utils, "_get_model_file_path", None)
    for name in ("nequip-oam-l", "nequip:nequip.net:mir-group/NequIP-OAM-S:0.1"):
        with pytest.raises(ModelError, match=r"nequip\.net:mir-group/NequIP-OAM-.* `trust`"):
            load_model(name, device="cpu")


@pytest.fixture
def collection(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Serve the random model under every name; the list is of the names asked for."""
    from nequip.model.saved_models import load_utils

    asked: list[str] = []

    class Client:
        def __enter__(self) -> "Client":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def get_model_download_info(self, name: str) -> Any:
            asked.append(name)
            artifact = SimpleNamespace(download_url=f"https://{name}", host_name="host")
            return SimpleNamespace(newer_version_id=None, artifact=artifact)

    class Answer:
        headers: dict[str, str] = {}  # noqa: RUF012

        def raise_for_status(self) -> None:
            pass

        def iter_content(self, chunk_size: int) -> list[bytes]:
            return [path.read_bytes()]

    monkeypatch.setenv("NEQUIP_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(load_utils.model_repository, "NequIPNetAPIClient", Client)
    monkeypatch.setattr(load_utils.requests, "get", lambda *_, **__: Answer())
    return asked


@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
def test_a_named_model_is_downloaded(
    collection: list[str], path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = load(path).identity.checkpoint_sha256
    for name, asked in (
        ("nequip-oam-l", "mir-group/NequIP-OAM-L:0.1"),
        ("Allegro-MP-L", "mir-group/Allegro-MP-L:0.1"),
    ):
        model = load_model(name, device="cpu", trust=True)
        assert collection[-1] == asked
        assert model.identity.name == name.lower()
        assert model.identity.checkpoint_sha256 == digest
        assert model.facts.citation == "arXiv 2607.28461"
        assert "MPtrj" in (model.facts.training_data or "")
    load_model("nequip:nequip.net:group/other:2", device="cpu", trust=True)
    assert collection[-1] == "group/other:2"
    assert capsys.readouterr().out == ""


def test_a_failed_download_names_the_other_way(
    collection: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from nequip.model.saved_models import load_utils

    def fail(*_: Any, **__: Any) -> None:
        raise load_utils.requests.ConnectionError("no route to host")

    monkeypatch.setattr(load_utils.requests, "get", fail)
    with pytest.raises(ModelError, match=r"downloaded as nequip\.net:.* no route .* nequip:<path>"):
        load_model("nequip-oam-l", device="cpu", trust=True)
