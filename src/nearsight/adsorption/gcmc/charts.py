"""What is drawn of an isotherm."""

import numpy as np

from nearsight.adsorption.gcmc.isotherm import Isotherm, IsothermPressure
from nearsight.charts.chart import INK, Axis, Chart, Limit, Line, Points
from nearsight.charts.palette import series_colors

_BAR_PA = 1e5
_WIDE = 30.0
"""Where the highest pressure is so many times the lowest one, the axis is logarithmic."""


def isotherm_chart(isotherm: Isotherm) -> Chart:
    """Return the loading over the pressure with intervals of 95 %."""
    each = isotherm.mol_per_kg
    pressures = np.array([point.bulk.pressure_Pa for point in isotherm.points]) / _BAR_PA
    means = [point.loading.molecules for point in isotherm.points]
    loadings = each * np.array([mean.value for mean in means])
    halves = each * np.array([mean.interval[1] - mean.value for mean in means])
    top = 1.08 * float((loadings + halves).max()) or 1.0
    logarithmic = pressures[-1] > _WIDE * pressures[0]
    low = 0.8 * pressures[0] if logarithmic else 0.0
    notes = [
        f"{pressure:.4g} bar: {loading:.4g} mol/kg ({loading - half:.4g} to {loading + half:.4g})"
        for pressure, loading, half in zip(pressures, loadings, halves, strict=True)
    ]
    return Chart(
        f"Isotherm at {isotherm.ensemble.temperature_K:g} K",
        Axis(
            "pressure / bar",
            float(low),
            1.05 * float(pressures[-1]),
            "logarithmic" if logarithmic else "linear",
        ),
        Axis("absolute loading / mol/kg", 0.0, top),
        (
            Line(pressures, loadings, width=1.0, color=INK),
            Points(pressures, loadings, errors=halves, notes=notes),
        ),
        f"{'; '.join(notes)}.",
    )


def numbers_charts(isotherm: Isotherm) -> tuple[Chart, ...]:
    """Return how many molecules there were in each sample, one chart a pressure."""
    return tuple(_numbers(point, isotherm) for point in isotherm.points)


def _numbers(point: IsothermPressure, isotherm: Isotherm) -> Chart:
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
        f"Molecules in the supercell at {point.bulk.pressure_Pa / _BAR_PA:.4g} bar",
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
