"""One colour for each element, the same in the viewer, the charts and the table of modes."""

from collections.abc import Iterable

# Near what molecular viewers use, and of a lightness that stands out from white and black alike.
_USUAL = {
    "H": "#4f97b8",
    "C": "#6d7278",
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
    "Ti": "#8a8f98",
    "Fe": "#c2622d",
    "Br": "#a5482f",
    "I": "#8f3fb0",
}
_OTHERS = ("#2a9d8f", "#b0559a", "#7a8c2a", "#3a8fb7", "#c2703d", "#7c6fd0")


def element_colors(symbols: Iterable[str]) -> dict[str, str]:
    """Return a colour for each of `symbols`, which come in alphabetical order."""
    ordered = sorted(set(symbols))
    unusual = [symbol for symbol in ordered if symbol not in _USUAL]
    others = {symbol: _OTHERS[index % len(_OTHERS)] for index, symbol in enumerate(unusual)}
    return {symbol: _USUAL.get(symbol) or others[symbol] for symbol in ordered}
