"""A metric of a model as a page shows it: the number, what it scatters by, and how good that is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nearsight.evaluation.failure import Failure
from nearsight.evaluation.measured import Measured
from nearsight.evaluation.metric import Grade, Metric
from nearsight.evaluation.wording import GRADE_WORDS, number, with_spread


@dataclass(frozen=True)
class Cell:
    """One metric of one model."""

    text: str
    """The number with its spread; a dash where there is none."""
    grade: Grade
    word: str
    detail: str
    link: str
    """Where its figure is; empty where there is none."""
    ratio: str = ""
    """How it compares with another model on the same machine, where only that means something."""


def cell_of(metric: Metric, measured: Measured | None, link: str) -> Cell:
    """Return what a page shows of a metric; None is one that was not examined."""
    if measured is None:
        return Cell("–", "unknown", "not examined", "", "")
    grade = metric.grade(measured)
    text = "–" if measured.value is None else with_spread(measured)
    return Cell(text, grade, GRADE_WORDS[grade], measured.detail, link)


def failed_cell(failure: Failure, link: str) -> Cell:
    """Return what a page shows of a metric that a model failed at together with all others."""
    grade: Grade = "unknown" if failure.kind == "not applicable" else "poor"
    return Cell("–", grade, failure.kind, failure.message, link)


def with_ratios(cells: Sequence[Cell], ratios: Sequence[float | None], name: str) -> list[Cell]:
    """Return the cells of a metric with ratios to the value of another model.

    Parameters
    ----------
    cells
        One for each model.
    ratios
        None where there is none.
    name
        What the other model is called.
    """
    return [
        cell if ratio is None else replace(cell, ratio=f"{number(ratio, 2)} × {name}")
        for cell, ratio in zip(cells, ratios, strict=True)
    ]


def bounds(metric: Metric) -> str:
    """Return what is good and bad of a metric, in words."""
    if metric.good is None or metric.bad is None:
        return "no bounds: it says what a model is like"
    sign, other = ("≥", "≤") if metric.better == "higher" else ("≤", "≥")
    size = "|x| " if metric.better == "zero" else ""
    unit = f" {metric.unit}" if metric.unit else ""
    less = ", once ± is taken off" if metric.spread_is_error else ""
    return f"good {size}{sign} {metric.good:g}{unit}, poor {size}{other} {metric.bad:g}{unit}{less}"
