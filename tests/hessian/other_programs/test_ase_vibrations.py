"""ASE's own file, written by ASE."""

from pathlib import Path

import numpy as np
import pytest
from ase.build import molecule
from ase.calculators.emt import EMT
from ase.vibrations import Vibrations, VibrationsData
from numpy.testing import assert_allclose

from nearsight.errors import CheckpointError, StructureError
from nearsight.hessian.other_programs import read_hessian
from nearsight.units import HBAR_OMEGA_IN_EV
from nearsight.vibrations import vibrations


@pytest.fixture
def water(tmp_path: Path) -> VibrationsData:
    """Water with a deuterium, by ASE's differences of EMT."""
    atoms = molecule("H2O")
    atoms.set_masses([15.999, 1.008, 2.014])
    atoms.calc = EMT()
    found = Vibrations(atoms, name=str(tmp_path / "cache"))
    found.run()
    return found.get_vibrations()


def test_wavenumbers_are_those_of_ase(water: VibrationsData, tmp_path: Path) -> None:
    water.write(tmp_path / "water.json")
    found = read_hessian(tmp_path / "water.json")
    assert_allclose(found.atoms.get_masses(), [15.999, 1.008, 2.014])
    assert_allclose(found.matrix_eV_per_A2, water.get_hessian(), rtol=0, atol=0)
    unprojected = vibrations(found).unprojected_eigenvalues_eV_per_A2_amu
    squares = np.sort((water.get_energies() ** 2).real)
    assert squares[-1] > 0.2
    # ASE's constants are those of 2014, and differ by 3e-7.
    assert_allclose(HBAR_OMEGA_IN_EV**2 * unprojected, squares, rtol=1e-6, atol=1e-10)


def test_what_was_saved_for_ase_comes_back(water: VibrationsData, tmp_path: Path) -> None:
    water.write(tmp_path / "water.json")
    found = read_hessian(tmp_path / "water.json")
    found.to_ase().write(tmp_path / "again.json")
    again = read_hessian(tmp_path / "again.json")
    assert_allclose(again.symmetric(), found.symmetric(), rtol=0, atol=1e-14)


def test_rows_of_some_atoms_are_not_enough(water: VibrationsData, tmp_path: Path) -> None:
    part = VibrationsData(water.get_atoms(), water.get_hessian()[1:, :, 1:], indices=[1, 2])
    part.write(tmp_path / "part.json")
    with pytest.raises(StructureError, match="rows of 2 of its 3 atoms"):
        read_hessian(tmp_path / "part.json")


def test_what_is_cut_off_is_refused(water: VibrationsData, tmp_path: Path) -> None:
    water.write(tmp_path / "water.json")
    whole = (tmp_path / "water.json").read_text()
    (tmp_path / "water.json").write_text(whole[: whole.index('"hessian"') + 100])
    with pytest.raises(CheckpointError, match="cut off or damaged"):
        read_hessian(tmp_path / "water.json")
