"""Operations: they form the group, and their averages are projections."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nearsight.structures.operations import find_operations


def test_operations_map_the_crystal_onto_itself(fixed_crystal: tuple[Atoms, int]) -> None:
    atoms, _ = fixed_crystal
    operations = find_operations(atoms, 1e-5)
    primitive = operations.cell_in_lattice @ atoms.cell.array
    turns = operations.cartesian_rotations(atoms.cell.array)
    np.testing.assert_allclose(
        turns @ np.swapaxes(turns, 1, 2), np.broadcast_to(np.eye(3), turns.shape), atol=1e-9
    )
    for turn, shift in zip(turns, operations.translations @ primitive, strict=True):
        images = atoms.positions @ turn.T + shift
        offsets = (images[:, None] - atoms.positions[None]) @ np.linalg.inv(primitive)
        onto = np.abs(offsets - np.round(offsets)).max(axis=2) < 1e-6
        same_element = atoms.numbers[:, None] == atoms.numbers[None]
        assert (onto & same_element).any(axis=1).all()


def test_rotations_form_a_group(quartz: Atoms) -> None:
    rotations = find_operations(quartz, 1e-5).rotations
    members = {turn.tobytes() for turn in rotations}
    assert len(members) == 6
    assert {(a @ b).tobytes() for a in rotations for b in rotations} == members


def test_supercell_keeps_all_operations_of_the_crystal() -> None:
    cubic = find_operations(bulk("NaCl", "rocksalt", a=5.64, cubic=True) * (2, 1, 1), 1e-5)
    assert len(cubic.rotations) == 48
    assert cubic.images.shape == (48, 2)
    np.testing.assert_array_equal(np.bincount(cubic.classes), [8, 8])


def test_averages_are_orthogonal_projections(quartz: Atoms) -> None:
    atoms = quartz * (2, 1, 1)
    operations = find_operations(atoms, 1e-5)
    cell = atoms.cell.array
    rng = np.random.default_rng(9)
    vectors = rng.normal(size=(len(atoms), 3))
    average = operations.average_vectors(vectors, cell)
    np.testing.assert_allclose(operations.average_vectors(average, cell), average, atol=1e-12)
    assert np.sum((vectors - average) * average) == pytest.approx(0.0, abs=1e-12)
    assert 0.1 < np.linalg.norm(average) < np.linalg.norm(vectors)
    tensor = rng.normal(size=(3, 3))
    tensor += tensor.T
    mean = operations.average_tensor(tensor, cell)
    np.testing.assert_allclose(operations.average_tensor(mean, cell), mean, atol=1e-12)
    assert np.sum((tensor - mean) * mean) == pytest.approx(0.0, abs=1e-12)


def test_cubic_tensor_is_isotropic_and_a_centred_site_feels_no_force() -> None:
    atoms = bulk("NaCl", "rocksalt", a=5.64)
    operations = find_operations(atoms, 1e-5)
    rng = np.random.default_rng(10)
    tensor = rng.normal(size=(3, 3))
    mean = operations.average_tensor(tensor, atoms.cell.array)
    np.testing.assert_allclose(mean, np.trace(tensor) / 3 * np.eye(3), atol=1e-12)
    vectors = operations.average_vectors(rng.normal(size=(2, 3)), atoms.cell.array)
    np.testing.assert_allclose(vectors, 0.0, atol=1e-12)


def test_invariant_vectors_move_atoms_without_breaking_the_group(quartz: Atoms) -> None:
    operations = find_operations(quartz, 1e-5)
    vectors = np.random.default_rng(12).normal(scale=0.05, size=(len(quartz), 3))
    moved = quartz.positions + operations.average_vectors(vectors, quartz.cell.array)
    scaled = quartz.cell.scaled_positions(moved)
    np.testing.assert_allclose(operations.average_coordinates(scaled), scaled, atol=1e-10)


def test_hexagonal_tensor_has_two_components(quartz: Atoms) -> None:
    tensor = np.diag([1.0, 2.0, 5.0]) + 0.3
    mean = find_operations(quartz, 1e-5).average_tensor(tensor, quartz.cell.array)
    np.testing.assert_allclose(mean, np.diag([1.8, 1.8, 5.3]), atol=1e-12)
