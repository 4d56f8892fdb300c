"""How the atoms of a cell are carried onto each other: against geometry, and against spglib."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, graphene, molecule

from nearsight.errors import StructureError
from nearsight.structures.cell_symmetry import (
    CellSymmetry,
    find_cell_symmetry,
    symmetry_of_supercell,
)
from nearsight.structures.supercell import make_general_supercell, make_supercell

SKEWED = [[1, 1, 0], [-1, 1, 1], [0, -1, 2]]
LEFT_HANDED = [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
VARIANTS = ["as given", "skewed supercell", "left-handed", "wrapped elsewhere"]


def variant(atoms: Atoms, name: str) -> Atoms:
    if name == "skewed supercell":
        return make_general_supercell(atoms, SKEWED)
    changed = atoms.copy()
    if name == "left-handed":
        changed.cell = LEFT_HANDED @ atoms.cell.array
    if name == "wrapped elsewhere":
        random = np.random.default_rng(8)
        changed = changed[random.permutation(len(changed))]
        changed.positions += random.uniform(-5, 5, size=3)
        changed.wrap()
    return changed


def misfit_A(atoms: Atoms, symmetry: CellSymmetry, rotation: int, permutation: np.ndarray) -> float:
    """How far the rotated atoms are from their images, but for one translation of them all."""
    assert sorted(permutation) == list(range(len(atoms)))
    np.testing.assert_array_equal(atoms.numbers[permutation], atoms.numbers)
    apart = atoms.positions[permutation] - atoms.positions @ symmetry.rotations[rotation].T
    scaled = (apart - apart[0]) @ np.linalg.inv(atoms.cell.array)
    return float(np.abs((scaled - np.round(scaled)) @ atoms.cell.array).max())


@pytest.mark.parametrize("name", VARIANTS)
def test_every_operation_carries_the_atoms_onto_each_other(
    fixed_crystal: tuple[Atoms, int], name: str
) -> None:
    atoms = variant(fixed_crystal[0], name)
    symmetry = find_cell_symmetry(atoms, 1e-5)
    random = np.random.default_rng(1)
    for rotation in range(len(symmetry.rotations)):
        atom = int(random.integers(len(atoms)))
        own_image = symmetry.images(rotation)[symmetry.classes[atom]]
        target = int(random.choice(np.flatnonzero(symmetry.classes == own_image)))
        translation = symmetry.translation(rotation, atom, target)
        permutation = symmetry.permutation(rotation, translation)
        assert permutation[atom] == target
        assert misfit_A(atoms, symmetry, rotation, permutation) < 1e-9


@pytest.mark.parametrize("name", VARIANTS)
def test_spglib_finds_as_many_rotations_in_the_cell(
    fixed_crystal: tuple[Atoms, int], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import spglib

    monkeypatch.setattr("spglib.error.OLD_ERROR_HANDLING", False)
    atoms = variant(fixed_crystal[0], name)
    symmetry = find_cell_symmetry(atoms, 1e-5)
    cell = (atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers)
    operations = spglib.get_symmetry(cell, symprec=1e-5)["rotations"]
    in_cell = np.unique(operations.reshape(-1, 9), axis=0)
    assert len(symmetry.rotations) == len(in_cell)
    assert len(symmetry.rotations) * symmetry.n_cells == len(operations)
    basis = atoms.cell.array.T
    theirs = basis @ in_cell.reshape(-1, 3, 3) @ np.linalg.inv(basis)
    apart = np.abs(symmetry.rotations[:, np.newaxis] - theirs).max(axis=(2, 3))
    assert (apart.min(axis=1) < 1e-6).all()


def test_cell_of_lower_symmetry_keeps_the_operations_that_it_has() -> None:
    cell = bulk("NaCl", "rocksalt", a=5.64, cubic=True)
    for repeats, n_rotations in (((1, 1, 1), 48), ((2, 1, 1), 16), ((1, 2, 3), 8), ((2, 2, 2), 48)):
        symmetry = find_cell_symmetry(make_supercell(cell, repeats), 1e-5)
        assert len(symmetry.rotations) == n_rotations
        assert symmetry.n_cells == 4 * np.prod(repeats)
        # the group of the crystal is that of the infinite one
        assert len(symmetry.operations.rotations) == 48


def test_operations_of_a_skewed_cell_form_a_group(quartz: Atoms) -> None:
    atoms = make_general_supercell(quartz, [[1, 0, 0], [0, 1, 0], [0, 0, 2]])
    symmetry = find_cell_symmetry(atoms, 1e-5)
    n_rotations = len(symmetry.rotations)
    assert (n_rotations, symmetry.n_cells) == (6, 2)
    nothing = np.zeros(3, dtype=np.int64)
    along_c = np.linalg.inv(symmetry.cell_in_primitive)[2]
    shifts = [nothing, np.round(along_c * 2).astype(np.int64)]
    members = {
        tuple(symmetry.permutation(rotation, nothing)[symmetry.permutation(0, shift)])
        for rotation in range(n_rotations)
        for shift in shifts
    }
    products = {tuple(np.array(a)[list(b)]) for a in members for b in members}
    assert products == members


def test_translations_only_repeat_the_primitive_cell(quartz: Atoms) -> None:
    atoms = make_general_supercell(quartz, SKEWED)
    symmetry = find_cell_symmetry(atoms, 1e-5, "translations")
    n_cells = round(np.linalg.det(SKEWED))
    assert (len(symmetry.rotations), symmetry.n_cells) == (1, n_cells)
    np.testing.assert_allclose(symmetry.rotations[0], np.eye(3), rtol=0, atol=1e-14)
    np.testing.assert_array_equal(np.bincount(symmetry.classes), 9 * [n_cells])
    np.testing.assert_array_equal(np.sort(symmetry.first_of_class), np.arange(9))
    for atom in range(len(atoms)):
        first = int(symmetry.first_of_class[symmetry.classes[atom]])
        permutation = symmetry.permutation(0, symmetry.translation(0, first, atom))
        assert permutation[first] == atom
        assert misfit_A(atoms, symmetry, 0, permutation) < 1e-9


def test_proper_operations_are_those_without_mirror_images(
    fixed_crystal: tuple[Atoms, int], quartz: Atoms
) -> None:
    atoms, _ = fixed_crystal
    every, proper = (find_cell_symmetry(atoms, 1e-5, kept) for kept in ("all", "proper"))
    np.testing.assert_allclose(np.linalg.det(proper.rotations), 1.0, atol=1e-9)
    # each of these crystals has a centre of inversion, quartz is one hand of two
    assert 2 * len(proper.rotations) == len(every.rotations)
    assert len(find_cell_symmetry(quartz, 1e-5, "proper").rotations) == 6
    for rotation in range(len(proper.rotations)):
        target = int(np.flatnonzero(proper.classes == proper.images(rotation)[0])[0])
        translation = proper.translation(rotation, int(proper.first_of_class[0]), target)
        permutation = proper.permutation(rotation, translation)
        assert misfit_A(atoms, proper, rotation, permutation) < 1e-9


@pytest.mark.parametrize("matrix", [np.diag([2, 1, 3]), np.array(SKEWED)])
def test_known_translations_are_those_that_a_search_finds(
    quartz: Atoms, matrix: np.ndarray
) -> None:
    atoms = make_general_supercell(quartz, matrix)
    known = symmetry_of_supercell(quartz, atoms, matrix)
    found = find_cell_symmetry(atoms, 1e-5, "translations")
    np.testing.assert_array_equal(known.first_of_class, np.arange(9))
    for atom in range(len(atoms)):
        first = int(known.classes[atom])
        np.testing.assert_array_equal(
            known.permutation(0, known.translation(0, first, atom)),
            found.permutation(0, found.translation(0, first, atom)),
        )


def test_translations_of_a_layer_are_known_without_a_search() -> None:
    layer = graphene(a=2.46)  # without a third cell vector
    matrix = np.array([[2, 1, 0], [-1, 2, 0], [0, 0, 1]])
    atoms = make_general_supercell(layer, matrix)
    symmetry = symmetry_of_supercell(layer, atoms, matrix)
    assert symmetry.n_cells == 5
    for atom in range(len(atoms)):
        permutation = symmetry.permutation(0, symmetry.translation(0, atom % 2, atom))
        assert permutation[atom % 2] == atom
        apart = atoms.positions[permutation] - atoms.positions
        shift = atoms.positions[atom] - atoms.positions[atom % 2]
        scaled = np.linalg.lstsq(atoms.cell.array.T, (apart - shift).T)[0].T
        np.testing.assert_allclose(scaled, np.round(scaled), atol=1e-9)


def test_turning_the_crystal_turns_the_operations(quartz: Atoms, rotation: np.ndarray) -> None:
    turned = quartz.copy()
    turned.set_cell(quartz.cell.array @ rotation, scale_atoms=True)
    before, after = find_cell_symmetry(quartz, 1e-5), find_cell_symmetry(turned, 1e-5)
    expected = rotation.T @ before.rotations @ rotation
    apart = np.abs(after.rotations[:, np.newaxis] - expected).max(axis=(2, 3))
    same = np.argmin(apart, axis=1)  # spglib lists them in another order
    assert sorted(same) == list(range(6))
    assert (apart.min(axis=1) < 1e-9).all()
    for index, other in enumerate(same.tolist()):
        target = int(np.flatnonzero(after.classes == after.images(index)[after.classes[4]])[0])
        ours = after.permutation(index, after.translation(index, 4, target))
        theirs = before.permutation(other, before.translation(other, 4, target))
        np.testing.assert_array_equal(ours, theirs)


def test_lattice_that_does_not_carry_the_atoms_onto_each_other_is_refused(quartz: Atoms) -> None:
    matrix = np.diag([2, 1, 1])
    atoms = make_general_supercell(quartz, matrix)
    atoms.positions[9] -= quartz.cell.array[0]  # the copy of atom 0 comes to lie on atom 0
    with pytest.raises(StructureError, match="does not carry the atoms onto each other"):
        symmetry_of_supercell(quartz, atoms, matrix)


def test_molecules_have_no_cell_symmetry() -> None:
    with pytest.raises(StructureError, match="periodic in three directions"):
        find_cell_symmetry(molecule("H2O"), 1e-5)
