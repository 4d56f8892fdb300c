"""Sums of models: numbers add, capabilities are what all parts allow, names tell the parts."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones

from nearsight.errors import CheckpointError, MethodError, MissingPropertyError, ModelError
from nearsight.fingerprint import fingerprint
from nearsight.hessian import hessian
from nearsight.models import registry
from nearsight.models.contract import Model
from nearsight.models.engines.ase_model import AseModel
from nearsight.models.facts import Facts
from nearsight.models.registry import load_model
from nearsight.models.sums import SumModel
from nearsight.provenance import ModelIdentity, model_versions
from nearsight.testing import check_model

PairModel = Callable[..., Model]


@pytest.fixture
def d3() -> Model:
    pytest.importorskip("torch_dftd", reason="the parameters of D3 are in torch-dftd")
    return load_model("d3:pbe")


def test_numbers_add(pair_model: PairModel, d3: Model, displaced_quartz: Atoms) -> None:
    parts = [pair_model(), d3]
    atoms = displaced_quartz
    total = SumModel(parts).evaluate([atoms], stress=True)[0]
    first, second = (part.evaluate([atoms], stress=True)[0] for part in parts)
    assert total.energy_eV == pytest.approx(first.energy_eV + second.energy_eV, rel=1e-15)
    for quantity in ("forces_eV_per_A", "stress_eV_per_A3", "atomic_energies_eV"):
        expected = getattr(first, quantity) + getattr(second, quantity)
        np.testing.assert_allclose(getattr(total, quantity), expected, rtol=1e-15)


def test_curvature_adds(pair_model: PairModel, d3: Model, displaced_quartz: Atoms) -> None:
    parts = [pair_model(), d3]
    model, atoms = SumModel(parts), displaced_quartz
    seeds = [(atom, np.array([0.6, 0.0, 0.8])) for atom in range(4)]
    for size in (1, 3):
        rows = np.stack(list(model.rows(atoms, seeds, batch_size=size)))
        expected = sum(np.stack(list(part.rows(atoms, seeds))) for part in parts)
        np.testing.assert_allclose(rows, expected, rtol=0, atol=1e-13)
    for strain, shape in ((False, (2, 9, 3)), (True, (2, 33))):
        vectors = np.random.default_rng(4).normal(size=shape)
        products = model.linearize(atoms, strain=strain)(vectors)
        expected = sum(part.linearize(atoms, strain=strain)(vectors) for part in parts)
        np.testing.assert_allclose(products, expected, rtol=0, atol=1e-12)


def test_twice_a_model_is_twice_its_hessian(pair_model: PairModel, displaced_water: Atoms) -> None:
    once = hessian(displaced_water, pair_model(), progress=False)
    twice = hessian(displaced_water, SumModel([pair_model(), pair_model()]), progress=False)
    np.testing.assert_allclose(twice.matrix_eV_per_A2, 2 * once.matrix_eV_per_A2, rtol=1e-14)


def test_the_sum_of_a_potential_and_d3_keeps_the_contract(pair_model: PairModel, d3: Model) -> None:
    structures = {"CO2": molecule("CO2"), "C2H6": molecule("C2H6")}
    report = check_model(SumModel([pair_model(), d3]), structures, progress=False)
    assert report.passed, str(report)


def test_single_precision_stays_single(pair_model: PairModel) -> None:
    pytest.importorskip("torch_dftd", reason="the parameters of D3 are in torch-dftd")
    model = SumModel([pair_model("float32"), load_model("d3:pbe", dtype="float32")])
    assert model.identity.dtype == "float32"
    report = check_model(model, {"C2H6": molecule("C2H6")}, progress=False)
    assert report.passed, str(report)


@pytest.mark.parametrize(
    ("capability", "answers", "expected"),
    [
        ("conservative", (True, True), True),
        ("conservative", (True, None), None),
        ("equivariant", (None, False), False),
        ("size_consistent", (True, False), False),
        ("curvature_smooth", (True, None), None),
        ("curvature_smooth", (False, None), False),
        ("atomic_energies", (True, False), False),
        ("differentiable", (True, False), False),
        ("cutoff_A", (4.0, 6.0), 6.0),
        ("cutoff_A", (4.0, None), None),
        ("receptive_field_A", (25.0, 6.0), 25.0),
        ("receptive_field_A", (25.0, None), None),
        ("elements", (frozenset({1, 6}), frozenset({6, 8})), frozenset({6})),
        ("elements", (None, frozenset({6, 8})), frozenset({6, 8})),
        ("elements", (None, None), None),
    ],
)
def test_capabilities_are_what_all_parts_allow(
    pair_model: PairModel, capability: str, answers: tuple[Any, Any], expected: Any
) -> None:
    model = SumModel([pair_model(**{capability: answer}) for answer in answers])
    assert getattr(model.capabilities, capability) == expected


@pytest.mark.parametrize(
    ("fact", "answers", "expected"),
    [
        ("level_of_theory", ("PBE", "D3(BJ) for pbe"), "PBE + D3(BJ) for pbe"),
        ("level_of_theory", (None, "D3(BJ) for pbe"), None),
        ("training_data", ("MPtrj", None), "MPtrj"),
        ("licence", ("MIT", "MIT"), "MIT"),
        ("licence", ("MIT", None), None),
        ("citation", ("doi 1", "doi 2"), "doi 1; doi 2"),
        ("parameters", (842_440, 20), 842_460),
        ("parameters", (842_440, None), None),
        ("neighbour_limit", (120, None), 120),
        ("neighbour_limit", (120, 20), 20),
        ("energy_scale", ("PBE", "PBE"), "PBE"),
        ("energy_scale", ("PBE", None), None),
    ],
)
def test_facts_are_those_of_all_parts(
    pair_model: PairModel, fact: str, answers: tuple[Any, Any], expected: Any
) -> None:
    model = SumModel([pair_model(facts=Facts(**{fact: answer})) for answer in answers])
    assert getattr(model.facts, fact) == expected


def test_the_identity_holds_those_of_the_parts(pair_model: PairModel, d3: Model) -> None:
    parts = [pair_model(), d3]
    identity = SumModel(parts).identity
    assert (identity.name, identity.family) == ("pair+d3:pbe", "sum")
    assert [json.loads(part) for part in identity.options["parts"]] == [
        part.identity.deciding() for part in parts
    ]
    assert ModelIdentity.from_json(json.loads(json.dumps(identity.to_json()))) == identity
    assert identity.checkpoint_sha256 != d3.identity.checkpoint_sha256
    assert SumModel([pair_model(), pair_model()]).identity.checkpoint_sha256 is None


def test_versions_of_parts_in_several_environments(pair_model: PairModel) -> None:
    here, there = pair_model(), pair_model()
    assert SumModel([here, there]).identity.versions == {}
    of_torch = there.identity.versions | {"torch": "7.0", "elsewhere": "1.2"}
    there._energy.identity = replace(there.identity, versions=of_torch)
    identity = SumModel([here, there]).identity
    own = model_versions()
    assert identity.versions == own | {
        "torch": f"{own['torch']} and 7.0",
        "elsewhere": "1.2",
    }
    assert identity == SumModel([here, here]).identity


def test_other_parts_make_another_fingerprint(pair_model: PairModel, mgo: Atoms) -> None:
    pytest.importorskip("torch_dftd", reason="the parameters of D3 are in torch-dftd")
    prints = {
        json.dumps(fingerprint(mgo, SumModel(parts, "same name").identity, {}), sort_keys=True)
        for parts in (
            [pair_model(), load_model("d3:pbe")],
            [pair_model(), load_model("d3:rpbe")],
            [pair_model("float32"), load_model("d3:pbe")],
            [pair_model(name="other"), load_model("d3:pbe")],
        )
    }
    assert len(prints) == 4


def test_rows_on_disk_are_for_the_same_parts_only(
    pair_model: PairModel, d3: Model, displaced_water: Atoms, tmp_path: Path
) -> None:
    def matrix(*parts: Model) -> np.ndarray:
        model = SumModel(parts, "same name")
        kept = hessian(displaced_water, model, "rows", checkpoint=tmp_path / "rows", progress=False)
        return kept.matrix_eV_per_A2

    first = matrix(pair_model(), d3)
    np.testing.assert_array_equal(matrix(pair_model(), d3), first)
    for other in (load_model("d3:rpbe"), load_model("d3:pbe", dtype="float32")):
        with pytest.raises(CheckpointError, match="model"):
            matrix(pair_model(), other)


@pytest.mark.parametrize(
    ("dtypes", "expected"),
    [
        (("float64", "float64"), "float64"),
        (("float32", "float64"), "float32"),
        (("float32", "unknown"), "unknown"),
    ],
)
def test_the_precision_is_that_of_the_worst_part(dtypes: tuple[str, str], expected: str) -> None:
    parts = [AseModel(EMT(), dtype=dtype) for dtype in dtypes]
    assert SumModel(parts).identity.dtype == expected


def test_the_device_is_the_one_that_memory_is_scarce_on(pair_model: PairModel) -> None:
    class OnGpu:
        identity = replace(pair_model().identity, device="cuda:1")
        capabilities, evaluate = pair_model().capabilities, pair_model().evaluate

    assert SumModel([pair_model(), OnGpu()]).identity.device == "cuda:1"  # type: ignore[list-item]


def test_a_part_without_derivatives_makes_differences_of_the_sum(d3: Model) -> None:
    atoms = Atoms("Cu3", [(0, 0, 0), (2.4, 0, 0), (1.1, 2.2, 0.2)])
    emt = AseModel(EMT())
    model = SumModel([emt, d3])
    seeds = [(1, np.array([0.0, 0.6, 0.8]))]
    row = next(model.rows(atoms, seeds))
    expected = next(emt.rows(atoms, seeds)) + next(d3.rows(atoms, seeds))
    np.testing.assert_allclose(row, expected, rtol=0, atol=1e-4 * np.abs(expected).max())
    vector = np.zeros((1, 3, 3))
    vector[0, 1] = [0.0, 0.6, 0.8]
    np.testing.assert_allclose(model.linearize(atoms)(vector)[0], row, rtol=0, atol=1e-12)
    result = hessian(atoms, model, progress=False)
    assert result.method == "central-difference"
    assert "cannot be differentiated twice" in result.reason
    with pytest.raises(MethodError, match=r"emt\+d3:pbe .* no batched rows"):
        next(model.rows(atoms, seeds, batch_size=2))
    with pytest.raises(MethodError, match=r"emt\+d3:pbe is none"):
        model.linearize(atoms, strain=True)(np.zeros((1, 15)))


def test_what_a_part_cannot_do_the_sum_cannot(pair_model: PairModel, mgo: Atoms) -> None:
    with pytest.raises(ModelError, match="needs at least one model"):
        SumModel([])
    with pytest.raises(ModelError, match=r"pair\+pair does not know Fe"):
        SumModel([pair_model(), pair_model()]).evaluate([Atoms("Fe")])

    class WithoutStress(LennardJones):
        implemented_properties = ("energy", "forces")

        def calculate(self, *arguments: Any, **options: Any) -> None:
            super().calculate(*arguments, **options)
            del self.results["stress"]

    model = SumModel([pair_model(), AseModel(WithoutStress())])
    assert model.evaluate([mgo])[0].stress_eV_per_A3 is None
    assert model.evaluate([mgo])[0].atomic_energies_eV is None
    with pytest.raises(MissingPropertyError, match="has no stress"):
        model.evaluate([mgo], stress=True)


class TestNames:
    @pytest.fixture(autouse=True)
    def _with_torch_dftd(self) -> None:
        pytest.importorskip("torch_dftd", reason="the parameters of D3 are in torch-dftd")

    @pytest.fixture
    def stand_in(self, monkeypatch: pytest.MonkeyPatch, pair_model: PairModel) -> list[str]:
        """Let every SevenNet be the pair potential at the level PBE; list what was asked for."""
        targets: list[str] = []
        load = registry.importlib.import_module

        class Family:
            @staticmethod
            def load(request: Any) -> Model:
                targets.append(request.target)
                return pair_model(
                    request.dtype,
                    name=request.name,
                    facts=Facts(level_of_theory="PBE (+U as elsewhere)"),
                )

        monkeypatch.setattr(registry.Family, "obstacle", None)
        monkeypatch.setattr(
            registry.importlib,
            "import_module",
            lambda name: Family if name.endswith("sevennet.load") else load(name),
        )
        return targets

    @pytest.mark.parametrize(
        ("given", "target", "name", "functional"),
        [
            ("sevennet-0+d3", "sevennet-0", "sevennet-0+d3", "pbe"),
            ("SevenNet-0+D3", "sevennet-0", "sevennet-0+d3", "pbe"),
            ("sevennet-0+d3:RPBE", "sevennet-0", "sevennet-0+d3:rpbe", "rpbe"),
            ("sevennet:a/b.pth+d3", "a/b.pth", "sevennet:a/b.pth+d3", "pbe"),
            ("sevennet:a+b/c+d.pth+d3", "a+b/c+d.pth", "sevennet:a+b/c+d.pth+d3", "pbe"),
            ("sevennet:a.pth+d3:b3lyp", "a.pth", "sevennet:a.pth+d3:b3-lyp", "b3-lyp"),
            ("sevennet:a.pth+d3:hf/sv", "a.pth", "sevennet:a.pth+d3:hf/sv", "hf/sv"),
        ],
    )
    def test_what_follows_a_model_makes_a_sum(
        self, stand_in: list[str], given: str, target: str, name: str, functional: str
    ) -> None:
        identity = load_model(given, device="cpu").identity
        assert stand_in == [target]
        assert (identity.name, identity.family) == (name, "sum")
        assert json.loads(identity.options["parts"][1])["options"]["functional"] == functional

    @pytest.mark.parametrize("path", ["a+b/model.pth", "runs+d3/model.pth", "a+d3:pbe/model.pth"])
    def test_a_plus_inside_a_path_is_part_of_it(self, stand_in: list[str], path: str) -> None:
        assert load_model(f"sevennet:{path}", device="cpu").identity.family == "test"
        assert stand_in == [path]

    def test_precision_reaches_every_part(self, stand_in: list[str]) -> None:
        assert (
            load_model("sevennet-0+d3", dtype="float32", device="cpu").identity.dtype == "float32"
        )

    @pytest.mark.parametrize("name", ["sevennet-0+d3:pbee", "sevennet-0+d3:"])
    def test_an_unknown_functional_is_refused_before_the_model_is_loaded(
        self, stand_in: list[str], name: str
    ) -> None:
        with pytest.raises(ModelError, match="no parameters for the functional"):
            load_model(name)
        assert stand_in == []

    def test_a_model_of_unknown_level_needs_a_functional(self) -> None:
        with pytest.raises(ModelError, match=r"ase:emt does not say .* such as ase:emt\+d3:pbe\."):
            load_model("ase:emt+d3")
        model = load_model("ase:emt+d3:pbe")
        assert (model.identity.name, model.identity.dtype) == ("ase:emt+d3:pbe", "unknown")

    @pytest.mark.parametrize("name", ["sevennet-0+d3+d3", "d3:pbe+d3", "sevennet-0+d3:pbe+d3:rpbe"])
    def test_dispersion_is_not_added_twice(self, name: str) -> None:
        with pytest.raises(ModelError, match="has D3 already"):
            load_model(name)

    @pytest.mark.parametrize("name", ["sevenet-0+d3", "+d3", "+d3:pbe"])
    def test_an_unknown_model_gets_the_usual_hint(self, name: str) -> None:
        with pytest.raises(ModelError, match="there is no model"):
            load_model(name)


def test_without_torch_dftd_the_sum_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, package=None: None if name == "torch_dftd" else find(name, package),
    )
    for name in (f"sevennet:{tmp_path}/x.pth+d3", "ase:emt+d3:pbe", "d3:pbe"):
        with pytest.raises(ModelError, match=r"torch_dftd, .*: nearsight models install d3"):
            load_model(name)
