"""What is drawn of isotherms."""

from collections.abc import Sequence

import numpy as np

from nearsight.adsorption.gcmc.isotherm import Isotherm, IsothermPressure
from nearsight.arrays import FloatArray
from nearsight.charts.chart import INK, Axis, Band, Chart, Limit, Line, Mark, Points
from nearsight.charts.palette import series_colors

_BAR_PA = 1e5
_WIDE = 30.0
"""Where the highest pressure is so many times the lowest one, the axis is logarithmic."""
_ON_CURVE = 121


def isotherm_chart(isotherms: Sequence[Isotherm]) -> Chart:
    """Return loadings over the pressure with intervals of 95 %, and the best fits with theirs.

    Parameters
    ----------
    isotherms
        At least one, at the same pressures.
    """
    several = len(isotherms) > 1
    pressures = _pressures_bar(isotherms[0])
    logarithmic = pressures[-1] > _WIDE * pressures[0]
    axis = Axis(
        "pressure / bar",
        float(0.8 * pressures[0]) if logarithmic else 0.0,
        (1.25 if logarithmic else 1.05) * float(pressures[-1]),
        "logarithmic" if logarithmic else "linear",
    )
    labels = [f"{each.temperature_K:g} K" if several else "" for each in isotherms]
    colors = series_colors(labels)
    tops = [float(np.add(*_loadings(each)).max()) for each in isotherms]
    top = 1.08 * max(tops) or 1.0
    marks: list[Mark] = []
    said = []
    for isotherm, label in zip(isotherms, labels, strict=True):
        color = colors[label] if several else None
        points = _points(isotherm, label, color)
        marks += [*_curve(isotherm, axis, top, label, color or INK), points]
        said.append(f"{f'{label}: ' if several else ''}{'; '.join(points.notes)}")
    temperatures = ", ".join(f"{each.temperature_K:g}" for each in isotherms)
    return Chart(
        f"Isotherm{'s' if several else ''} at {temperatures} K",
        axis,
        Axis("absolute loading / mol/kg", 0.0, top),
        tuple(marks),
        f"{'. '.join(said)}.",
    )


def _pressures_bar(isotherm: Isotherm) -> FloatArray:
    return np.array([point.bulk.pressure_Pa for point in isotherm.points]) / _BAR_PA


def _loadings(isotherm: Isotherm) -> tuple[FloatArray, FloatArray]:
    """Return loadings and halves of their intervals in mol/kg."""
    means = [point.loading.molecules for point in isotherm.points]
    values = np.array([mean.value for mean in means])
    halves = np.array([mean.interval[1] - mean.value for mean in means])
    return isotherm.mol_per_kg * values, isotherm.mol_per_kg * halves


def _points(isotherm: Isotherm, label: str, color: str | None) -> Points:
    pressures = _pressures_bar(isotherm)
    loadings, halves = _loadings(isotherm)
    notes = [
        f"{pressure:.4g} bar: {loading:.4g} mol/kg ({loading - half:.4g} to {loading + half:.4g})"
        for pressure, loading, half in zip(pressures, loadings, halves, strict=True)
    ]
    return Points(pressures, loadings, label, color, halves, notes)


def _curve(isotherm: Isotherm, axis: Axis, top: float, label: str, color: str) -> Sequence[Mark]:
    """Return the best fit with its band; a line from point to point where there is none."""
    pressures = _pressures_bar(isotherm)
    best = isotherm.fits.best
    if best is None:
        return (Line(pressures, _loadings(isotherm)[0], label, width=1.0, color=color),)
    spread = np.geomspace if axis.scale == "logarithmic" else np.linspace
    drawn = spread(axis.low, float(pressures[-1]), _ON_CURVE)
    fugacities = isotherm.fugacities_Pa(drawn * _BAR_PA)
    low, high = (np.clip(each, 0.0, top) for each in best.band(fugacities))
    curve = np.clip(best.loadings(fugacities), 0.0, top)
    return (Band(drawn, low, high, color), Line(drawn, curve, label, color))


def numbers_charts(isotherms: Sequence[Isotherm]) -> tuple[Chart, ...]:
    """Return how many molecules there were in each sample, one chart a pressure."""
    several = len(isotherms) > 1
    return tuple(
        _numbers(point, isotherm, f" and {isotherm.temperature_K:g} K" if several else "")
        for isotherm in isotherms
        for point in isotherm.points
    )


def _numbers(point: IsothermPressure, isotherm: Isotherm, where: str) -> Chart:
    sampled, loading = isotherm.sampled, point.loading
    before, after = sampled.equilibration, sampled.production
    numbers = np.concatenate([before.counts, after.counts])[:, loading.chains].astype(np.float64)
    steps = np.cumsum(np.concatenate([before.steps, after.steps])).astype(np.float64)
    begin = len(before) + loading.n_left_out
    mean = loading.molecules.value
    chains = [str(chain) for chain in loading.chains]
    of_chain = series_colors(chains)
    colors = [of_chain[chain] for chain in chains]
    return Chart(
        f"Molecules in the supercell at {point.bulk.pressure_Pa / _BAR_PA:.4g} bar{where}",
        Axis("moves", 0.0, float(steps[-1])),
        Axis("molecules", 0.0, 1.08 * float(numbers.max()) or 1.0),
        (
            *(
                Line(steps, number, width=1.0, color=color)
                for number, color in zip(numbers.T, colors, strict=True)
            ),
            Limit(mean, "mean"),
            Limit(float(steps[begin]), "mean from here", along="x"),
        ),
        f"{numbers.shape[1]} chains; the mean of {mean:.4g} is that of the samples after "
        f"{steps[begin]:.4g} moves.",
    )
