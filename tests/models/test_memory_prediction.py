"""What is measured on parts of a structure has what the model needs of each atom."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from nearsight.announcing import quietly
from nearsight.errors import NearsightError
from nearsight.memory import Measured, Meter
from nearsight.models.batches import in_batches
from nearsight.models.contract import HostingModel
from nearsight.models.memory_prediction import UNMEASURED_ATOMS, MemoryPrediction
from nearsight.models.registry import load_model
from nearsight.structures.molecules import SITE_TYPE, as_framework
from nearsight.structures.reading import read_structure
from nearsight.structures.supercell import make_supercell

pytest.importorskip("torch", reason="force fields need PyTorch")

MG_MOF_74 = Path(__file__).parents[1] / "data" / "frameworks" / "mg_mof_74_charged.cif"


@pytest.mark.parametrize("gas", ["CO2", "CH4"])
@pytest.mark.parametrize("typed", [True, False])
def test_a_force_field_computes_a_large_framework_with_its_charges(gas: str, typed: bool) -> None:
    with quietly():
        cell = read_structure(MG_MOF_74)
    framework = as_framework(make_supercell(cell, (2, 2, 1)))
    assert len(framework) > UNMEASURED_ATOMS
    model = load_model("forcefield:trappe+uff", device="cpu")
    assert isinstance(model, HostingModel)
    guest = model.molecule(gas)
    if not typed and gas == "CO2":  # its elements tell types only of a whole molecule
        del guest.arrays[SITE_TYPE]
    # The farthest of the nearest atoms are about here: some of the molecule are among them.
    at = np.sort(framework.get_distances(0, range(len(framework)), mic=True))[UNMEASURED_ATOMS - 1]
    guest.positions += framework.positions[0] + [0, 0, at]
    structures: list[Atoms] = [framework, framework + guest]
    for atoms, answer in zip(structures, in_batches(model, structures), strict=True):
        assert not isinstance(answer, NearsightError), answer
        [expected] = model.evaluate([atoms])
        assert answer.energy_eV == pytest.approx(expected.energy_eV, rel=1e-12)


class SameForAll(Meter):
    """Takes all work for equally large, whatever this process had before."""

    def measure(self, work: Callable[[], Any], device: str) -> Measured[Any]:
        return Measured(work(), 0.0, 2**20)


@pytest.mark.parametrize("name", ["gfn1-xtb", "gfn1-xtb?charge=0&spin=1"])
def test_electrons_are_not_divided(name: str) -> None:
    """Fifty atoms of a row of ammonia have an electron without a partner."""
    pytest.importorskip("tblite", reason="tblite is not installed")
    row = Atoms()
    for place in range(14):
        one = molecule("NH3")
        one.translate([4.0 * place, 0.0, 0.0])
        row += one
    assert MemoryPrediction(row, load_model(name), SameForAll()).of_force_call(row) == 2**20
