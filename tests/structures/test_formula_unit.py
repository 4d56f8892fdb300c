"""What a mole is a mole of."""

import pytest
from ase import Atoms
from ase.build import bulk, graphene, molecule

from nearsight.structures.formula_unit import formula_unit


def test_crystals_are_reduced_and_supercells_hold_more(quartz: Atoms) -> None:
    assert formula_unit(quartz) == ("O2Si", 3)
    assert formula_unit(quartz.repeat((2, 1, 1))) == ("O2Si", 6)
    assert formula_unit(bulk("Cu", cubic=True)) == ("Cu", 4)
    assert formula_unit(graphene()) == ("C", 2)


@pytest.mark.parametrize(("name", "formula"), [("C6H6", "C6H6"), ("H2O2", "H2O2"), ("N2", "N2")])
def test_a_molecule_is_its_own(name: str, formula: str) -> None:
    assert formula_unit(molecule(name)) == (formula, 1)
