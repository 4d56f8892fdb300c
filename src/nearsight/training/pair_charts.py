"""Distances of elements in a training set as values, and what is drawn of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nearsight.arrays import FloatArray, IntArray
from nearsight.charts.chart import Axis, Chart, Line
from nearsight.charts.palette import series_colors
from nearsight.notebooks import ShownInNotebooks
from nearsight.structures.naming import paragraph

BIN_A = 0.05
"""Width of the intervals in which distances are counted."""
_HEIGHT = 0.85
"""Of a row, over the distance of two."""


@dataclass(frozen=True, eq=False, repr=False)
class PairDistances(ShownInNotebooks):
    """Distances between atoms of two elements, and the largest force on either atom."""

    elements: tuple[str, str]
    """In the order of their atomic numbers."""
    shortest_A: float
    first_bin: int
    """The first interval that is not empty: from that many times `BIN_A` on."""
    counts: IntArray
    """Pairs in each interval, shape ``(n_bins,)``."""
    largest_forces_eV_per_A: FloatArray
    """Largest force on an atom with such a distance, shape ``(n_bins,)``; 0 without any."""

    def __repr__(self) -> str:
        pair = "-".join(self.elements)
        return paragraph(self, f"{int(self.counts.sum())} pairs {pair}", f"{self.shortest_A:.3f} Å")

    @classmethod
    def of(
        cls,
        elements: tuple[str, str],
        shortest_A: float,
        distances_A: FloatArray,
        counts: IntArray,
        largest_forces_eV_per_A: FloatArray,
    ) -> "PairDistances":
        """Rebuild it from the middles of the intervals."""
        first = int(np.floor(distances_A[0] / BIN_A))
        return cls(elements, shortest_A, first, counts, largest_forces_eV_per_A)

    @property
    def distances_A(self) -> FloatArray:
        """Middles of the intervals."""
        places = self.first_bin + np.arange(len(self.counts), dtype=np.float64)
        return BIN_A * (places + 0.5)


def distances_chart(pairs: Sequence[PairDistances]) -> Chart:
    """Return how many pairs there are at which distance, a row for each two elements."""
    said = "; ".join(
        f"{'-'.join(each.elements)}: {int(each.counts.sum())} pairs from {each.shortest_A:.3f} Å on"
        for each in pairs
    )
    # Square roots, so that what is rare is to be seen beside what is frequent.
    heights = [np.sqrt(each.counts / each.counts.max()) for each in pairs]
    return _rows(
        "Distances of elements in the training set", pairs, heights, "pairs at a distance", said
    )


def forces_chart(pairs: Sequence[PairDistances]) -> Chart:
    """Return the largest force on an atom that has another at some distance, row by row."""
    highest = max(float(each.largest_forces_eV_per_A.max()) for each in pairs) or 1.0
    said = "; ".join(
        f"{'-'.join(each.elements)}: up to {each.largest_forces_eV_per_A.max():.3g} eV/Å"
        for each in pairs
    )
    heights = [each.largest_forces_eV_per_A / highest for each in pairs]
    label = f"largest force, rows of {highest:.3g} eV/Å"
    return _rows("Largest forces in the training set", pairs, heights, label, said)


def _rows(
    title: str,
    pairs: Sequence[PairDistances],
    heights: Sequence[FloatArray],
    label: str,
    said: str,
) -> Chart:
    """Return curves above each other, of heights from 0 to 1, the first pair on top."""
    names = ["–".join(each.elements) for each in pairs]
    bases = {name: float(len(pairs) - 1 - place) for place, name in enumerate(names)}
    colors = series_colors(names)
    low = min(float(each.distances_A[0]) for each in pairs) - 2 * BIN_A
    high = max(float(each.distances_A[-1]) for each in pairs) + BIN_A
    return Chart(
        title,
        Axis("distance / Å", low, high),
        Axis(label, -0.1, float(len(pairs)), names={base: name for name, base in bases.items()}),
        tuple(_curves(pairs, heights, names, bases, colors)),
        f"{said}.",
    )


def _curves(
    pairs: Sequence[PairDistances],
    heights: Sequence[FloatArray],
    names: Sequence[str],
    bases: Mapping[str, float],
    colors: Mapping[str, str],
) -> Iterable[Line]:
    for name, each, own in zip(names, pairs, heights, strict=True):
        there = np.flatnonzero(own > 0)
        # A curve breaks where there is no such distance.
        for piece in np.split(there, np.flatnonzero(np.diff(there) > 1) + 1):
            middles = each.distances_A[piece]
            x = np.concatenate([[middles[0] - BIN_A / 2], middles, [middles[-1] + BIN_A / 2]])
            y = np.concatenate([[0.0], own[piece], [0.0]])
            yield Line(x, bases[name] + _HEIGHT * y, color=colors[name])
