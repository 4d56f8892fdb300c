"""A model in a worker gives the numbers of the same model in this process, to the last bit."""

import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nearsight.errors import ModelError
from nearsight.fingerprint import fingerprint
from nearsight.models.contract import Evaluation, Model
from nearsight.models.families import FAMILIES
from nearsight.models.registry import load_model
from nearsight.models.worker import WorkerModel, connect
from nearsight.models.worker.messages import (
    pairs_from_arrays,
    pairs_to_arrays,
    structures_from_frame,
    structures_to_frame,
)
from nearsight.provenance import ModelIdentity, Provenance, record
from nearsight.structures.pairs import pairs_of


def here_and_there(name: str, **settings: Any) -> tuple[Model, Model]:
    trust = settings.pop("trust", False)
    python = Path(sys.executable)
    there = connect(python, name, dtype="float64", device="cpu", trust=trust, **settings)
    return load_model(name, dtype="float64", device="cpu", trust=trust), there


def require_same(one: Evaluation, other: Evaluation) -> None:
    assert one.energy_eV == other.energy_eV
    for name in (
        "forces_eV_per_A",
        "stress_eV_per_A3",
        "atomic_energies_eV",
        "extrapolations",
    ):
        mine, theirs = getattr(one, name), getattr(other, name)
        assert (mine is None) == (theirs is None)
        if mine is not None:
            assert mine.dtype == theirs.dtype
            np.testing.assert_array_equal(mine, theirs)


def require_same_verbs(here: Model, there: Model, structures: Sequence[Atoms]) -> None:
    """Compare every verb; the last structure is the one to be differentiated."""
    assert isinstance(there, Model)
    assert there.identity == here.identity
    assert there.capabilities == here.capabilities
    assert there.facts == here.facts
    atoms = structures[-1]
    for forces, stress in ((True, False), (True, True), (False, False), (False, True)):
        asked = {"forces": forces, "stress": stress}
        both = [model.evaluate(structures, **asked) for model in (here, there)]
        for one, other in zip(*both, strict=True):
            require_same(one, other)
            assert (other.forces_eV_per_A is None) == (not forces)
    random = np.random.default_rng(3)
    seeds = [(0, np.eye(3)[0]), (len(atoms) - 1, random.normal(size=3))]
    rows = (np.stack(list(model.rows(atoms, seeds))) for model in (here, there))
    np.testing.assert_array_equal(*rows)
    vectors = random.normal(size=(2, len(atoms), 3))
    np.testing.assert_array_equal(here.linearize(atoms)(vectors), there.linearize(atoms)(vectors))


@pytest.mark.parametrize("name", ["ase:emt", "ase:lj"])
def test_calculators_of_ase(name: str) -> None:
    crystals = [bulk("Cu", cubic=True), bulk("Al") * (2, 1, 1)]
    for crystal in crystals:
        crystal.rattle(0.1, seed=1)
    require_same_verbs(*here_and_there(name), crystals)


def test_four_workers_compute_rows_at_the_same_time(
    far: Callable[..., WorkerModel], far_model: ModuleType, atoms: Atoms, tmp_path: Path
) -> None:
    expected = far_model.stiffness(len(atoms))
    # The eleventh row of each one is ready only when all four are at their eleventh.
    atoms.info |= {"do": f"meet:{tmp_path}", "at": 10}
    factors = (1, 2, 3, 4)
    with ThreadPoolExecutor(len(factors)) as threads:
        found = list(threads.map(lambda factor: all_rows(far(f"far-{factor}"), atoms), factors))
    for factor, rows in zip(factors, found, strict=True):
        whole = rows.reshape(expected.shape)
        np.testing.assert_array_equal(whole[4:], factor * expected[4:])
        np.testing.assert_array_equal(whole[:3], expected[:3])


def all_rows(model: Model, atoms: Atoms) -> np.ndarray:
    seeds = [(atom, direction) for atom in range(len(atoms)) for direction in np.eye(3)]
    return np.stack(list(model.rows(atoms, seeds)))


