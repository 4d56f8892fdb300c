"""Charges of frameworks by electronegativity equilibration."""

import sys
from importlib import metadata

import numpy as np
import pytest

pytest.importorskip("torch", reason="force fields need PyTorch")
pytest.importorskip("dftd4", reason="charges by EEQ need dftd4")

from ase import Atoms
from ase.build import bulk, molecule
from dftd4.interface import DispersionModel

from frameworks import sodalite
from nearsight.adsorption.settings import InsertionSettings
from nearsight.announcing import quietly
from nearsight.errors import ModelError
from nearsight.models.families.forcefield.equilibration import equilibrated_charges_e
from nearsight.models.families.forcefield.model import ForceFieldModel
from nearsight.models.registry import load_model
from nearsight.records.widom_record import WidomRecord
from nearsight.structures.molecules import as_framework
from nearsight.units import BOHR_IN_A
from nearsight.workflows import WidomSettings, widom

MADELUNG = {"rocksalt": 1.747565, "cesiumchloride": 1.762675, "zincblende": 1.638055}
NEAREST = {"rocksalt": 1 / 2, "cesiumchloride": np.sqrt(3) / 2, "zincblende": np.sqrt(3) / 4}


def load(options: str) -> ForceFieldModel:
    model = load_model(f"forcefield:trappe+uff?{options}")
    assert isinstance(model, ForceFieldModel)
    return model


def crooked() -> Atoms:
    """Return a crystal without any symmetry."""
    cell = np.array([[6.2, 0.0, 0.0], [1.1, 7.6, 0.0], [-0.8, 2.4, 8.1]])
    fractions = [(0.1, 0.1, 0.1), (0.4, 0.15, 0.0), (0.03, 0.37, 0.97), (0.6, 0.6, 0.6)]
    return Atoms("MgOCH", scaled_positions=fractions, cell=cell, pbc=True)


def with_carbon_dioxide(framework: Atoms, model: ForceFieldModel) -> Atoms:
    guest = model.molecule("CO2")
    guest.positions += np.array([0.3, 0.2, 0.4]) @ framework.cell.array
    return as_framework(framework) + guest


@pytest.mark.parametrize("structure", MADELUNG)
def test_ions_that_are_far_apart_have_the_charge_of_the_madelung_sum(structure: str) -> None:
    """E = Δχ q + (J - 2M/r) q²/2 of each pair makes 1/q linear in M/r, in every lattice alike."""
    inverse = {}
    for name, distance_A in (("rocksalt", 8.0), ("rocksalt", 16.0), (structure, 10.0)):
        crystal = bulk("NaCl", name, distance_A / NEAREST[name])
        charges = equilibrated_charges_e(crystal)
        assert charges.sum() == pytest.approx(0, abs=1e-12)
        inverse[name, distance_A] = 1 / charges[0]
    near, far = MADELUNG["rocksalt"] / 8.0, MADELUNG["rocksalt"] / 16.0
    slope = (inverse["rocksalt", 8.0] - inverse["rocksalt", 16.0]) / (near - far)
    expected = inverse["rocksalt", 16.0] + slope * (MADELUNG[structure] / 10.0 - far)
    assert abs(slope) > 1
    assert inverse[structure, 10.0] == pytest.approx(expected, rel=2e-4)


def test_a_molecule_in_a_large_box_has_the_charges_of_the_direct_sum() -> None:
    benzene = molecule("C6H6", vacuum=12.0, pbc=True)
    alone = DispersionModel(benzene.numbers, benzene.positions / BOHR_IN_A)
    expected = alone.get_properties()["partial charges"]
    assert np.abs(expected).min() > 0.05
    assert equilibrated_charges_e(benzene) == pytest.approx(expected, abs=2e-4)


def test_charges_go_with_the_crystal_and_not_with_how_it_is_written() -> None:
    crystal = crooked()
    charges = equilibrated_charges_e(crystal)
    assert np.ptp(charges) > 0.5
    turned = crystal.copy()
    turned.rotate(37, (1, 2, 3), rotate_cell=True)
    moved = crystal.copy()
    moved.positions += [1.3, -2.2, 30.7]
    sheared = crystal.copy()
    sheared.set_cell([[1, 0, 0], [-2, 1, 0], [1, 1, 1]] @ crystal.cell.array)
    for other in (turned, moved, sheared):
        assert equilibrated_charges_e(other) == pytest.approx(charges, abs=1e-9)
    order = [2, 0, 3, 1]
    assert equilibrated_charges_e(crystal[order]) == pytest.approx(charges[order], abs=1e-9)
    supercell = equilibrated_charges_e(crystal * (1, 3, 2))
    assert supercell == pytest.approx(np.tile(charges, 6), abs=1e-9)


