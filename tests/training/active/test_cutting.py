"""Fragments of a crystal that moves."""

import numpy as np
import pytest

from nearsight.errors import StructureError
from nearsight.structures.fragments import cut_fragment
from nearsight.structures.groups import find_groups
from nearsight.testing.structures import mof5
from nearsight.training.active.cutting import Cutter

RADIUS_A = 4.359
CRYSTAL = mof5()
CUTTER = Cutter(CRYSTAL, RADIUS_A)


def test_the_fragments_of_the_paper() -> None:
    """M. Herbold and J. Behler, Phys. Chem. Chem. Phys. 2023, 25, 12979: 59 and 42 atoms."""
    sizes = [(len(each.atoms), each.n_central) for each in CUTTER.at_rest()]
    assert sorted(sizes) == [(42, 11), (59, 17)]


def test_at_rest_it_is_the_fragment_of_the_radius() -> None:
    for site in (0, 30, 100):
        expected = cut_fragment(find_groups(CRYSTAL), site, radius_A=RADIUS_A)
        cut = CUTTER.cut(CRYSTAL, site)
        assert cut.atoms.numbers.tolist() == expected.atoms.numbers.tolist()
        np.testing.assert_allclose(cut.atoms.positions, expected.atoms.positions, atol=1e-12)


def test_it_is_the_same_molecule_wherever_atoms_have_moved() -> None:
    rng = np.random.default_rng(1)
    moved = CRYSTAL.copy()
    moved.set_cell(1.03 * moved.cell.array, scale_atoms=True)
    moved.positions += rng.normal(scale=0.15, size=moved.positions.shape)
    moved.positions += (30.0, -9.0, 4.0)
    for site in (0, 50):
        at_rest, cut = CUTTER.cut(CRYSTAL, site), CUTTER.cut(moved, site)
        np.testing.assert_array_equal(cut.parents, at_rest.parents)
        kept = slice(0, cut.n_kept)
        places = moved.positions[cut.parents] + cut.images @ moved.cell.array
        np.testing.assert_allclose(cut.atoms.positions[kept], places[kept], atol=1e-12)
        lengths = np.linalg.norm(
            cut.atoms.positions[cut.n_kept :] - cut.atoms.positions[cut.anchors], axis=1
        )
        at_first = np.linalg.norm(
            at_rest.atoms.positions[cut.n_kept :] - at_rest.atoms.positions[cut.anchors], axis=1
        )
        np.testing.assert_allclose(lengths, at_first, atol=1e-9)


def test_equivalent_atoms_are_of_one_kind() -> None:
    kinds = CUTTER.kinds
    assert len(np.unique(kinds)) == 7
    assert (CRYSTAL.numbers[kinds] == CRYSTAL.numbers).all()


def test_another_structure_is_refused() -> None:
    with pytest.raises(StructureError, match="has not the atoms"):
        CUTTER.cut(CRYSTAL[::-1], 0)


def test_noise_of_coordinates_makes_no_kinds() -> None:
    noisy = CRYSTAL.copy()
    noisy.rattle(0.002, seed=1)
    cutter = Cutter(noisy, RADIUS_A)
    np.testing.assert_array_equal(cutter.kinds, CUTTER.kinds)
    sizes = [(len(each.atoms), each.n_central) for each in cutter.at_rest()]
    assert sorted(sizes) == [(42, 11), (59, 17)]


def test_each_kind_has_its_fragment() -> None:
    fragments = CUTTER.of_kinds()
    assert [each.parents[each.site] for each in fragments] == np.unique(CUTTER.kinds).tolist()
    assert all(each.central[each.site] for each in fragments)
