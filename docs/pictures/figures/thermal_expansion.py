"""Free energies of copper over its volume, with their minima."""

from pathlib import Path

import numpy as np
from ase.build import bulk
from drawing import panels
from numpy.polynomial import Polynomial

from nearsight.models import load_model
from nearsight.vibrations import VolumeSettings, thermodynamics
from nearsight.workflows import ThermalExpansionSettings, ThermodynamicSettings, thermal_expansion

TEMPERATURES_K = (0.0, 200.0, 400.0, 600.0, 800.0, 1000.0)


def draw(path: Path) -> None:
    """Draw E + F over the volume at some temperatures."""
    settings = ThermalExpansionSettings(
        path=VolumeSettings(volumes=9, volume_from=0.98, volume_to=1.10),
        thermodynamics=ThermodynamicSettings(temperatures_K=TEMPERATURES_K),
    )
    expansion = thermal_expansion(bulk("Cu"), load_model("ase:emt"), settings).results.expansion
    volumes = np.array([each.volume_A3 for each in expansion.used])
    energies = np.array([each.energy_eV for each in expansion.used])
    heats = [thermodynamics(each.phonons, TEMPERATURES_K) for each in expansion.used]
    free = 1000 * (energies - energies.min())
    free = free + 1000 * np.array([each.free_energy_eV for each in heats]).T
    figure, (ax,) = panels()
    fine = np.linspace(volumes[0], volumes[-1], 200)
    for number, temperature in enumerate(TEMPERATURES_K):
        curve = Polynomial.fit(volumes, free[number], 4)
        ax.plot(volumes, free[number], f"C{number}o", markersize=4)
        ax.plot(fine, curve(fine), f"C{number}", label=f"{temperature:g} K")
    found = expansion.volume_A3
    at = [Polynomial.fit(volumes, row, 4)(v) for row, v in zip(free, found, strict=True)]
    ax.plot(found, at, "k--d", markersize=5, linewidth=1.0, label="minima")
    ax.set(xlabel="volume / Å³", ylabel="E + F_vib / meV per atom")
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.savefig(path)