def test_atoms_that_symmetry_makes_alike_have_one_charge() -> None:
    framework = sodalite()
    charges = equilibrated_charges_e(framework)
    of_silicon = charges[framework.symbols == "Si"]
    assert np.ptp(of_silicon) < 1e-6
    assert charges[framework.symbols == "O"] == pytest.approx(-of_silicon[0] / 2, abs=1e-6)
    assert of_silicon[0] > 0.3
    assert equilibrated_charges_e(bulk("Ar", "fcc", 5.3)) == pytest.approx(0, abs=1e-12)


def test_the_framework_has_them_and_guests_keep_their_own() -> None:
    model, by_structure = load("charges=eeq"), load("charges=structure")
    framework = sodalite()
    loaded = with_carbon_dioxide(framework, model)
    charged = framework.copy()
    charged.set_initial_charges(equilibrated_charges_e(framework))
    expected = by_structure.evaluate([with_carbon_dioxide(charged, model)])[0].energy_eV
    energy = model.evaluate([loaded])[0].energy_eV
    assert energy == pytest.approx(expected, abs=1e-10)
    uncharged = load("coulomb=no").evaluate([loaded])[0].energy_eV
    assert abs(energy - uncharged) > 1e-3
    guest = loaded[len(framework) :]
    host_field = model.in_host(as_framework(framework))
    assert host_field.energies_eV(guest, guest.positions[np.newaxis])[0] == pytest.approx(
        by_structure.in_host(as_framework(charged)).energies_eV(guest, guest.positions[np.newaxis])[
            0
        ],
        abs=1e-10,
    )


def test_the_identity_names_method_library_and_version() -> None:
    options = load("charges=eeq").identity.options
    assert options["charges"] == "eeq"
    assert options["charges_by"] == f"dftd4 {metadata.version('dftd4')}"
    assert "charges_by" not in load("charges=structure").identity.options
    assert "10.1063/1.5090222" in str(load("charges=eeq").facts.citation)


def record_of(framework: Atoms) -> WidomRecord:
    asked = InsertionSettings(gas="CO2", temperatures_K=(313.0,), insertions=256)
    with quietly():
        return widom(framework, load("charges=eeq"), WidomSettings(insertion=asked), progress=False)


def test_charges_of_the_file_are_replaced_which_is_said() -> None:
    framework = sodalite()
    without = record_of(framework)
    framework.set_initial_charges(np.where(framework.symbols == "Si", 2.0, -1.0))
    replaced = record_of(framework)
    assert replaced.henry == without.henry
    codes = [{remark.code for remark in record.warnings} for record in (without, replaced)]
    assert all("charges-equilibrated" in each for each in codes)
    assert ["charges-replaced" in each for each in codes] == [False, True]
    assert not load("charges=structure").remarks_on_host(framework)


@pytest.mark.parametrize(
    ("framework", "said"),
    [
        (molecule("H2O"), "periodic in three directions, and H2O is not"),
        (Atoms("RfO", [[0, 0, 0], [0, 0, 2]], cell=[5] * 3, pbc=True), "no parameters for Rf of"),
        (Atoms("XO", [[0, 0, 0], [0, 0, 2]], cell=[5] * 3, pbc=True), "no parameters for X of"),
        (Atoms("MgO", [[0, 0, 0], [0, 0, 0]], cell=[5] * 3, pbc=True), "failed: Too close"),
    ],
)
def test_what_has_no_such_charges_is_refused(framework: Atoms, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        equilibrated_charges_e(framework)


def test_atoms_that_are_no_framework_get_none_silently() -> None:
    crystal = sodalite()
    crystal.set_initial_charges(np.where(crystal.symbols == "Si", 2.0, -1.0))
    with pytest.raises(ModelError, match="rigid framework"):
        load("charges=eeq").evaluate([crystal])


def test_without_the_library_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dftd4.interface", None)
    with pytest.raises(ModelError, match=r"nearsight\[charges\]"):
        load("charges=eeq")
    assert load("charges=eeq&coulomb=no").force_field.treatment.charges == "eeq"
