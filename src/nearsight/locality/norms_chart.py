"""Norms of Hessian blocks and group matrices as they are drawn: over distance, by decades."""

import math
from collections.abc import Mapping

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.charts.chart import Axis, Chart, Limit, Points
from nearsight.locality.ranges import NEGLIGIBLE_EV_PER_A2

LOWEST_DRAWN_EV_PER_A2 = 1e-4
"""What is felt less is drawn there."""


def norms_chart(
    series: Mapping[str, tuple[FloatArray, FloatArray]],
    colors: Mapping[str, str],
    description: str = "",
) -> Chart:
    """Return ‖h_AB‖ over distance.

    Parameters
    ----------
    series
        Distances in Å and norms in eV/Å² of pairs of atoms, by what they are called.
    colors
        Those of some of the series.
    description
        What is to be seen.
    """
    points = [
        Points(x, np.maximum(y, LOWEST_DRAWN_EV_PER_A2), label, colors.get(label))
        for label, (x, y) in series.items()
    ]
    farthest = max((float(each.x.max(initial=0.0)) for each in points), default=0.0)
    norms = np.concatenate([each.y for each in points])
    limit = f"negligible: {NEGLIGIBLE_EV_PER_A2:g} eV Å⁻²"
    return Chart(
        "Interactions over distance",
        Axis("distance / Å", 0.0, 1.04 * (farthest or 1.0)),
        whole_decades("‖h‖ / eV Å⁻²", norms),
        (Limit(NEGLIGIBLE_EV_PER_A2, limit, text_at="high"), *points),
        description,
    )


def whole_decades(label: str, values: FloatArray) -> Axis:
    """Return a logarithmic axis that has all positive `values`, from a power of ten to another."""
    low = math.floor(math.log10(float(values.min(initial=NEGLIGIBLE_EV_PER_A2))))
    high = math.ceil(math.log10(float(values.max(initial=NEGLIGIBLE_EV_PER_A2))))
    return Axis(label, 10.0**low, 10.0 ** max(high, low + 1), "logarithmic")
