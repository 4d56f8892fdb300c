"""The charts of every section: density of states and heat capacity."""

from collections.abc import Mapping

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from nearsight import units
from nearsight.announcing import quietly
from nearsight.reports.palette import element_colors
from nearsight.reports.svg import Axis, Frame
from nearsight.vibrations.density_of_states import density_of_states
from nearsight.vibrations.frequency_units import WAVENUMBERS, FrequencyUnit
from nearsight.vibrations.modes import Vibrations
from nearsight.vibrations.settings import Acoustic
from nearsight.vibrations.spectrum import Spectrum
from nearsight.vibrations.thermodynamic_functions import Thermodynamics
from nearsight.vibrations.thermodynamics import thermodynamics

_GRID_POINTS = 700
_WIDTH_PER_CM = 10.0
DASHES = ("", "7 3", "2 3", "9 3 2 3", "4 2")
_IMAGINARY_WORD = 66.0  # how wide it is in the chart
_HIGHEST_K = 1000.0
_N_TEMPERATURES = 101


def density_of_states_svg(
    vibrations: Vibrations, name: str, unit: FrequencyUnit = WAVENUMBERS
) -> Markup:
    """Draw the density of states, in total and by element, with a tick for every mode."""
    wavenumbers = vibrations.wavenumbers_per_cm
    margin = 4 * _WIDTH_PER_CM
    low = float(wavenumbers.min()) - margin if wavenumbers.min() < margin else 0.0
    grid_per_cm = np.linspace(low, float(wavenumbers.max()) + margin, _GRID_POINTS)
    # Narrower than two points of the grid, a Gaussian would lose its height between them.
    width = max(_WIDTH_PER_CM, 2 * float(grid_per_cm[1] - grid_per_cm[0]))
    density = density_of_states(vibrations, width, grid_per_cm)
    grid, total = unit.of_wavenumbers(grid_per_cm), unit.density_of_cm(density.total_cm)
    frame = Frame(
        Axis(float(grid[0]), float(grid[-1]), unit.axis),
        Axis(0.0, 1.08 * float(total.max()), unit.density_axis),
    )
    colors = element_colors(density.by_element_cm)
    content = []
    if vibrations.n_imaginary:
        content.append(imaginary_region(frame))
    parts = {name: unit.density_of_cm(each) for name, each in density.by_element_cm.items()}
    content += element_curves(frame, grid, parts, colors)
    content.append(Markup('<path class="total" d="{}"/>').format(frame.curve(grid, total)))
    at_modes = unit.of_wavenumbers(wavenumbers).tolist()
    ticks = "".join(f"M{frame.px(each):.1f},{frame.py(0.0):.1f}v-7" for each in at_modes)
    content.append(Markup('<path class="rug" d="{}"/>').format(ticks))
    content.append(
        Markup('<path class="cursor" d="M0,{:.1f}V{:.1f}" visibility="hidden"/>').format(
            frame.py(frame.y.high), frame.py(0.0)
        )
    )
    description = (
        f"Density of {vibrations.n_modes} vibrational states, each a Gaussian of "
        f"{unit.text(width)}, from {unit.span(wavenumbers.min(), wavenumbers.max())}, in total "
        f"and for {', '.join(density.by_element_cm)}."
    )
    return frame.draw(name, "Vibrational density of states", description, content)


def element_curves(
    frame: Frame,
    grid: NDArray[np.float64],
    parts: Mapping[str, NDArray[np.float64]],
    colors: Mapping[str, str],
) -> list[Markup]:
    """Draw what each element has of a density of states."""
    return [
        Markup(
            '<path d="{}" fill="{color}" fill-opacity=".13"/><path class="line" d="{}" '
            'stroke="{color}" stroke-dasharray="{}"/>'
        ).format(
            frame.area(grid, values),
            frame.curve(grid, values),
            DASHES[index % len(DASHES)],
            color=colors[symbol],
        )
        for index, (symbol, values) in enumerate(parts.items())
    ]


def imaginary_region(frame: Frame) -> Markup:
    """Draw what lies below zero, with its name where there is room for it."""
    zero = frame.px(0.0)
    left = frame.px(frame.x.low)
    top = frame.py(frame.y.high)
    region = Markup(
        '<rect class="region" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>'
    ).format(left, top, zero - left, frame.py(0.0) - top)
    if zero - left < _IMAGINARY_WORD:
        return region
    return region + Markup(
        '<text class="region-name" x="{:.1f}" y="{:.1f}">imaginary</text>'
    ).format(left + 5, top + 14)


