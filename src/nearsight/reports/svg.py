"""Charts as inline SVG: text stays text, and colours follow the page into the dark."""

from collections.abc import Iterator

import numpy as np
from markupsafe import Markup

from nearsight.charts.chart import (
    INK,
    Band,
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
from nearsight.charts.palette import SCALE, scale_colors
from nearsight.reports.svg_frame import BOTTOM, LEFT, RIGHT, TOP, WIDTH, Frame, height, ticks

_LETTER = 7.4  # about how wide one is
_BESIDE = 38.0  # between the name of the y axis and its line
_DASHES = ("", "7 3", "2 3", "9 3 2 3", "4 2")
_LEVELS = 24  # of the colours of tiles
_THICKNESS = 0.6  # of a bar, whose distance from the next is 1


def draw(chart: Chart, name: str) -> Markup:
    """Return `chart` as SVG, and under it a legend where it has several series.

    Parameters
    ----------
    chart
        What to draw.
    name
        What the ids of its parts begin with, unique on the page.

    Raises
    ------
    ValueError
        It goes around an angle, which no page shows.
    """
    if chart.x.scale == "angle":
        raise ValueError(f"{chart.title} goes around an angle; only Matplotlib draws that here.")
    frame = Frame(chart.x, chart.y, height(chart))
    return Markup(
        '<svg class="chart" viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        'aria-labelledby="{name}-title {name}-text" data-low="{low:.3f}" '
        'data-high="{high:.3f}" data-left="{left:.1f}" data-right="{right:.1f}">'
        '<title id="{name}-title">{title}</title><desc id="{name}-text">{text}</desc>'
        "{grid}{content}{labels}</svg>{legend}"
    ).format(
        width=WIDTH,
        height=frame.height,
        name=name,
        title=chart.title,
        text=chart.description,
        low=chart.x.low,
        high=chart.x.high,
        left=LEFT,
        right=WIDTH - RIGHT,
        grid=_grid(frame),
        content=Markup("").join(part for mark in chart.marks for part in _drawn(mark, frame)),
        labels=_labels(frame),
        legend=_legend(chart),
    )


def _drawn(mark: Mark, frame: Frame) -> Iterator[Markup]:
    """Yield the parts of a mark, the first at the bottom."""
    match mark:
        case Line():
            yield from _line(mark, frame)
        case Points():
            yield _points(mark, frame)
        case Band():
            yield _band(mark, frame)
        case Bars():
            yield from _bars(mark, frame)
        case Limit():
            yield from _limit(mark, frame)
        case Ticks():
            yield from _ticks(mark, frame)
        case Region():
            yield from _region(mark, frame)
        case Tiles():
            yield from _tiles(mark, frame)


def _stroke(mark: Line) -> Markup:
    """Return the attributes of a line: class, width, and where it has them colour and dashes."""
    own = mark.color is not None and mark.color != INK
    kind = "line" if own else "total" if mark.color == INK else "curve"
    color = Markup(' stroke="{}"').format(mark.color) if own else ""
    dash = _DASHES[mark.dash]
    dashes = Markup(' stroke-dasharray="{}"').format(dash) if dash else ""
    return Markup('class="{}" stroke-width="{:g}"{}{}').format(kind, mark.width, color, dashes)


def _line(mark: Line, frame: Frame) -> Iterator[Markup]:
    if mark.filled:
        look = (
            Markup('class="filled"')
            if mark.color is None
            else Markup('fill="{}" fill-opacity=".13"').format(mark.color)
        )
        yield Markup('<path {} d="{}"/>').format(look, frame.area(mark.x, mark.y))
    yield Markup('<path {} d="{}"/>').format(_stroke(mark), frame.curve(mark.x, mark.y))
    if mark.named_at_end:
        x, y = frame.px(float(mark.x[-1])) + 5, frame.py(float(mark.y[-1])) - 5
        yield Markup('<text class="note" x="{:.1f}" y="{:.1f}">{}</text>').format(x, y, mark.label)


def _band(mark: Band, frame: Frame) -> Markup:
    around = np.concatenate([mark.x, mark.x[::-1]])
    path = frame.curve(around, np.concatenate([mark.high, mark.low[::-1]]))
    own = mark.color is not None and mark.color != INK
    look = (
        Markup('fill="{}" fill-opacity=".15"').format(mark.color)
        if own
        else Markup('class="filled"')
    )
    return Markup('<path {} d="{}Z"/>').format(look, path)


def _points(mark: Points, frame: Frame) -> Markup:
    places = [(frame.px(float(x)), frame.py(float(y))) for x, y in zip(mark.x, mark.y, strict=True)]
    notes = mark.notes or [""] * len(places)
    radius = 1.8 if mark.small else 4 if mark.color is None else 2.8
    parts = []
    if mark.errors is not None:
        bars = zip(places, mark.y - mark.errors, mark.y + mark.errors, strict=True)
        ends = [(x, frame.py(float(low)), frame.py(float(high))) for (x, _), low, high in bars]
        path = "".join(f"M{x:.1f},{low:.1f}V{high:.1f}" for x, low, high in ends)
        parts.append(Markup('<path class="range" d="{}"/>').format(path))
    for (x, y), note in zip(places, notes, strict=True):
        said = Markup("<title>{}</title>").format(note) if note else ""
        parts.append(
            Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{}">{}</circle>').format(x, y, radius, said)
        )
    look = (
        Markup('class="points"')
        if mark.color is None
        else Markup('fill="{}" fill-opacity=".8"').format(mark.color)
    )
    return Markup("<g {}>{}</g>").format(look, Markup("").join(parts))


def _bars(mark: Bars, frame: Frame) -> Iterator[Markup]:
    columns = (mark.y, mark.values, mark.lowest, mark.highest)
    for y, value, low, high, color in zip(
        *(column.tolist() for column in columns), mark.colors, strict=True
    ):
        left, right = sorted((frame.px(0.0), frame.px(value)))
        top = frame.py(y + _THICKNESS / 2)
        yield Markup(
            '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{color}" '
            'fill-opacity=".3"/><text class="value" x="{:.1f}" y="{:.1f}">{:.2f}</text>'
            '<path class="range" d="M{:.1f},{y:.1f}H{:.1f}"/>'
            '<circle class="mean" cx="{:.1f}" cy="{y:.1f}" r="3.5"/>'
        ).format(
            left,
            top,
            right - left,
            frame.py(y - _THICKNESS / 2) - top,
            frame.px(0.0) + 6,
            frame.py(y) + 4,
            value,
            frame.px(low),
            frame.px(high),
            frame.px(value),
            y=frame.py(y),
            color=color,
        )


def _limit(mark: Limit, frame: Frame) -> Iterator[Markup]:
    left, right = frame.px(frame.x.low), frame.px(frame.x.high)
    top, bottom = frame.py(frame.y.high), frame.py(frame.y.low)
    if mark.along == "y":
        level = frame.py(mark.value)
        path = f"M{left:.1f},{level:.1f}H{right:.1f}"
        x, y = (right - 2, level - 5) if mark.text_at == "high" else (left + 6, level - 6)
    else:
        place = frame.px(mark.value)
        path = f"M{place:.1f},{top:.1f}V{bottom:.1f}"
        x, y = place - 6, top + 13 if mark.text_at == "high" else bottom - 6
    yield Markup('<path class="limit" d="{}"/>').format(path)
    if mark.text:
        anchor = "start" if (mark.along, mark.text_at) == ("y", "low") else "end"
        yield Markup('<text class="note" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(
            x, y, anchor, mark.text
        )


def _ticks(mark: Ticks, frame: Frame) -> Iterator[Markup]:
    """Yield the ticks, and the cursor that the page moves to one of them."""
    top, bottom = frame.py(frame.y.high), frame.py(frame.y.low)
    path = "".join(f"M{frame.px(x):.1f},{bottom:.1f}v-7" for x in mark.x.tolist())
    yield Markup('<path class="rug" d="{}"/>').format(path)
    yield Markup('<path class="cursor" d="M0,{:.1f}V{:.1f}" visibility="hidden"/>').format(
        top, bottom
    )


def _region(mark: Region, frame: Frame) -> Iterator[Markup]:
    """Yield what is suspect, with its name where there is room for it."""
    left, right = frame.px(mark.low), frame.px(mark.high)
    top = frame.py(frame.y.high)
    yield Markup(
        '<rect class="region" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>'
    ).format(left, top, right - left, frame.py(frame.y.low) - top)
    if right - left > _LETTER * len(mark.text):
        yield Markup('<text class="region-name" x="{:.1f}" y="{:.1f}">{}</text>').format(
            left + 5, top + 14, mark.text
        )


def _tiles(mark: Tiles, frame: Frame) -> Iterator[Markup]:
    """Yield the tiles, those of one colour in one path."""
    width = mark.high - mark.low
    levels = np.clip((mark.values - mark.low) / width * (_LEVELS - 1), 0, _LEVELS - 1).round()
    colors = scale_colors(np.arange(_LEVELS, dtype=float))
    corners = [(frame.px(x) - frame.px(0), frame.py(y) - frame.py(0)) for x, y in mark.corners]
    steps = np.diff(np.array(corners), axis=0)
    around = "".join(f"l{x:.1f},{y:.1f}" for x, y in steps)
    for level in np.unique(levels).astype(int).tolist():
        of_level = np.flatnonzero(levels == level)
        path = "".join(
            f"M{frame.px(x) + corners[0][0]:.1f},{frame.py(y) + corners[0][1]:.1f}{around}z"
            for x, y in zip(mark.x[of_level].tolist(), mark.y[of_level].tolist(), strict=True)
        )
        yield Markup('<path d="{}" fill="{}"/>').format(path, colors[level])


def _scale(mark: Tiles) -> Markup:
    return Markup(
        '<p class="scale">{} <data value="{low}">{low:.3g}</data>'
        '<span class="scale-bar" aria-hidden="true" '
        'style="background:linear-gradient(to right,{})"></span>'
        '<span class="visually-hidden"> to </span><data value="{high}">{high:.3g}</data>{more}</p>'
    ).format(
        mark.quantity,
        ",".join(SCALE),
        low=mark.low,
        high=mark.high,
        more=" and more" if mark.has_more else "",
    )


def _grid(frame: Frame) -> Markup:
    """Return a line at every tick of the y axis, and at every name of the x axis."""
    lines = [
        Markup('<path d="M{:.1f},{:.1f}H{:.1f}"/>').format(LEFT, frame.py(y), WIDTH - RIGHT)
        for y in ticks(frame.y)
    ]
    top, bottom = frame.py(frame.y.high), frame.py(frame.y.low)
    named = [
        Markup('<path class="axis" d="M{:.1f},{:.1f}V{:.1f}"/>').format(frame.px(x), top, bottom)
        for x in frame.x.names or ()
    ]
    return Markup('<g class="grid">{}</g>{}').format(Markup("").join(lines), Markup("").join(named))


def _labels(frame: Frame) -> Markup:
    bottom = frame.height - BOTTOM
    middle = (TOP + bottom) / 2
    parts = [
        Markup('<path class="axis" d="M{:.1f},{:.1f}H{:.1f}"/>').format(LEFT, bottom, WIDTH - RIGHT)
    ]
    parts.extend(
        Markup(
            '<path class="axis" d="M{0:.1f},{1:.1f}v4"/>'
            '<text x="{0:.1f}" y="{2:.1f}" text-anchor="middle">{3}</text>'
        ).format(frame.px(x), bottom, bottom + 18, text)
        for x, text in ticks(frame.x).items()
    )
    parts.extend(
        Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="end"{}>{}</text>').format(
            LEFT - 7, frame.py(y) + 4, _narrowed(text), text
        )
        for y, text in ticks(frame.y).items()
    )
    parts.append(
        Markup('<text class="name" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>').format(
            (LEFT + WIDTH - RIGHT) / 2, frame.height - 8, frame.x.label
        )
    )
    parts.append(
        Markup(
            '<text class="name" transform="translate(13 {:.1f}) rotate(-90)" '
            'text-anchor="middle">{}</text>'
        ).format(middle, frame.y.label)
    )
    return Markup('<g class="labels">{}</g>').format(Markup("").join(parts))


