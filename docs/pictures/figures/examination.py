"""Two nitrogen atoms by a model that knows them, and by one that does not."""

from pathlib import Path

import numpy as np
from ase import Atoms
from crystals import sevennet
from drawing import panels

from nearsight.evaluation.diatomics.reference import reference_curves
from nearsight.models import load_model

DISTANCES_A = np.concatenate([np.arange(0.5, 2.0, 0.025), np.arange(2.0, 6.01, 0.1)])


def draw(path: Path) -> None:
    """Draw energies over the distance, relative to the farthest one."""
    pairs = [
        Atoms("N2", [[12.5, 12.5, 12.5], [12.5 + distance, 12.5, 12.5]], cell=[25] * 3, pbc=True)
        for distance in DISTANCES_A
    ]
    figure, (ax,) = panels()
    reference = reference_curves()["N"]
    ax.plot(reference.distances_A, reference.energies_eV, "k.", markersize=5, label="PBE")
    for place, (label, model) in enumerate(
        {"SevenNet-0": sevennet(), "EMT, made for metals": load_model("ase:emt")}.items()
    ):
        energies = np.array([answer.energy_eV for answer in model.evaluate(pairs)])
        ax.plot(DISTANCES_A, energies - energies[-1], f"C{place}", label=label)
    ax.axhline(0.0, color="0.7", linewidth=0.6, zorder=0)
    ax.set(xlabel="N–N distance / Å", ylabel="energy / eV", xlim=(0.5, 5.0), ylim=(-14, 16))
    ax.legend()
    figure.savefig(path)