def element_legend(vibrations: Vibrations) -> list[tuple[str, str, str]]:
    """Return symbol, colour and dashes of each element's curve."""
    colors = element_colors(set(vibrations.atoms.get_chemical_symbols()))
    return [
        (symbol, color, DASHES[index % len(DASHES)])
        for index, (symbol, color) in enumerate(colors.items())
    ]


def heat_capacity_svg(spectrum: Spectrum, thermal: Thermodynamics, name: str) -> Markup:
    """Draw c_v over temperature with its classical limit and the temperatures asked for."""
    acoustic: Acoustic = thermal.acoustic  # type: ignore[assignment]  # checked when it was made
    highest = max(_HIGHEST_K, 1.05 * float(thermal.temperatures_K.max()))
    grid = np.linspace(0.0, highest, _N_TEMPERATURES)
    with quietly():
        curve = thermodynamics(spectrum, grid, acoustic, thermal.scale_factor)
    limit, limit_name = classical_limit_J_per_g_K(spectrum)
    top = max(limit, float(curve.heat_capacity_J_per_g_K.max()))
    frame = Frame(Axis(0.0, highest, "temperature / K"), Axis(0.0, 1.14 * top, "cᵥ / J g⁻¹ K⁻¹"))
    points = [
        Markup(
            '<circle cx="{:.1f}" cy="{:.1f}" r="4"><title>{:g} K: {:.5f} J/(g K)</title></circle>'
        ).format(frame.px(temperature), frame.py(value), temperature, value)
        for temperature, value in zip(
            thermal.temperatures_K.tolist(), thermal.heat_capacity_J_per_g_K.tolist(), strict=True
        )
    ]
    content = [
        Markup(
            '<path class="limit" d="M{:.1f},{y:.1f}H{:.1f}"/>'
            '<text class="note" x="{:.1f}" y="{:.1f}">{}: {:.4f} J g⁻¹ K⁻¹</text>'
        ).format(
            frame.px(0.0),
            frame.px(highest),
            frame.px(0.0) + 6,
            frame.py(limit) - 6,
            limit_name,
            limit,
            y=frame.py(limit),
        ),
        Markup('<path class="curve" d="{}"/>').format(
            frame.curve(grid, curve.heat_capacity_J_per_g_K)
        ),
        Markup('<g class="points">{}</g>').format(Markup("").join(points)),
    ]
    values = ", ".join(
        f"{value:.5f} J/(g K) at {temperature:g} K"
        for temperature, value in zip(
            thermal.temperatures_K.tolist(), thermal.heat_capacity_J_per_g_K.tolist(), strict=True
        )
    )
    description = f"From 0 to {highest:g} K: {values}. {limit_name}: {limit:.4f} J/(g K)."
    return frame.draw(name, "Heat capacity over temperature", description, content)


def classical_limit_J_per_g_K(spectrum: Spectrum) -> tuple[float, str]:
    """Return what c_v tends to at high temperature, and its name.

    A solid has k_B for each of its 3 n_atoms modes, the law of Dulong and Petit; the vibrations of
    a molecule are fewer.
    """
    atoms = spectrum.atoms
    periodic = bool(atoms.pbc.any())
    counted = spectrum.oscillators("exclude")
    n_modes = 3 * len(atoms) if periodic else len(counted.weights)
    mass_g = float(atoms.get_masses().sum()) * units.AMU_IN_GRAM
    limit = n_modes * units.BOLTZMANN_EV_PER_K * units.EV_IN_JOULE / mass_g
    return limit, "Dulong–Petit limit" if periodic else f"classical limit, {n_modes} vibrations"


def mode_shares(vibrations: Vibrations) -> dict[str, list[float]]:
    """Return what the atoms of each element have of each mode, Σ_A |e_A|², from 0 to 1."""
    weights = np.sum(vibrations.modes**2, axis=2)
    symbols = np.array(vibrations.atoms.get_chemical_symbols())
    return {
        symbol: weights[:, symbols == symbol].sum(axis=1).tolist()
        for symbol in element_colors(set(symbols.tolist()))
    }
