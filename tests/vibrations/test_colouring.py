"""Colours of atoms: what must be apart is apart, and their number does not grow."""

import numpy as np
import pytest
from ase.build import bulk, molecule

from nearsight.errors import MethodError
from nearsight.vibrations.colouring import colour_atoms


@pytest.mark.parametrize("radius_A", [2.5, 4.0, 5.0])
def test_atoms_of_one_colour_are_far_apart(radius_A):
    atoms = bulk("MgO", "rocksalt", a=4.2, cubic=True).repeat(3)
    atoms.rattle(0.2, seed=5)
    colours = colour_atoms(atoms, radius_A)
    distances = atoms.get_all_distances(mic=True)
    same = colours[:, np.newaxis] == colours
    np.fill_diagonal(same, False)
    assert same.any()
    assert distances[same].min() > radius_A
    assert set(colours) == set(range(colours.max() + 1))


def test_number_of_colours_does_not_grow_with_the_solid():
    cell = bulk("MgO", "rocksalt", a=4.2, cubic=True)
    small, large = (colour_atoms(cell.repeat(n), 4.0).max() + 1 for n in (3, 6))
    assert large <= 1.2 * small


def test_a_molecule_smaller_than_the_radius_has_a_colour_for_each_atom():
    assert sorted(colour_atoms(molecule("CH4"), 20.0)) == [0, 1, 2, 3, 4]


def test_radius_beyond_half_the_cell_is_refused():
    cell = bulk("MgO", "rocksalt", a=4.2, cubic=True)
    with pytest.raises(MethodError, match=r"more than half the width of the cell, 4\.20 Å.*dense"):
        colour_atoms(cell, 2.2)
    assert len(colour_atoms(cell, 2.05)) == 8


@pytest.mark.parametrize("radius_A", [0.0, -1.0, np.nan, np.inf])
def test_radius_without_meaning_is_refused(radius_A):
    with pytest.raises(MethodError, match="`radius_A` is a positive length"):
        colour_atoms(molecule("CH4"), radius_A)
