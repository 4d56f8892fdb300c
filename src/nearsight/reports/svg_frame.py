"""Where values lie in a chart that is drawn as SVG, and which of them are named."""

import math
from dataclasses import dataclass

from nearsight.arrays import FloatArray
from nearsight.charts.chart import Axis, Chart

# On a phone the chart is shrunk to four fifths, where its 13 units of type are still legible.
WIDTH, HEIGHT = 440.0, 280.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 14.0, 16.0, 46.0
_TICK_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Frame:
    """Two axes, and where their values lie in the drawing."""

    x: Axis
    y: Axis
    height: float = HEIGHT

    def px(self, x: float) -> float:
        """Return where `x` lies, from the left."""
        return LEFT + _share(self.x, x) * (WIDTH - LEFT - RIGHT)

    def py(self, y: float) -> float:
        """Return where `y` lies, from the top."""
        return TOP + (1.0 - _share(self.y, y)) * (self.height - TOP - BOTTOM)

    def curve(self, x: FloatArray, y: FloatArray) -> str:
        """Return the path of a curve, without the points that a straight line makes needless."""
        points = [
            (f"{self.px(float(a)):.1f}", f"{self.py(float(b)):.1f}")
            for a, b in zip(x, y, strict=True)
        ]
        needed = [
            point
            for index, point in enumerate(points)
            if index in {0, len(points) - 1}
            or not points[index - 1][1] == point[1] == points[index + 1][1]
        ]
        return "M" + "L".join(f"{a},{b}" for a, b in needed)

    def area(self, x: FloatArray, y: FloatArray) -> str:
        """Return the path around the area between a curve and zero."""
        base = f"{self.py(0.0):.1f}"
        start, end = f"{self.px(float(x[0])):.1f}", f"{self.px(float(x[-1])):.1f}"
        return f"{self.curve(x, y)}L{end},{base}L{start},{base}Z"


def height(chart: Chart) -> float:
    """Return how high a chart is, where its units must be as long along y as along x."""
    if not chart.is_square:
        return HEIGHT
    per_unit = (WIDTH - LEFT - RIGHT) / (chart.x.high - chart.x.low)
    return per_unit * (chart.y.high - chart.y.low) + TOP + BOTTOM


def _share(axis: Axis, value: float) -> float:
    """Return how far along an axis a value lies, 0 at its low end and 1 at its high one."""
    low, high = axis.low, axis.high
    if axis.scale == "logarithmic":
        low, high, value = math.log10(low), math.log10(high), math.log10(value)
    return (value - low) / (high - low)


def ticks(axis: Axis, about: int = 5) -> dict[float, str]:
    """Return the named values, powers of ten or round numbers within the range, and their text."""
    if axis.names is not None:
        return dict(axis.names)
    if axis.scale == "logarithmic":
        first, last = math.ceil(math.log10(axis.low)), math.floor(math.log10(axis.high))
        return {10.0**power: _power(power) for power in range(first, last + 1)}
    raw = (axis.high - axis.low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in _TICK_STEPS if power * factor >= raw * 0.999)
    first, last = math.ceil(axis.low / step - 1e-9), math.floor(axis.high / step + 1e-9)
    near = (n for n in range(8) if math.isclose(round(step, n), step, rel_tol=1e-6))
    digits = next(near, None)
    form = ".2g" if digits is None else f".{digits}f"
    values = [index * step for index in range(first, last + 1)]
    return {value: f"{value + 0.0:{form}}".replace("-", "−") for value in values}


def _power(exponent: int) -> str:
    if -2 <= exponent <= 2:
        return f"{10.0**exponent:g}"
    raised = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10{raised}"
