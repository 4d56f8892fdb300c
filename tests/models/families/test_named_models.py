"""What is written of models and families agrees with the models, the packaging and itself."""

import re
import subprocess
import sys
import tomllib
from dataclasses import asdict
from pathlib import Path

import pytest

from nearsight.errors import ModelError
from nearsight.models.contract import Model
from nearsight.models.families import FAMILIES, MODELS, family_named, stated, steps_of
from nearsight.models.family import TORCH, Step
from nearsight.models.named_model import NamedModel, Wheel
from nearsight.models.registry import load_model
from nearsight.models.spec import DEFAULT_MODEL

PYPROJECT = Path(__file__).parents[3] / "pyproject.toml"

CHOICES = {"sevennet-mf-0": ("?modal=PBE", "?modal=R2SCAN")}
"""What a model that is several in one must be told; its level of theory depends on it."""


def test_every_model_has_a_family_and_the_default_is_one() -> None:
    assert DEFAULT_MODEL in MODELS
    for name, model in MODELS.items():
        assert name == model.name == name.lower()
        assert model.family in FAMILIES
        assert name not in FAMILIES
    for name, family in FAMILIES.items():
        assert name == family.name == name.lower()


@pytest.mark.parametrize(
    "name", [name for name, model in MODELS.items() if model.inside_package or model.wheel]
)
def test_what_is_written_is_what_the_model_says(name: str) -> None:
    model = MODELS[name]
    if FAMILIES[model.family].obstacle is not None:
        pytest.skip(f"{model.family} is not usable here")
    if model.wheel is not None and model.wheel.path is None:
        pytest.skip(f"{name} needs its weights: {model.wheel.install}")
    for choice in CHOICES.get(name, ("",)):
        own = FAMILIES[model.family].framework == "none"
        dtype = "float64" if own else "float32"
        chosen = load_model(f"{name}{choice}", dtype=dtype, device="cpu")
        require_agreement(chosen, model, leave_out={"level_of_theory"} if choice else set())


def require_agreement(loaded: Model, model: NamedModel, leave_out: set[str]) -> None:
    capabilities = loaded.capabilities
    assert capabilities.cutoff_A == model.cutoff_A
    assert capabilities.elements is not None
    assert len(capabilities.elements) == model.n_elements
    if capabilities.receptive_field_A is not None:
        assert capabilities.receptive_field_A == model.cutoff_A * model.layers
    for key in ("conservative", "equivariant", "differentiable", "curvature_smooth"):
        assert getattr(capabilities, key) == getattr(model, key), key
    for key, fact in asdict(stated(model.name)).items():
        assert key in leave_out or getattr(loaded.facts, key) == fact, key


def test_a_model_without_a_name_has_nothing_stated() -> None:
    assert set(asdict(stated("sevennet:checkpoint.pth")).values()) == {None}


def test_an_extra_installs_what_an_environment_has() -> None:
    extras = tomllib.loads(PYPROJECT.read_text())["project"]["optional-dependencies"]
    for name, family in FAMILIES.items():
        if not family.extra:
            continue
        (step,) = family.steps
        # e3nn is what MACE itself asks for; it is named because its models need that version.
        wanted = {one for one in step.requirements if not one.startswith("e3nn")}
        assert {*extras[name]} == wanted | ({TORCH} if family.framework == "torch" else set())


def test_the_first_requirement_of_all_is_the_pinned_pytorch() -> None:
    constraints = (PYPROJECT.parent / "constraints.txt").read_text().splitlines()
    assert TORCH in constraints
    for family in FAMILIES.values():
        for step in family.steps:
            assert not any(re.match(r"torch\b(?!-|_)", one) for one in step.requirements)


def test_weights_in_a_wheel_come_last_and_without_what_it_depends_on() -> None:
    *own, last = steps_of(FAMILIES["mace"])
    assert tuple(own) == FAMILIES["mace"].steps
    assert last == Step(("dac-sim==0.0.3",), dependencies=False)
    for family in FAMILIES.values():
        if not any(model.wheel for model in MODELS.values() if model.family == family.name):
            assert steps_of(family) == family.steps


def test_the_environment_of_the_tests_has_every_wheel() -> None:
    makefile = (PYPROJECT.parent / "Makefile").read_text()
    for model in MODELS.values():
        if model.wheel is not None:
            assert f"--no-deps {model.wheel.requirement}\n" in makefile


