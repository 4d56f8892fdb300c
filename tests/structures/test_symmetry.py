"""Space groups: known ones are found, near ones are restored."""

import os
import warnings

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from ase.constraints import FixAtoms

from nearsight.errors import StructureError
from nearsight.structures.symmetry import space_group, symmetrize


def rattled(atoms: Atoms, seed: int = 3, amplitude_A: float = 1e-3) -> Atoms:
    moved = atoms.copy()
    moved.rattle(amplitude_A, seed=seed)
    return moved


def turned(atoms: Atoms, rotation: np.ndarray) -> Atoms:
    moved = atoms.copy()
    moved.set_cell(atoms.cell.array @ rotation, scale_atoms=True)
    return moved


def internal(atoms: Atoms) -> np.ndarray:
    """Positions without a common shift."""
    return atoms.positions - atoms.positions.mean(axis=0)


def test_known_groups_are_found(fixed_crystal: tuple[Atoms, int]) -> None:
    atoms, number = fixed_crystal
    assert space_group(atoms).number == number


def test_group_of_quartz_is_described(quartz: Atoms) -> None:
    found = space_group(quartz)
    assert (found.number, found.symbol, found.n_operations) == (152, "P3_121", 6)
    np.testing.assert_array_equal(found.equivalent_atoms, [0] * 3 + [3] * 6)


def test_tolerance_decides() -> None:
    atoms = rattled(bulk("NaCl", "rocksalt", a=5.64, cubic=True))
    exact, near = space_group(atoms), space_group(atoms, 0.01)
    assert (exact.number, exact.tolerance_A) == (1, 1e-5)
    assert (near.number, near.symbol, near.tolerance_A) == (225, "Fm-3m", 0.01)


def test_magnetic_moments_are_ignored() -> None:
    iron = bulk("Fe", "bcc", a=2.87, cubic=True)
    iron.set_initial_magnetic_moments([2.0, -2.0])
    assert space_group(iron).number == 229


def test_rattled_crystal_is_restored(fixed_crystal: tuple[Atoms, int]) -> None:
    exact, number = fixed_crystal
    atoms = rattled(exact)
    before = atoms.copy()
    result = symmetrize(atoms, 0.01)
    assert result.after.number == number
    assert space_group(result.atoms).number == number
    np.testing.assert_array_equal(result.atoms.numbers, exact.numbers)
    np.testing.assert_allclose(result.atoms.cell.array, exact.cell.array, atol=1e-10)
    np.testing.assert_allclose(internal(result.atoms), internal(exact), atol=1e-10)
    # The origin is the one that moves the atoms least: their common shift is that of the noise.
    np.testing.assert_allclose(
        result.atoms.positions.mean(axis=0), atoms.positions.mean(axis=0), atol=1e-10
    )
    moves = np.linalg.norm(result.atoms.positions - atoms.positions, axis=1)
    assert result.max_displacement_A == pytest.approx(moves.max(), abs=1e-9)
    assert atoms == before


def test_strained_cell_is_restored_to_its_mean(fixed_crystal: tuple[Atoms, int]) -> None:
    exact, number = fixed_crystal
    noise = np.random.default_rng(5).normal(scale=2e-4, size=(3, 3))
    strain = (noise + noise.T) / 2
    atoms = exact.copy()
    atoms.set_cell(exact.cell.array @ (np.eye(3) + strain), scale_atoms=True)
    result = symmetrize(atoms, 0.02)
    assert result.after.number == number
    assert result.atoms.cell.volume == pytest.approx(atoms.cell.volume, rel=1e-6)
    # No rotation: what leads from one cell to the other is a symmetric stretch.
    stretch = np.linalg.solve(atoms.cell.array, result.atoms.cell.array)
    np.testing.assert_allclose(stretch, stretch.T, atol=1e-12)
    assert result.max_strain == pytest.approx(np.abs(np.linalg.eigvalsh(stretch) - 1).max())
    assert 1e-5 < result.max_strain < 1e-3


def test_symmetrizing_commutes_with_rotation(
    fixed_crystal: tuple[Atoms, int], rotation: np.ndarray
) -> None:
    atoms = rattled(fixed_crystal[0])
    straight = symmetrize(atoms, 0.01).atoms
    result = symmetrize(turned(atoms, rotation), 0.01)
    np.testing.assert_allclose(result.atoms.positions, straight.positions @ rotation, atol=1e-9)
    np.testing.assert_allclose(result.atoms.cell.array, straight.cell.array @ rotation, atol=1e-9)
    assert result.after.number == fixed_crystal[1]


def test_symmetrizing_commutes_with_permutation(quartz: Atoms) -> None:
    atoms = rattled(quartz)
    order = np.random.default_rng(2).permutation(len(atoms))
    expected = symmetrize(atoms, 0.01).atoms.positions[order]
    np.testing.assert_allclose(symmetrize(atoms[order], 0.01).atoms.positions, expected, atol=1e-10)


