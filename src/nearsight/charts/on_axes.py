"""Charts drawn into axes of Matplotlib."""

from typing import TYPE_CHECKING, Any

import numpy as np

from nearsight.charts.chart import (
    INK,
    Band,
    Bars,
    Chart,
    Limit,
    Line,
    Points,
    Region,
    Ticks,
    Tiles,
)
from nearsight.printable import printable_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.projections.polar import PolarAxes

__all__ = ["Axes", "PolarAxes", "draw", "plain_text"]  # annotations of `plot` have the axes of here

_LINE_STYLES = ("-", "--", ":", "-.", (0, (3, 1, 1, 1, 1, 1)))
_POINTS_IN_PIXEL = 0.75
_MOST_IN_LEGEND = 12
_MOST_COLOURS = 10
_WIDE = 9.0
"""Width in inches of a figure with a legend beside it."""
_MOST_POINTS = 30
"""Of a curve: more would hide it."""


def draw(chart: Chart, axes: "Axes", *, upright: bool = False) -> None:
    """Draw `chart` into `axes`, with a legend where it has series.

    Parameters
    ----------
    chart
        What to draw; along an angle `axes` are polar ones.
    axes
        Where; what is there already stays.
    upright
        Whether x is to go upwards.
    """
    colors = _colors_of(chart)
    many = len(chart.series) > _MOST_COLOURS
    lines = {mark.label for mark in chart.marks if isinstance(mark, Line)}
    named: set[str] = set()
    for mark in chart.marks:
        if isinstance(mark, Line | Points):
            first = mark.label not in named
            named.add(mark.label)
            label = plain_text(mark.label) if mark.label and first else None
            color = colors.get(mark.label) if mark.label else mark.color
            style = {"color": "black" if color == INK else color, "label": label}
            if isinstance(mark, Line):
                artist = _draw_line(mark, axes, upright=upright, style=style)
            elif mark.label in lines and len(mark.x) > _MOST_POINTS:
                continue
            else:
                small = many or mark.small
                artist = _draw_points(mark, axes, style, size=3.0 if small else 5.0)
            colors[mark.label] = artist.get_color()
        elif isinstance(mark, Band):
            _draw_band(mark, axes, upright=upright)
        elif isinstance(mark, Tiles):
            _draw_tiles(mark, axes)
        else:
            _draw_aid(mark, axes, upright=upright)
    _name_axes(chart, axes, upright=upright)
    if chart.is_square:
        axes.set_aspect("equal")
    if chart.series:
        _add_legend(chart, axes)


def plain_text(name: str) -> str:
    """Return a name so that Matplotlib shows it as it is.

    It takes what stands between dollars for mathematics, and leaves labels with a leading
    underscore out of its legends.
    """
    shown = printable_name(name).replace("$", r"\$")
    return f" {shown}" if shown.startswith("_") else shown


def _colors_of(chart: Chart) -> dict[str, str | None]:
    """Return the colour of each series, None for the next one of the axes.

    More than ten series have colours in the order of where they end, so that one can tell what
    lies between which; fewer have those of the chart where these tell them apart.
    """
    series = chart.series
    if len(series) > _MOST_COLOURS:
        from matplotlib import colormaps
        from matplotlib.colors import to_hex

        colors = colormaps["viridis"](np.linspace(0.0, 0.92, len(series)))
        return dict(zip(_from_high_to_low(chart), map(to_hex, colors), strict=True))
    own = [mark.color for mark in series.values()]
    if len(set(own)) < len(own):
        return dict.fromkeys(series)
    of_all = {mark.label: mark.color for mark in chart.marks if isinstance(mark, Line | Points)}
    of_all.update({label: mark.color for label, mark in series.items()})
    return {label: "black" if color == INK else color for label, color in of_all.items()}


def _from_high_to_low(chart: Chart) -> list[str]:
    return sorted(chart.series, key=lambda label: -float(chart.series[label].y[-1]))


def _draw_line(mark: Line, axes: "Axes", *, upright: bool, style: dict[str, Any]) -> Any:
    x, y = (mark.y, mark.x) if upright else (mark.x, mark.y)
    [line] = axes.plot(
        x, y, linestyle=_LINE_STYLES[mark.dash], linewidth=_POINTS_IN_PIXEL * mark.width, **style
    )
    if mark.filled:
        zero = np.zeros(2)
        around, height = np.append(mark.x, mark.x[[-1, 0]]), np.append(mark.y, zero)
        area = (height, around) if upright else (around, height)
        axes.fill(*area, color=line.get_color(), alpha=0.13, linewidth=0)
    return line


def _draw_points(mark: Points, axes: "Axes", style: dict[str, Any], size: float) -> Any:
    bars = axes.errorbar(
        mark.x,
        mark.y,
        yerr=mark.errors,
        fmt="o" if mark.errors is None else "s",
        markersize=size,
        capsize=3,
        **style,
    )
    return bars.lines[0]


