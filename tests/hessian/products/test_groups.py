"""Groups of atoms with their surroundings: complete, and exact."""

import numpy as np
import pytest
from ase.build import bulk, graphene, molecule

from nearsight.hessian.products.groups import group_atoms

REACH_A = 4.0

STRUCTURES = {
    "crystal": bulk("MgO", "rocksalt", a=4.2).repeat(2),
    "sheared crystal": bulk("MgO", "rocksalt", a=4.2).repeat((1, 2, 3)),
    "layer": graphene(a=2.46, vacuum=None).repeat((2, 2, 1)),
    "molecule": molecule("C6H6"),
}


@pytest.fixture(params=STRUCTURES)
def structure(request):
    atoms = STRUCTURES[request.param].copy()
    if not atoms.pbc.all() and atoms.pbc.any():
        atoms.cell[2] = 0.0
    atoms.rattle(0.05, seed=4)
    atoms.positions += 7.3  # outside of the cell, too
    return atoms


@pytest.mark.parametrize("n_groups", [1, 2, 5])
def test_every_atom_is_in_one_group(structure, n_groups):
    groups = group_atoms(structure, n_groups, REACH_A)
    assert len(groups) == n_groups
    members = np.concatenate([group.parents[group.centres] for group in groups])
    assert sorted(members) == list(range(len(structure)))
    sizes = [len(group.centres) for group in groups]
    assert max(sizes) - min(sizes) <= n_groups
    for group in groups:
        assert (group.cluster.numbers == structure.numbers[group.parents]).all()
        assert not group.cluster.pbc.any()


def test_centres_have_all_their_surroundings(structure):
    for group in group_atoms(structure, 3, REACH_A):
        for centre in group.centres:
            around = group.cluster.get_distances(centre, np.arange(len(group.cluster)))
            parent = group.parents[centre]
            # every image within reach, and once
            expected = []
            images = structure.repeat(np.where(structure.pbc, 7, 1))
            middle = len(images) // len(structure) // 2 * len(structure) + parent
            expected = np.sort(images.get_distances(middle, np.arange(len(images))))
            expected = expected[expected < REACH_A]
            np.testing.assert_allclose(np.sort(around)[: len(expected)], expected, atol=1e-9)
            assert (np.sort(around)[len(expected) :] >= REACH_A).all()


def test_energies_of_the_centres_are_those_of_the_structure(pair_model, structure):
    model = pair_model()
    [whole] = model.evaluate([structure])
    for group in group_atoms(structure, 2, REACH_A):
        [part] = model.evaluate([group.cluster])
        np.testing.assert_allclose(
            part.atomic_energies_eV[group.centres],
            whole.atomic_energies_eV[group.parents[group.centres]],
            atol=1e-12,
        )