def test_symmetrizing_commutes_with_lattice_translations(quartz: Atoms) -> None:
    atoms = rattled(quartz)
    shifts = np.random.default_rng(4).integers(-2, 3, size=(len(atoms), 3)) @ quartz.cell.array
    away = atoms.copy()
    away.positions += shifts
    expected = symmetrize(atoms, 0.01).atoms.positions + shifts
    np.testing.assert_allclose(symmetrize(away, 0.01).atoms.positions, expected, atol=1e-9)


def test_supercell_of_a_noisy_crystal_is_symmetrized_like_the_crystal(quartz: Atoms) -> None:
    atoms = rattled(quartz)
    expected = symmetrize(atoms, 0.01).atoms * (2, 1, 2)
    result = symmetrize(atoms * (2, 1, 2), 0.01)
    np.testing.assert_allclose(result.atoms.positions, expected.positions, atol=1e-9)
    np.testing.assert_allclose(result.atoms.cell.array, expected.cell.array, atol=1e-9)


def test_symmetric_crystal_stays_where_it_is(quartz: Atoms) -> None:
    once = symmetrize(rattled(quartz), 0.01)
    twice = symmetrize(once.atoms, 0.01)
    np.testing.assert_allclose(twice.atoms.positions, once.atoms.positions, atol=1e-10)
    assert twice.max_displacement_A < 1e-10
    assert twice.max_strain < 1e-12
    assert twice.before.number == twice.after.number == 152


def test_positions_agree_with_an_average_written_out(
    quartz: Atoms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Second route: every operation of the exact crystal, in its own cell, atom by atom."""
    import spglib

    monkeypatch.setattr("spglib.error.OLD_ERROR_HANDLING", False)
    exact = quartz.get_scaled_positions(wrap=False)
    operations = spglib.get_symmetry_dataset((quartz.cell.array, exact, quartz.numbers), 1e-5)
    atoms = rattled(quartz)
    noisy = atoms.get_scaled_positions(wrap=False)
    total = np.zeros_like(noisy)
    for turn, shift in zip(operations.rotations, operations.translations, strict=True):
        for atom in range(len(atoms)):
            target = turn @ exact[atom] + shift
            offsets = exact - target
            image = int(np.argmin(np.abs(offsets - np.round(offsets)).sum(axis=1)))
            lattice = np.round(target - exact[image])
            total[image] += turn @ noisy[atom] + shift - lattice
    expected = Atoms(quartz.numbers, cell=quartz.cell, pbc=True)
    expected.set_scaled_positions(total / len(operations.rotations))
    result = symmetrize(atoms, 0.01).atoms
    np.testing.assert_allclose(internal(result), internal(expected), atol=1e-9)


def test_constraints_do_not_hold_back_the_average() -> None:
    exact = bulk("NaCl", "rocksalt", a=5.64, cubic=True)
    atoms = rattled(exact)
    atoms.set_constraint(FixAtoms(range(8)))
    np.testing.assert_allclose(internal(symmetrize(atoms, 0.01).atoms), internal(exact), atol=1e-10)


@pytest.mark.parametrize("atoms", [molecule("H2O"), fcc111("Cu", (1, 1, 3), vacuum=5.0)])
def test_molecules_and_layers_have_no_space_group(atoms: Atoms) -> None:
    for verb in (space_group, symmetrize):
        with pytest.raises(StructureError, match="periodic in three directions"):
            verb(atoms, 0.01)


@pytest.mark.parametrize("tolerance", [0.0, -0.1, float("nan"), float("inf")])
def test_tolerance_is_a_positive_length(tolerance: float) -> None:
    with pytest.raises(StructureError, match="positive length in Å"):
        space_group(bulk("Cu"), tolerance)


def test_overlapping_atoms_are_an_error_and_no_warning() -> None:
    atoms = Atoms("Cu2", cell=[3, 3, 3], pbc=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(StructureError, match="no space group within 1e-05 Å"):
            space_group(atoms)


def test_far_too_large_tolerance_is_refused_not_followed() -> None:
    atoms = Atoms(
        "H8",
        scaled_positions=np.random.default_rng(1).random((8, 3)),
        cell=np.diag([3.0, 3.3, 3.7]),
        pbc=True,
    )
    with pytest.raises(StructureError, match="tolerance"):
        symmetrize(atoms, 2.0)


def test_error_handling_of_spglib_is_left_as_it_was() -> None:
    import spglib

    before = spglib.error.OLD_ERROR_HANDLING, os.environ.get("SPGLIB_OLD_ERROR_HANDLING")
    space_group(bulk("Cu"))
    with pytest.raises(StructureError):
        space_group(Atoms("Cu2", cell=[3, 3, 3], pbc=True))
    after = spglib.error.OLD_ERROR_HANDLING, os.environ.get("SPGLIB_OLD_ERROR_HANDLING")
    assert after == before
