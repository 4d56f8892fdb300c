"""The force on a displaced atom by two models, and the slope that differentiation gives."""

from pathlib import Path

import numpy as np
from ase.build import bulk
from drawing import panels

from nearsight.models import load_model
from nearsight.models.contract import forces_of

DISPLACEMENTS_A = np.linspace(-0.03, 0.03, 61)


def draw(path: Path) -> None:
    """Draw the force on magnesium in MgO over its displacement along x."""
    crystal = bulk("MgO", "rocksalt", a=4.21)
    figure, axes = panels(beside=2)
    for ax, name in zip(axes, ("sevennet-0", "chgnet-0.3.0"), strict=True):
        model = load_model(name)
        moved = []
        for displacement in DISPLACEMENTS_A:
            moved.append(crystal.copy())
            moved[-1].positions[0, 0] += displacement
        forces = 1000 * np.array([forces_of(answer)[0, 0] for answer in model.evaluate(moved)])
        [row] = model.rows(crystal, [(0, np.eye(3)[0])])
        exact = float(np.asarray(row)[0, 0])
        ax.plot(DISPLACEMENTS_A, forces, "C0", linewidth=2.2, label="force")
        slope = -1000 * exact * DISPLACEMENTS_A
        label = f"differentiation at rest: {exact:.2f} eV/Å²"
        ax.plot(DISPLACEMENTS_A, slope, "C1--", label=label)
        ax.set(
            xlabel="displacement of Mg / Å",
            ylabel="force on Mg / (meV/Å)",
            title=model.identity.name,
        )
        ax.legend(loc="upper right")
        ax.set_ylim(-200, 230)
    figure.savefig(path)
