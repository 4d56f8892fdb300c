"""The chemical formula of a CIF, and the composition of what was read."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nearsight.structures.cif.document import Block
from nearsight.structures.cif.elements import is_element
from nearsight.structures.isotopes import HYDROGEN_ISOTOPES_u

_CHARGE = re.compile(r"\d*[+-]|[+-]\d*")
_PART = re.compile(r"([A-Za-z]{1,2})(\d+(?:\.\d+)?|\.\d+)?")
_RUN_TOGETHER = re.compile(r"(?:[A-Z][a-z]?(?:\d+(?:\.\d+)?)?)+")
_ONE = re.compile(r"([A-Z][a-z]?)(\d+(?:\.\d+)?)?")


@dataclass(frozen=True)
class Formula:
    """The sum formula of one formula unit."""

    text: str
    counts: Mapping[str, float] | None
    """None if the text could not be understood."""

    @property
    def elements(self) -> frozenset[str]:
        """Symbols of the elements, D for deuterium; none if it was not understood."""
        return frozenset(self.counts or ())


def read_formula(block: Block) -> Formula | None:
    """Return the sum formula of a block; None if it has none."""
    text = block.text("_chemical_formula_sum")
    return None if text is None else Formula(text, _counts(text))


def _counts(text: str) -> dict[str, float] | None:
    parts = [part for part in text.split() if not _CHARGE.fullmatch(part)]
    if len(parts) == 1 and _RUN_TOGETHER.fullmatch(parts[0]):
        pairs: list[tuple[str, str]] = _ONE.findall(parts[0])
        if not re.search(r"[a-z\d]", parts[0]) and len(parts[0]) > 1:
            return None  # CO, without blanks, is cobalt or a carbonyl
    else:
        matches = [_PART.fullmatch(part) for part in parts]
        if not all(matches):
            return None
        pairs = [(found.group(1).capitalize(), found.group(2) or "") for found in matches if found]
    counts: Counter[str] = Counter()
    for element, number in pairs:
        if not is_element(element):
            return None
        counts[element] += float(number or 1)  # type: ignore[assignment]  # halves are allowed
    return {element: count for element, count in counts.items() if count} or None


def merged_hydrogen(counts: Mapping[str, float]) -> dict[str, float]:
    """Return counts of elements in which deuterium and tritium are hydrogen."""
    merged: dict[str, float] = {}
    for symbol, number in counts.items():
        element = "H" if symbol in HYDROGEN_ISOTOPES_u else symbol
        merged[element] = merged.get(element, 0.0) + number
    return merged


def written(counts: Mapping[str, float]) -> str:
    """Return a formula such as ``C6 H6``, carbon and hydrogen first."""
    order = sorted(counts, key=lambda symbol: (symbol != "C", symbol != "H", symbol))
    return " ".join(f"{symbol}{counts[symbol]:g}" for symbol in order if counts[symbol])


def counted(symbols: Iterable[str]) -> dict[str, float]:
    """Return how many atoms there are of each symbol."""
    return {symbol: float(number) for symbol, number in Counter(symbols).items()}
