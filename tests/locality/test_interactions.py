"""Interactions against dense Hessians, and what they say about ranges."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from nearsight.errors import CheckpointError, StructureError
from nearsight.hessian import read_hessian
from nearsight.hessian.force_constants import force_constants
from nearsight.hessian.matrix import hessian
from nearsight.locality.interactions import (
    Interactions,
    interactions,
    interactions_of,
)

DATA = Path(__file__).parents[1] / "data"


def test_rows_of_sites_are_those_of_the_dense_hessian(displaced_water, pair_model):
    dense = hessian(displaced_water, pair_model(), "rows").matrix_eV_per_A2
    found = interactions(displaced_water, pair_model(), [2, 0], method="rows")
    np.testing.assert_allclose(found.blocks_eV_per_A2, dense[[2, 0]], atol=1e-12)
    norms = np.sqrt((dense[[2, 0]] ** 2).sum(axis=(1, 3)))
    np.testing.assert_allclose(found.norms_eV_per_A2, norms, atol=1e-12)
    assert found.rows_needed == found.rows_computed == 6


def test_a_site_of_a_crystal_needs_only_its_irreducible_rows(mgo, pair_model):
    found = interactions(mgo, pair_model(), [1], supercell=(3, 3, 3), method="rows")
    constants = force_constants(mgo, pair_model(), (3, 3, 3), method="rows")
    assert found.rows_needed == 1
    np.testing.assert_allclose(found.blocks_eV_per_A2[0], constants.values_eV_per_A2[1], atol=1e-10)


def test_force_constants_and_hessians_hold_the_same_interactions(mgo, pair_model):
    constants = force_constants(mgo, pair_model(), (3, 3, 3), method="rows")
    dense = hessian(constants.supercell, pair_model(), "rows", row_symmetry_A=None)
    by_constants, by_hessian = interactions_of(constants), interactions_of(dense, [0, 1])
    np.testing.assert_allclose(by_constants.norms_eV_per_A2, by_hessian.norms_eV_per_A2, atol=1e-10)
    np.testing.assert_allclose(by_constants.distances_A, by_hessian.distances_A)


def test_norms_do_not_turn_with_the_structure(displaced_water, pair_model, turn):
    turned = Atoms(displaced_water.numbers, positions=displaced_water.positions @ turn)
    here = interactions(displaced_water, pair_model(), [1], method="rows")
    there = interactions(turned, pair_model(), [1], method="rows")
    np.testing.assert_allclose(here.norms_eV_per_A2, there.norms_eV_per_A2, atol=1e-10)


def test_nothing_is_felt_beyond_twice_the_receptive_field(pair_model):
    """For a pair potential h_AB with B ≠ A vanishes beyond the cutoff already."""
    crystal = bulk("MgO", "rocksalt", a=4.25)
    found = interactions(crystal, pair_model(), supercell=(4, 4, 4), method="rows")
    assert found.distances_A.max() > 6.0
    beyond = found.distances_A > 4.0
    assert found.norms_eV_per_A2[beyond].max() == 0.0
    assert found.norms_eV_per_A2[(found.distances_A > 0.1) & ~beyond].min() > 0.0


def test_ranges_of_element_pairs_are_those_of_the_farthest_pair_felt(mgo, pair_model):
    found = interactions(mgo, pair_model(), [0], supercell=(4, 4, 4), method="rows")
    by_pair = {each.elements: each for each in found.ranges(0.1)}
    assert set(by_pair) == {("Mg", "Mg"), ("Mg", "O")}
    symbols = np.array(found.atoms.get_chemical_symbols())
    felt = (found.norms_eV_per_A2[0] >= 0.1) & (symbols == "O")
    assert by_pair["Mg", "O"].range_A == pytest.approx(found.distances_A[0, felt].max())
    assert by_pair["Mg", "O"].strongest_eV_per_A2 == pytest.approx(
        found.norms_eV_per_A2[0, symbols == "O"].max()
    )
    assert all(each.range_A == 0.0 for each in found.ranges(1e6))


def test_decay_holds_the_largest_of_each_shell(displaced_water, pair_model):
    found = interactions(displaced_water, pair_model(), [0], method="rows")
    middles, largest = found.decay(0, width_A=0.5)
    np.testing.assert_allclose(middles, [1.25])  # both O-H bonds are 1.0 to 1.5 Å long here
    assert largest[0] == found.norms_eV_per_A2[0, 1:].max()


def test_by_default_there_is_one_site_of_each_kind(alpha_quartz, pair_model):
    assert interactions(alpha_quartz, pair_model(), method="rows").sites.tolist() == [0, 3]


def test_saved_and_loaded_it_is_the_same(displaced_water, pair_model, tmp_path):
    found = interactions(displaced_water, pair_model(), [1], method="rows")
    found.save(tmp_path / "one.npz")
    loaded = Interactions.load(tmp_path / "one.npz")
    np.testing.assert_array_equal(loaded.blocks_eV_per_A2, found.blocks_eV_per_A2)
    assert loaded.provenance == found.provenance
    assert loaded.sites.tolist() == [1]
    hessian(displaced_water, pair_model()).save(tmp_path / "two.npz")
    with pytest.raises(CheckpointError, match="not a 'interactions'"):
        Interactions.load(tmp_path / "two.npz")


@pytest.mark.parametrize("site", [-1, 3])
def test_a_site_out_of_range_is_named(displaced_water, pair_model, site):
    with pytest.raises(StructureError, match=rf"no atom {site} in H2O.* from 0 to 2"):
        interactions(displaced_water, pair_model(), [site])


def test_no_site_and_sites_without_rows_are_refused(mgo, pair_model):
    with pytest.raises(StructureError, match="at least one site"):
        interactions(mgo, pair_model(), [])
    constants = force_constants(mgo, pair_model(), (2, 2, 2), method="rows")
    with pytest.raises(StructureError, match=r"rows of atoms \[0, 1\] only, not of \[5\]"):
        interactions_of(constants, [5])


def test_a_molecule_is_not_repeated(pair_model):
    with pytest.raises(StructureError, match="not periodic"):
        interactions(molecule("CO2"), pair_model(), [0], supercell=(2, 1, 1))


def test_a_hessian_of_another_program_is_taken():
    """CH3ClF- by ORCA: the bonds are felt most, and the sum rule holds within printed digits."""
    hessian = read_hessian(DATA / "molecular_hessians" / "ch3clf_transition_state.hess")
    found = interactions_of(hessian)
    carbon = hessian.atoms.get_chemical_symbols().index("C")
    hydrogen = hessian.atoms.numbers == 1
    others = ~hydrogen & (np.arange(len(hessian.atoms)) != carbon)
    norms = found.norms_eV_per_A2[carbon]
    assert norms[hydrogen].min() > norms[others].max()  # bonds that stay, and one that moves
    np.testing.assert_allclose(found.blocks_eV_per_A2.sum(axis=2), 0.0, atol=0.2)
    ranges = {each.elements: each.range_A for each in found.ranges()}
    assert ranges["C", "H"] == pytest.approx(found.distances_A[carbon, hydrogen].max())
