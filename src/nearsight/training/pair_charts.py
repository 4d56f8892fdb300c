"""Distances of elements in a training set as values, and what is drawn of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from nearsight.arrays import FloatArray, IntArray
from nearsight.charts.chart import Axis, Chart, Line
from nearsight.charts.palette import series_colors

BIN_A = 0.05
"""Width of the intervals in which distances are counted."""


@dataclass(frozen=True, eq=False)
class PairDistances:
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
    """Return how many pairs there are at which distance."""
    said = "; ".join(
        f"{'-'.join(each.elements)}: {int(each.counts.sum())} pairs from {each.shortest_A:.3f} Å on"
        for each in pairs
    )
    highest = max(float(each.counts.max()) for each in pairs)
    return Chart(
        "Distances of elements in the training set",
        _distance_axis(pairs),
        Axis(f"pairs in {BIN_A:g} Å", 0.7, 2.0 * highest, "logarithmic"),
        tuple(_lines(pairs, [each.counts.astype(np.float64) for each in pairs])),
        f"{said}.",
    )


def forces_chart(pairs: Sequence[PairDistances]) -> Chart:
    """Return the largest force on an atom that has another at some distance."""
    highest = max(float(each.largest_forces_eV_per_A.max()) for each in pairs)
    said = "; ".join(
        f"{'-'.join(each.elements)}: up to {each.largest_forces_eV_per_A.max():.3g} eV/Å"
        for each in pairs
    )
    return Chart(
        "Largest forces over distances in the training set",
        _distance_axis(pairs),
        Axis("largest force on either atom / eV/Å", 0.0, 1.05 * highest or 1.0),
        tuple(_lines(pairs, [each.largest_forces_eV_per_A for each in pairs])),
        f"{said}.",
    )


def _distance_axis(pairs: Sequence[PairDistances]) -> Axis:
    low = min(float(each.distances_A[0]) for each in pairs)
    high = max(float(each.distances_A[-1]) for each in pairs)
    return Axis("distance / Å", low - 2 * BIN_A, high + BIN_A)


def _lines(pairs: Sequence[PairDistances], values: Sequence[FloatArray]) -> Iterable[Line]:
    names = ["-".join(each.elements) for each in pairs]
    colors = series_colors(names)
    for place, (name, each, heights) in enumerate(zip(names, pairs, values, strict=True)):
        some = heights > 0
        # A curve breaks where there is no such distance.
        for piece in np.split(np.flatnonzero(some), _breaks(some)):
            if len(piece):
                x, y = each.distances_A[piece], heights[piece]
                if len(piece) == 1:
                    x, y = x + np.array([-0.5, 0.5]) * BIN_A, np.repeat(y, 2)
                yield Line(x, y, name, colors[name], dash=place // len(set(colors.values())))


def _breaks(some: np.ndarray) -> IntArray:
    """Return where indices of what is there are not one after the other."""
    there = np.flatnonzero(some)
    breaks: IntArray = np.flatnonzero(np.diff(there) > 1) + 1
    return breaks
