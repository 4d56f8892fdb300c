"""Charts as SVG: where marks lie in the drawing, what is said of them, and their legend."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest

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
)
from nearsight.reports.svg import draw
from nearsight.reports.svg_frame import Frame, ticks

X, Y = Axis("temperature / K", 0.0, 2.0), Axis("heat / J", 0.0, 4.0)
GRID = np.array([0.0, 1.0, 2.0])
FRAME = Frame(X, Y)


def drawing(*marks: Mark, x: Axis = X, y: Axis = Y) -> ET.Element:
    """Return the drawing, and its legend, in one element."""
    chart = Chart("A <title>", x, y, marks, "what is to be seen")
    return ET.fromstring(f"<figure>{draw(chart, 'name')}</figure>")


def of_class(root: ET.Element, name: str) -> list[ET.Element]:
    return [each for each in root.iter() if each.get("class") == name]


def points_of(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"([-\d.]+),([-\d.]+)", path)]


def places(frame: Frame, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.array([(frame.px(a), frame.py(b)) for a, b in zip(x, y, strict=True)])


def test_curves_and_areas_are_where_the_axes_say() -> None:
    root = drawing(
        Line(GRID, GRID**2, "O", "#aa0000", dash=1, filled=True),
        Line(GRID, GRID, "total", INK, width=1.15),
    )
    svg = root.find("svg")
    assert svg is not None
    [line], [total] = of_class(svg, "line"), of_class(svg, "total")
    expected = places(FRAME, GRID, GRID**2)
    assert np.array(points_of(line.get("d", ""))) == pytest.approx(expected, abs=0.051)
    assert line.get("stroke") == "#aa0000"
    assert line.get("stroke-dasharray")
    assert total.get("stroke-width") == "1.15"
    [area] = [each for each in svg.iter("path") if each.get("fill-opacity")]
    bottom = points_of(area.get("d", ""))[3:]
    assert np.array(bottom) == pytest.approx(places(FRAME, GRID[[2, 0]], np.zeros(2)), abs=0.051)


def test_points_have_error_bars_and_notes() -> None:
    errors = np.array([0.5, 0.25, 0.1])
    root = drawing(Points(GRID, GRID, errors=errors, notes=("first", "second", "<third>")))
    circles = [(float(c.get("cx", "")), float(c.get("cy", ""))) for c in root.iter("circle")]
    assert np.array(circles) == pytest.approx(places(FRAME, GRID, GRID), abs=0.051)
    assert [c.findtext("title") for c in root.iter("circle")] == ["first", "second", "<third>"]
    [bars] = of_class(root, "range")
    ends = [float(end) for end in re.findall(r"V([-\d.]+)", bars.get("d", ""))]
    assert ends == pytest.approx([FRAME.py(y) for y in GRID + errors], abs=0.051)


def test_bars_end_at_their_values_and_span_their_ranges() -> None:
    names = {0.0: "O"}
    y = Axis("element", -0.5, 0.5, names=names)
    root = drawing(Bars(np.zeros(1), GRID[1:2], GRID[:1], GRID[2:], ["#aa0000"]), y=y)
    [bar] = root.iter("rect")
    assert float(bar.get("x", "")) == pytest.approx(FRAME.px(0.0), abs=0.051)
    width = FRAME.px(1.0) - FRAME.px(0.0)
    assert float(bar.get("width", "")) == pytest.approx(width, abs=0.051)
    [span] = of_class(root, "range")
    assert span.get("d", "").endswith(f"H{FRAME.px(2.0):.1f}")
    assert [value.text for value in of_class(root, "value")] == ["1.00"]
    assert "O" in [text.text for text in root.iter("text")]


def test_limits_stand_at_their_value_with_their_words() -> None:
    root = drawing(Limit(3.0, "the limit"), Limit(1.5, along="x"))
    across, upright = of_class(root, "limit")
    assert f",{FRAME.py(3.0):.1f}H" in across.get("d", "")
    assert upright.get("d", "").startswith(f"M{FRAME.px(1.5):.1f},")
    assert [note.text for note in of_class(root, "note")] == ["the limit"]


@pytest.mark.parametrize(("high", "words"), [(1.0, ["suspect"]), (0.1, [])])
def test_a_region_is_named_where_there_is_room(high: float, words: list[str]) -> None:
    root = drawing(Region(0.0, high, "suspect"))
    [region] = of_class(root, "region")
    assert float(region.get("width", "")) == pytest.approx(FRAME.px(high) - FRAME.px(0), abs=0.051)
    assert [name.text for name in of_class(root, "region-name")] == words


def test_ticks_come_with_a_cursor_that_waits() -> None:
    root = drawing(Ticks(np.array([0.5, 1.5])))
    [rug], [cursor] = of_class(root, "rug"), of_class(root, "cursor")
    at = [float(x) for x in re.findall(r"M([\d.]+),", rug.get("d", ""))]
    assert at == pytest.approx([FRAME.px(0.5), FRAME.px(1.5)], abs=0.051)
    assert cursor.get("visibility") == "hidden"
    svg = root.find("svg")
    assert svg is not None
    ends = [float(svg.get(f"data-{name}", "")) for name in ("low", "high", "left", "right")]
    assert ends == [0.0, 2.0, FRAME.px(0.0), FRAME.px(2.0)]


def test_logarithmic_axes_have_a_name_for_every_power_of_ten() -> None:
    y = Axis("norm", 1e-4, 100.0, "logarithmic")
    assert list(ticks(y).values()) == ["10⁻⁴", "10⁻³", "0.01", "0.1", "1", "10", "100"]
    frame = Frame(X, y)
    steps = np.diff([frame.py(value) for value in ticks(y)])
    assert steps == pytest.approx(np.full(6, steps[0]))


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 1000.0), (0.0, 0.0371), (-1262.4, 4500.0), (0.0, 1.42), (12.0, 12.4)]
)
def test_ticks_are_round_few_and_inside(low: float, high: float) -> None:
    found = ticks(Axis("", low, high))
    assert 2 <= len(found) <= 8
    assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in found)
    shown = [float(label.replace("−", "-")) for label in found.values()]
    assert shown == pytest.approx(list(found))
    assert len(set(found.values())) == len(found)


def test_a_legend_names_several_series_unless_they_are_named_where_they_end() -> None:
    one, two = Line(GRID, GRID, "C0"), Line(GRID, GRID, "C1", dash=1)

    def words(root: ET.Element) -> list[str]:
        return ["".join(item.itertext()) for item in root.iter("li")]

    assert words(drawing(one)) == []
    assert words(drawing(one, two)) == ["C0", "C1"]
    at_ends = drawing(replace(one, named_at_end=True), replace(two, named_at_end=True))
    assert words(at_ends) == []
    assert [note.text for note in of_class(at_ends, "note")] == ["C0", "C1"]


def test_charts_are_described_for_those_who_do_not_see_them() -> None:
    svg = drawing(Line(GRID, GRID)).find("svg")
    assert svg is not None
    ids = str(svg.get("aria-labelledby")).split()
    assert [each.get("id") for each in svg if each.tag in {"title", "desc"}] == ids
    assert svg.get("role") == "img"
    assert svg.findtext("title") == "A <title>"
    assert svg.findtext("desc") == "what is to be seen"


def test_no_page_shows_an_angle() -> None:
    with pytest.raises(ValueError, match="goes around an angle"):
        drawing(Line(GRID, GRID), x=Axis("direction", 0.0, 6.28, "angle"))


def test_numbers_of_many_digits_leave_room_for_the_name_of_their_axis() -> None:
    root = drawing(Line(GRID, GRID / 300), y=Axis("volume / Å³", 12345.0, 12345.01))
    numbers = [each for each in root.iter() if each.get("text-anchor") == "end"]
    assert numbers
    for each in numbers:
        assert len(each.text or "") > 6
        left = float(each.get("x", "nan")) - float(each.get("textLength", "nan"))
        assert left > 13 + 5  # the middle of the turned name, and what hangs below its line
    short = drawing(Line(GRID, GRID))
    assert not [each for each in short.iter() if each.get("textLength")]


def test_tiles_are_hexagons_of_the_same_scale_along_both_axes() -> None:
    square = Axis("Å", -2.0, 4.0)
    middles = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]])
    values = np.array([0.0, 10.0, 12.0])  # the last two are beyond the last colour
    tiles = Tiles(middles[:, 0], middles[:, 1], 1.0, values, 0.0, 5.0, "energy / eV")
    chart = Chart("tiles", square, square, (tiles,), is_square=True)
    root = ET.fromstring(f"<figure>{draw(chart, 'name')}</figure>")
    svg = root.find("svg")
    assert svg is not None
    *_, height = map(float, svg.get("viewBox", "").split())
    frame = Frame(square, square, height)
    assert frame.px(1) - frame.px(0) == pytest.approx(frame.py(0) - frame.py(1), rel=0.01)
    low, high = [each for each in svg.iter("path") if "l" in each.get("d", "")]
    assert low.get("fill") != high.get("fill")
    assert high.get("d", "").count("z") == 2
    # From the first corner around, in steps.
    start, *steps = np.array(points_of(low.get("d", "")))
    corners = start + np.vstack([[0, 0], np.cumsum(steps, axis=0)])
    assert len(corners) == 6
    expected = (frame.px(0.0), frame.py(0.0))
    assert corners.mean(axis=0) == pytest.approx(expected, abs=0.3)
    radius = np.linalg.norm(corners - expected, axis=1)
    assert radius == pytest.approx((frame.px(1) - frame.px(0)) / np.sqrt(3), abs=0.4)


@pytest.mark.parametrize("highest", [0.004, 0.02])
def test_what_is_drawn_over_tiles_has_its_names_beside_the_scale(highest: float) -> None:
    square = Axis("Å", -2.0, 4.0)
    at = np.array([0.0, 1.0])
    tiles = Tiles(at, 0 * at, 1.0, np.array([0.001, highest]), 0.0, 0.004, "C atoms / Å⁻²")
    over = Points(at, at, label="Mg", color="#4f9e52", small=True)
    chart = Chart("tiles", square, square, (tiles, over), is_square=True)
    root = ET.fromstring(f"<figure>{draw(chart, 'name')}</figure>")
    [names] = [each for each in root.iter("ul") if each.get("class") == "legend"]
    assert "".join(names.itertext()) == "Mg"
    [scale] = [each for each in root.iter("p") if each.get("class") == "scale"]
    assert [each.text for each in scale.iter("data")] == ["0", "0.004"]
    assert ("and more" in "".join(scale.itertext())) == (highest > 0.004)
