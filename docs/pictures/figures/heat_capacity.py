"""What the modes of quartz contribute to its heat capacity, and what acoustic ones count."""

from pathlib import Path

import numpy as np
from crystals import phonons_of_quartz, sevennet
from drawing import panels
from matplotlib.axes import Axes

from nearsight import units
from nearsight.hessian import hessian
from nearsight.vibrations import Vibrations, thermodynamics, vibrations

TEMPERATURES_K = (100.0, 300.0, 1000.0)


def draw(path: Path) -> None:
    """Draw conventions beside the heat of each mode."""
    record = phonons_of_quartz()
    modes = vibrations(hessian(record.atoms, sevennet()))
    figure, (left, right) = panels(beside=2)
    grid = np.linspace(1.0, 600.0, 80)
    mesh = thermodynamics(record.results.phonons, grid)
    left.plot(grid, mesh.heat_capacity_J_per_g_K, "k", linewidth=2.2, label="mesh (the default)")
    for acoustic, style in (("classical", "C0--"), ("as-computed", "C2:"), ("exclude", "C1-.")):
        values = thermodynamics(modes, grid, acoustic=acoustic).heat_capacity_J_per_g_K
        left.plot(grid, values, style, label=f"Γ of one cell, {acoustic}")
    left.set(xlabel="temperature / K", ylabel="c_v / J/(g K)", xlim=(0, 600), ylim=(0, None))
    left.legend()
    draw_modes(modes, right)
    figure.savefig(path)


def draw_modes(modes: Vibrations, ax: Axes) -> None:
    """Draw what each mode counts at some temperatures."""
    optical = modes.wavenumbers_per_cm
    over = np.linspace(1.0, 1300.0, 300)
    for number, temperature in enumerate(TEMPERATURES_K):
        ax.plot(over, einstein(over, temperature), f"C{number}", linewidth=1.0)
        label = f"{temperature:g} K"
        ax.plot(optical, einstein(optical, temperature), f"C{number}o", markersize=4, label=label)
    ax.axhline(1.0, color="0.6", linewidth=0.8, linestyle="--")
    ax.set(xlabel="wavenumber / cm⁻¹", ylabel="c of a mode / k_B", xlim=(0, 1300), ylim=(0, 1.06))
    ax.legend(title="24 optical modes at Γ", loc=(0.58, 0.41))


def einstein(wavenumbers_per_cm: np.ndarray, temperature_K: float) -> np.ndarray:
    """Return the heat capacity of oscillators in k_B."""
    x = wavenumbers_per_cm / units.EV_IN_PER_CM / (units.BOLTZMANN_EV_PER_K * temperature_K)
    return (x / 2 / np.sinh(x / 2)) ** 2
