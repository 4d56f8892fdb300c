"""Descents that do not end at a minimum."""

from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes

from nearsight.errors import ModelError
from nearsight.models.engines.ase_model import AseModel
from nearsight.relaxation import RelaxationSettings, relax


class Squeezing(Calculator):
    """An energy that falls with the volume, without end."""

    implemented_properties = ("energy", "forces", "stress")
    pressure_eV_per_A3 = 0.5

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        self.results = {
            "energy": self.pressure_eV_per_A3 * self.atoms.cell.volume,
            "forces": np.zeros((len(self.atoms), 3)),
            "stress": self.pressure_eV_per_A3 * np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0]),
        }


def test_a_crystal_that_is_crushed_is_not_followed(tmp_path: Path) -> None:
    atoms = bulk("Cu")
    settings = RelaxationSettings(optimizer="BFGS", max_steps=2000)
    with pytest.raises(ModelError, match=r"crushes .*Cu.* of 11\.8 Å³"):
        relax(atoms, AseModel(Squeezing()), settings, checkpoint=tmp_path / "kept")
    fixed = relax(atoms, AseModel(Squeezing()), RelaxationSettings(cell="fixed"))
    assert fixed.converged
