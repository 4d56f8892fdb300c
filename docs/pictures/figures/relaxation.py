"""Forces and energies on the way to a minimum, and force calls of optimizers."""

from pathlib import Path

import ase.io
import numpy as np
from crystals import QUARTZ, sevennet
from drawing import panels
from study_tables import number, rows_of

from nearsight.relaxation import RelaxationSettings, relax
from nearsight.structures import read_structure


def draw(path: Path) -> None:
    """Draw two relaxations of quartz, and the force calls of 25 porous solids."""
    figure, (left, right) = panels(beside=2)
    for place, optimizer in enumerate(("newton", "BFGS")):
        relax(
            read_structure(QUARTZ),
            sevennet(),
            RelaxationSettings(optimizer=optimizer),
            trajectory=f"{optimizer}.extxyz",
        )
        frames = ase.io.read(f"{optimizer}.extxyz", ":")
        largest = [np.linalg.norm(frame.get_forces(), axis=1).max() for frame in frames]
        left.semilogy(largest, f"C{place}o-", markersize=4, label=optimizer)
    left.axhline(0.005, color="0.5", linestyle="--", linewidth=0.8)
    left.set(xlabel="step", ylabel="largest force / (eV/Å)")
    left.legend()
    solids = rows_of("relaxation", "solid", "newton")
    calls = np.array([[number(solid[name]) for name in ("BFGS", "newton")] for solid in solids])
    right.loglog(*calls.T, "C0o", markersize=5)
    ends = np.array([90.0, 900.0])
    right.loglog(ends, ends, "k-", linewidth=0.8, label="as many")
    right.loglog(ends, 0.28 * ends, "k:", linewidth=0.8, label="0.28 of them, the median")
    right.set(xlabel="force calls of BFGS", ylabel="force calls of newton")
    right.legend()
    figure.savefig(path)
