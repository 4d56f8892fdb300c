"""Learning curves: errors over epochs."""

import math
from collections.abc import Sequence

import numpy as np

from nearsight.charts.chart import Axis, Chart, Limit, Line
from nearsight.charts.palette import series_colors

_N_TICKS = 5
Errors = Sequence[tuple[float, float | None, float | None]]
"""For each epoch: its number, and the errors of training and test set; None for no number."""


def learning_chart(title: str, label: str, errors: Errors, best_epoch: int) -> Chart:
    """Return the errors of training and test set over epochs, logarithmic.

    Parameters
    ----------
    title
        Such as ``Learning curve of energies``.
    label
        Quantity and unit of the errors.
    errors
        Epoch after epoch.
    best_epoch
        Which one has the best potential.
    """
    curves = {}
    for place, name in ((1, "train"), (2, "test")):
        known = [
            (each[0], value)
            for each in errors
            if (value := each[place]) is not None and math.isfinite(value) and value > 0
        ]
        if known:
            curves[name] = np.array(known, dtype=np.float64).T
    values = np.concatenate([y for _, y in curves.values()] or [np.ones(1)])
    colors = series_colors(["train", "test"])
    last = max(each[0] for each in errors)
    ends = "; ".join(f"{name}: {y[0]:.3g} at first, {y[-1]:.3g}" for name, (_, y) in curves.items())
    return Chart(
        title,
        Axis("epoch", 0.0, _N_TICKS * max(math.ceil(last / _N_TICKS), 1.0)),  # whole numbers
        Axis(
            label,
            min(10.0 ** math.floor(math.log10(values.min())), float(values.min())),
            max(10.0 ** math.ceil(math.log10(values.max())), float(values.max())),
            "logarithmic",
        ),
        (
            Limit(float(best_epoch), "best", along="x", text_at="high"),
            *(Line(x, y, name, colors[name]) for name, (x, y) in curves.items()),
        ),
        f"{ends} after epoch {last}; the best potential is that after epoch {best_epoch}.",
    )
