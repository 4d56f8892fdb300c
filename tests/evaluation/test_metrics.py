"""Every examination is whole: metrics have properties, bounds, sources and figures."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from nearsight.errors import MethodError, SettingError
from nearsight.evaluation import (
    ExamineSettings,
    Measured,
    Work,
    examination_named,
    examination_names,
    examine,
)
from nearsight.evaluation import metric as metric_module
from nearsight.evaluation.measured import mean_of, number_of, worst_of
from nearsight.evaluation.metric import Metric
from nearsight.evaluation.settings import SUITES
from nearsight.evaluation.wording import number, with_spread
from nearsight.models.contract import Model
from nearsight.records.codec import decoder, encoder
from nearsight.records.described import fields_of
from small_efforts import SMALL_EFFORTS, SOUND


@pytest.mark.parametrize("name", examination_names())
def test_an_examination_is_whole(name: str) -> None:
    examination = examination_named(name)
    assert examination.name == name
    assert set(examination.efforts) == set(SUITES)
    assert examination.question.endswith("?")
    assert examination.metrics
    assert list(fields_of(examination.result))
    for metric in examination.metrics:
        assert isinstance(getattr(examination.result, metric.name), property), metric.name
        assert metric.tooltip.endswith(".")
        assert metric.source
        if metric.good is not None and metric.bad is not None:
            assert (metric.bad < metric.good) == (metric.better == "higher")


NOT_SHOWN = {"exactness": {"reach"}, "gas": {"diffusion"}, "speed": {"time-MOF-5"}}
"""Figures of what small efforts leave out."""


@pytest.mark.parametrize("name", SMALL_EFFORTS)
def test_results_are_written_and_read_and_have_the_figures_of_their_metrics(
    faulty: Callable[[str], Model], name: str
) -> None:
    examination = examination_named(name)
    effort = SMALL_EFFORTS[name]
    if name == "exactness":
        effort = replace(effort, conformance=("CO2",), wide=("alkane",))
    result = examination.compute(faulty(SOUND.get(name, "Sound")), effort, Work())
    assert decoder(examination.result)(encoder(examination.result)(result)) == result
    assert examination.measured(decoder(examination.result)(encoder(examination.result)(result)))
    figures = {figure.name for figure in examination.figures(result)}
    shown = {metric.figure for metric in examination.metrics}
    assert shown - figures <= NOT_SHOWN.get(name, set())


def metric(**given: object) -> Metric:
    values = {"better": "lower", "good": 1.0, "bad": 2.0, "unit": "", "title": "t"} | given
    return Metric(name="m", tooltip="", source="", figure="", **values)


@pytest.mark.parametrize(
    ("given", "value", "grade"),
    [
        ({}, 1.0, "good"),
        ({}, 1.5, "fair"),
        ({}, 2.0, "poor"),
        ({}, None, "unknown"),
        ({"better": "zero"}, -0.5, "good"),
        ({"better": "zero"}, -2.5, "poor"),
        ({"better": "higher", "good": 2.0, "bad": 1.0}, 2.5, "good"),
        ({"better": "higher", "good": 2.0, "bad": 1.0}, 1.5, "fair"),
        ({"better": "higher", "good": 2.0, "bad": 1.0}, 0.5, "poor"),
        ({"good": None, "bad": None}, 3.0, "plain"),
    ],
)
def test_grades(given: dict, value: float | None, grade: str) -> None:
    assert metric(**given).grade(Measured(value)) == grade
    assert metric(**given).grade(Measured(value, 100.0)) == grade  # what many values scatter by


@pytest.mark.parametrize(
    ("value", "error", "grade"),
    [
        (-0.5, 0.2, "good"),
        (-0.68, 1.05, "unknown"),
        (0.5, 1.2, "unknown"),
        (1.3, 0.5, "good"),
        (2.3, 2.2, "unknown"),
        (-2.3, 0.5, "fair"),
        (-2.6, 0.5, "poor"),
        (20.0, 5.0, "poor"),
        (2.5, None, "poor"),
    ],
)
def test_an_error_is_not_held_against_a_number_that_should_be_zero(
    value: float, error: float | None, grade: str
) -> None:
    made = metric(better="zero", spread_is_error=True)
    assert made.grade(Measured(value, error)) == grade


@pytest.mark.parametrize(
    "values",
    [
        {"better": "lower"},
        {"better": "more", "title": "", "unit": "", "tooltip": "", "source": "", "figure": ""},
        {
            "better": "zero",
            "title": "",
            "unit": "",
            "tooltip": "",
            "source": "",
            "figure": "",
            "good": 1.0,
        },
        {
            "better": "zero",
            "title": "",
            "unit": "",
            "tooltip": "",
            "source": "",
            "figure": "",
            "god": 1.0,
        },
        {
            "better": "lower",
            "title": "",
            "unit": "",
            "tooltip": "",
            "source": "",
            "figure": "",
            "spread_is_error": True,
        },
    ],
)
def test_a_metric_that_is_not_right_is_named(values: dict) -> None:
    with pytest.raises(MethodError, match="the metric m of package is not right about"):
        metric_module._metric("package", "m", values)


def test_an_examination_that_is_not_there_is_named(tmp_path) -> None:
    with pytest.raises(SettingError, match="did you mean diatomics"):
        examine([], tmp_path, ExamineSettings(only=("diatomic",)))


def test_numbers_that_were_measured_say_over_what() -> None:
    values = {"H": 1.0, "N": -3.0, "O": 2.0}
    assert worst_of(values, "elements").value == -3.0
    assert worst_of(values, "elements").detail == "worst of 3 elements: N"
    assert mean_of(values, "elements").value == pytest.approx(0.0)
    assert mean_of(values, "elements").spread == pytest.approx(7**0.5)
    assert worst_of({"H": 1.0}, "elements").spread is None
    assert number_of(["H"], 3, "elements") == Measured(1.0, None, "of 3 elements: H")
    for nothing in (
        worst_of({}, "elements"),
        mean_of({}, "elements"),
        number_of([], 0, "elements"),
    ):
        assert nothing == Measured(None, detail="no elements to tell by")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (2.0, "2"),
        (100.0, "100"),
        (0.01234, "0.0123"),
        (-1.5, "−1.50"),
        (1.234e-7, "1.23e-7"),
        (-1.234e7, "−1.23e7"),
        (999.6, "1000"),
    ],
)
def test_numbers_are_written_with_the_digits_that_count(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "spread", "text"),
    [
        (1.2346, 0.0312, "1.235 ± 0.031"),
        (1.2346, None, "1.23"),
        (3.0012e5, 94774.0, "(3.00 ± 0.95)e5"),
        (-2.0e4, 94774.0, "−20000 ± 95000"),
        (-1.5, 22.0, "−2 ± 22"),
        (-0.004, 0.3, "0.00 ± 0.30"),
        (0.0, 2.1e-6, "(0.0 ± 2.1)e-6"),
        (-4.5678e-7, 3.21e-8, "(−4.57 ± 0.32)e-7"),
        (1.0, 0.0996, "1.00 ± 0.10"),
        (99960.0, 99960.0, "(1.0 ± 1.0)e5"),
        (3.0e5, 0.0, "3.00e5 ± 0"),
        (1.2346, 0.0, "1.23 ± 0"),
        (math.nan, 0.1, "nan ± 0.100"),
        (1.2346, math.nan, "1.23 ± nan"),
        (0.1 + 0.2 - 0.2, 1.7e-17, "0.100 ± 0"),  # a mean of equal numbers
    ],
)
def test_a_spread_is_written_beside_its_number(
    value: float, spread: float | None, text: str
) -> None:
    assert with_spread(Measured(value, spread)) == text


@pytest.mark.parametrize("power", range(-30, 31, 3))
def test_a_value_and_its_spread_are_read_as_they_were(power: int) -> None:
    """Whatever their magnitudes, both are right to a twentieth of the spread."""
    for beyond in range(-4, 5):
        value, spread = -3.456 * 10.0**power, 1.234 * 10.0 ** (power + beyond)
        text = with_spread(Measured(value, spread)).replace("−", "-")
        digits, _, shared = text.lstrip("(").partition(")e")
        told, scatter = (float(each) * 10.0 ** int(shared or 0) for each in digits.split(" ± "))
        assert told == pytest.approx(value, abs=0.05 * spread)
        assert scatter == pytest.approx(spread, rel=0.05)
        assert "e" not in digits
