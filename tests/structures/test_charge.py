"""A structure has one charge and one multiplicity, wherever it goes."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from nearsight.errors import StructureError
from nearsight.fingerprint import fingerprint
from nearsight.provenance import ModelIdentity
from nearsight.result_archives import atoms_from_arrays, atoms_to_arrays
from nearsight.structures import make_supercell
from nearsight.structures.charge import (
    charge_of,
    electrons_said,
    multiplicity_of,
    stated_charge,
    stated_multiplicity,
)

MODEL = ModelIdentity("m", "test", None, "float64", "cpu")


@pytest.mark.parametrize("value", [-1, np.int64(-1), -1.0, np.float32(-1)])
def test_a_whole_number_is_one_however_it_is_written(value: object) -> None:
    assert charge_of(Atoms("Cl", info={"charge": value})) == -1


def test_a_structure_that_says_nothing_is_a_neutral_singlet() -> None:
    atoms = molecule("H2O")
    assert (charge_of(atoms), multiplicity_of(atoms)) == (0, 1)
    assert (stated_charge(atoms), stated_multiplicity(atoms)) == (None, None)
    assert electrons_said(0, 1) == {}
    assert electrons_said(0, 2) == {"charge": 0, "spin": 2}


@pytest.mark.parametrize("value", [0.5, "1", True, np.True_, np.nan, np.inf, [1], 1j, {}])
def test_what_is_no_whole_number_is_named(value: object) -> None:
    with pytest.raises(StructureError, match=r"CO2 has atoms\.info\['charge'\] = "):
        charge_of(molecule("CO2", info={"charge": value}))


@pytest.mark.parametrize("value", [0, -2, 1.5])
def test_what_is_no_multiplicity_is_named(value: float) -> None:
    with pytest.raises(StructureError, match=rf"info\['spin'\] = {value}, which .* 2S \+ 1"):
        multiplicity_of(molecule("O2", info={"spin": value}))


def test_a_supercell_has_the_charges_and_unpaired_electrons_of_all_its_cells() -> None:
    cell = bulk("Cu")
    cell.info |= {"charge": -1, "spin": 2}
    supercell = make_supercell(cell, (2, 2, 1))
    assert (charge_of(supercell), multiplicity_of(supercell)) == (-4, 5)
    assert charge_of(cell) == -1
    assert make_supercell(bulk("Cu"), (2, 2, 1)).info == {}


def test_what_is_kept_in_a_file_has_them(tmp_path: Path) -> None:
    ion = molecule("OH", info={"charge": -1, "spin": 1, "note": "mine"})
    np.savez(tmp_path / "ion.npz", **atoms_to_arrays(ion))
    with np.load(tmp_path / "ion.npz") as arrays:
        assert atoms_from_arrays(arrays).info == {"charge": -1, "spin": 1}


def test_another_charge_is_another_structure() -> None:
    neutral, ion = molecule("OH"), molecule("OH", info={"charge": -1})
    before, after = (fingerprint(atoms, MODEL, {})["structure"] for atoms in (neutral, ion))
    assert before != after
    unsaid = molecule("OH", info={"note": "mine"})
    assert fingerprint(unsaid, MODEL, {})["structure"] == before
