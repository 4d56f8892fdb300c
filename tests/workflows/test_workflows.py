"""One verb per question: the same from a script as from the command line."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.emt import EMT

from nearsight import workflows
from nearsight.cli.main import main
from nearsight.errors import MethodError, ModelError, SettingError, StructureError
from nearsight.hessian import force_constants
from nearsight.hessian import hessian as hessian_of
from nearsight.models import AseModel
from nearsight.models.spec import ModelSpec
from nearsight.records import Record
from nearsight.relaxation import RelaxationSettings, relax
from nearsight.resources import Resources
from nearsight.vibrations import phonon_mesh, thermodynamics, vibrations
from nearsight.vibrations.settings import PhononSettings, ThermodynamicSettings
from nearsight.workflows import (
    ElasticSettings,
    EnergySettings,
    HeatCapacitySettings,
    HessianSettings,
    PhononsSettings,
    RelaxSettings,
    ThermalExpansionSettings,
    keep_unfinished,
)

UNRELAXED = RelaxationSettings(relax=False)
FEW = PhononSettings(mesh=(4, 4, 4))


@pytest.fixture
def copper() -> Atoms:
    atoms = bulk("Cu", a=3.7, cubic=True)
    atoms.positions += np.random.default_rng(0).normal(scale=0.02, size=(4, 3))
    return atoms


@pytest.fixture
def model() -> AseModel:
    return AseModel(EMT())


def same_numbers(one: Record, other: dict[str, Any]) -> bool:
    """Compare everything but names, times and memory."""

    def stripped(values: Any) -> Any:
        if isinstance(values, dict):
            left_out = {"seconds", "peak_memory_bytes", "memory_budget_bytes", "structure", "model"}
            return {key: stripped(each) for key, each in values.items() if key not in left_out}
        return [stripped(each) for each in values] if isinstance(values, list) else values

    return bool(stripped(json.loads(json.dumps(one.to_json()))) == stripped(other))


QUESTIONS: list[tuple[str, Callable[..., Record], Any, tuple[str, ...]]] = [
    ("energy", workflows.energy, EnergySettings(stress=True), ("--stress",)),
    ("relax", workflows.relax, RelaxSettings(), ()),
    (
        "heat-capacity",
        workflows.heat_capacity,
        HeatCapacitySettings(
            phonons=FEW, thermodynamics=ThermodynamicSettings(temperatures_K=(0.0, 90.0))
        ),
        ("--mesh", "4", "4", "4", "--temperature", "0", "90"),
    ),
    ("phonons", workflows.phonons, PhononsSettings(phonons=FEW), ("--mesh", "4", "4", "4")),
    ("vibrations", workflows.vibrations, workflows.VibrationsSettings(), ()),
    ("elastic", workflows.elastic, ElasticSettings(), ()),
    (
        "thermal-expansion",
        workflows.thermal_expansion,
        ThermalExpansionSettings(phonons=PhononSettings(mesh=(2, 2, 2), length_A=5.0)),
        ("--mesh", "2", "2", "2", "--length", "5"),
    ),
]


@pytest.mark.parametrize(("command", "verb", "settings", "options"), QUESTIONS)
def test_a_script_gets_what_the_command_line_gets(
    copper: Atoms,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    command: str,
    verb: Callable[..., Record],
    settings: Any,
    options: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    ase.io.write("copper.json", copper)
    arguments = [command, "copper.json", "--model", "ase:emt", "--json", "r.json", *options]
    assert main(arguments) == 0
    of_command = json.loads(Path("r.json").read_text(encoding="utf-8"))
    of_file = verb("copper.json", "ase:emt", settings)
    assert of_file.structure == "copper.json"
    assert same_numbers(of_file, of_command)
    of_atoms = verb(copper, ModelSpec(name="ase:emt"), settings)
    assert of_atoms.structure == "Cu4"
    assert same_numbers(of_atoms, of_command)


def test_the_heat_of_modes_is_that_of_the_verbs_it_is_made_of(
    copper: Atoms, model: AseModel
) -> None:
    settings = HeatCapacitySettings(relaxation=UNRELAXED, spectrum="dense")
    record = workflows.heat_capacity(copper, model, settings)
    by_hand = thermodynamics(vibrations(hessian_of(copper, model)), [300.0])
    [row] = record.heat_capacity
    assert row.J_per_g_K == by_hand.heat_capacity_J_per_g_K[0]
    assert record.results is not None
    assert record.results.vibrations.n_modes == 3 * 4 - 3


def test_the_heat_of_phonons_is_that_of_the_verbs_it_is_made_of(
    copper: Atoms, model: AseModel
) -> None:
    phonons = PhononSettings(mesh=(4, 4, 4), length_A=3.0)
    settings = HeatCapacitySettings(spectrum="mesh", phonons=phonons)
    record = workflows.heat_capacity(copper, model, settings)
    constants = force_constants(relax(copper, model).atoms, model, length_A=3.0)
    by_hand = thermodynamics(phonon_mesh(constants, (4, 4, 4)), [300.0])
    [row] = record.heat_capacity
    assert row.J_per_g_K == pytest.approx(by_hand.heat_capacity_J_per_g_K[0], rel=1e-9)


def test_the_structure_stays_as_it_is(copper: Atoms, model: AseModel) -> None:
    before = copper.copy()
    record = workflows.relax(copper, model)
    assert copper == before
    assert record.relaxation.energy_after_eV < record.relaxation.energy_before_eV
    assert record.atoms.get_potential_energy() == record.relaxation.energy_after_eV


def test_finished_work_needs_no_model(
    copper: Atoms, model: AseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = HessianSettings(relaxation=UNRELAXED)
    record = workflows.hessian(copper, model, settings)
    assert record.results is not None
    record.results.hessian.save(tmp_path / "copper.npz")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a model was loaded")

    monkeypatch.setattr("nearsight.models.registry.load_model", refuse)
    dense = HeatCapacitySettings(spectrum="dense")
    of_file = workflows.heat_capacity(tmp_path / "copper.npz", settings=dense)
    again = workflows.heat_capacity(
        copper, model, HeatCapacitySettings(relaxation=UNRELAXED, spectrum="dense")
    )
    assert of_file.heat_capacity == again.heat_capacity


def test_unfinished_work_is_gone_on_with(
    copper: Atoms, model: AseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = HessianSettings(relaxation=UNRELAXED)
    evaluate, left = AseModel.evaluate, 9

    def counted(self: AseModel, structures: Any, **options: Any) -> Any:
        nonlocal left
        left -= len(structures)
        if left < 0:
            raise KeyboardInterrupt
        return evaluate(self, structures, **options)

    monkeypatch.setattr(AseModel, "evaluate", counted)
    folder = tmp_path / "work"
    with pytest.raises(KeyboardInterrupt), keep_unfinished(folder) as unfinished:
        workflows.hessian(copper, model, settings, unfinished=unfinished)
    assert list(folder.glob("Cu4-*.rows"))
    left = 10**9
    with keep_unfinished(folder) as unfinished:
        record = workflows.hessian(copper, model, settings, unfinished=unfinished)
    assert record.hessian.rows_computed < record.hessian.rows_needed
    assert not folder.exists()
    whole = workflows.hessian(copper, model, settings)
    assert record.results is not None
    assert whole.results is not None
    matrices = [each.results.hessian.matrix_eV_per_A2 for each in (record, whole)]
    np.testing.assert_array_equal(*matrices)


def test_without_a_place_nothing_is_kept(
    copper: Atoms, model: AseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    workflows.vibrations(copper, model)
    assert not list(tmp_path.iterdir())


def test_what_is_given_is_recorded(copper: Atoms, model: AseModel) -> None:
    settings = HeatCapacitySettings(phonons=FEW, supercell=(2, 2, 2))
    record = workflows.heat_capacity(copper, model, settings)
    assert record.provenance.asked == json.loads(json.dumps(settings.to_json()))
    assert record.supercell == [2, 2, 2]
    assert HeatCapacitySettings.from_mapping(record.provenance.asked) == settings


@pytest.mark.parametrize(
    ("wrong", "setting"),
    [
        ({"spectrum": "dense", "phonons": {"mesh": 30.0}}, "mesh"),
        ({"spectrum": "probing", "converge_supercell": 0.01}, "converge_supercell"),
        ({"probing": {"lanczos_steps": 3}}, "lanczos_steps"),
        ({"supercell": [2, 2, 2], "phonons": {"length_A": 9.0}}, "length_A"),
        ({"supercell": [2, 2, 2], "converge_supercell": 0.01}, "converge_supercell"),
        ({"relaxation": {"relax": False, "cell": "fixed"}}, "cell"),
    ],
)
def test_settings_that_contradict_each_other_are_never_made(
    wrong: dict[str, Any], setting: str
) -> None:
    with pytest.raises(SettingError, match=f"`{setting}`"):
        HeatCapacitySettings.from_mapping(wrong)


def test_settings_and_models_travel_to_other_processes() -> None:
    settings = HeatCapacitySettings(phonons=FEW)
    for value in (settings, ModelSpec(name="ase:emt"), Resources(cores=1)):
        assert pickle.loads(pickle.dumps(value)) == value


def test_a_specified_model_is_the_loaded_one() -> None:
    assert ModelSpec("ase:emt", device="cpu") == ModelSpec(name="ase:emt", device="cpu")
    model = ModelSpec("ase:emt").load(Resources(device="cpu"))
    assert model.identity.name == "ase:emt"
    with pytest.raises(ModelError):
        ModelSpec(name="ase:nothing").load()


def test_what_needs_no_model_is_found_before_one_is_loaded(
    copper: Atoms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a model was loaded")

    monkeypatch.setattr("nearsight.models.registry.load_model", refuse)
    with pytest.raises(StructureError, match="does not exist"):
        workflows.relax(tmp_path / "no.cif")
    with pytest.raises(MethodError, match="crystal"):
        workflows.phonons(molecule("N2"))
    with pytest.raises(SettingError, match="nothing would be done"):
        workflows.relax(copper, settings=RelaxSettings(relaxation=UNRELAXED))


def test_memory_that_may_be_used_is_handed_down(copper: Atoms, model: AseModel) -> None:
    from nearsight.errors import MemoryBudgetError

    with pytest.raises(MemoryBudgetError, match="budget"):
        workflows.hessian(copper, model, resources=Resources(memory_bytes=1000))


def test_settings_that_a_verb_would_leave_aside_are_refused(copper: Atoms, model: AseModel) -> None:
    with pytest.raises(SettingError, match=r"HessianSettings\(\.\.\.\) here"):
        workflows.hessian(copper, model, PhononsSettings())


def test_numbers_of_numpy_in_a_structure_are_numbers_of_a_record(
    copper: Atoms, model: AseModel
) -> None:
    copper.info["charge"] = np.int64(1)
    assert workflows.energy(copper, model).atoms.info["charge"] == 1


def test_what_is_no_crystal_has_no_stress(model: AseModel) -> None:
    layer = bulk("Cu", cubic=True)
    layer.pbc = (True, True, False)
    with pytest.raises(MethodError, match="`stress` is that of a crystal"):
        workflows.energy(layer, model, EnergySettings(stress=True))


def test_how_a_structure_is_relaxed_comes_too_late_for_what_is_finished(
    copper: Atoms, model: AseModel, tmp_path: Path
) -> None:
    record = workflows.hessian(copper, model, HessianSettings(relaxation=UNRELAXED))
    assert record.results is not None
    record.results.hessian.save(tmp_path / "copper.npz")
    for late in ({"pressure_GPa": 3.0}, {"cell": "isotropic"}, {"optimizer": "BFGS"}):
        settings = HessianSettings(relaxation=RelaxationSettings(**late))
        with pytest.raises(MethodError, match=f"`{next(iter(late))}` comes too late"):
            workflows.hessian(tmp_path / "copper.npz", settings=settings)