def _narrowed(text: str) -> Markup:
    """Return what makes a number of many digits end before the name of its axis."""
    if _LETTER * len(text) <= _BESIDE:
        return Markup("")
    return Markup(' textLength="{:.0f}" lengthAdjust="spacingAndGlyphs"').format(_BESIDE)


def _legend(chart: Chart) -> Markup:
    """Return what the series are called, unless there is one, or they are named where they end.

    Of tiles it is what their colours stand for, before names of what is drawn over them.
    """
    scales = Markup("").join(_scale(mark) for mark in chart.marks if isinstance(mark, Tiles))
    series = chart.series.values()
    if len(series) < (1 if scales else 2) or all(
        isinstance(mark, Line) and mark.named_at_end for mark in series
    ):
        return scales
    entries = [
        Markup('<li><svg viewBox="0 0 26 8" class="key">{}</svg>{}</li>').format(
            Markup('<path {} d="M0,4H26"/>').format(_stroke(mark))
            if isinstance(mark, Line)
            else Markup('<circle cx="13" cy="4" r="4" fill="{}"/>').format(mark.color),
            mark.label,
        )
        for mark in series
    ]
    names = Markup('<ul class="legend" aria-hidden="true">{}</ul>')
    return scales + names.format(Markup("").join(entries))
