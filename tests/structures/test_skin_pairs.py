"""Pairs of a moving structure: those of a fresh search at every step, of few searches."""

import numpy as np
import pytest
from ase import Atoms

from nearsight.errors import MethodError, StructureError
from nearsight.structures.pairs import pairs_of
from nearsight.structures.skin_pairs import SkinPairs

CUTOFF_A, SKIN_A = 3.0, 1.0


@pytest.fixture
def agree(pairs_counted):
    """Return a function: the pairs are those of a fresh search."""

    def check(skin: SkinPairs, atoms: Atoms) -> None:
        pairs = skin.of(atoms)
        assert pairs.belong_to(atoms)
        assert pairs_counted(pairs) == pairs_counted(pairs_of(atoms, skin.cutoff_A))

    return check


@pytest.mark.parametrize("seed", range(8))
def test_a_random_walk_has_fresh_pairs_from_few_searches(seed, agree, random_solid):
    atoms, random = random_solid(seed), np.random.default_rng(seed)
    skin = SkinPairs(CUTOFF_A, SKIN_A)
    for _ in range(60):
        atoms.positions += random.normal(scale=0.02, size=atoms.positions.shape)
        agree(skin, atoms)
    # 0.02 √(3 · 60) = 0.27 Å on the whole: an atom or another may have come beyond half a skin
    assert skin.n_searches <= 2


@pytest.mark.parametrize("seed", range(8))
def test_long_walks_need_a_search_now_and_then(seed, agree, random_solid):
    atoms, random = random_solid(seed), np.random.default_rng(seed)
    skin = SkinPairs(CUTOFF_A, SKIN_A)
    for _ in range(60):
        atoms.positions += random.normal(scale=0.08, size=atoms.positions.shape)
        agree(skin, atoms)
    assert 3 <= skin.n_searches <= 20


@pytest.mark.parametrize("seed", range(8))
def test_the_cell_may_breathe_and_shear(seed, agree, random_solid):
    atoms, random = random_solid(seed), np.random.default_rng(seed)
    skin = SkinPairs(CUTOFF_A, SKIN_A)
    for _ in range(60):
        strain = random.normal(scale=0.004, size=(3, 3))  # turned as well
        atoms.set_cell(atoms.cell.array @ (np.eye(3) + strain), scale_atoms=True)
        atoms.positions += random.normal(scale=0.01, size=atoms.positions.shape)
        agree(skin, atoms)
    assert skin.n_searches <= 6


def test_a_strain_alone_is_within_the_skin_up_to_a_known_size(agree, displaced_quartz):
    # (1 - e) (cutoff + skin) = cutoff: a uniform compression by a quarter is the most
    skin = SkinPairs(CUTOFF_A, SKIN_A)
    agree(skin, displaced_quartz)
    for strain, n_searches in ((-0.249, 1), (-0.251, 2)):
        atoms = displaced_quartz.copy()
        atoms.set_cell(atoms.cell.array * (1 + strain), scale_atoms=True)
        agree(skin, atoms)
        assert skin.n_searches == n_searches


def test_half_a_skin_is_the_most_that_an_atom_may_move(agree):
    atoms = Atoms("C3", positions=[(0, 0, 0), (3.9, 0, 0), (0, 9, 0)])
    for step, n_searches in ((0.49, 1), (0.51, 2)):
        skin = SkinPairs(CUTOFF_A, SKIN_A)
        agree(skin, atoms)
        moved = atoms.copy()
        moved.positions[:2, 0] += (step, -step)
        agree(skin, moved)
        assert skin.n_searches == n_searches


@pytest.mark.parametrize("seed", range(8))
def test_atoms_may_be_carried_back_into_the_cell(seed, agree, random_solid):
    atoms, random = random_solid(seed), np.random.default_rng(seed)
    skin = SkinPairs(CUTOFF_A, SKIN_A)
    for step in range(12):
        atoms.positions += random.normal(scale=0.02, size=atoms.positions.shape)
        if step % 3 == 1:
            whole = random.integers(-2, 3, (len(atoms), 3)) * atoms.pbc
            atoms.positions += whole @ atoms.cell.array
        elif step % 3 == 2:
            atoms.wrap()
        agree(skin, atoms)
    assert skin.n_searches == 1


def test_a_common_motion_needs_no_search(agree, displaced_quartz):
    skin = SkinPairs(CUTOFF_A, SKIN_A)
    for _ in range(10):
        displaced_quartz.positions += (0.7, -0.4, 0.2)
        agree(skin, displaced_quartz)
    assert skin.n_searches == 1


def test_another_structure_is_searched_anew(agree, displaced_quartz, displaced_water):
    skin = SkinPairs(CUTOFF_A, SKIN_A)
    layer = displaced_quartz.copy()
    layer.pbc = (True, True, False)
    fewer = displaced_quartz[:-1]
    for number, atoms in enumerate((displaced_quartz, layer, fewer, displaced_water), 1):
        agree(skin, atoms)
        assert skin.n_searches == number
    # pairs know nothing of elements
    heavier = displaced_water.copy()
    heavier.numbers[0] = 16
    agree(skin, heavier)
    assert skin.n_searches == 4


def test_a_jump_is_searched_anew(agree, displaced_quartz):
    skin = SkinPairs(CUTOFF_A, SKIN_A)
    agree(skin, displaced_quartz)
    displaced_quartz.positions[[0, 5]] = displaced_quartz.positions[[5, 0]]
    agree(skin, displaced_quartz)
    assert skin.n_searches == 2


def test_another_cell_of_the_same_lattice_is_right(agree, displaced_quartz, skewed):
    skin = SkinPairs(CUTOFF_A, SKIN_A)
    agree(skin, displaced_quartz)
    agree(skin, skewed(displaced_quartz, 3))


@pytest.mark.parametrize(("lengths", "name"), [((0.0, 1.0), "cutoff_A"), ((3.0, np.nan), "skin_A")])
def test_lengths_that_are_none_are_refused(lengths, name):
    with pytest.raises(MethodError, match=f"`{name}` is a length above 0 Å"):
        SkinPairs(*lengths)


def test_an_atom_that_is_nowhere_is_named(displaced_quartz):
    skin = SkinPairs(CUTOFF_A, SKIN_A)
    skin.of(displaced_quartz)
    displaced_quartz.positions[2, 0] = np.nan
    with pytest.raises(StructureError, match="position 2 is"):
        skin.of(displaced_quartz)


def test_lengths_stay_those_of_the_candidates():
    skin = SkinPairs(CUTOFF_A, SKIN_A)
    with pytest.raises(AttributeError):
        skin.cutoff_A = 2 * CUTOFF_A


def test_without_atoms_there_are_no_pairs():
    skin = SkinPairs(CUTOFF_A, SKIN_A)
    assert [len(skin.of(Atoms()).first) for _ in range(2)] == [0, 0]
