"""Line charts as inline SVG: text stays text, and colours follow the page into the dark."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

# On a phone the chart is shrunk to four fifths, where its 13 units of type are still legible.
WIDTH, HEIGHT = 440.0, 280.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 14.0, 16.0, 46.0
_TICK_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Axis:
    """The range of an axis, and what it shows."""

    low: float
    high: float
    label: str
    names: Mapping[float, str] | None = None
    """What stands at some values, in place of ticks at round numbers."""

    def ticks(self, about: int = 5) -> list[float]:
        """Return the named values, or round numbers within the range."""
        if self.names is not None:
            return list(self.names)
        raw = (self.high - self.low) / about
        power = 10.0 ** math.floor(math.log10(raw))
        step = next(power * factor for factor in _TICK_STEPS if power * factor >= raw * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [index * step for index in range(first, last + 1)]

    def tick_label(self, value: float) -> str:
        """Return `value` with as many digits as the distance between ticks needs."""
        if self.names is not None:
            return self.names[value]
        ticks = self.ticks()
        step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
        for digits in range(8):
            if math.isclose(round(step, digits), step, rel_tol=1e-6):
                return f"{value + 0.0:.{digits}f}".replace("-", "−")
        return f"{value:.2g}".replace("-", "−")


@dataclass(frozen=True)
class Frame:
    """Two axes, and where their values lie in the drawing."""

    x: Axis
    y: Axis

    def px(self, x: float) -> float:
        """Return where `x` lies, from the left."""
        return _LEFT + (x - self.x.low) / (self.x.high - self.x.low) * (WIDTH - _LEFT - _RIGHT)

    def py(self, y: float) -> float:
        """Return where `y` lies, from the top."""
        height = HEIGHT - _TOP - _BOTTOM
        return _TOP + (self.y.high - y) / (self.y.high - self.y.low) * height

    def draw(self, name: str, title: str, description: str, content: Sequence[Markup]) -> Markup:
        """Return the whole drawing: a grid, the `content`, and the axes."""
        return Markup(
            '<svg class="chart" viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
            'aria-labelledby="{name}-title {name}-text" data-low="{low:.3f}" '
            'data-high="{high:.3f}" data-left="{left:.1f}" data-right="{right:.1f}">'
            '<title id="{name}-title">{title}</title><desc id="{name}-text">{text}</desc>'
            "{grid}{content}{labels}</svg>"
        ).format(
            width=WIDTH,
            height=HEIGHT,
            name=name,
            title=title,
            text=description,
            low=self.x.low,
            high=self.x.high,
            left=_LEFT,
            right=WIDTH - _RIGHT,
            grid=self._grid(),
            content=Markup("").join(content),
            labels=self._labels(),
        )

    def curve(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
        """Return the path of a curve, without the points that a straight line makes needless."""
        points = [
            (f"{self.px(float(a)):.1f}", f"{self.py(float(b)):.1f}")
            for a, b in zip(x, y, strict=True)
        ]
        kept = [
            point
            for index, point in enumerate(points)
            if index in {0, len(points) - 1}
            or not points[index - 1][1] == point[1] == points[index + 1][1]
        ]
        return "M" + "L".join(f"{a},{b}" for a, b in kept)

    def area(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
        """Return the path around the area between a curve and zero."""
        base = f"{self.py(0.0):.1f}"
        start, end = f"{self.px(float(x[0])):.1f}", f"{self.px(float(x[-1])):.1f}"
        return f"{self.curve(x, y)}L{end},{base}L{start},{base}Z"

    def _grid(self) -> Markup:
        lines = [
            Markup('<path d="M{:.1f},{:.1f}H{:.1f}"/>').format(_LEFT, self.py(y), WIDTH - _RIGHT)
            for y in self.y.ticks()
        ]
        return Markup('<g class="grid">{}</g>').format(Markup("").join(lines))

    def _labels(self) -> Markup:
        bottom = HEIGHT - _BOTTOM
        middle = (_TOP + bottom) / 2
        parts = [
            Markup('<path class="axis" d="M{:.1f},{:.1f}H{:.1f}"/>').format(
                _LEFT, bottom, WIDTH - _RIGHT
            )
        ]
        parts.extend(
            Markup(
                '<path class="axis" d="M{0:.1f},{1:.1f}v4"/>'
                '<text x="{0:.1f}" y="{2:.1f}" text-anchor="middle">{3}</text>'
            ).format(self.px(x), bottom, bottom + 18, self.x.tick_label(x))
            for x in self.x.ticks()
        )
        parts.extend(
            Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="end">{}</text>').format(
                _LEFT - 7, self.py(y) + 4, self.y.tick_label(y)
            )
            for y in self.y.ticks()
        )
        parts.append(
            Markup(
                '<text class="name" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>'
            ).format((_LEFT + WIDTH - _RIGHT) / 2, HEIGHT - 8, self.x.label)
        )
        parts.append(
            Markup(
                '<text class="name" transform="translate(13 {:.1f}) rotate(-90)" '
                'text-anchor="middle">{}</text>'
            ).format(middle, self.y.label)
        )
        return Markup('<g class="labels">{}</g>').format(Markup("").join(parts))
