"""Figures of a gas: its energy, drifts beside published ones, velocities, neighbours, diffusion."""

import numpy as np
from scipy.special import ndtr

from nearsight.charts.chart import INK, Axis, Chart, Limit, Line, Mark, Points
from nearsight.charts.palette import series_colors
from nearsight.evaluation.examination import Figure
from nearsight.evaluation.gas.box import dilute_density_times_diffusion
from nearsight.evaluation.gas.published import DRIFTS_MEV_PER_PS, SOURCE
from nearsight.evaluation.gas.result import Gas
from nearsight.evaluation.gas.velocities import EDGES

_SMALLEST_DRIFT, _LARGEST_DRIFT = 1e-2, 1e3
_CM2 = 1e4
"""cm² in 1 m²."""


def figures(result: Gas) -> list[Figure]:
    """Return the figures of what there is a result of."""
    if not result.cycles:
        return []
    found = [
        Figure("energy", _energy(result)),
        Figure("drifts", _drifts(result), f"Others: {SOURCE}; same gas, machines of their own."),
        Figure("velocities", _velocities(result)),
        Figure("around", _around(result)),
    ]
    if result.diffusing:
        found.append(Figure("diffusion", _diffusion(result)))
    return found


def _energy(result: Gas) -> Chart:
    colors = series_colors(result.cycles)
    values = np.concatenate([each.energies_meV for each in result.cycles.values()])
    room = 0.05 * float(np.ptp(values)) + 0.1
    return Chart(
        "Energy of a gas that is left to itself",
        Axis("time / ps", 0.0, max(each.free_ps for each in result.cycles.values())),
        Axis("change of the energy / meV", float(values.min()) - room, float(values.max()) + room),
        tuple(
            Line(np.array(each.times_ps), np.array(each.energies_meV), name, colors[name])
            for name, each in result.cycles.items()
        ),
        f"The energy of the whole changes by {result.drift.value:.3g} ± {result.drift.spread:.2g} "
        f"meV/ps for 50 molecules.",
    )


def _drifts(result: Gas) -> Chart:
    drift = result.drift
    assert drift.value is not None
    names = ["this model", *DRIFTS_MEV_PER_PS]
    sizes = np.array([abs(drift.value), *DRIFTS_MEV_PER_PS.values()])
    places = np.arange(len(names), 0, -1.0)
    shown = np.clip(sizes, _SMALLEST_DRIFT, _LARGEST_DRIFT)
    error = f"± {drift.spread:.2g}"
    return Chart(
        "Drift beside published ones",
        Axis("size of the drift / meV/ps", _SMALLEST_DRIFT, _LARGEST_DRIFT, "logarithmic"),
        Axis("", 0.4, len(names) + 0.6, names=dict(zip(places.tolist(), names, strict=True))),
        (
            Points(shown[1:], places[1:], "published", INK),
            Points(shown[:1], places[:1], f"this model, {error}", "#3f6fd1"),
        ),
        f"The drift of 50 molecules is {drift.value:.3g} {error} meV/ps; published are "
        + ", ".join(f"{value:g} for {name}" for name, value in DRIFTS_MEV_PER_PS.items())
        + f". What is below {_SMALLEST_DRIFT:g} is shown there.",
    )


def _velocities(result: Gas) -> Chart:
    counts = np.sum([each.velocity_counts for each in result.cycles.values()], axis=0)
    inside = counts[1:-1] / counts.sum() / np.diff(EDGES)
    middles = (EDGES[1:] + EDGES[:-1]) / 2
    expected = np.diff(ndtr(EDGES)) / np.diff(EDGES)
    return Chart(
        "Velocities at 300 K",
        Axis("v √(m/kT)", float(EDGES[0]), float(EDGES[-1])),
        Axis("share", 0.0, 1.1 * float(max(inside.max(), expected.max()))),
        (
            Points(middles, inside, "all atoms, along each axis", "#3f6fd1", small=True),
            Line(middles, expected, "Maxwell and Boltzmann", INK),
        ),
        f"{counts.sum()} components of velocities with friction; the statistic of Kolmogorov and "
        f"Smirnov is {result.velocity_deviation.value:.2f}.",
    )


def _around(result: Gas) -> Chart:
    cycles = list(result.cycles.values())
    distances = np.array(cycles[0].distances_A)
    mean = np.mean([each.around for each in cycles], axis=0)
    return Chart(
        "Molecules around each other",
        Axis("distance of carbon atoms / Å", 0.0, float(distances[-1])),
        Axis("g(r)", 0.0, 1.1 * max(1.2, float(mean.max()))),
        (Limit(1.0, "evenly spread"), Line(distances, mean, "C–C", "#3f6fd1")),
        f"Radial distribution function of carbon, mean of {len(cycles)} runs, highest at "
        f"{distances[int(mean.argmax())]:.1f} Å ({mean.max():.2f}).",
    )


def _diffusion(result: Gas) -> Chart:
    found = result.diffusing
    temperatures = np.array([each.motion_K for each in found])
    values = np.array([each.diffusion_m2_per_s for each in found], dtype=float)
    errors = np.array([each.diffusion_error_m2_per_s for each in found], dtype=float)
    density = found[0].density_kg_per_m3
    over = np.linspace(0.9 * temperatures.min(), 1.1 * temperatures.max(), 40)
    dilute = np.array([dilute_density_times_diffusion(each) for each in over]) / density
    inverse, scaled = 1000 / over, _CM2 * 1e4
    marks: list[Mark] = [
        Line(inverse, scaled * dilute, "dilute gas at this density", INK, dash=1),
        Line(inverse, scaled * 0.85 * dilute, "less 15 %", INK),
        Points(
            1000 / temperatures, scaled * values, "this model", "#3f6fd1", errors=scaled * errors
        ),
    ]
    if result.line is not None:
        fitted = np.exp(result.line.a + result.line.b_K / over)
        marks.append(Line(inverse, scaled * fitted, "ln D = a + b/T", "#d97218"))
    highest = scaled * float(max((values + errors).max(), dilute.max()))
    lowest = scaled * float(min((values - errors).min(), 0.85 * dilute.min()))
    return Chart(
        "Self-diffusion",
        Axis("1000 K / T of the motion of molecules", float(inverse.min()), float(inverse.max())),
        Axis("D / 10⁻⁴ cm²/s", max(0.8 * lowest, 0.1), 1.25 * highest, "logarithmic"),
        tuple(marks),
        f"Coefficients of self-diffusion at {density:.0f} kg/m³ are "
        + ", ".join(
            f"{scaled * value:.2g} ± {scaled * error:.1g} at {temperature:.0f} K"
            for value, error, temperature in zip(values, errors, temperatures, strict=True)
        )
        + " (10⁻⁴ cm²/s), fitted beyond 5 ps.",
    )