@pytest.fixture(scope="module")
def networks(request: pytest.FixtureRequest) -> tuple[Model, Model]:
    """A neural network on both sides: a random SevenNet, or MACE where that is not."""
    family = "sevennet" if FAMILIES["sevennet"].obstacle is None else "mace"
    path = request.getfixturevalue(f"tiny_{family}_path")
    return here_and_there(f"{family}:{path}", trust=True)


def test_networks(networks: tuple[Model, Model], alpha_quartz: Atoms, mgo: Atoms) -> None:
    mgo.rattle(0.05, seed=2)
    alpha_quartz.rattle(0.05, seed=2)
    require_same_verbs(*networks, [mgo, alpha_quartz])
    vectors = np.random.default_rng(1).normal(size=(2, 3 * len(alpha_quartz) + 6))
    with_strain = (model.linearize(alpha_quartz, strain=True)(vectors) for model in networks)
    np.testing.assert_array_equal(*with_strain)
    displacements = vectors[:, :-6].reshape(2, -1, 3)
    centres = np.array([1, 4])
    of_some = (model.linearize(alpha_quartz, centres=centres)(displacements) for model in networks)
    np.testing.assert_array_equal(*of_some)
    seeds = [(0, direction) for direction in np.eye(3)]
    batched = (np.stack(list(model.rows(mgo, seeds, batch_size=2))) for model in networks)
    np.testing.assert_array_equal(*batched)


def test_work_is_shared_with_a_model_in_this_process(
    networks: tuple[Model, Model], mgo: Atoms
) -> None:
    here, there = networks
    assert fingerprint(mgo, here.identity, {}) == fingerprint(mgo, there.identity, {})
    assert here.identity.versions == {}
    assert "torch" in there.identity.versions


def test_versions_are_those_of_the_worker() -> None:
    identity = ModelIdentity("m", "test", None, "float64", "cpu", versions={"torch": "7.0"})
    provenance = record(identity)
    assert provenance.versions["torch"] == "7.0"
    assert Provenance.from_json(provenance.to_json()).model.versions == {"torch": "7.0"}


def test_what_a_calculator_does_not_know_is_the_same_error() -> None:
    said = []
    for model in here_and_there("ase:emt"):
        with pytest.raises(ModelError) as error:
            model.evaluate([bulk("Si")])
        said.append(str(error.value))
    assert said[0] == said[1]
    assert said[0].startswith("ase:emt failed on Si2")


@pytest.fixture
def both(far: Callable[..., WorkerModel], far_model: ModuleType) -> tuple[Model, WorkerModel]:
    """The model of the tests on both sides."""
    return far_model.FarModel("far"), far()


def test_model_of_the_tests(both: tuple[Model, WorkerModel], atoms: Atoms) -> None:
    require_same_verbs(*both, [atoms[:3], atoms])
    vectors = np.ones((1, 72))
    products = [model.linearize(atoms, strain=True)(vectors) for model in both]
    np.testing.assert_array_equal(*products)


def test_nothing_to_do_is_no_mistake(both: tuple[Model, WorkerModel], atoms: Atoms) -> None:
    for model in both:
        assert model.evaluate([]) == []
        assert list(model.rows(atoms, [])) == []
        assert model.linearize(atoms)(np.zeros((0, 22, 3))).shape == (0, 22, 3)


def test_many_vectors_go_in_several_messages(
    both: tuple[Model, WorkerModel], atoms: Atoms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nearsight.models.worker.client._MOST_BYTES_OF_VECTORS", 1500)
    vectors = np.random.default_rng(0).normal(size=(7, 22, 3))
    one, other = (model.linearize(atoms)(vectors) for model in both)
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-13)


def test_many_structures_at_once(both: tuple[Model, WorkerModel], atoms: Atoms) -> None:
    structures = 400 * [atoms[:2], atoms]
    energies = [[each.energy_eV for each in model.evaluate(structures)] for model in both]
    assert energies[0] == energies[1]