def _draw_band(mark: Band, axes: "Axes", *, upright: bool) -> None:
    between = axes.fill_betweenx if upright else axes.fill_between
    color = "black" if mark.color in {None, INK} else mark.color
    between(mark.x, mark.low, mark.high, color=color, alpha=0.15, linewidth=0)


def _draw_tiles(mark: Tiles, axes: "Axes") -> None:
    """Draw hexagons, with a scale of their colours beside the axes."""
    from matplotlib.collections import PolyCollection

    middles = np.stack([mark.x, mark.y], axis=1)
    tiles = PolyCollection(list(middles[:, np.newaxis] + mark.corners), edgecolors="face")
    tiles.set_array(mark.values)
    tiles.set_clim(mark.low, mark.high)
    axes.add_collection(tiles)
    figure = axes.get_figure(root=True)
    assert figure is not None
    extend = "max" if mark.has_more else "neither"
    figure.colorbar(tiles, ax=axes, label=mark.quantity, extend=extend)


def _draw_aid(mark: Bars | Limit | Ticks | Region, axes: "Axes", *, upright: bool) -> None:
    """Draw what is no series."""
    if isinstance(mark, Bars):
        ranges = [mark.values - mark.lowest, mark.highest - mark.values]
        axes.barh(mark.y, mark.values, height=0.6, color=mark.colors, alpha=0.3)
        axes.errorbar(mark.values, mark.y, xerr=ranges, fmt="o", color="black", markerfacecolor="w")
    elif isinstance(mark, Limit):
        line = axes.axvline if (mark.along == "x") != upright else axes.axhline
        line(mark.value, color="0.5", linewidth=0.8, linestyle="--")
    elif isinstance(mark, Ticks):
        ticks, transform = (
            (axes.hlines, axes.get_yaxis_transform())
            if upright
            else (axes.vlines, axes.get_xaxis_transform())
        )
        ticks(mark.x, 0.0, 0.02, color="0.4", linewidth=0.6, transform=transform)
    else:
        span = axes.axhspan if upright else axes.axvspan
        span(mark.low, mark.high, color="tab:red", alpha=0.09, linewidth=0)


def _name_axes(chart: Chart, axes: "Axes", *, upright: bool) -> None:
    """Give the axes their labels, ranges and ticks, and lines at zero and at named values."""
    if chart.x.scale == "angle":
        from matplotlib.ticker import MaxNLocator

        axes.set_ylim(chart.y.low, chart.y.high)
        circles = MaxNLocator(3).tick_values(chart.y.low, chart.y.high)
        # Their numbers stand on one short line.
        axes.set_yticks([radius for radius in circles if chart.y.low < radius <= chart.y.high])
        axes.tick_params(axis="y", labelsize="small")
        return
    horizontal, vertical = (chart.y, chart.x) if upright else (chart.x, chart.y)
    for axis, shown, line in (
        (horizontal, axes.xaxis, axes.axvline),
        (vertical, axes.yaxis, axes.axhline),
    ):
        name = shown.axis_name
        axes.set(**{f"{name}label": axis.label})
        if axis.scale == "logarithmic":
            axes.set(**{f"{name}scale": "log"})
        elif axis.names is not None:
            shown.set_ticks(list(axis.names), labels=list(axis.names.values()))
        for value in axis.names or ([0.0] if axis.low < 0.0 < axis.high else []):
            line(value, color="0.7", linewidth=0.6, zorder=0)
        axes.set(**{f"{name}lim": (axis.low, axis.high)})


def _add_legend(chart: Chart, axes: "Axes") -> None:
    """Name a dozen series at most: the highest, the lowest, and some between."""
    if chart.x.scale == "angle":  # its axes have no names
        axes.legend(title=chart.y.label, loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=3)
        return
    if len(chart.series) <= _MOST_COLOURS:
        if any(isinstance(mark, Tiles) for mark in chart.marks):  # which have no room for one
            axes.legend(loc="upper left", bbox_to_anchor=(-0.35, 1.0), fontsize="small")
        else:
            axes.legend()
        return
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.set_figwidth(_WIDE)
    handles = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    order = [plain_text(label) for label in _from_high_to_low(chart)]
    places = np.unique(np.linspace(0, len(order) - 1, _MOST_IN_LEGEND).round().astype(int))
    shown = [order[place] for place in places]
    more = len(order) - len(shown)
    axes.legend(
        [handles[label] for label in shown],
        shown,
        title=f"from high to low, and {more} more between" if more else "from high to low",
        fontsize="x-small",
        title_fontsize="small",
        # Beside so many curves there is no room between them.
        loc="center left",
        bbox_to_anchor=(1.0, 0.5),
    )
