from collections.abc import Callable
from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule

from nearsight.errors import StorageError, StructureError
from nearsight.structures.fragment_extension import extend_fragment
from nearsight.structures.fragment_files import read_fragment, write_fragment
from nearsight.structures.fragment_sets import (
    covering_fragments,
    merge_equivalent,
    site_classes,
)
from nearsight.structures.fragments import Fragment, cut_fragment
from nearsight.structures.groups import find_groups

Build = Callable[..., Atoms]


def test_two_fragments_cover_mof5(framework: Build) -> None:
    atoms = framework("MOF-5")
    found = covering_fragments(find_groups(atoms), 4.359)
    formulas = sorted(fragment.atoms.get_chemical_formula() for fragment in found)
    assert formulas == ["C13H10O15Zn4", "C24H18O13Zn4"]


@pytest.mark.parametrize("name", ["MOF-5", "COF-1", "UiO-66"])
def test_every_kind_of_site_is_central_somewhere(framework: Build, name: str) -> None:
    atoms = framework(name)
    classes = site_classes(atoms)
    found = covering_fragments(find_groups(atoms), 4.4)
    assert len(found) > 1
    central = np.concatenate([fragment.parents[fragment.central] for fragment in found])
    assert set(classes[central]) == set(classes)
    # none is superfluous
    for left_out in range(len(found)):
        others = [f.parents[f.central] for k, f in enumerate(found) if k != left_out]
        assert set(classes[np.concatenate(others)]) != set(classes)


def test_long_chain_needs_one_fragment_for_its_middle(alkane: Build) -> None:
    few, more = (covering_fragments(find_groups(alkane(n)), 4.0) for n in (16, 24))
    assert len(few) == len(more) <= 3


def test_a_site_is_central_also_where_images_are_at_the_very_radius() -> None:
    """Distances of both searches differ in the last digit, with the tolerance of the radius."""
    water = molecule("H2O", cell=[8.726, 10.026, 10.826], pbc=True)
    water.positions += np.array([2.707, 1.499, 2.233]) - water.positions[0]
    groups = find_groups(water)
    for site in range(3):
        fragment = cut_fragment(groups, site, radius_A=8.725)
        assert fragment.central[fragment.site]
    covering = covering_fragments(groups, 8.725)
    assert {0, 1} <= {int(atom) for each in covering for atom in each.parents[each.central]}


def test_sites_of_benzene_and_its_mirror_images() -> None:
    atoms = molecule("C6H6")
    assert len(set(site_classes(atoms))) == 2
    atoms.rattle(0.05, seed=2)
    assert len(set(site_classes(atoms))) == 12


def test_sites_of_a_crystal_are_its_orbits(framework: Build) -> None:
    # Zn, two O, three C, H
    assert len(set(site_classes(framework("MOF-5")))) == 7
    layer = framework("COF-1")
    layer.pbc = (True, True, False)
    # the same orbits from distances: B, O, two C, H
    assert len(set(site_classes(layer))) == len(set(site_classes(framework("COF-1")))) == 5


def test_equivalent_sites_give_one_fragment(framework: Build) -> None:
    atoms = framework("MOF-5")
    groups = find_groups(atoms)
    zinc = np.flatnonzero(atoms.symbols == "Zn")
    fragments = [cut_fragment(groups, int(site), radius_A=4.359) for site in zinc]
    assert len(fragments) == 8
    assert len(merge_equivalent(fragments)) == 1


@pytest.fixture
def fragment(framework: Build) -> Fragment:
    return cut_fragment(find_groups(framework("MOF-5")), 0, radius_A=5.0)


def _require_same(one: Fragment, other: Fragment) -> None:
    assert one.atoms.numbers.tolist() == other.atoms.numbers.tolist()
    assert np.abs(one.atoms.positions - other.atoms.positions).max() < 1e-7
    for name in ("parents", "images", "anchors", "central"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist()
        assert getattr(one, name).dtype == getattr(other, name).dtype
    for name in ("site", "n_caps", "radius_A", "charge", "multiplicity", "groups", "reasons"):
        assert getattr(one, name) == getattr(other, name)


def test_files_keep_everything(fragment: Fragment, tmp_path: Path) -> None:
    write_fragment(tmp_path / "one.extxyz", fragment, parent="mof5.cif")
    _require_same(fragment, read_fragment(tmp_path / "one.extxyz"))
    plain = ase.io.read(tmp_path / "one.extxyz")
    assert plain.info["charge"] == 0
    assert plain.info["parent_structure"] == "mof5.cif"
    assert not plain.pbc.any()


def test_files_keep_a_fragment_without_caps_or_radius(tmp_path: Path) -> None:
    fragment = cut_fragment(find_groups(molecule("H2O")), 1, shells=0)
    write_fragment(tmp_path / "water.extxyz", fragment)
    _require_same(fragment, read_fragment(tmp_path / "water.extxyz"))


def test_files_keep_charges(tmp_path: Path) -> None:
    ammonium = molecule("NH3")
    ammonium = ammonium + Atoms("H", [ammonium.positions[0] + (0, 0, 1.02)])
    groups = find_groups(Atoms(ammonium.symbols, ammonium.positions, info={"charge": 1}))
    fragment = cut_fragment(groups, 0, radius_A=3.0)
    assert (fragment.charge, fragment.multiplicity) == (1, 1)
    write_fragment(tmp_path / "ammonium.extxyz", fragment)
    _require_same(fragment, read_fragment(tmp_path / "ammonium.extxyz"))


def test_other_files_are_refused(tmp_path: Path) -> None:
    ase.io.write(tmp_path / "water.extxyz", molecule("H2O"))
    with pytest.raises(StructureError, match="no fragment"):
        read_fragment(tmp_path / "water.extxyz")
    with pytest.raises(StructureError, match="does not exist"):
        read_fragment(tmp_path / "nothing.extxyz")


def test_folder_must_exist(fragment: Fragment, tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        write_fragment(tmp_path / "missing" / "one.extxyz", fragment)


def test_extension_completes_the_node_of_mof5(framework: Build) -> None:
    # M. Herbold, J. Behler, Phys. Chem. Chem. Phys. 25, 12979 (2023): 98 atoms become 107
    groups = find_groups(framework("MOF-5"))
    fragment = cut_fragment(groups, 0, radius_A=8.718)
    extended = extend_fragment(groups, fragment)
    assert len(fragment.atoms) == 98
    assert extended.atoms.get_chemical_formula() == "C48H30O25Zn4"
    assert extended.n_central > fragment.n_central
    assert set(fragment.groups) < set(extended.groups)
    # the site stays, and all that was central
    assert extended.parents[extended.site] == fragment.parents[fragment.site]
    assert extend_fragment(groups, extended).groups == extended.groups


def test_extension_needs_a_radius_and_a_crystal(framework: Build) -> None:
    groups = find_groups(framework("MOF-5"))
    with pytest.raises(StructureError, match="cut it by a radius"):
        extend_fragment(groups, cut_fragment(groups, 0, shells=1))
    molecule_groups = find_groups(molecule("C6H6"))
    with pytest.raises(StructureError):
        extend_fragment(molecule_groups, cut_fragment(molecule_groups, 0, radius_A=3.0))
