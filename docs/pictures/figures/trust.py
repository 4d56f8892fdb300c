"""What asymmetry and sum rule say of exact rows, of differences, and of forces that are wrong."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from crystals import phonons_of_quartz, sevennet
from drawing import panels

from nearsight.hessian import hessian
from nearsight.models import AseModel, ModelCalculator, load_model


class Scaled(Calculator):
    """SevenNet-0 with forces on oxygen that are 1 % too large: no energy has such a slope."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces"]

    def calculate(
        self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes
    ) -> None:
        """Compute forces, and spoil them."""
        super().calculate(atoms, properties, system_changes)
        answer = self.atoms.copy()
        answer.calc = ModelCalculator(sevennet())
        larger = np.where(self.atoms.symbols == "O", 1.01, 1.0)[:, np.newaxis]
        energy = answer.get_potential_energy()
        self.results = {"energy": energy, "forces": larger * answer.get_forces()}


def draw(path: Path) -> None:
    """Draw both numbers for the cell of quartz."""
    atoms = phonons_of_quartz().atoms
    differences = {"method": "central-difference", "step_A": 0.003}
    cases = {
        "exact rows,\ndouble precision": hessian(atoms, sevennet(), method="rows"),
        "exact rows,\nsingle precision": hessian(
            atoms, load_model("sevennet-0", dtype="float32"), method="rows"
        ),
        "differences,\nstep of 0.003 Å": hessian(atoms, sevennet(), **differences),
        "forces on O\n1 % too large": hessian(atoms, AseModel(Scaled()), **differences),
    }
    figure, (ax,) = panels()
    for place, (label, quantity) in enumerate(
        {"asymmetry": "asymmetry_eV_per_A2", "sum rule": "sum_rule_eV_per_A2"}.items()
    ):
        values = [getattr(each, quantity) for each in cases.values()]
        at = [n + 0.36 * (place - 0.5) for n in range(len(cases))]
        bars = ax.bar(at, values, 0.36, label=label)
        ax.bar_label(bars, [f"{value:.0e}" for value in values], fontsize="small")
    ax.set_xticks(range(len(cases)), list(cases))
    ax.set(yscale="log", ylabel="largest violation / (eV/Å²)", ylim=(1e-16, 1e2))
    ax.legend(loc="upper left")
    figure.savefig(path)
