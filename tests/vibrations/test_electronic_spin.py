"""Spins that electrons can have, and what models have computed."""

import pytest
from ase.build import molecule

from nearsight.errors import MethodError
from nearsight.models import load_model
from nearsight.models.families import FAMILIES
from nearsight.models.sums import SumModel
from nearsight.provenance import ModelIdentity
from nearsight.vibrations.electronic_spin import possible_spin

NETWORK = ModelIdentity("a-network", "sevennet", None, "float64", "cpu")


def of(family, **options):
    return ModelIdentity("a model", family, None, "float64", "cpu", options)


@pytest.mark.parametrize(
    ("name", "spins"),
    [("H2O", (0, 1, 2)), ("NO", (0.5, 1.5)), ("O2", (0, 1)), ("H", (0.5,)), ("H2", (0, 1))],
)
def test_an_even_number_of_electrons_has_whole_spins_and_an_odd_one_halves(name, spins):
    atoms = molecule(name)
    for doubled in range(2 * len(atoms.numbers) * 10):
        spin = doubled / 2
        fits = spin % 1 == spins[0] % 1 and 2 * spin <= atoms.numbers.sum()
        if fits:
            assert possible_spin(atoms, NETWORK, spin, None) == spin
        else:
            with pytest.raises(MethodError, match=f"possible are {spins[0]:g}"):
                possible_spin(atoms, NETWORK, spin, None)
    assert all(possible_spin(atoms, NETWORK, spin, None) == spin for spin in spins)


def test_the_charge_decides_with_it():
    assert possible_spin(molecule("NO"), NETWORK, None, 1) == 0.0
    with pytest.raises(MethodError, match="with charge -1 has 11 electrons"):
        possible_spin(molecule("H2O"), NETWORK, None, -1)
    with pytest.raises(MethodError, match=r"has 0 electrons, .* possible are 0:"):
        possible_spin(molecule("H2"), NETWORK, 1, 2)


@pytest.mark.parametrize("family", ["tblite", "pyscf", "orb", "fairchem"])
def test_a_method_with_electrons_has_computed_one_spin(family):
    triplet = of(family, charge=0, spin=3)
    assert possible_spin(molecule("O2"), triplet, None, None) == 1.0
    with pytest.raises(MethodError, match="`spin` 0 is the multiplicity 1, but a model has"):
        possible_spin(molecule("O2"), triplet, 0, None)
    with pytest.raises(MethodError, match="`charge` is 1, but a model has computed 0"):
        possible_spin(molecule("O2"), triplet, None, 1)
    assert possible_spin(molecule("NO"), of(family, charge=1, spin=1), None, None) == 0.0


def test_tasks_without_spin_and_calculators_of_ase_say_nothing():
    assert (
        possible_spin(molecule("O2"), of("fairchem", task="omat", charge=0, spin=0), 1, None) == 1
    )
    assert possible_spin(molecule("O2"), of("ase", spin=7, charge=1), 1, None) == 1
    assert possible_spin(molecule("O2"), of("read"), None, None) == 0


@pytest.mark.skipif(FAMILIES["tblite"].obstacle is not None, reason="needs tblite")
def test_loaded_models_say_it_in_sums_too():
    model = load_model("gfn2-xtb?charge=1&spin=2")
    for identity in (model.identity, SumModel([load_model("ase:emt"), model]).identity):
        assert possible_spin(molecule("H2O"), identity, None, None) == 0.5
        with pytest.raises(MethodError, match="has computed 2"):
            possible_spin(molecule("H2O"), identity, 1.5, None)


@pytest.mark.parametrize("spin", [-0.5, 0.3])
def test_a_spin_is_a_multiple_of_one_half(spin):
    with pytest.raises(MethodError, match="give a multiple of one half"):
        possible_spin(molecule("H2O"), NETWORK, spin, None)
