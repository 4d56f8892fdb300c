"""What a number of an examination means: its unit, and from where on it is good or bad."""

import tomllib
from dataclasses import MISSING, dataclass, fields
from functools import cache
from importlib import resources
from typing import Any, Literal, get_args

from nearsight.errors import MethodError
from nearsight.evaluation.measured import Measured

Direction = Literal["lower", "higher", "zero"]
Grade = Literal["good", "fair", "poor", "unknown", "plain"]
"""``plain`` is a number without bounds, which says what a model is like and not how good it is."""


@dataclass(frozen=True)
class Metric:
    """One metric, as ``metrics.toml`` has it.

    Examples
    --------
    >>> from nearsight.evaluation import Measured, examination_named
    >>> metric = examination_named("diatomics").metrics[0]
    >>> metric.grade(Measured(metric.good)), metric.grade(Measured(None))
    ('good', 'unknown')
    """

    name: str
    """The property of the result that it is."""
    title: str
    unit: str
    """Empty for a number without one."""
    better: Direction
    """Whether smaller or larger numbers are better, or those near zero."""
    tooltip: str
    """What it is, in a sentence or two."""
    source: str
    """Where it, or its bounds, are from."""
    figure: str
    """The name of the figure that shows it."""
    good: float | None = None
    """From here on it is good; None, like `bad`, for a number without bounds."""
    bad: float | None = None
    """From here on it is bad."""
    relative: bool = False
    """Whether it belongs to a machine, so that models are compared by ratios on the same one."""
    spread_is_error: bool = False
    """Whether what it scatters by is the error of a value that should be zero."""

    def grade(self, measured: Measured) -> Grade:
        """Return how good a value is.

        Of one that should be zero only what its error leaves of it is held against a model, and it
        is not good as long as the error alone is larger than what is good.
        """
        value = measured.value
        if value is None:
            return "unknown"
        if self.good is None or self.bad is None:
            return "plain"
        error = (measured.spread or 0.0) if self.spread_is_error else 0.0
        size = abs(value) - error if self.better == "zero" else value
        if self.spread_is_error and size <= self.good < error:
            return "unknown"
        sign = -1 if self.better == "higher" else 1
        if sign * size <= sign * self.good:
            return "good"
        return "poor" if sign * size >= sign * self.bad else "fair"


@cache
def metrics_of(package: str) -> tuple[Metric, ...]:
    """Return the metrics of an examination, in the order of its file.

    Parameters
    ----------
    package
        The folder, such as ``nearsight.evaluation.diatomics``.

    Raises
    ------
    MethodError
        The file says something that a metric does not have, or lacks what it must have.
    """
    text = resources.files(package).joinpath("metrics.toml").read_text("utf-8")
    return tuple(_metric(package, name, values) for name, values in tomllib.loads(text).items())


def _metric(package: str, name: str, values: dict[str, Any]) -> Metric:
    known = {
        field.name: field.default is MISSING for field in fields(Metric) if field.name != "name"
    }
    wrong = [key for key in values if key not in known]
    wrong += [key for key, needed in known.items() if needed and key not in values]
    if values.get("better") not in get_args(Direction):
        wrong.append("better")
    if ("good" in values) != ("bad" in values):
        wrong.append("good or bad")
    if values.get("spread_is_error") and values.get("better") != "zero":
        wrong.append("spread_is_error")
    if wrong:
        raise MethodError(
            f"the metric {name} of {package} is not right about {', '.join(wrong)}; it has "
            f"{', '.join(known)}."
        )
    return Metric(name=name, **values)
