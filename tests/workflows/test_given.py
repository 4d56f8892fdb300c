"""What is given in the wrong place is said before anything is computed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ase.build import bulk
from ase.calculators.emt import EMT

from nearsight import workflows
from nearsight.errors import ModelError, SettingError, StructureError
from nearsight.models import AseModel
from nearsight.workflows import (
    ElasticSettings,
    EnergySettings,
    HeatCapacitySettings,
    HessianSettings,
    LocalitySettings,
    MolecularDynamicsSettings,
    PhononsSettings,
    RelaxationSettings,
    RelaxSettings,
    Resources,
    ThermalExpansionSettings,
    ThermochemistrySettings,
    VibrationsSettings,
    energy,
    heat_capacity,
    keep_unfinished,
    locality,
    relax,
    vibrations,
)

COPPER = bulk("Cu")
VERBS = {
    "elastic": ElasticSettings,
    "energy": EnergySettings,
    "heat_capacity": HeatCapacitySettings,
    "hessian": HessianSettings,
    "locality": LocalitySettings,
    "molecular_dynamics": MolecularDynamicsSettings,
    "phonons": PhononsSettings,
    "relax": RelaxSettings,
    "thermal_expansion": ThermalExpansionSettings,
    "thermochemistry": ThermochemistrySettings,
    "vibrations": VibrationsSettings,
}


class Unasked(EMT):
    """A calculator that nobody is to ask for anything."""

    def calculate(self, *_: object, **__: object) -> None:
        raise AssertionError("something was computed")


@pytest.mark.parametrize(("verb", "kind"), VERBS.items())
def test_settings_of_another_verb_are_refused(verb: str, kind: type) -> None:
    run: Callable[..., Any] = getattr(workflows, verb)
    with pytest.raises(SettingError, match=rf"are {kind.__name__}\(\.\.\.\) here, not Resources"):
        run(COPPER, AseModel(Unasked()), Resources())


def test_vibrations_refuse_settings_that_say_nothing_of_units() -> None:
    with pytest.raises(SettingError, match="VibrationsSettings"):
        vibrations(COPPER, AseModel(Unasked()), HessianSettings())  # type: ignore[arg-type]


def test_settings_of_a_part_are_sent_to_their_group() -> None:
    said = r"RelaxSettings\(relaxation=RelaxationSettings\(\.\.\.\)\)"
    with pytest.raises(SettingError, match=said):
        relax(COPPER, AseModel(Unasked()), RelaxationSettings())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (EMT(), r"AseModel\(EMT\(\.\.\.\)\) makes a model of it"),
        (RelaxSettings(), "the model comes before the settings"),
        (5, "a ModelSpec or a name, not 5"),
    ],
)
def test_what_is_no_model_is_refused(model: Any, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        energy(COPPER, model)


def test_the_reference_of_a_locality_is_checked_before_the_model_is_asked() -> None:
    with pytest.raises(ModelError, match="EMT is a calculator"):
        locality(COPPER, AseModel(Unasked()), reference=EMT())  # type: ignore[arg-type]


@pytest.mark.parametrize("structure", [42, [COPPER], None])
def test_what_is_no_structure_is_refused(structure: Any) -> None:
    with pytest.raises(StructureError, match=r"an ase\.Atoms or the path of a file"):
        heat_capacity(structure, AseModel(Unasked()))


def test_places_are_values_of_their_own(tmp_path: Path) -> None:
    model = AseModel(Unasked())
    with pytest.raises(SettingError, match="with keep_unfinished"):
        relax(COPPER, model, unfinished=tmp_path)  # type: ignore[arg-type]
    with pytest.raises(SettingError, match=r"are Resources\(\.\.\.\), not 4"):
        relax(COPPER, model, resources=4)  # type: ignore[arg-type]
    with keep_unfinished(tmp_path / "work") as unfinished:
        record = relax(COPPER, "ase:emt", unfinished=unfinished, resources=Resources())
    assert record.relaxation.converged
    assert not (tmp_path / "work").exists()
