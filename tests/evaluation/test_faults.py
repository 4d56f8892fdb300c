"""Models with one fault each: the examination that should catch it does, and a sound one passes."""

from collections.abc import Callable

import pytest

from nearsight.evaluation import Work, examination_named
from nearsight.models.contract import Model
from small_efforts import SMALL_EFFORTS, SOUND

FAULTS = [
    ("NoGradient", "diatomics", "force_against_slope"),
    ("CutOff", "diatomics", "energy_jump"),
    ("Directed", "diatomics", "rotational_invariance"),
    ("Holed", "diatomics", "short_range_hole"),
    ("Holed", "diatomics", "atom_locking"),
    ("Lonely", "diatomics", "limit_offset"),
    ("Swirling", "exactness", "jacobian_asymmetry"),
    ("Swirling", "exactness", "loop_work"),
    ("Kinked", "exactness", "curvature_jump"),
    ("StirredGas", "gas", "drift"),
    ("ThrownGas", "gas", "velocity_deviation"),
]


def grade(model: Model, examination_name: str, metric_name: str) -> str:
    examination = examination_named(examination_name)
    result = examination.compute(model, SMALL_EFFORTS[examination_name], Work())
    assert not result.failures
    [metric] = [each for each in examination.metrics if each.name == metric_name]
    return metric.grade(examination.measured(result)[metric_name])


@pytest.mark.parametrize(("fault", "examination", "metric"), FAULTS)
def test_a_fault_is_caught(
    faulty: Callable[..., Model], fault: str, examination: str, metric: str
) -> None:
    assert grade(faulty(fault), examination, metric) == "poor"


@pytest.mark.parametrize("examination", ["diatomics", "exactness", "gas"])
def test_a_sound_model_has_none(faulty: Callable[..., Model], examination: str) -> None:
    caught = {metric for _, name, metric in FAULTS if name == examination}
    made, model = examination_named(examination), faulty(SOUND.get(examination, "Sound"))
    measured = made.measured(made.compute(model, SMALL_EFFORTS[examination], Work()))
    grades = {each.name: each.grade(measured[each.name]) for each in made.metrics}
    assert {name: grades[name] for name in caught} == dict.fromkeys(caught, "good")
