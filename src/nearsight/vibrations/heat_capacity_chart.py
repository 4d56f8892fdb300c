"""A heat capacity between the temperatures asked for, as it is drawn."""

from dataclasses import replace

import numpy as np

from nearsight import units
from nearsight.announcing import quietly
from nearsight.charts.chart import Chart, Limit, Line, Points
from nearsight.vibrations.heat_capacity import heat_capacity_axes
from nearsight.vibrations.settings import Acoustic
from nearsight.vibrations.spectrum import Spectrum
from nearsight.vibrations.thermodynamic_functions import Thermodynamics
from nearsight.vibrations.thermodynamics import thermodynamics

_HIGHEST_K = 1000.0
_N_TEMPERATURES = 101


def heat_capacity_curve(
    spectrum: Spectrum, thermal: Thermodynamics, highest_K: float, label: str = ""
) -> Chart:
    """Return c_v over temperature, with points at the temperatures asked for.

    Parameters
    ----------
    spectrum
        Modes, or phonons over the Brillouin zone.
    thermal
        What was computed of them.
    highest_K
        Where the curve ends.
    label
        What a legend calls it.
    """
    acoustic: Acoustic = thermal.acoustic  # type: ignore[assignment]  # checked when it was made
    asked, values = thermal.temperatures_K, thermal.heat_capacity_J_per_g_K
    # Closer at low temperatures, where c_v bends; on a curve that has them the points lie exactly.
    grid = np.union1d(highest_K * np.linspace(0.0, 1.0, _N_TEMPERATURES) ** 1.5, asked)
    with quietly():
        curve = thermodynamics(spectrum, grid, acoustic, thermal.scale_factor)
    notes = [
        f"{temperature:g} K: {value:.5f} J/(g K)"
        for temperature, value in zip(asked.tolist(), values.tolist(), strict=True)
    ]
    return heat_capacity_axes(
        grid,
        curve.heat_capacity_J_per_g_K,
        (
            Line(grid, curve.heat_capacity_J_per_g_K, label, width=2.0),
            Points(asked, values, label, notes=notes),
        ),
    )


def heat_capacity_chart(spectrum: Spectrum, thermal: Thermodynamics) -> Chart:
    """Return c_v up to 1000 K or more, and the classical limit to which it tends."""
    highest = max(_HIGHEST_K, 1.05 * float(thermal.temperatures_K.max()))
    chart = heat_capacity_curve(spectrum, thermal, highest)
    limit, limit_name = classical_limit_J_per_g_K(spectrum)
    values = ", ".join(
        f"{value:.5f} J/(g K) at {temperature:g} K"
        for temperature, value in zip(
            thermal.temperatures_K.tolist(), thermal.heat_capacity_J_per_g_K.tolist(), strict=True
        )
    )
    return replace(
        chart,
        y=replace(chart.y, high=max(1.14 * limit, 1.09 * chart.y.high)),
        marks=(Limit(limit, f"{limit_name}: {limit:.4f} J g⁻¹ K⁻¹"), *chart.marks),
        description=f"From 0 to {highest:g} K: {values}. {limit_name}: {limit:.4f} J/(g K).",
    )


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
