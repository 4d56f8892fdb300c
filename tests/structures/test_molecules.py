"""Which atoms are one molecule, in cells that cut them and in supercells."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import write
from scipy.spatial.distance import pdist

from nearsight.errors import StructureError
from nearsight.result_archives import atoms_from_arrays, atoms_to_arrays
from nearsight.structures import read_structure
from nearsight.structures.molecules import (
    as_framework,
    molecule_images,
    molecules_of,
    site_types_of,
    unique_image_radius_A,
)
from nearsight.structures.supercell import make_general_supercell, make_supercell

CELL = np.array([[7.0, 0.0, 0.0], [2.0, 7.5, 0.0], [-1.5, 2.5, 8.0]])


def water(*places: tuple[float, float, float]) -> Atoms:
    """Return molecules, wrapped into the cell, whose first atoms are at fractional places."""
    atoms = Atoms(cell=CELL, pbc=True)
    for number, place in enumerate(places, start=1):
        one = Atoms("OHH", [[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]])
        one.rotate(70 * number, (1, 2, 3))
        one.positions += np.array(place) @ CELL
        one.set_array("molecule", np.full(3, number))
        atoms += one
    atoms.wrap()
    return atoms


def test_structures_without_the_arrays_are_single_atoms() -> None:
    atoms = Atoms("CO", [[0, 0, 0], [0, 0, 1.1]])
    assert molecules_of(atoms).tolist() == [0, 0]
    assert site_types_of(atoms) == ("", "")
    guest = atoms.copy()
    guest.set_array("molecule", np.ones(2, dtype=int))
    guest.set_array("site_type", np.array(["C_gas", "O_gas"]))
    both = atoms + guest
    assert molecules_of(both).tolist() == [0, 0, 1, 1]
    assert site_types_of(both) == ("", "", "C_gas", "O_gas")
    assert molecules_of(as_framework(atoms) + guest).tolist() == [-1, -1, 1, 1]


@pytest.mark.parametrize("numbers", [[0.5, 1.0], [-2, 1], ["a", "b"]])
def test_other_numbers_are_refused(numbers: list[object]) -> None:
    atoms = Atoms("CO", [[0, 0, 0], [0, 0, 1.1]])
    atoms.set_array("molecule", np.array(numbers))
    with pytest.raises(StructureError, match="-1 for the rigid framework, 0 for single atoms"):
        molecules_of(atoms)


def test_images_make_molecules_whole() -> None:
    atoms = water((0.02, 0.97, 0.5), (0.99, 0.01, 0.98))
    images = molecule_images(atoms)
    assert images.any()
    whole = atoms.positions + images @ CELL
    for first in (0, 3):
        lengths = np.linalg.norm(whole[first + 1 : first + 3] - whole[first], axis=1)
        assert lengths == pytest.approx([0.96, np.hypot(0.24, 0.93)])


@pytest.mark.parametrize("matrix", [(2, 2, 2), [[1, 1, 0], [0, 2, 1], [-1, 0, 2]]])
def test_molecules_of_a_supercell_are_whole(matrix: object) -> None:
    """Every copy is one molecule, with the distances of one, and no number is used twice."""
    atoms = water((0.02, 0.97, 0.5), (0.99, 0.01, 0.98))
    large = make_general_supercell(atoms, matrix)
    n_cells = len(large) // len(atoms)
    numbers, counts = np.unique(large.arrays["molecule"], return_counts=True)
    assert numbers.tolist() == list(range(1, 2 * n_cells + 1))
    assert set(counts) == {3}
    whole = large.positions + molecule_images(large) @ large.cell.array
    expected = sorted(pdist(Atoms("OHH", [[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]]).positions))
    for number in numbers:
        members = large.arrays["molecule"] == number
        assert sorted(large.numbers[members]) == [1, 1, 8]
        assert sorted(pdist(whole[members])) == pytest.approx(expected)


def test_frameworks_and_single_atoms_stay_so_in_supercells() -> None:
    host = as_framework(Atoms("Si", [[1, 1, 1]], cell=CELL, pbc=True))
    large = make_supercell(host + Atoms("He", [[4, 4, 4]]), (1, 2, 1))
    assert large.arrays["molecule"].tolist() == [-1, 0, -1, 0]
    assert "molecule" not in make_supercell(Atoms("He", cell=CELL, pbc=True), (2, 1, 1)).arrays


@pytest.mark.parametrize("repeats", [(2, 1, 1), (3, 1, 1), (1, 1, 4)])
def test_a_number_that_was_repeated_is_noticed(repeats: tuple[int, int, int]) -> None:
    atoms = Atoms("He", cell=CELL, pbc=True)
    atoms.set_array("molecule", np.array([5]))
    molecule_images(atoms)
    with pytest.raises(StructureError, match=r"molecule 5 of .* has its number twice"):
        molecule_images(atoms.repeat(repeats))


def test_no_place_has_two_images_within_the_radius() -> None:
    radius = unique_image_radius_A(Atoms(cell=CELL, pbc=True))
    lattice = np.array([n @ CELL for n in np.ndindex(5, 5, 5) if any(n)]) - 2 * CELL.sum(axis=0)
    lengths = np.linalg.norm(lattice, axis=1)
    assert radius == pytest.approx(lengths[lengths > 0].min() / 2)
    assert unique_image_radius_A(Atoms("He")) == np.inf


def test_files_and_archives_keep_molecules_and_types(tmp_path: Path) -> None:
    atoms = water((0.1, 0.2, 0.3), (0.6, 0.5, 0.7))
    atoms.set_array("site_type", np.array(["O_w", "H_w", "H_w"] * 2))
    write(tmp_path / "water.extxyz", atoms)
    for again in (
        read_structure(tmp_path / "water.extxyz"),
        atoms_from_arrays(atoms_to_arrays(atoms)),
    ):
        assert molecules_of(again).tolist() == [1, 1, 1, 2, 2, 2]
        assert site_types_of(again) == ("O_w", "H_w", "H_w") * 2
    arrays = atoms_to_arrays(atoms)
    with pytest.raises(ValueError, match="“site_type” is not one name for each atom"):
        atoms_from_arrays(arrays | {"site_type": np.zeros(6)})
    with pytest.raises(ValueError, match="“molecule” is 2 of"):
        atoms_from_arrays(arrays | {"molecule": np.zeros(2)})
