"""What the figures have in common."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nearsight.charts.chart import Chart
from nearsight.charts.on_axes import draw

PANEL_IN = (4.6, 3.6)
"""Width and height of a panel; two of them are as wide as the text of a page."""
MOST_POINTS = 200
"""Of a series; more are drawn as pixels, or files would be large."""


def panels(beside: int = 1, below: int = 1) -> tuple[Figure, Sequence[Axes]]:
    """Return a figure, and its axes row by row."""
    width, height = PANEL_IN
    size = (max(6.4, width * beside), height * below)
    figure = Figure(figsize=size, layout="constrained")
    return figure, list(figure.subplots(below, beside, squeeze=False).flat)


def draw_charts(charts: Sequence[Chart], beside: int, path: Path) -> None:
    """Draw charts of the package, each with its title, as its commands do."""
    figure, axes = panels(beside, -(-len(charts) // beside))
    for ax, chart in zip(axes, charts, strict=True):
        draw(chart, ax)
        ax.set_title(chart.title)
        for line in ax.lines:
            line.set_rasterized(len(line.get_xdata()) > MOST_POINTS)
    figure.savefig(path, dpi=150)
