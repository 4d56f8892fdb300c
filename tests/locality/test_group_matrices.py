"""Group matrices: the sum-rule identity, and a force that vanishes where they do not."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from nearsight.errors import StructureError
from nearsight.hessian.matrix import hessian
from nearsight.locality.group_matrices import (
    atoms_not_shared,
    effective_group_matrix,
    group_matrix,
)


def capped_ethanol() -> tuple[Atoms, Atoms]:
    """Return ethanol and what is left of it without OH: ethane, its new H where O pointed."""
    ethanol = molecule("CH3CH2OH")
    symbols = ethanol.get_chemical_symbols()
    oxygen = symbols.index("O")
    distances = ethanol.get_all_distances()
    hydroxyl = min(
        (atom for atom, symbol in enumerate(symbols) if symbol == "H"),
        key=lambda atom: distances[oxygen, atom],
    )
    carbon = min(
        (atom for atom, symbol in enumerate(symbols) if symbol == "C"),
        key=lambda atom: distances[oxygen, atom],
    )
    along = ethanol.positions[oxygen] - ethanol.positions[carbon]
    cap = ethanol.positions[carbon] + 1.05 * along / np.linalg.norm(along)
    kept = ethanol[[atom for atom in range(len(ethanol)) if atom not in {oxygen, hydroxyl}]]
    return ethanol, kept + Atoms("H", [cap])


def test_what_is_not_shared_are_the_group_and_its_cap():
    whole, fragment = capped_ethanol()
    removed, caps = atoms_not_shared(whole, fragment)
    assert sorted(whole.symbols[removed]) == ["H", "O"]
    assert caps.tolist() == [len(fragment) - 1]


def test_the_effective_matrix_is_the_change_of_what_is_kept(pair_model):
    """By the translational sum rule of both; each side is computed from other blocks."""
    whole, fragment = capped_ethanol()
    removed, caps = atoms_not_shared(whole, fragment)
    of_whole = hessian(whole, pair_model(), "rows").matrix_eV_per_A2
    of_fragment = hessian(fragment, pair_model(), "rows").matrix_eV_per_A2
    shared_in_whole = np.setdiff1d(np.arange(len(whole)), removed)
    shared_in_fragment = np.setdiff1d(np.arange(len(fragment)), caps)
    for here, there in zip(shared_in_whole, shared_in_fragment, strict=True):
        matrix = effective_group_matrix(of_whole[here], removed, of_fragment[there], caps)
        kept = of_fragment[there][:, shared_in_fragment].sum(axis=1)
        kept -= of_whole[here][:, shared_in_whole].sum(axis=1)
        np.testing.assert_allclose(matrix, kept, atol=1e-11)
    assert np.linalg.norm(matrix) > 1e-4  # there is something to compare


def test_the_matrix_of_everything_else_is_the_negative_of_the_site(displaced_water, pair_model):
    rows = hessian(displaced_water, pair_model(), "rows").matrix_eV_per_A2[0]
    np.testing.assert_allclose(group_matrix(rows, [1, 2]), -rows[:, 0], atol=1e-12)


def test_carbon_of_co2_feels_no_force_of_its_oxygens_and_a_group_matrix(pair_model):
    """By symmetry: their forces cancel, and a force says nothing about what is felt."""
    co2 = molecule("CO2")
    [evaluation] = pair_model().evaluate([co2])
    np.testing.assert_allclose(evaluation.forces_eV_per_A[0], 0.0, atol=1e-12)
    rows = hessian(co2, pair_model(), "rows").matrix_eV_per_A2[0]
    assert np.linalg.norm(group_matrix(rows, [1, 2])) > 1.0


def test_structures_that_share_nothing_are_refused():
    whole, fragment = capped_ethanol()
    moved = fragment.copy()
    moved.positions += 0.5
    with pytest.raises(StructureError, match="share no atom"):
        atoms_not_shared(whole, moved)
    fragment.numbers[0] = 14
    with pytest.raises(StructureError, match="another element"):
        atoms_not_shared(whole, fragment)
