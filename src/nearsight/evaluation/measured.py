"""A number that was found, with what it scatters by and where it is from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from nearsight.records.described import Says


@dataclass(frozen=True)
class Measured:
    """What a metric came to.

    Examples
    --------
    >>> from nearsight.evaluation import Measured, examination_named
    >>> metric = examination_named("diatomics").metrics[0]
    >>> metric.grade(Measured(0.0))
    'good'
    """

    value: Annotated[float | None, Says("In the metric's unit; null where there is none.", "1")]
    spread: Annotated[float | None, Says("What it scatters by; null for an exact one.", "1")] = None
    detail: Annotated[str, Says("Where it was found, over what it scatters, or why none.")] = ""


def mean_of(values: Mapping[str, float], of: str) -> Measured:
    """Return the mean with the standard deviation, and name the worst.

    Parameters
    ----------
    values
        A number for each name.
    of
        What the names are, such as ``elements``.
    """
    if not values:
        return Measured(None, detail=f"no {of} to tell by")
    numbers = np.array(list(values.values()))
    worst = max(values, key=lambda name: abs(values[name]))
    spread = float(numbers.std(ddof=1)) if len(numbers) > 1 else None
    what = "mean" if spread is None else "mean and standard deviation"
    said = f"{what} of {_counted(len(numbers), of)}; farthest {worst}"
    return Measured(float(numbers.mean()), spread, f"{said}, {values[worst]:.3g}")


def worst_of(values: Mapping[str, float], of: str) -> Measured:
    """Return the number of largest size, the standard deviation of all, and whose it is.

    Parameters
    ----------
    values
        A number for each name.
    of
        What the names are, such as ``elements``.
    """
    if not values:
        return Measured(None, detail=f"no {of} to tell by")
    worst = max(values, key=lambda name: abs(values[name]))
    spread = float(np.std(list(values.values()), ddof=1)) if len(values) > 1 else None
    return Measured(float(values[worst]), spread, f"worst of {_counted(len(values), of)}: {worst}")


def number_of(found: Iterable[str], among: int, of: str) -> Measured:
    """Return how many were found, and which."""
    names = list(found)
    if not among:
        return Measured(None, detail=f"no {of} to tell by")
    which = f": {', '.join(names)}" if names else ""
    return Measured(float(len(names)), None, f"of {_counted(among, of)}{which}")


def _counted(number: int, of: str) -> str:
    return f"{number} {of.removesuffix('s') if number == 1 else of}"
