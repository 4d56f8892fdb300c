"""A model whose packages are not here runs in the environment of its family."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from nearsight.errors import ModelError
from nearsight.models import registry
from nearsight.models.contract import Model
from nearsight.models.facts import Facts
from nearsight.models.families import MODELS
from nearsight.models.families.ase import load as ase_family
from nearsight.models.family import Family
from nearsight.models.registry import load_here, load_model
from nearsight.models.renaming import RenamedModel
from nearsight.models.sums import SumModel

PYTHON = Path("/elsewhere/bin/python")


@pytest.fixture
def connected(
    monkeypatch: pytest.MonkeyPatch, pair_model: Callable[..., Model]
) -> Iterator[list[tuple[Path, str, dict[str, Any]]]]:
    """Let only ASE be here and all else in environments; and record what is asked of them."""
    asked: list[tuple[Path, str, dict[str, Any]]] = []
    worker = ModuleType("nearsight.models.worker")

    def connect(python: Path, name: str, **settings: Any) -> Model:
        asked.append((python, name, settings))
        return RenamedModel(pair_model(facts=Facts(level_of_theory="PBE (+U)")), name)

    worker.connect = connect  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, worker.__name__, worker)
    monkeypatch.setattr(
        Family,
        "obstacle",
        property(lambda family: None if family.name == "ase" else "needs what is not here"),
    )
    monkeypatch.setattr(registry, "python_of", lambda family: PYTHON)
    monkeypatch.setattr(
        importlib,
        "import_module",
        {ase_family.__name__: ase_family, worker.__name__: worker}.__getitem__,
    )  # nothing else may be imported
    return asked


def test_a_named_model_is_asked_for_as_it_was(connected: list[Any]) -> None:
    model = load_model("MACE-MP-0-small", dtype="float32", device="cuda:7", trust=True)
    settings = {"dtype": "float32", "device": "cuda:7", "trust": True}
    assert connected == [(PYTHON, "mace-mp-0-small", settings)]
    assert model.identity.name == "mace-mp-0-small"


@pytest.mark.parametrize(
    ("given", "there"),
    [
        ("mace:tiny.model", "mace:{}/tiny.model"),
        ("mace:tiny.model#pbe", "mace:{}/tiny.model#pbe"),
        ("mace:sub/../tiny.model", "mace:{}/sub/../tiny.model"),
        ("mace:a#b.model", "mace:{}/a#b.model"),
        ("mace:a#b.model#pbe", "mace:{}/a#b.model#pbe"),
        ("orb:tiny.model#name?charge=1", "orb:{}/tiny.model#name?charge=1"),
        ("MACE:tiny.model", "mace:{}/tiny.model"),
        ("mace:missing.model#pbe", "mace:missing.model#pbe"),
        ("orb:a-name-of-its-own", "orb:a-name-of-its-own"),
        ("d3:pbe", "d3:pbe"),
    ],
)
def test_paths_mean_the_same_there_and_names_stay(
    connected: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, there: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    for file in ("tiny.model", "a#b.model", "pbe"):
        (tmp_path / file).touch()
    model = load_model(given)
    assert connected[0][1] == there.format(tmp_path)
    # Options are in the identity by themselves.
    assert model.identity.name == given.partition("?")[0]


def test_the_parts_of_a_sum_choose_for_themselves(connected: list[Any]) -> None:
    model = load_model("mace-mp-0-small+d3", device="cuda:1")
    assert isinstance(model, SumModel)
    assert model.identity.name == "mace-mp-0-small+d3"
    assert [name for _, name, _ in connected] == ["mace-mp-0-small", "d3:pbe"]
    assert [settings["device"] for _, _, settings in connected] == ["cuda:1", "cpu"]
    assert load_model("ase:emt+d3:pbe").identity.name == "ase:emt+d3:pbe"
    assert [name for _, name, _ in connected[2:]] == ["d3:pbe"]


def test_an_unknown_functional_is_refused_before_anything_is_started(connected: list[Any]) -> None:
    with pytest.raises(ModelError, match="no parameters for the functional 'pbee'"):
        load_model("mace-mp-0-small+d3:pbee")
    with pytest.raises(ModelError, match=r"cuda.* cannot be chosen for d3:pbe"):
        load_model("d3:pbe", device="cuda")
    assert not connected


def test_a_process_that_serves_a_model_asks_no_other(connected: list[Any]) -> None:
    with pytest.raises(ModelError, match=r"sevennet-0 needs what is not here: nearsight models in"):
        load_here("sevennet-0")
    with pytest.raises(ModelError, match=r"there is no model 'sevennet-0\+d3'"):
        load_here("sevennet-0+d3")
    assert not connected


def test_without_an_environment_there_is_a_line_that_makes_one(
    connected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "python_of", lambda family: None)
    for name in MODELS:
        with pytest.raises(ModelError, match=f"nearsight models install {MODELS[name].family} giv"):
            load_model(name)
    with pytest.raises(
        ModelError, match=r"\+d3 needs what is not here: nearsight models install d"
    ):
        load_model("ase:emt+d3:pbe")
    assert not connected


def test_a_renamed_model_is_the_same_model(
    pair_model: Callable[..., Model], displaced_quartz: Atoms
) -> None:
    model = pair_model()
    renamed = RenamedModel(model, "mace:here.model")
    assert renamed.identity.name == "mace:here.model"
    assert renamed.identity.dtype == model.identity.dtype
    assert renamed.capabilities == model.capabilities
    one, other = (each.evaluate([displaced_quartz], stress=True)[0] for each in (model, renamed))
    assert one.energy_eV == other.energy_eV
    assert np.array_equal(one.stress_eV_per_A3, other.stress_eV_per_A3)
    seeds = [(3, np.array([0.0, 1.0, 0.0]))]
    (row,) = renamed.rows(displaced_quartz, seeds)
    vector = np.zeros((1, 9, 3))
    vector[0, 3, 1] = 1.0
    np.testing.assert_allclose(renamed.linearize(displaced_quartz)(vector)[0], row, atol=1e-12)
    assert np.array_equal(row, next(iter(model.rows(displaced_quartz, seeds))))
