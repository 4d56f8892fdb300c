"""Gases by name, from files, and those of a model."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from nearsight.adsorption.gases import NAMES, Gas, elements_of, gas_named, gas_of, relaxed_gas
from nearsight.errors import StructureError
from nearsight.models.engines.ase_model import AseModel
from nearsight.structures.molecules import as_framework


@pytest.mark.parametrize("name", NAMES)
def test_every_gas_is_its_formula_about_its_centre_of_mass(name: str) -> None:
    gas = gas_named(name)
    by_formula = Atoms(name)
    assert sorted(gas.atoms.numbers) == sorted(by_formula.numbers)
    np.testing.assert_allclose(gas.atoms.get_center_of_mass(), 0, atol=1e-12)
    assert not gas.atoms.pbc.any()
    assert gas.source
    assert elements_of(gas) == tuple(sorted(set(by_formula.symbols), key=_number))


def _number(symbol: str) -> int:
    return int(Atoms(symbol).numbers[0])


@pytest.mark.parametrize("name", ["CO2", "N2", "CH4", "H2O", "CO", "H2", "O2"])
def test_distances_are_near_those_of_quantum_chemistry(name: str) -> None:
    # ASE has molecules of MP2 or B3LYP.
    ours, theirs = gas_named(name).atoms, molecule(name)
    for each in (ours, theirs):
        each.set_positions(each.positions[np.argsort(each.numbers, kind="stable")])
    ours_A, theirs_A = (np.sort(each.get_all_distances().ravel()) for each in (ours, theirs))
    np.testing.assert_allclose(ours_A, theirs_A, atol=0.05)


@pytest.mark.parametrize(
    ("name", "meant"), [("co2", "CO2"), ("ch4", "CH4"), ("Xenon", "Xe"), ("C02", "CO2")]
)
def test_a_misspelt_name_is_told_what_was_meant(name: str, meant: str) -> None:
    with pytest.raises(StructureError, match=f"did you mean {meant}"):
        gas_named(name)


def test_a_file_has_the_molecule_out_of_its_box(tmp_path: Path, pair_model) -> None:
    ethane = molecule("C2H6", cell=[10] * 3, pbc=True)
    ethane.positions += 9.0
    ethane.wrap()
    ethane.write(tmp_path / "ethane.extxyz")
    gas = gas_of(str(tmp_path / "ethane.extxyz"), pair_model())
    assert gas.name == "ethane"
    assert gas.radius_A < 2.0  # it lay across the border of its box
    np.testing.assert_allclose(gas.atoms.get_center_of_mass(), 0, atol=1e-9)


def test_sites_of_a_force_field_go_before_atoms() -> None:
    pytest.importorskip("torch")
    from nearsight.models.registry import load_model

    model = load_model("forcefield:trappe")
    nitrogen = gas_of("N2", model)
    assert len(nitrogen.atoms) == 3  # the middle has a charge and no mass
    assert nitrogen.atoms.get_masses().sum() == pytest.approx(28.014, abs=0.01)
    assert len(gas_of("CH4", model).atoms) == 1
    assert len(gas_of("Ar", model).atoms) == 1  # it has none, and the name is known
    assert relaxed_gas(nitrogen, model) is nitrogen


def test_a_relaxed_gas_is_at_rest_in_the_model() -> None:
    from ase.calculators.emt import EMT

    model = AseModel(EMT())
    gas = relaxed_gas(gas_named("N2"), model, progress=False)
    [evaluation] = model.evaluate([gas.atoms])
    assert evaluation.forces_eV_per_A is not None
    assert np.abs(evaluation.forces_eV_per_A).max() < 2e-3
    assert gas.source == "relaxed by ase:emt"


def test_a_gas_without_mass_is_refused() -> None:
    with pytest.raises(StructureError, match="has no mass"):
        Gas("nothing", Atoms("X", masses=[0.0]), "")


def test_a_single_atom_feels_no_charges_of_a_framework() -> None:
    pytest.importorskip("torch")
    from nearsight.models.registry import load_model

    host = as_framework(Atoms("MgO", positions=[[0, 0, 0], [0, 0, 2.1]], cell=[9] * 3, pbc=True))
    host.set_initial_charges([1.2, -1.2])
    argon = gas_named("Ar").atoms
    sites_A = np.array([[[4.0, 4.0, 4.0]], [[3.0, 0.0, 1.0]]])
    with_charges, without = (
        load_model(name).in_host(host).energies_eV(argon, sites_A)
        for name in ("forcefield:uff?cutoff_A=9", "forcefield:uff?cutoff_A=9&coulomb=no")
    )
    assert (np.abs(without) > 1e-4).all()
    np.testing.assert_allclose(with_charges, without, atol=1e-9)