def test_weights_in_a_wheel_are_found_without_an_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = Wheel("weights-of-a-test==1.0", "weights_of_a_test/some.model", "0" * 64)
    assert wheel.install == "pip install --no-deps weights-of-a-test==1.0"
    assert wheel.path is None
    monkeypatch.syspath_prepend(tmp_path)
    information = tmp_path / "weights_of_a_test-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Name: weights-of-a-test\nVersion: 1.0\n")
    package = tmp_path / "weights_of_a_test"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    assert wheel.path is None  # a package that has lost its file
    (package / "some.model").touch()
    assert wheel.path == package / "some.model"


def test_weights_that_were_downloaded_are_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert MODELS["mace-mp-0-small"].downloaded is False
    assert MODELS["sevennet-0"].downloaded is None
    (tmp_path / "mace").mkdir()
    (tmp_path / "mace" / "20231210mace128L0_energy_epoch249model").touch()
    assert MODELS["mace-mp-0-small"].downloaded is True
    assert MODELS["mace-mp-0-medium"].downloaded is False


@pytest.mark.skipif(
    FAMILIES["mace"].obstacle is not None, reason="MACE's own addresses are in its package"
)
def test_downloads_go_where_mace_keeps_them() -> None:
    from nearsight.models.families.mace.importing import safe_loading_kept
    from nearsight.models.families.mace.load import _ORGANIC, _PRETRAINED

    with safe_loading_kept():
        from mace.calculators.foundations_models import mace_mp_urls, mace_off_urls
    addresses = {name: mace_mp_urls[key] for name, key in _PRETRAINED.items()}
    addresses |= {name: mace_off_urls[key] for name, key in _ORGANIC.items()}
    of_mace = {name: one for name, one in MODELS.items() if one.family == "mace"}
    assert addresses.keys() == {name for name, one in of_mace.items() if one.wheel is None}
    for name, address in addresses.items():
        file = address.rpartition("/")[2]
        kept = "".join(letter for letter in file if letter.isalnum() or letter == "_")
        assert MODELS[name].download == f"$XDG_CACHE_HOME/mace/{kept}"


@pytest.mark.parametrize(
    ("name", "family"),
    [("mace", "mace"), ("MACE", "mace"), ("SevenNet-0", "sevennet"), ("ase:emt", "ase")],
)
def test_the_family_of_a_name(name: str, family: str) -> None:
    assert family_named(name).name == family


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("maze", "Did you mean mace"),
        ("chgnet-0.4.0", "Did you mean chgnet-0.3.0 or chgnet-0.2.0"),
        ("qqqqq", "Families: sevennet, mace, "),
    ],
)
def test_an_unknown_name_gets_what_is_close(name: str, hint: str) -> None:
    with pytest.raises(ModelError) as error:
        family_named(name)
    assert f"no family of models {name!r}. {hint}" in str(error.value)


def test_lists_of_packages_for_the_tools_have_those_of_every_family() -> None:
    tools = tomllib.loads(PYPROJECT.read_text())["tool"]
    [untyped] = tools["mypy"]["overrides"]
    [guarded] = [
        contract["protected_modules"]
        for contract in tools["importlinter"]["contracts"]
        if contract["name"].startswith("Families: ")
    ]
    for family in FAMILIES.values():
        package = family.requires.partition(".")[0]
        if package == "torch":  # of families that are written here; it has a contract of its own
            continue
        assert f"{package}.*" in untyped["module"]
        assert package in guarded or package == "ase"  # whose structures all of Nearsight knows


def test_every_folder_of_a_family_is_gathered() -> None:
    folder = PYPROJECT.parent / "src" / "nearsight" / "models" / "families"
    assert {path.parent.name for path in folder.glob("*/load.py")} == set(FAMILIES)


def test_what_the_makefile_tests_elsewhere_is_what_is_not_here() -> None:
    asked = subprocess.run(
        [sys.executable, "-m", "nearsight.models.families"],
        capture_output=True,
        text=True,
        check=True,
    )
    lacking = {name for name, family in FAMILIES.items() if family.obstacle is not None}
    assert set(asked.stdout.split()) == lacking
