"""Curvature and pressure of silicon where its third shell meets the cutoff function."""

from pathlib import Path

import numpy as np
from ase.build import bulk
from crystals import sevennet
from drawing import panels

from nearsight import units

LENGTHS_A = np.sort(np.append(np.linspace(5.36, 5.50, 15), (5.4255, 5.4285)))
SHELL = np.sqrt(11) / 4
"""Distance of the third neighbours over the lattice constant."""
SWITCH_A = 4.5


def draw(path: Path) -> None:
    """Draw both over the lattice constant."""
    crystals = [bulk("Si", "diamond", a=length, cubic=True) for length in LENGTHS_A]
    curvature = [
        float(np.asarray(next(iter(sevennet().rows(each, [(0, np.eye(3)[0])]))))[0, 0])
        for each in crystals
    ]
    pressures = [
        -units.EV_PER_A3_IN_GPA * answer.stress_eV_per_A3[:3].mean()
        for answer in sevennet().evaluate(crystals, stress=True)
    ]
    figure, (left, right) = panels(beside=2)
    left.plot(LENGTHS_A, curvature, "C0o-", markersize=4)
    left.set(ylabel="curvature of one atom, H_xx / (eV/Å²)")
    right.plot(LENGTHS_A, pressures, "C1o-", markersize=4)
    right.set(ylabel="pressure / GPa")
    for ax in (left, right):
        ax.axvline(SWITCH_A / SHELL, color="0.5", linestyle="--", linewidth=0.8)
        ax.set(xlabel="lattice constant of Si / Å")
    figure.savefig(path)
