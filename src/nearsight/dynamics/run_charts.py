"""What a run did over its time, as charts."""

from collections.abc import Sequence

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.charts.chart import Axis, Chart, Line
from nearsight.dynamics.samples import Sample

_MOST_POINTS = 2000
"""Of a line; more are not seen, and make a page slow to open."""
_MARGIN = 0.05
"""Of the range of what is drawn, above and below."""


def temperature_chart(samples: Sequence[Sample]) -> Chart:
    """Return the temperature over the time."""
    return _over_time(samples, _column(samples, "temperature_K"), "Temperature", "temperature / K")


def conserved_chart(samples: Sequence[Sample], n_atoms: int) -> Chart | None:
    """Return by how much what is conserved has changed per atom; None where nothing is."""
    conserved_eV = _column(samples, "conserved_eV")
    if np.isnan(conserved_eV).any():
        return None
    changes_meV = 1000 * (conserved_eV - conserved_eV[0]) / n_atoms
    title = "Change of what is conserved"
    return _over_time(samples, changes_meV, title, "change / meV/atom")


def volume_chart(samples: Sequence[Sample]) -> Chart | None:
    """Return the volume over the time; None where it stays, or there is none."""
    volumes_A3 = _column(samples, "volume_A3")
    if np.isnan(volumes_A3).any() or np.ptp(volumes_A3) == 0:
        return None
    return _over_time(samples, volumes_A3, "Volume", "volume / Å³")


def pressure_chart(samples: Sequence[Sample]) -> Chart | None:
    """Return the pressure over the time; None where no stress was computed."""
    pressures_GPa = 1e-4 * _column(samples, "pressure_bar")
    if np.isnan(pressures_GPa).any():
        return None
    return _over_time(samples, pressures_GPa, "Pressure", "pressure / GPa")


def _column(samples: Sequence[Sample], quantity: str) -> FloatArray:
    return np.array([getattr(sample, quantity) for sample in samples])


def _around(values: FloatArray) -> tuple[float, float]:
    """Return the range of an axis on which all values lie."""
    low, high = float(values.min()), float(values.max())
    margin = _MARGIN * (high - low) or max(1e-3, _MARGIN * abs(high))
    return low - margin, high + margin


def _over_time(samples: Sequence[Sample], values: FloatArray, title: str, axis: str) -> Chart:
    times_ps = _column(samples, "time_fs") / 1000
    thinned = slice(None, None, -(-len(times_ps) // _MOST_POINTS))
    unit = axis.partition(" / ")[2]
    return Chart(
        title,
        Axis("time / ps", 0.0, max(float(times_ps[-1]), 1e-3)),
        Axis(axis, *_around(values)),
        (Line(times_ps[thinned], values[thinned]),),
        f"{title} over {times_ps[-1]:g} ps: {values.mean():.4g} {unit} on average, "
        f"{values.min():.4g} to {values.max():.4g}, {values[-1]:.4g} at the end.",
    )
