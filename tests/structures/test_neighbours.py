"""Pairs within a distance, against minimum images and counting."""

import numpy as np
from ase import Atoms
from ase.build import bulk, molecule

from nearsight.structures.neighbours import neighbour_pairs


def test_shells_of_a_cubic_lattice_are_counted():
    atom = Atoms("Po", cell=3.0 * np.eye(3), pbc=True)
    for distance, expected in ((3.1, 6), (4.3, 6 + 12), (5.3, 6 + 12 + 8)):
        i, j, shifts = neighbour_pairs(atom, distance)
        assert len(i) == len(j) == expected
        assert np.linalg.norm(shifts, axis=1).max() < distance


def test_vectors_are_those_of_the_positions():
    atoms = bulk("MgO", "rocksalt", a=4.2).repeat(2)
    atoms.rattle(0.1, seed=3)
    i, j, shifts = neighbour_pairs(atoms, 4.0)
    vectors = atoms.positions[j] + shifts - atoms.positions[i]
    assert np.linalg.norm(vectors, axis=1).max() < 4.0
    # every pair is there in both directions
    ahead = {(a, b, *np.round(v, 6)) for a, b, v in zip(i, j, vectors, strict=True)}
    assert ahead == {(b, a, *np.round(-v + 0.0, 6)) for a, b, v in zip(i, j, vectors, strict=True)}


def test_a_molecule_needs_no_cell():
    water = molecule("H2O")
    i, j, shifts = neighbour_pairs(water, 1.2)
    assert sorted(zip(i.tolist(), j.tolist(), strict=True)) == [(0, 1), (0, 2), (1, 0), (2, 0)]
    assert not shifts.any()
