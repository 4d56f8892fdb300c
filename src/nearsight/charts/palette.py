"""Colours of elements, the same all over the page, and of values from low to high."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

# Near what molecular viewers use, and of a lightness that stands out from white and black alike.
_USUAL = {
    "H": "#919599",
    "C": "#62666b",
    "N": "#4a74e0",
    "O": "#d9453b",
    "F": "#5a9e2f",
    "Na": "#9a5fd0",
    "Mg": "#4f9e52",
    "Al": "#a58a83",
    "Si": "#b98a2f",
    "P": "#d97a1a",
    "S": "#a8930f",
    "Cl": "#2f9e44",
    "Cu": "#c0703a",
    "Zn": "#6f7fb8",
    "Zr": "#2a9aa0",
    "Ti": "#5b7f95",
    "Fe": "#c2622d",
    "Br": "#a5482f",
    "I": "#8f3fb0",
}
_OTHERS = ("#2a9d8f", "#b0559a", "#7a8c2a", "#3a8fb7", "#c2703d", "#7c6fd0")

_SERIES = (
    *("#3f6fd1", "#d97218", "#2f9e44", "#b0559a", "#2a9aa0", "#c0392b", "#8a7a1f", "#7c6fd0"),
    "#5b7f95",
)

SCALE = ("#4460d6", "#c4609a", "#d97218")
"""Colours of the lowest value, of the middle and of the highest, ever lighter.

Between a blue and an orange those see the order too who do not tell red from green; each stands
out from the light and from the dark stage of the viewer.
"""


def element_colors(symbols: Iterable[str]) -> dict[str, str]:
    """Return a colour for each of `symbols`, which come in alphabetical order."""
    ordered = sorted(set(symbols))
    unusual = [symbol for symbol in ordered if symbol not in _USUAL]
    others = {symbol: _OTHERS[index % len(_OTHERS)] for index, symbol in enumerate(unusual)}
    return {symbol: _USUAL.get(symbol) or others[symbol] for symbol in ordered}


def series_colors(names: Iterable[str]) -> dict[str, str]:
    """Return a colour for each of `names`, which repeat after nine."""
    ordered = dict.fromkeys(names)
    return {name: _SERIES[index % len(_SERIES)] for index, name in enumerate(ordered)}


def scale_colors(values: NDArray[np.float64]) -> list[str]:
    """Return the colour of each of `values`, shape ``(n,)``, on `SCALE` from their min to max.

    Values that are all the same have the colour of the middle.
    """
    width = float(np.ptp(values))
    shares = (values - values.min()) / width if width > 0 else np.full(len(values), 0.5)
    stops = np.array([[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in SCALE])
    places = np.linspace(0.0, 1.0, len(SCALE))
    channels = [np.interp(shares, places, stops[:, i]) for i in range(3)]
    levels = np.rint(np.stack(channels, axis=1)).astype(int).tolist()
    return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in levels]
