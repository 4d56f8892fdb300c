"""Charts in axes of Matplotlib: where marks lie, which colours series have, what a legend names."""

import re
from dataclasses import replace

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nearsight.charts.chart import (
    INK,
    Axis,
    Bars,
    Chart,
    Limit,
    Line,
    Mark,
    Points,
    Region,
    Ticks,
    Tiles,
    overlaid,
)
from nearsight.charts.on_axes import draw

X, Y = Axis("temperature / K", 0.0, 2.0), Axis("heat / J", -1.0, 4.0)
GRID = np.array([0.0, 1.0, 2.0])


def chart(*marks: Mark, x: Axis = X, y: Axis = Y) -> Chart:
    return Chart("title", x, y, marks)


def drawn(given: Chart, *, upright: bool = False) -> Axes:
    axes = Figure().subplots()
    draw(given, axes, upright=upright)
    return axes


def named(axes: Axes) -> list[str]:
    legend = axes.get_legend()
    return [] if legend is None else [text.get_text() for text in legend.get_texts()]


@pytest.mark.parametrize("upright", [False, True])
def test_every_mark_is_where_its_numbers_say(upright: bool) -> None:
    marks = (
        Region(0.0, 0.5, "suspect"),
        Limit(3.0),
        Line(GRID, GRID**2, "square", "#aa0000", filled=True),
        Ticks(np.array([0.25, 0.75])),
    )
    axes = drawn(chart(*marks), upright=upright)
    order = [1, 0] if upright else [0, 1]
    [line] = [each for each in axes.lines if each.get_label() == "square"]
    assert line.get_xydata()[:, order] == pytest.approx(np.stack([GRID, GRID**2], axis=1))
    [limit] = [each for each in axes.lines if each.get_linestyle() == "--"]
    along = limit.get_xdata() if upright else limit.get_ydata()
    assert list(along) == [3.0, 3.0]
    region, area = axes.patches
    corners = region.get_path().get_extents(region.get_patch_transform()).get_points()[:, order]
    assert corners[:, 0].tolist() == [0.0, 0.5]
    assert area.get_xy()[:, order].tolist() == [[0, 0], [1, 1], [2, 4], [2, 0], [0, 0]]
    [ticks] = axes.collections
    assert [path.vertices[0][order[0]] for path in ticks.get_paths()] == [0.25, 0.75]
    labels = (axes.get_xlabel(), axes.get_ylabel())
    assert labels == (("heat / J", "temperature / K") if upright else (X.label, Y.label))
    limits = (axes.get_xlim(), axes.get_ylim())
    assert limits == (((-1, 4), (0, 2)) if upright else ((0, 2), (-1, 4)))


def test_error_bars_reach_as_far_as_the_errors() -> None:
    errors = np.array([0.1, 0.2, 0.3])
    axes = drawn(chart(Points(GRID, GRID, "probed", errors=errors)))
    [bars] = axes.containers
    segments = np.array(bars.lines[2][0].get_segments())
    assert segments[:, 1, 1] - segments[:, 0, 1] == pytest.approx(2 * errors)
    assert named(axes) == ["probed"]


def test_bars_show_means_and_ranges() -> None:
    bars = Bars(np.array([1.0, 0.0]), GRID[1:], GRID[1:] - 0.5, GRID[1:] + 0.25, ["#aa0000"] * 2)
    axes = drawn(chart(bars, y=Axis("element", -0.5, 2.0, names={1.0: "Mg", 0.0: "O"})))
    assert [bar.get_width() for bar in axes.patches] == [1.0, 2.0]
    segments = np.array(axes.containers[1].lines[2][0].get_segments())
    assert segments[:, :, 0].tolist() == [[0.5, 1.25], [1.5, 2.25]]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["Mg", "O"]


def test_marks_of_one_label_have_one_colour_and_one_name() -> None:
    axes = drawn(
        chart(
            Line(GRID, GRID, "one"),
            Points(GRID, GRID, "one"),
            Line(GRID, 2 * GRID, "two"),
            Points(GRID, 2 * GRID, "two"),
        )
    )
    colors = [line.get_color() for line in axes.lines if len(line.get_xdata()) == 3]
    assert colors[0] == colors[1] != colors[2] == colors[3]
    assert named(axes) == ["one", "two"]


def test_colours_of_the_chart_are_taken_where_they_tell_series_apart() -> None:
    red, blue = Line(GRID, GRID, "O1", "#aa0000"), Line(GRID, GRID, "N2", "#0000aa")
    ink = Line(GRID, GRID, "total", INK)
    colors = [line.get_color() for line in drawn(chart(red, blue, ink)).lines[:3]]
    assert colors == ["#aa0000", "#0000aa", "black"]
    same = [line.get_color() for line in drawn(chart(red, replace(red, label="O5"))).lines[:2]]
    assert len(set(same)) == 2


def test_points_that_would_hide_their_curve_are_left_out() -> None:
    few, many = np.linspace(0, 2, 30), np.linspace(0, 2, 31)
    for x, shown in ((few, 2), (many, 1)):
        axes = drawn(chart(Line(x, x, "c"), Points(x, x, "c")))
        assert len([line for line in axes.lines if len(line.get_xdata()) == len(x)]) == shown
    alone = drawn(chart(Points(many, many, "c")))
    assert len(alone.containers) == 1


