"""Volume, expansion, heat capacities and bulk modulus over temperature, as they are drawn."""

from collections.abc import Sequence

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.charts.chart import Axis, Chart, Limit, Line, Mark, Points
from nearsight.vibrations.thermal_expansion_functions import ThermalExpansion

_ROOM = 0.08


def thermal_expansion_charts(expansion: ThermalExpansion) -> tuple[Chart, ...]:
    """Return one chart for each quantity over temperature, and the energies over the volume."""
    order = np.argsort(expansion.temperatures_K)
    heat_p = expansion.heat_capacity_p_J_per_g_K[order]
    heat_v = expansion.heat_capacity_v_J_per_g_K[order]
    alpha = 1e6 * expansion.volumetric_expansion_per_K[order]
    over = expansion.temperatures_K[order]
    zero = Limit(0.0) if alpha.min() < 0 < alpha.max() else None
    return (
        _over_temperature(
            "Thermal expansion over temperature",
            "αᵥ / 10⁻⁶ K⁻¹",
            over,
            (alpha,),
            ("",),
            with_zero=zero,
        ),
        _over_temperature(
            "Heat capacities over temperature",
            "c / J g⁻¹ K⁻¹",
            over,
            (heat_p, heat_v),
            ("at constant pressure", "at constant volume"),
        ),
        _over_temperature(
            "Volume over temperature", "V / Å³", over, (expansion.volume_A3[order],), ("",)
        ),
        _over_temperature(
            "Isothermal bulk modulus over temperature",
            "K_T / GPa",
            over,
            (expansion.bulk_modulus_GPa[order],),
            ("",),
        ),
        _over_volume(expansion),
    )


def _over_temperature(
    title: str,
    quantity: str,
    temperatures_K: FloatArray,
    curves: Sequence[FloatArray],
    labels: Sequence[str],
    *,
    with_zero: Limit | None = None,
) -> Chart:
    marks: list[Mark] = [] if with_zero is None else [with_zero]
    for number, (values, label) in enumerate(zip(curves, labels, strict=True)):
        marks.append(Line(temperatures_K, values, label, dash=number))
        marks.append(Points(temperatures_K, values, label, small=len(values) > _MANY))
    every = np.concatenate(curves)
    first, last = float(temperatures_K[0]), float(temperatures_K[-1])
    said = "; ".join(
        f"{label or quantity}: {values[0]:.4g} at {first:g} K, {values[-1]:.4g} at {last:g} K"
        for values, label in zip(curves, labels, strict=True)
    )
    return Chart(
        title,
        Axis("temperature / K", min(first, 0.0), max(last, 1.0)),
        _axis(quantity, every),
        tuple(marks),
        f"{said}.",
    )


_MANY = 30
"""From so many points on they are drawn small."""


def _over_volume(expansion: ThermalExpansion) -> Chart:
    """Return potential energies over the volume, and where the Gibbs energy is lowest."""
    volumes_A3 = np.array([each.volume_A3 for each in expansion.used])
    energies_eV = np.array([each.energy_eV for each in expansion.used])
    above_meV = 1e3 * (energies_eV - energies_eV.min()) / expansion.n_atoms
    low, high = float(expansion.volume_A3.min()), float(expansion.volume_A3.max())
    return Chart(
        "Potential energy over volume",
        Axis("V / Å³", float(volumes_A3[0]), float(volumes_A3[-1])),
        _axis("energy / meV per atom", above_meV),
        (
            Line(volumes_A3, above_meV),
            Points(volumes_A3, above_meV),
            Limit(
                low, f"{expansion.temperatures_K[expansion.volume_A3.argmin()]:g} K", "x", "high"
            ),
            Limit(
                high, f"{expansion.temperatures_K[expansion.volume_A3.argmax()]:g} K", "x", "high"
            ),
        ),
        f"Of {len(volumes_A3)} volumes from {volumes_A3[0]:.2f} to {volumes_A3[-1]:.2f} Å³; the "
        f"Gibbs energy is lowest from {low:.2f} to {high:.2f} Å³.",
    )


def _axis(quantity: str, values: FloatArray) -> Axis:
    low, high = float(values.min()), float(values.max())
    room = _ROOM * (high - low) or _ROOM * abs(high) or 1.0
    return Axis(quantity, low - room, high + room)
