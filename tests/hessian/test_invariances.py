"""What turning, renaming and repeating a structure must do to its Hessian."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.constraints import FixAtoms

from nearsight.errors import MethodError, StructureError
from nearsight.hessian.matrix import hessian


def test_it_turns_with_the_structure(
    pair_model: Callable[..., Any], displaced_quartz: Atoms, turn: np.ndarray
) -> None:
    turned = displaced_quartz.copy()
    turned.set_cell(turned.cell.array @ turn)
    turned.positions = turned.positions @ turn
    before = hessian(displaced_quartz, pair_model()).matrix_eV_per_A2
    after = hessian(turned, pair_model()).matrix_eV_per_A2
    assert np.abs(after - before).max() > 1
    expected = np.einsum("ia,AiBj,jb->AaBb", turn, before, turn)
    np.testing.assert_allclose(after, expected, rtol=0, atol=1e-10)


def test_it_follows_the_order_of_the_atoms(
    pair_model: Callable[..., Any], displaced_quartz: Atoms
) -> None:
    order = np.random.default_rng(2).permutation(9)
    before = hessian(displaced_quartz, pair_model()).matrix_eV_per_A2
    after = hessian(displaced_quartz[order], pair_model()).matrix_eV_per_A2
    np.testing.assert_allclose(after, before[order][:, :, order], rtol=0, atol=1e-11)


def test_it_is_symmetric_and_obeys_the_sum_rule(
    pair_model: Callable[..., Any], displaced_quartz: Atoms
) -> None:
    result = hessian(displaced_quartz, pair_model())
    assert np.abs(result.matrix_eV_per_A2).max() > 10
    assert result.asymmetry_eV_per_A2 < 1e-11
    assert result.sum_rule_eV_per_A2 < 1e-11
    square = result.symmetric()
    np.testing.assert_array_equal(square, square.T)


@pytest.mark.parametrize("repeats", [(2, 1, 1), (1, 2, 2)])
def test_blocks_of_a_supercell_add_up_to_the_folded_ones(
    pair_model: Callable[..., Any], displaced_quartz: Atoms, repeats: tuple[int, int, int]
) -> None:
    cell = hessian(displaced_quartz, pair_model()).matrix_eV_per_A2
    copies = int(np.prod(repeats))
    supercell = hessian(displaced_quartz * repeats, pair_model()).matrix_eV_per_A2
    folded = supercell.reshape(copies, 9, 3, copies, 9, 3).sum(axis=3)
    for copy in folded:
        np.testing.assert_allclose(copy, cell, rtol=0, atol=1e-10)


def test_periodic_image_of_an_atom_does_not_matter(
    pair_model: Callable[..., Any], displaced_quartz: Atoms
) -> None:
    before = hessian(displaced_quartz, pair_model()).matrix_eV_per_A2
    moved = displaced_quartz.copy()
    moved.positions += np.arange(27).reshape(9, 3) % 4 @ moved.cell.array
    after = hessian(moved, pair_model()).matrix_eV_per_A2
    np.testing.assert_allclose(after, before, rtol=0, atol=1e-10)


def test_structure_is_neither_changed_nor_kept(
    pair_model: Callable[..., Any], displaced_water: Atoms
) -> None:
    displaced_water.info["note"] = "mine"
    before = displaced_water.copy()
    result = hessian(displaced_water, pair_model())
    assert displaced_water == before
    assert result.atoms is not displaced_water
    assert (result.atoms.calc, result.atoms.constraints, result.atoms.info) == (None, [], {})
    displaced_water.positions += 1
    np.testing.assert_array_equal(result.atoms.positions, before.positions)


def test_constraints_are_refused_instead_of_spoiling_forces(
    pair_model: Callable[..., Any], displaced_water: Atoms
) -> None:
    displaced_water.set_constraint(FixAtoms([0]))
    with pytest.raises(MethodError, match="FixAtoms"):
        hessian(displaced_water, pair_model())


def test_impossible_structures_are_refused(pair_model: Callable[..., Any]) -> None:
    with pytest.raises(StructureError):
        hessian(Atoms("CO"), pair_model())
