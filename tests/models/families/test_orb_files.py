"""Where the weights of an Orb come from, and what is refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from ase.build import molecule

from nearsight.errors import ModelError
from nearsight.models.contract import Evaluation
from nearsight.models.families import FAMILIES, MODELS
from nearsight.models.registry import load_model

pytest.importorskip("orb_models", reason="the tests of Orb need orb-models")

CONSERVATIVE = "orb-v3-conservative-inf-omat"
DIRECT = "orb-v3-direct-inf-omat"
WATER = molecule("H2O")


def evaluated(name: str) -> Evaluation:
    """Return energy and forces of water with an Orb of this name."""
    return load_model(name, device="cpu").evaluate([WATER])[0]


def require_same(found: Evaluation, expected: Evaluation) -> None:
    """Check that two files hold the same model."""
    assert found.energy_eV == pytest.approx(expected.energy_eV, rel=1e-6)
    np.testing.assert_allclose(found.forces_eV_per_A, expected.forces_eV_per_A, atol=1e-6)


NAMED = [name for name, model in MODELS.items() if model.family == "orb"]


def test_registry_and_family_know_the_same_models_and_the_package_them_all() -> None:
    from orb_models.forcefield.pretrained import ORB_PRETRAINED_MODELS

    from nearsight.models.families.orb.weights import PUBLISHED

    assert sorted(NAMED) == sorted(PUBLISHED)
    current = {name for name in ORB_PRETRAINED_MODELS if "-v1" not in name}
    assert set(NAMED) == {name for name in current if name.startswith("orb-")}


@pytest.mark.parametrize("name", NAMED)
def test_named_models_are_the_package_s(
    name: str, monkeypatch: pytest.MonkeyPatch, saved_orb: Callable[[str], Path]
) -> None:
    from orb_models.forcefield import pretrained

    from nearsight.models.families.orb import weights as orb_weights

    asked = []

    def downloaded(address: str) -> Path:
        asked.append(address)
        return path

    path = saved_orb(name)
    monkeypatch.setattr(orb_weights, "cached_path", downloaded)
    options = "?charge=0&spin=1" if name.endswith("omol") else ""
    model = load_model(name.upper() + options, device="cpu")
    assert len(asked) == 1
    assert asked[0].startswith("https://orbitalmaterials-public-models.s3.")
    assert asked[0].endswith(".ckpt")
    stem = name.removeprefix("orb-")
    assert stem in asked[0]
    stated = model.capabilities
    assert stated.conservative is ("conservative" in name)
    few = "-20-" in name or name.endswith("v2")
    assert stated.curvature_smooth is (False if few else None)
    assert model.facts.licence == "Apache-2.0"
    assert model.facts.level_of_theory
    assert model.facts.neighbour_limit == MODELS[name].neighbour_limit
    assert stated.elements is not None
    assert len(stated.elements) == (83 if "omol" in name else 89)
    assert model.identity.name == name
    assert pretrained.ORB_PRETRAINED_MODELS[name].__name__ == name.replace("-", "_")


def test_a_download_that_fails_says_where_the_file_is(monkeypatch: pytest.MonkeyPatch) -> None:
    from nearsight.models.families.orb import weights as orb_weights

    def offline(address: str) -> Path:
        raise ConnectionError("no network")

    monkeypatch.setattr(orb_weights, "cached_path", offline)
    message = (
        rf"{CONSERVATIVE} cannot be downloaded: no network. Check the network, or fetch https://"
        rf".*20250404.ckpt by other means and load it as orb:<path>#{CONSERVATIVE}"
    )
    with pytest.raises(ModelError, match=message):
        load_model(CONSERVATIVE, device="cpu")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"there is no Orb checkpoint at .*gone.ckpt"):
        load_model(f"orb:{tmp_path / 'gone.ckpt'}#{CONSERVATIVE}")


@pytest.mark.parametrize("suffix", ["", "#", "#orb-v4"])
def test_the_architecture_must_be_named(suffix: str, saved_orb: Callable[[str], Path]) -> None:
    path = saved_orb(CONSERVATIVE)
    with pytest.raises(ModelError, match="does not say which architecture it has; name a publ"):
        load_model(f"orb:{path}{suffix}")


@pytest.mark.parametrize(
    ("saved", "named", "message"),
    [
        (CONSERVATIVE, DIRECT, "Unexpected key in state_dict: grad_forces_normalizer"),
        (DIRECT, CONSERVATIVE, "Missing key in state_dict: grad_forces_normalizer"),
        ("orb-v3-direct-omol", DIRECT, "Unexpected key in state_dict: model.conditioner"),
        (DIRECT, "orb-v2", "size mismatch"),
    ],
)
def test_another_architecture_is_refused(
    saved: str, named: str, message: str, saved_orb: Callable[[str], Path]
) -> None:
    path = saved_orb(saved)
    with pytest.raises(ModelError, match=f"does not have the architecture of {named}") as caught:
        load_model(f"orb:{path}#{named}", device="cpu")
    assert message in str(caught.value)


def test_a_head_is_not_left_at_random(saved_orb: Callable[[str], Path]) -> None:
    path = saved_orb(DIRECT)
    weights = {k: v for k, v in torch.load(path).items() if not k.startswith("heads.stress")}
    torch.save(weights, path)
    with pytest.raises(ModelError, match=r"it has no heads\.stress\.diag_normalizer"):
        load_model(f"orb:{path}#{DIRECT}", device="cpu")
    # The confidence is no part of what is asked for.
    without_confidence = saved_orb(DIRECT)
    expected = evaluated(f"orb:{without_confidence}#{DIRECT}")
    weights = torch.load(without_confidence)
    kept = {key: value for key, value in weights.items() if "confidence" not in key}
    assert len(kept) < len(weights)
    torch.save(kept, without_confidence)
    require_same(evaluated(f"orb:{without_confidence}#{DIRECT}"), expected)


def test_heads_may_have_their_old_names(saved_orb: Callable[[str], Path]) -> None:
    path = saved_orb("orb-v2")
    old = {"forces": "node_head", "energy": "graph_head", "stress": "stress_head"}
    expected = evaluated(f"orb:{path}#orb-v2")
    assert np.abs(expected.forces_eV_per_A).max() > 1e-3
    weights = torch.load(path)
    for new, name in old.items():
        weights = {key.replace(f"heads.{new}.", f"{name}."): v for key, v in weights.items()}
    assert not any(key.startswith("heads.") for key in weights if "confidence" not in key)
    torch.save(weights, path)
    require_same(evaluated(f"orb:{path}#orb-v2"), expected)


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04 torn"])
def test_a_damaged_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "damaged.ckpt"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="is not a usable Orb checkpoint: PyTorch reads no wei"):
        load_model(f"orb:{path}#{CONSERVATIVE}", device="cpu")


def test_what_are_no_weights_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.ckpt"
    torch.save([1.0, 2.0], path)
    with pytest.raises(ModelError, match="it holds a list and no weights by name"):
        load_model(f"orb:{path}#{CONSERVATIVE}", device="cpu")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("", "orb-v3-direct-omol needs the option charge"),
        ("?charge=0", "orb-v3-direct-omol needs the option spin"),
        ("?charge=0&spin=0", r"spin=0 of orb-v3-direct-omol is no multiplicity 2S \+ 1"),
        ("?charge=0&spin=1&task=x", "orb-v3-direct-omol has no option task"),
    ],
)
def test_molecules_need_charge_and_spin(options: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        load_model(f"orb-v3-direct-omol{options}", device="cpu")


def test_crystals_take_none() -> None:
    with pytest.raises(ModelError, match=f"{CONSERVATIVE} has no option charge"):
        load_model(f"{CONSERVATIVE}?charge=0", device="cpu")


def test_family_says_what_it_takes() -> None:
    assert FAMILIES["orb"].options == ("charge", "spin")
