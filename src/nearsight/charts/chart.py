"""A chart as a value: axes with units, and marks in the order in which they are drawn.

Each quantity has one function or method that returns its chart. Pages draw it as SVG
(`nearsight.reports.svg`), `plot` methods and files of figures by Matplotlib (`charts.on_axes`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from nearsight.arrays import FloatArray

INK: Final = "ink"
"""The colour of text: black on paper, light on a dark page."""

N_DASHES: Final = 5
"""Patterns of dashes that can be told from each other, none among them."""


@dataclass(frozen=True)
class Axis:
    """The range of an axis, and what it shows."""

    label: str
    """Quantity and unit, such as ``temperature / K``."""
    low: float
    high: float
    scale: Literal["linear", "logarithmic", "angle"] = "linear"
    """Along an angle, in radians from 0 to 2π, the other axis is the distance from the middle."""
    names: Mapping[float, str] | None = None
    """What stands at some values, in place of ticks at round numbers."""


@dataclass(frozen=True, eq=False)
class Line:
    """A curve through points in their order."""

    x: FloatArray
    """Shape ``(n_points,)``."""
    y: FloatArray
    label: str = ""
    """What a legend calls it; marks of one label are one series and have one colour."""
    color: str | None = None
    """``#rrggbb``, `INK`, or None for the next colour of what draws it."""
    dash: int = 0
    """Which of the `N_DASHES` patterns of dashes, 0 for none."""
    width: float = 1.5
    """In pixels of CSS, 1/96 inch."""
    filled: bool = False
    """Whether the area between the curve and zero has its colour, faintly."""
    named_at_end: bool = False
    """Whether the label may stand at the end of the curve, in place of a legend."""


@dataclass(frozen=True, eq=False)
class Points:
    """Points of their own, with error bars where they are known."""

    x: FloatArray
    """Shape ``(n_points,)``."""
    y: FloatArray
    label: str = ""
    """As that of a line."""
    color: str | None = None
    """As that of a line."""
    errors: FloatArray | None = None
    """How far an error bar reaches up and down from each ``y``, shape ``(n_points,)``."""
    notes: Sequence[str] = ()
    """What is said of each point where one can point at it."""
    small: bool = False
    """Whether there are so many that they would hide each other."""


@dataclass(frozen=True, eq=False)
class Band:
    """The area between two curves, faintly: what an uncertain curve may be."""

    x: FloatArray
    """Shape ``(n_points,)``."""
    low: FloatArray
    high: FloatArray
    color: str | None = None
    """As that of a line."""


@dataclass(frozen=True, eq=False)
class Bars:
    """Horizontal bars from zero, each with the range of what it is the mean of."""

    y: FloatArray
    """Where the bars lie, shape ``(n_bars,)``; they are 0.6 thick."""
    values: FloatArray
    """Where they end."""
    lowest: FloatArray
    highest: FloatArray
    """From where to where the range goes."""
    colors: Sequence[str]


@dataclass(frozen=True)
class Limit:
    """A dashed line across the chart at a value to compare with."""

    value: float
    text: str = ""
    along: Literal["x", "y"] = "y"
    """The axis on which the value lies."""
    text_at: Literal["low", "high"] = "low"
    """At which end of the other axis the text stands."""


@dataclass(frozen=True, eq=False)
class Ticks:
    """Short marks on the x axis, such as one for every mode."""

    x: FloatArray


@dataclass(frozen=True)
class Region:
    """A part of the x axis in which values are suspect."""

    low: float
    high: float
    text: str


@dataclass(frozen=True, eq=False)
class Tiles:
    """Hexagons, each with a value that its colour tells."""

    x: FloatArray
    """Middles, shape ``(n_tiles,)``."""
    y: FloatArray
    size: float
    """Distance of the middles of two that touch."""
    values: FloatArray
    """Shape ``(n_tiles,)``."""
    low: float
    high: float
    """The values of the first and the last colour; what is beyond looks like these."""
    quantity: str
    """Quantity and unit of the values."""

    @property
    def has_more(self) -> bool:
        """Whether values are beyond that of the last colour."""
        return bool((self.values > self.high).any())

    @property
    def corners(self) -> FloatArray:
        """Corners about the middle, shape ``(6, 2)``."""
        angles = np.pi / 6 + np.pi / 3 * np.arange(6)
        radius = self.size / np.sqrt(3)
        corners: FloatArray = radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        return corners


Mark = Line | Points | Band | Bars | Limit | Ticks | Region | Tiles


@dataclass(frozen=True, eq=False)
class Chart:
    """Two axes and what lies between them."""

    title: str
    x: Axis
    y: Axis
    marks: tuple[Mark, ...]
    """Later ones lie on top of earlier ones."""
    description: str = ""
    """What is to be seen, in sentences with numbers, for those who do not see it."""
    is_square: bool = False
    """Whether a unit is as long along y as along x."""

    @property
    def series(self) -> dict[str, Line | Points]:
        """The first mark of each label, in the order in which they are drawn."""
        series: dict[str, Line | Points] = {}
        for mark in self.marks:
            if isinstance(mark, Line | Points) and mark.label:
                series.setdefault(mark.label, mark)
        return series


def thinned(chart: Chart, most: int) -> Chart:
    """Return a chart whose curves have so many points at most, evenly spread with both ends."""
    return replace(chart, marks=tuple(_thinned(mark, most) for mark in chart.marks))


def _thinned(mark: Mark, most: int) -> Mark:
    if not isinstance(mark, Line) or len(mark.x) <= most:
        return mark
    some = np.linspace(0, len(mark.x) - 1, most).round().astype(np.int64)
    return replace(mark, x=mark.x[some], y=mark.y[some])


def overlaid(charts: Sequence[Chart]) -> Chart:
    """Return one chart of the marks of several, with the words of the first.

    Parameters
    ----------
    charts
        At least one; they show the same quantities in the same units.
    """
    first = charts[0]
    x, y = (
        replace(axis, low=min(each.low for each in axes), high=max(each.high for each in axes))
        for axis, axes in (
            (first.x, [chart.x for chart in charts]),
            (first.y, [chart.y for chart in charts]),
        )
    )
    marks = dict.fromkeys(mark for chart in charts for mark in chart.marks)  # equal limits once
    return replace(first, x=x, y=y, marks=tuple(marks))
