"""The chart of a heat capacity that was probed: what the atoms of each element have of it."""

from collections.abc import Mapping

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from nearsight import units
from nearsight.reports.palette import element_colors
from nearsight.reports.svg import Axis, Frame
from nearsight.vibrations.probed_heat_capacity import ProbedHeatCapacity

CLASSICAL_LIMIT_J_PER_MOL_K = 3 * units.BOLTZMANN_EV_PER_K * units.EV_PER_CELL_IN_J_PER_MOL
"""3 k_B for each atom."""

_THICKNESS = 0.6  # of a bar, whose distance from the next is 1
_HEADROOM = 0.5  # for what is written beside the limit


def elements_svg(heat: ProbedHeatCapacity, name: str) -> Markup:
    """Draw mean and range of the atoms' heat capacities at the first temperature, by element."""
    shares = heat.atomic_heat_capacities_J_per_molatom_K[0]
    symbols = np.array(heat.atoms.get_chemical_symbols())
    colors = element_colors(symbols.tolist())
    of_elements = {symbol: shares[symbols == symbol] for symbol in colors}
    rows = {len(colors) - 1.0 - index: symbol for index, symbol in enumerate(colors)}
    frame = Frame(
        Axis(
            1.08 * min(0.0, float(shares.min())),
            1.08 * max(CLASSICAL_LIMIT_J_PER_MOL_K, float(shares.max())),
            "heat capacity / J mol⁻¹ K⁻¹",
        ),
        Axis(-0.5, len(rows) - 0.5 + _HEADROOM, "element", rows),
    )
    bars = [_bar(frame, y, colors[symbol], of_elements[symbol]) for y, symbol in rows.items()]
    title = f"Heat capacity by element at {heat.temperatures_K[0]:g} K"
    return frame.draw(name, title, _description(of_elements), [*bars, _limit(frame)])


def _bar(frame: Frame, y: float, color: str, values: NDArray[np.float64]) -> Markup:
    mean = float(values.mean())
    left, right = sorted((frame.px(0.0), frame.px(mean)))
    top = frame.py(y + _THICKNESS / 2)
    return Markup(
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
        mean,
        frame.px(float(values.min())),
        frame.px(float(values.max())),
        frame.px(mean),
        y=frame.py(y),
        color=color,
    )


def _limit(frame: Frame) -> Markup:
    x, top = frame.px(CLASSICAL_LIMIT_J_PER_MOL_K), frame.py(frame.y.high)
    return Markup(
        '<path class="limit" d="M{x:.1f},{:.1f}V{:.1f}"/>'
        '<text class="note" x="{:.1f}" y="{:.1f}" text-anchor="end">classical limit: {:.2f}</text>'
    ).format(top, frame.py(frame.y.low), x - 6, top + 13, CLASSICAL_LIMIT_J_PER_MOL_K, x=x)


def _description(of_elements: Mapping[str, NDArray[np.float64]]) -> str:
    parts = [
        f"{symbol} ({len(values)} atom{'' if len(values) == 1 else 's'}): {values.mean():.2f}, "
        f"from {values.min():.2f} to {values.max():.2f}"
        for symbol, values in of_elements.items()
    ]
    return (
        f"Mean and range in J/(mol K). {'; '.join(parts)}. "
        f"Classical limit: {CLASSICAL_LIMIT_J_PER_MOL_K:.2f}."
    )
