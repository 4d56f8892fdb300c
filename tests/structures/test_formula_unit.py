"""What a mole is a mole of."""

import pytest
from ase import Atoms
from ase.build import bulk, graphene, molecule

from nearsight.structures.formula_unit import formula_unit
from nearsight.structures.pieces import CONTACT_A, find_pieces


def unit_of(atoms: Atoms) -> tuple[str, int]:
    return formula_unit(atoms, find_pieces(atoms, CONTACT_A))


def test_crystals_are_reduced_and_supercells_hold_more(quartz: Atoms) -> None:
    assert unit_of(quartz) == ("O2Si", 3)
    assert unit_of(quartz.repeat((2, 1, 1))) == ("O2Si", 6)
    assert unit_of(bulk("Cu", cubic=True)) == ("Cu", 4)
    assert unit_of(graphene()) == ("C", 2)


@pytest.mark.parametrize(("name", "formula"), [("C6H6", "C6H6"), ("H2O2", "H2O2"), ("N2", "N2")])
def test_a_molecule_is_its_own_also_in_a_box(name: str, formula: str) -> None:
    alone = molecule(name)
    assert unit_of(alone) == (formula, 1)
    alone.center(vacuum=4.0)
    alone.pbc = True
    alone.positions += 5.0
    alone.wrap()
    assert unit_of(alone) == (formula, 1)
    assert unit_of(alone * (1, 2, 1)) == (formula, 2)


def test_different_molecules_are_one_composition() -> None:
    both = Atoms("N2CO", positions=[(4, 4, 1), (4, 4, 2), (4, 4, 8), (4, 4, 9)])
    both.cell, both.pbc = (9, 10, 15), True
    assert unit_of(both) == ("CN2O", 1)
