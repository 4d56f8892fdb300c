"""Figures of a gas: its energy, drifts beside published ones, velocities, neighbours, diffusion."""

import numpy as np

from nearsight.charts.chart import INK, Axis, Chart, Limit, Line, Mark, Points
from nearsight.charts.palette import series_colors
from nearsight.evaluation.examination import Figure
from nearsight.evaluation.gas.box import FULL_BOX_MOLECULES, dilute_density_times_diffusion
from nearsight.evaluation.gas.published import DRIFTS_MEV_PER_PS, SOURCE
from nearsight.evaluation.gas.result import Gas
from nearsight.evaluation.gas.velocities import EDGES
from nearsight.evaluation.wording import with_spread

_SMALLEST_DRIFT, _LARGEST_DRIFT = 1e-2, 1e3
_SAME = 0.3
"""Published drifts whose logarithms are nearer to each other have one line."""
_BINS_IN_ONE = 4
"""Of those that velocities are counted into: few would be in each."""
_SCALE = 1e8
"""10⁻⁴ cm²/s in 1 m²/s."""
_BLUE = "#3f6fd1"


def figures(result: Gas) -> list[Figure]:
    """Return the figures of what there is a result of."""
    if not result.cycles:
        return []
    found = [
        Figure("energy", _energy(result)),
        Figure(
            "drifts",
            _drifts(result),
            f"This model: {with_spread(result.drift)} meV/ps. Others: {SOURCE}, same gas.",
        ),
        Figure("velocities", _velocities(result)),
        Figure("around", _around(result)),
    ]
    if any((each.diffusion_m2_per_s or 0.0) > 0 for each in result.diffusing):
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
        f"The energy of the whole changes by {with_spread(result.drift)} meV/ps for 50 molecules.",
    )


def _drifts(result: Gas) -> Chart:
    drifts = [
        abs(each.drift_meV_per_ps) * FULL_BOX_MOLECULES / each.n_molecules for each in result.alike
    ]
    temperatures = np.array([each.temperature_K for each in result.alike])
    coldest_K, hottest_K = float(temperatures.min()) - 20.0, float(temperatures.max()) + 20.0
    published: dict[float, list[str]] = {}
    for name, value in DRIFTS_MEV_PER_PS.items():
        near = next((other for other in published if abs(np.log(value / other)) < _SAME), value)
        published.setdefault(near, []).append(f"{name} {value:g}")
    return Chart(
        "Drift beside published ones",
        Axis("temperature of all atoms / K", coldest_K, hottest_K),
        Axis("size of the drift / meV/ps", _SMALLEST_DRIFT, _LARGEST_DRIFT, "logarithmic"),
        (
            *(Limit(value, ", ".join(names)) for value, names in published.items()),
            Points(
                temperatures, np.clip(drifts, _SMALLEST_DRIFT, _LARGEST_DRIFT), "this model", _BLUE
            ),
        ),
        f"Drifts of 50 molecules in each run, {with_spread(result.drift)} meV/ps on average; "
        "published are "
        + ", ".join(f"{value:g} for {name}" for name, value in DRIFTS_MEV_PER_PS.items())
        + f". What is below {_SMALLEST_DRIFT:g} or above {_LARGEST_DRIFT:g} is shown there.",
    )


def _velocities(result: Gas) -> Chart:
    counts = np.sum([each.velocity_counts for each in result.cycles.values()], axis=0)
    edges = EDGES[::_BINS_IN_ONE]
    inside = counts[1:-1].reshape(-1, _BINS_IN_ONE).sum(axis=1) / counts.sum() / np.diff(edges)
    middles = (edges[1:] + edges[:-1]) / 2
    expected = np.exp(-(EDGES**2) / 2) / np.sqrt(2 * np.pi)
    return Chart(
        "Velocities at 300 K",
        Axis("v √(m/kT)", float(edges[0]), float(edges[-1])),
        Axis("share", 0.0, 1.1 * float(max(inside.max(), expected.max()))),
        (
            Points(middles, inside, "all atoms, along each axis", _BLUE),
            Line(EDGES, expected, "Maxwell and Boltzmann", INK),
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
        (Limit(1.0, "evenly spread"), Line(distances, mean, "C–C", _BLUE)),
        f"Radial distribution function of carbon, mean of all runs, highest at "
        f"{distances[int(mean.argmax())]:.1f} Å ({mean.max():.2f}).",
    )


def _diffusion(result: Gas) -> Chart:
    found = [each for each in result.diffusing if (each.diffusion_m2_per_s or 0.0) > 0]
    temperatures = np.array([each.motion_K for each in found])
    values = np.array([each.diffusion_m2_per_s for each in found], dtype=float)
    errors = np.array([each.diffusion_error_m2_per_s for each in found], dtype=float)
    density = found[0].density_kg_per_m3
    over = np.linspace(0.9 * temperatures.min(), 1.1 * temperatures.max(), 40)
    dilute = np.array([dilute_density_times_diffusion(each) for each in over]) / density
    inverse, scaled = 1000 / over, _SCALE
    marks: list[Mark] = [
        Line(inverse, scaled * dilute, "dilute gas at this density", INK, dash=1),
        Line(inverse, scaled * 0.85 * dilute, "less 15 %", INK),
        Points(1000 / temperatures, scaled * values, "this model", _BLUE, errors=scaled * errors),
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