@pytest.mark.parametrize("number", [1, 10, 12, 13, 40, 200])
def test_a_legend_names_a_dozen_curves_at_most_and_the_first_and_last(number: int) -> None:
    heights = np.random.default_rng(0).permutation(number)
    axes = drawn(chart(*(Line(GRID, GRID * each, f"curve {each}") for each in heights)))
    legend = axes.get_legend()
    assert legend is not None
    numbers = [int(text.split()[1]) for text in named(axes)]
    assert len(numbers) == min(number, 12)
    assert {0, number - 1} <= set(numbers)
    if number > 10:
        assert numbers == sorted(numbers, reverse=True)
    left = re.search(r"(\d+) more", legend.get_title().get_text())
    assert (0 if left is None else int(left[1])) == number - len(numbers)


def test_colours_of_many_curves_are_in_the_order_of_the_curves() -> None:
    heights = np.random.default_rng(0).permutation(40)
    axes = drawn(chart(*(Line(GRID, GRID * each, f"curve {each}") for each in heights)))
    lines = [line for line in axes.lines if line.get_label().startswith("curve")]
    ordered = sorted(lines, key=lambda line: -line.get_ydata()[-1])
    colours = [matplotlib.colors.to_rgb(line.get_color()) for line in ordered]
    assert len(set(colours)) == 40
    brightness = [0.2126 * red + 0.7152 * green + 0.0722 * blue for red, green, blue in colours]
    assert (np.diff(brightness) > 0).all()


def test_names_are_shown_as_they_are() -> None:
    assert named(drawn(chart(Line(GRID, GRID, "_a $x$"), Line(GRID, GRID, "b")))) == [
        r" _a \$x\$",
        "b",
    ]


def test_logarithmic_axes_and_polar_ones() -> None:
    axes = drawn(chart(Line(GRID, GRID + 1), y=Axis("norm", 0.1, 10.0, "logarithmic")))
    assert axes.get_yscale() == "log"
    around = chart(
        Line(GRID, GRID, "plane"), x=Axis("direction", 0.0, 2 * np.pi, "angle"), y=replace(Y, low=0)
    )
    polar = Figure().subplots(subplot_kw={"projection": "polar"})
    draw(around, polar)
    assert polar.get_ylim() == (0.0, 4.0)
    assert polar.get_legend().get_title().get_text() == "heat / J"


def test_overlaid_charts_have_room_for_all_and_share_their_limits() -> None:
    one = chart(Limit(1.0), Line(GRID, GRID, "one"))
    other = chart(Limit(1.0), Line(GRID, GRID, "two"), x=replace(X, low=-3.0), y=replace(Y, high=9))
    both = overlaid([one, other])
    assert (both.x.low, both.x.high, both.y.low, both.y.high) == (-3.0, 2.0, -1.0, 9)
    assert list(both.series) == ["one", "two"]
    assert [mark for mark in both.marks if isinstance(mark, Limit)] == [Limit(1.0)]


def test_tiles_lie_where_they_are_told_and_touch() -> None:
    lattice = np.array([[1.0, 0.0], [0.5, np.sqrt(3) / 2]])
    middles = np.array(list(np.ndindex(3, 3))) @ lattice
    values = np.arange(9.0)
    tiles = Tiles(middles[:, 0], middles[:, 1], 1.0, values, 0.0, 5.0, "energy / eV")
    square = Axis("Å", -1.0, 5.0)
    axes = drawn(Chart("tiles", square, square, (tiles,), is_square=True))
    [drawn_tiles] = axes.collections
    corners = np.array([path.vertices[:6] for path in drawn_tiles.get_paths()])
    np.testing.assert_allclose(corners.mean(axis=1), middles, atol=1e-12)
    # Each fills its part of the lattice: an area of √3/2 a².
    x, y = corners[0].T
    area = 0.5 * abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))
    assert area == pytest.approx(np.sqrt(3) / 2)
    np.testing.assert_array_equal(drawn_tiles.get_array(), values)
    assert drawn_tiles.get_clim() == (0.0, 5.0)
    assert axes.get_aspect() == 1.0


@pytest.mark.parametrize(("high", "extend"), [(5.0, "max"), (8.0, "neither")])
def test_names_of_what_lies_over_tiles_stand_beside_them(high: float, extend: str) -> None:
    at = np.array([0.0, 1.0])
    tiles = Tiles(at, at, 1.0, np.array([1.0, 8.0]), 0.0, high, "atoms / Å⁻²")
    square = Axis("Å", -1.0, 5.0)
    over = Points(at, at, label="Mg", color="#4f9e52", small=True)
    axes = drawn(Chart("tiles", square, square, (tiles, over), is_square=True))
    [drawn_tiles] = [each for each in axes.collections if each.get_array() is not None]
    assert drawn_tiles.colorbar.extend == extend
    legend = axes.get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["Mg"]
    axes.figure.canvas.draw()
    assert legend.get_window_extent().x1 <= axes.get_window_extent().x0
