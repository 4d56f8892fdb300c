from collections.abc import Callable

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from nearsight.errors import StructureError
from nearsight.structures.bonds import find_bonds
from nearsight.structures.rings import ring_bonds

Framework = Callable[[str], Atoms]


def _lengths(atoms: Atoms) -> dict[str, list[float]]:
    bonds = find_bonds(atoms)
    found: dict[str, list[float]] = {}
    for bond, i, j, _ in bonds.each():
        pair = "-".join(sorted((atoms.symbols[i], atoms.symbols[j])))
        found.setdefault(pair, []).append(float(bonds.lengths_A[bond]))
    return found


@pytest.mark.parametrize(
    ("name", "pair", "per_metal", "published_A"),
    [
        # X-ray distances; Zn-O of both kinds within 0.03 Å of each other
        ("MOF-5 conventional", "O-Zn", 4, 1.94),
        ("UiO-66", "O-Zr", 8, 2.17),
        ("HKUST-1", "Cu-O", 4, 1.95),
        ("HKUST-1", "Cu-Cu", 0.5, 2.63),
    ],
)
def test_metals_are_coordinated_as_published(
    framework: Framework, name: str, pair: str, per_metal: float, published_A: float
) -> None:
    atoms = framework(name)
    lengths = _lengths(atoms)[pair]
    n_metals = (atoms.numbers > 20).sum()
    assert len(lengths) == per_metal * n_metals
    assert np.mean(lengths) == pytest.approx(published_A, abs=0.03)


@pytest.mark.parametrize("name", ["MOF-5", "UiO-66", "HKUST-1", "COF-1"])
def test_valences_are_those_of_chemistry(framework: Framework, name: str) -> None:
    bonds = find_bonds(framework(name))
    counts = [len(around) for around in bonds.covalent]
    for atom, count in enumerate(counts):
        symbol = bonds.atoms.symbols[atom]
        assert count == {"H": 1, "C": 3, "B": 3}.get(symbol, count)
        assert count <= {"O": 2}.get(symbol, 3)


def test_every_image_is_its_own_bond(framework: Framework) -> None:
    bonds = find_bonds(framework("copper"))
    # one atom, twelve neighbours, all of them itself
    assert len(bonds) == 6
    assert len(bonds.metallic[0]) == 12
    assert len({image for _, image, _ in bonds.metallic[0]}) == 12


@pytest.mark.parametrize(
    ("name", "n_ring_bonds"),
    [("C6H6", 6), ("bicyclobutane", 5), ("cyclobutane", 4), ("C2H6", 0), ("C5H8", 6)],
)
def test_rings_are_found(name: str, n_ring_bonds: int) -> None:
    # C5H8 is spiropentane, two rings that share an atom
    assert len(ring_bonds(find_bonds(molecule(name)))) == n_ring_bonds


def test_chain_that_closes_on_its_image_is_no_ring() -> None:
    # a cell of two CH2: from an atom one comes back to its image, but not to itself
    chain = Atoms("C2", [(0, 0, 0), (1.27, 0.85, 0)], cell=[2.54, 9, 9], pbc=(True, False, False))
    bonds = find_bonds(chain)
    assert len(bonds) == 2
    assert ring_bonds(bonds) == set()


def test_disordered_atoms_are_refused() -> None:
    atoms = molecule("C6H6")
    twin = Atoms("C", [atoms.positions[0] + (0.6, 0.2, 0.2)])
    with pytest.raises(StructureError, match="shorter than any bond"):
        find_bonds(atoms + twin)


def test_overlapping_atoms_are_refused() -> None:
    atoms = molecule("C6H6")
    with pytest.raises(StructureError, match="closer than"):
        find_bonds(atoms + Atoms("C", [atoms.positions[0] + (0.1, 0, 0)]))


def test_hydrogen_is_not_bonded_to_a_metal_nearby() -> None:
    water = molecule("H2O")
    metal = Atoms("Mg", [water.positions[0] + (0, 0, 2.0)])
    bonds = find_bonds(water + metal)
    assert [len(bonds.metallic[atom]) for atom in range(4)] == [1, 0, 0, 1]
