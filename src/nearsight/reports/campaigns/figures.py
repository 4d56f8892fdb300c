"""The charts of a campaign, of a few numbers of each structure."""

from collections.abc import Sequence

import numpy as np

from nearsight import units
from nearsight.arrays import FloatArray
from nearsight.charts.chart import INK, Axis, Chart, Line, Points

_BINS = 40
_MOST_POINTS = 3000
"""A page of more of them is slow; which are drawn is by chance, with a fixed seed."""
_MARGIN = 0.04


def distribution(values: FloatArray, title: str, quantity: str, unit: str) -> Chart:
    """Return how often which values are.

    Parameters
    ----------
    values
        Shape ``(n_structures,)``.
    title
        Of the chart.
    quantity, unit
        Of the values.
    """
    edges: FloatArray = np.linspace(*_ends(values), _BINS + 1)
    counts, _ = np.histogram(values, bins=edges)
    return Chart(
        title,
        Axis(f"{quantity} / ({unit})", float(edges[0]), float(edges[-1])),
        Axis("structures", 0.0, float(counts.max()) * (1 + _MARGIN)),
        (_steps(edges, counts),),
        f"{len(values)} structures: median {np.median(values):.4g} {unit}, 90 % between "
        f"{np.quantile(values, 0.05):.4g} and {np.quantile(values, 0.95):.4g} {unit}.",
    )


def imaginary_modes(counts: FloatArray) -> Chart:
    """Return how many structures have how many imaginary modes."""
    most = int(min(counts.max(), 20))
    frequencies = np.array([np.sum(counts == n) for n in range(most)] + [np.sum(counts >= most)])
    none = float(np.mean(counts == 0))
    return Chart(
        "Imaginary modes",
        Axis("imaginary modes (the last: as many or more)", -0.5, most + 0.5),
        Axis("structures", 0.0, float(frequencies.max()) * (1 + _MARGIN)),
        (_steps(np.linspace(-0.5, most + 0.5, most + 2), frequencies),),
        f"{100 * none:.1f} % of {len(counts)} structures have none.",
    )


def heat_capacity_by_mass(mass_amu: FloatArray, c_v: FloatArray, names: Sequence[str]) -> Chart:
    """Return heat capacities over the mean mass of an atom, with the law of Dulong and Petit."""
    some = _some(len(c_v))
    mass = np.linspace(*_ends(mass_amu), 100)
    limit = 3 * units.GAS_CONSTANT_J_PER_MOL_K / mass
    high = float(max(c_v.max(), limit.max()) * (1 + _MARGIN))
    drawn = "" if len(some) == len(c_v) else f" {len(some)} of them are drawn."
    return Chart(
        "Heat capacity over mean atomic mass",
        Axis("mean atomic mass / amu", float(mass[0]), float(mass[-1])),
        Axis("c_v / (J/(g K))", 0.0, high),
        (
            Points(mass_amu[some], c_v[some], notes=[names[place] for place in some], small=True),
            Line(mass, limit, "Dulong and Petit", INK, dash=1),
        ),
        f"{len(c_v)} structures; light atoms are stiffly bound and take up less of their "
        f"3 k_B.{drawn}",
    )


def scale_factor(reference: FloatArray, values: FloatArray) -> float:
    """Return the factor on values by which they fit best to a reference, by least squares."""
    return float(reference @ values / (values @ values))


def parity(
    reference: FloatArray, values: FloatArray, names: Sequence[str], label: str, what: str
) -> Chart:
    """Return values over those of a reference.

    Parameters
    ----------
    reference, values
        In J/(g K), shape ``(n_structures,)`` each.
    names
        Those of the structures.
    label
        What the reference is called.
    what
        What the values are.
    """
    some = _some(len(values))
    low, high = _ends(np.concatenate([reference, values]))
    margin = _MARGIN * (high - low)
    low, high = low - margin, high + margin
    ends = np.array([low, high])
    away = values / reference - 1
    # One atom in a cell has no modes at Γ but the acoustic ones.
    fit = (
        f"; the values fit best times {scale_factor(reference, values):.4f}" if any(values) else ""
    )
    return Chart(
        f"{what} against {label}",
        Axis(f"{label} / (J/(g K))", low, high),
        Axis("c_v / (J/(g K))", low, high),
        (
            Line(ends, ends, "equal", INK, dash=1),
            Points(
                reference[some], values[some], notes=[names[place] for place in some], small=True
            ),
        ),
        f"{len(values)} structures: mean deviation {100 * away.mean():+z.2f} %, mean absolute one "
        f"{100 * np.abs(away).mean():.2f} %{fit}.",
        is_square=True,
    )


def _ends(values: FloatArray) -> tuple[float, float]:
    """Return the range of values, which has a width also where all are equal."""
    low, high = float(values.min()), float(values.max())
    if low < high:
        return low, high
    half = _MARGIN * abs(low) or 1.0
    return low - half, low + half


def _steps(edges: FloatArray, counts: FloatArray) -> Line:
    """Return a histogram as the outline of its bars."""
    x = np.repeat(np.asarray(edges, dtype=np.float64), 2)
    y = np.concatenate([[0.0], np.repeat(np.asarray(counts, dtype=np.float64), 2), [0.0]])
    return Line(x, y, filled=True)


def _some(n: int) -> Sequence[int]:
    if n <= _MOST_POINTS:
        return range(n)
    chosen = np.random.default_rng(0).choice(n, _MOST_POINTS, replace=False)
    return [int(place) for place in np.sort(chosen)]
