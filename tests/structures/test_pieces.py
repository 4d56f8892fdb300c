"""What pairs connect, and molecules that leave their boxes."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule

from nearsight.errors import StructureError
from nearsight.structures.pieces import find_pieces, whole_molecule


def boxed(name: str, box: object = (11.0, 12.0, 13.0), seed: int = 0) -> Atoms:
    """A molecule turned and put across the boundary of an oblique box."""
    random = np.random.default_rng(seed)
    atoms = molecule(name)
    atoms.rotate(float(random.uniform(0, 360)), random.normal(size=3))
    atoms.cell = np.diag(box) + np.tril(random.uniform(-2, 2, (3, 3)), -1)
    atoms.pbc = True
    atoms.positions += random.uniform(-20, 20, 3)
    atoms.wrap()
    return atoms


def wire(axis: int = 2) -> Atoms:
    cell = np.full(3, 12.0)
    cell[axis] = 2.5
    return Atoms("Cu", cell=cell, pbc=True)


def slab(wide: int = 1) -> Atoms:
    atoms = fcc111("Cu", (wide, wide, 3), vacuum=8.0)
    atoms.pbc = True
    return atoms


@pytest.mark.parametrize(
    ("atoms", "ranks", "name"),
    [
        (bulk("Cu"), (3,), "a crystal"),
        (slab(), (2,), "a layer"),
        (wire(), (1,), "a chain"),
        (wire(0) * (2, 1, 1), (1,), "a chain"),
        (Atoms("Ar", cell=[9.0] * 3, pbc=True), (0,), "a molecule"),
        (boxed("H2O"), (0,), "a molecule"),
        (boxed("N2") * (1, 1, 2), (0, 0), "2 molecules"),
        (slab(3) + Atoms("Ar", positions=[(0, 0, 0.5)]), (0, 2), "a molecule and a layer"),
    ],
)
def test_pieces_go_on_in_as_many_directions_as_pairs_lead_to_images(
    atoms: Atoms, ranks: tuple[int, ...], name: str
) -> None:
    pieces = find_pieces(atoms, 4.0)
    assert tuple(sorted(pieces.ranks)) == ranks
    assert str(pieces) == name
    assert pieces.connected == (ranks == (3,))
    assert pieces.molecular == (max(ranks) == 0)


@pytest.mark.parametrize("seed", range(6))
def test_pieces_do_not_depend_on_the_cell(skewed: object, seed: int) -> None:
    for atoms in (bulk("Cu"), wire(), boxed("CH3OH", seed=seed)):
        oblique = skewed(atoms, seed)
        assert find_pieces(oblique, 4.0).ranks == find_pieces(atoms, 4.0).ranks


def test_a_chain_along_a_diagonal_of_its_cell() -> None:
    chain = Atoms("Cu", cell=[[1.3, 9, 0], [1.3, -9, 0], [0, 0, 20]], pbc=True)
    pieces = find_pieces(chain, 3.0)
    assert pieces.ranks == (1,)
    np.testing.assert_array_equal(np.abs(pieces.lattices[0]), [[1, 1, 0]])


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", ["N2", "H2O", "C6H6", "CH3CH2OH"])
def test_molecule_leaves_its_box_whole(name: str, seed: int) -> None:
    atoms = boxed(name, (9.5, 10.0, 11.0), seed)
    found = whole_molecule(atoms)
    assert not found.pbc.any()
    assert not found.cell.array.any()
    np.testing.assert_array_equal(found.numbers, atoms.numbers)
    np.testing.assert_allclose(
        found.get_all_distances(), molecule(name).get_all_distances(), atol=1e-9
    )
    assert atoms.pbc.all()


def test_box_may_be_tight_as_long_as_bonds_are_shorter() -> None:
    atoms = boxed("H2O", (3.0, 3.1, 3.2))
    np.testing.assert_allclose(
        whole_molecule(atoms).get_all_distances(), molecule("H2O").get_all_distances(), atol=1e-9
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_crystal_that_shakes_is_no_molecule(seed: int) -> None:
    atoms = bulk("Cu", cubic=True)
    atoms.rattle(0.05, seed=seed)
    with pytest.raises(StructureError, match="is no molecule in a box"):
        whole_molecule(atoms)


def test_a_molecule_without_a_box_stays_as_it_is() -> None:
    np.testing.assert_array_equal(
        whole_molecule(molecule("H2O")).positions, molecule("H2O").positions
    )
    alone = whole_molecule(Atoms("Ar", positions=[(1, 2, 3)], cell=[9.0] * 3, pbc=True))
    np.testing.assert_array_equal(alone.positions, [(1, 2, 3)])


@pytest.mark.parametrize(
    ("atoms", "message"),
    [
        (boxed("N2") * (1, 1, 2), "holds 2 molecules, more than 4 Å apart"),
        (slab(), "is no molecule in a box"),
        (wire(), "its images are 2.50 Å away"),
        (bulk("NaCl", "rocksalt", a=5.64), "is no molecule in a box"),
        (slab(3) + Atoms("Ar", positions=[(0, 0, 0.5)]), "holds a molecule and a layer"),
    ],
)
def test_what_is_not_one_molecule_is_refused(atoms: Atoms, message: str) -> None:
    with pytest.raises(StructureError, match=message):
        whole_molecule(atoms)