def test_what_calculators_may_ask_a_structure_arrives(
    far: Callable[..., WorkerModel], atoms: Atoms
) -> None:
    def answer(what: str) -> float:
        atoms.info["do"] = what
        [evaluation] = far().evaluate([atoms])
        return evaluation.energy_eV / plain

    [evaluation] = far().evaluate([atoms])
    plain = evaluation.energy_eV
    assert answer("masses") == pytest.approx(atoms.get_masses().sum())
    atoms.set_masses([13.5] * 22)
    atoms.set_initial_charges(np.arange(22) / 10)
    atoms.set_initial_magnetic_moments(np.full((22, 3), 0.5))  # not collinear
    atoms.info["spin"] = np.int64(3)
    assert answer("masses") == pytest.approx(22 * 13.5)
    assert answer("charges") == pytest.approx(23.1)
    assert answer("magmoms") == pytest.approx(33.0)
    assert answer("spin") == pytest.approx(3.0)
    atoms.info["hidden"] = object()  # what no message can hold
    assert answer("hidden") == pytest.approx(2.0)


def test_products_are_forgotten_over_there(far: Callable[..., WorkerModel], atoms: Atoms) -> None:
    model = far("counting")

    def n_open() -> float:
        [plain] = model.evaluate([atoms])
        asking = atoms.copy()
        asking.info["do"] = "open"
        [counted] = model.evaluate([asking])
        return counted.energy_eV / plain.energy_eV  # 1 for none and for one

    kept = [model.linearize(atoms) for _ in range(3)]
    assert n_open() == pytest.approx(3)
    del kept[1:]
    gc.collect()
    kept += [model.linearize(atoms)]
    assert n_open() == pytest.approx(2)


def test_rows_that_are_abandoned_stop(
    far: Callable[..., WorkerModel], atoms: Atoms, seeds: list[Any]
) -> None:
    model = far("abandoned")
    [plain] = model.evaluate([atoms])
    rows = model.rows(atoms, seeds)
    first = [next(rows), next(rows)]
    counting = atoms.copy()
    counting.info["do"] = "done"
    [between] = model.evaluate([counting])  # other work may come between two rows
    assert between.energy_eV / plain.energy_eV == pytest.approx(1002)
    counting.info["do"] = "open"
    one_more = model.linearize(atoms)
    [during] = model.evaluate([counting])
    assert during.energy_eV / plain.energy_eV == pytest.approx(2)
    rows.close()
    second = model.linearize(atoms)
    third = model.linearize(atoms)
    [after] = model.evaluate([counting])
    assert after.energy_eV / plain.energy_eV == pytest.approx(3)  # the products alone
    del one_more, second, third
    again = list(model.rows(atoms, seeds[:2]))
    np.testing.assert_array_equal(first, again)


def test_change_of_the_structure_changes_no_product(
    far: Callable[..., WorkerModel], atoms: Atoms, seeds: list[Any], once: str
) -> None:
    model = far("changed")
    atoms.info |= {"do": "end:9", "at": 3, "once": once}
    expected = atoms.copy()
    rows: Iterator[np.ndarray] = model.rows(atoms, seeds[:6])
    found = [next(rows)]
    atoms.numbers[:] = 6
    atoms.info["do"] = "fail:ValueError"
    found += list(rows)
    np.testing.assert_array_equal(found, list(model.rows(expected, seeds[:6])))


def test_pairs_arrive_as_they_are(far: Callable[..., WorkerModel], atoms: Atoms) -> None:
    pairs = [replace(pairs_of(atoms, reach), centre_A=np.arange(3.0)) for reach in (2.0, 3.5)]
    heads, arrays = structures_to_frame([atoms, atoms])
    arrays |= pairs_to_arrays(pairs)
    rebuilt = structures_from_frame(heads, arrays)
    for one, other in zip(pairs, pairs_from_arrays([2.0, 3.5], arrays, rebuilt), strict=True):
        for field in fields(one):
            np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))
    model = far("far-1")
    [given] = model.evaluate([atoms], pairs=pairs[:1])
    require_same(given, model.evaluate([atoms])[0])
    moved = atoms.copy()
    moved.positions += 0.1
    with pytest.raises(ModelError, match="those of another structure"):
        model.evaluate([moved], pairs=pairs[:1])
