from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from ase import Atoms
from ase.build import make_supercell, molecule

from nearsight.errors import StructureError
from nearsight.structures.caps import DEFAULT_CAP_LENGTHS_A
from nearsight.structures.fragment_sets import site_classes
from nearsight.structures.fragments import Fragment, cut_fragment, shrinking_fragments
from nearsight.structures.groups import Groups, find_groups

Build = Callable[..., Atoms]


def _first(atoms: Atoms, symbol: str, *bonded: str) -> int:
    """Return the first atom of an element that has neighbours of these elements within 1.6 Å."""
    distances = atoms.get_all_distances(mic=bool(atoms.pbc.any()))
    for atom in np.flatnonzero(atoms.symbols == symbol):
        near = set(atoms.symbols[(distances[atom] < 1.6) & (distances[atom] > 0.1)])
        if set(bonded) <= near:
            return int(atom)
    raise AssertionError("there is none")


@pytest.fixture
def mof5(framework: Build) -> Groups:
    return find_groups(framework("MOF-5"))


def _ipso(atoms: Atoms) -> int:
    """Return a ring carbon atom that has no hydrogen, bonded to a carboxylate."""
    distances = atoms.get_all_distances(mic=True)
    near = (distances < 1.6) & (distances > 0.1)
    for atom in np.flatnonzero(atoms.symbols == "C"):
        if Counter(atoms.symbols[near[atom]]) == {"C": 3}:
            return int(atom)
    raise AssertionError("there is none")


@pytest.mark.parametrize("scale", [1.0, 1.0135])
def test_fragments_of_mof5_are_the_published_ones(framework: Build, scale: float) -> None:
    # M. Herbold, J. Behler, Phys. Chem. Chem. Phys. 25, 12979 (2023): R = 4.359 Å; at 8.718 Å
    # 98 and 146 atoms, of which 8 and, in a cell as long as RPBE's, 12 are central
    atoms = framework("MOF-5")
    atoms.set_cell(scale * atoms.cell, scale_atoms=True)
    groups = find_groups(atoms)
    zinc, ipso = _first(atoms, "Zn"), _ipso(atoms)
    found = [
        (len(fragment.atoms), fragment.n_central)
        for radius in (4.359, 8.718)
        for fragment in (cut_fragment(groups, site, radius_A=radius) for site in (zinc, ipso))
    ]
    assert found == [(59, 17), (42, 11), (98, 8), (146, 10 if scale == 1.0 else 12)]


def test_node_brings_its_carboxylates_as_formates(mof5: Groups) -> None:
    oxo = next(
        int(atom)
        for group, members in enumerate(mof5.members)
        if mof5.kinds[group] == "metal node"
        for atom in members
        if mof5.atoms.symbols[atom] == "O"
    )
    fragment = cut_fragment(mof5, oxo, shells=0)
    assert fragment.atoms.get_chemical_formula() == "C6H6O13Zn4"
    assert fragment.n_caps == 6
    assert (fragment.charge, fragment.multiplicity) == (0, 1)
    assert "Zn +2" in fragment.reasons[0]
    assert not fragment.central.any()
    assert fragment.radius_A is None


def test_carboxylate_without_its_metal_is_an_acid(mof5: Groups) -> None:
    ring = _first(mof5.atoms, "H", "C")
    fragment = cut_fragment(mof5, ring, shells=1)
    assert fragment.atoms.get_chemical_formula() == "C8H6O4"
    distances = fragment.atoms.get_all_distances()
    oxygen = fragment.atoms.symbols == "O"
    hydroxyl = (distances < 1.0)[oxygen].sum(axis=1) == 2
    assert hydroxyl.sum() == 2
    # one for each carboxylate, bonded to different carbon atoms
    carbon = {
        int(np.argmin(np.where(fragment.atoms.symbols == "C", distances[atom], np.inf)))
        for atom in np.flatnonzero(oxygen)[hydroxyl]
    }
    assert len(carbon) == 2


def _require_caps_along_bonds(groups: Groups, fragment: Fragment) -> None:
    cell = groups.atoms.cell.array
    for cap in range(fragment.n_kept, len(fragment.atoms)):
        anchor = int(fragment.anchors[cap - fragment.n_kept])
        start = fragment.atoms.positions[anchor]
        bond = groups.atoms.positions[fragment.parents[cap]] + fragment.images[cap] @ cell - start
        vector = fragment.atoms.positions[cap] - start
        length = DEFAULT_CAP_LENGTHS_A[fragment.atoms.symbols[anchor]]
        assert np.linalg.norm(vector) == pytest.approx(length, abs=1e-9)
        assert vector @ bond == pytest.approx(length * np.linalg.norm(bond))
        assert fragment.atoms.symbols[cap] == "H"


@pytest.mark.parametrize("name", ["MOF-5", "UiO-66", "HKUST-1", "COF-1"])
def test_kept_atoms_stay_and_caps_are_along_the_bonds(framework: Build, name: str) -> None:
    atoms = framework(name)
    groups = find_groups(atoms)
    for site in np.unique(site_classes(atoms)).tolist():
        fragment = cut_fragment(groups, site, radius_A=4.5)
        kept = slice(0, fragment.n_kept)
        placed = atoms.positions[fragment.parents[kept]] + fragment.images[kept] @ atoms.cell.array
        assert np.abs(fragment.atoms.positions[kept] - placed).max() < 1e-9
        assert (
            fragment.atoms.numbers[kept].tolist() == atoms.numbers[fragment.parents[kept]].tolist()
        )
        assert fragment.parents[fragment.site] == site
        assert not fragment.atoms.pbc.any()
        _require_caps_along_bonds(groups, fragment)
        distances = fragment.atoms.get_all_distances() + 9 * np.eye(len(fragment.atoms))
        assert distances.min() > 0.9
        assert fragment.charge == 0
        assert fragment.multiplicity == 1


@pytest.mark.parametrize("name", ["MOF-5", "COF-1"])
def test_kept_and_removed_groups_are_the_parent(framework: Build, name: str) -> None:
    groups = find_groups(framework(name))
    fragment = cut_fragment(groups, 0, radius_A=5.0)
    kept = list(zip(fragment.parents, map(tuple, fragment.images.tolist()), strict=True))
    kept = kept[: fragment.n_kept]
    assert len(set(kept)) == len(kept)
    # groups are whole: as many atoms as their members, and every atom belongs to one that is kept
    assert len(kept) == sum(len(groups.members[group]) for group, _ in fragment.groups)
    # caps stand for atoms that are not there
    caps = zip(fragment.parents, map(tuple, fragment.images.tolist()), strict=True)
    assert not set(kept) & set(list(caps)[fragment.n_kept :])


def test_central_means_that_nothing_within_the_radius_is_missing(framework: Build) -> None:
    atoms = framework("MOF-5")
    groups = find_groups(atoms)
    radius = 4.2
    fragment = cut_fragment(groups, 0, radius_A=radius)
    large = make_supercell(atoms, 3 * np.eye(3))
    middle = atoms.cell.array.sum(axis=0)
    for index in range(fragment.n_kept):
        start = atoms.positions[fragment.parents[index]] + fragment.images[index] @ atoms.cell.array
        # the same counted in another way: atoms around in a supercell and in the fragment
        in_crystal = _count(large, start + middle, radius)
        in_fragment = _count(fragment.atoms[: fragment.n_kept], start, radius)
        assert fragment.central[index] == (in_crystal == in_fragment)


def _count(atoms: Atoms, centre: np.ndarray, radius: float) -> int:
    vectors = atoms.positions - centre
    if atoms.pbc.any():
        fractional = vectors @ np.linalg.inv(atoms.cell.array)
        vectors = (fractional - np.round(fractional)) @ atoms.cell.array
    return int((np.linalg.norm(vectors, axis=1) < radius + 1e-3).sum())


def test_hexadecane_shrinks_by_one_methylene_at_a_time(alkane: Build) -> None:
    groups = find_groups(alkane(16))
    found = [
        fragment.atoms.get_chemical_formula() for fragment in shrinking_fragments(groups, 0, 30)
    ]
    assert found == [f"C{n}H{2 * n + 2}" if n > 1 else "CH4" for n in range(16, 0, -1)]


def test_hexadecaoctaene_shrinks_by_one_double_bond_at_a_time(polyene: Build) -> None:
    groups = find_groups(polyene(16))
    found = [
        fragment.atoms.get_chemical_formula() for fragment in shrinking_fragments(groups, 0, 30)
    ]
    assert found == [f"C{n}H{n + 2}" for n in range(16, 0, -2)]


def test_quinquephenyl_shrinks_by_one_ring_at_a_time(oligophenyl: Build) -> None:
    groups = find_groups(oligophenyl(5))
    found = [
        fragment.atoms.get_chemical_formula() for fragment in shrinking_fragments(groups, 0, 40)
    ]
    assert found == [f"C{6 * n}H{4 * n + 2}" for n in range(5, 0, -1)]


def test_shrinking_fragments_are_those_of_their_radii(mof5: Groups) -> None:
    fragments = shrinking_fragments(mof5, _ipso(mof5.atoms), 8.0)
    assert len(fragments) > 4
    for larger, smaller in pairwise(fragments):
        assert set(smaller.groups) < set(larger.groups)
        assert smaller.radius_A < larger.radius_A
    for fragment in fragments:
        again = cut_fragment(mof5, _ipso(mof5.atoms), radius_A=fragment.radius_A or 0.01)
        assert again.groups == fragment.groups
        assert again.n_central == fragment.n_central
    assert fragments[-1].atoms.get_chemical_formula() == "C6H6"


def test_caps_that_would_collide_keep_what_is_between_them(alkane: Build) -> None:
    chain = alkane(5)
    # out of CH3-CH2-CH2-CH2-CH3 the second and fourth are wanted together with the first
    groups = find_groups(chain, own=[[1, 3]])
    fragment = cut_fragment(groups, 1, shells=0)
    # one CH2 would be replaced by two hydrogen atoms 0.8 Å apart
    assert fragment.atoms.get_chemical_formula() == "C3H8"


def _formulas(atoms: Atoms, radius: float) -> set[tuple[str, str, int, int]]:
    """What is cut around each kind of site."""
    groups = find_groups(atoms)
    sites = np.unique(site_classes(atoms)).tolist()
    fragments = [cut_fragment(groups, site, radius_A=radius) for site in sites]
    return {
        (f.atoms.symbols[f.site], f.atoms.get_chemical_formula(), f.n_central, f.charge)
        for f in fragments
    }


@pytest.mark.parametrize("name", ["MOF-5", "COF-1"])
def test_fragments_depend_on_nothing_that_is_not_physical(
    framework: Build, name: str, rotation: np.ndarray
) -> None:
    atoms = framework(name)
    radius = 4.4
    expected = _formulas(atoms, radius)
    rng = np.random.default_rng(5)
    turned = atoms.copy()
    turned.set_cell(atoms.cell.array @ rotation, scale_atoms=True)
    shifted = atoms.copy()
    shifted.positions += rng.uniform(-9, 9, 3)
    shifted.wrap()
    assert _formulas(turned, radius) == expected
    assert _formulas(shifted, radius) == expected
    assert _formulas(atoms[rng.permutation(len(atoms))], radius) == expected


def test_primitive_and_conventional_cell_give_the_same_fragments(framework: Build) -> None:
    primitive = framework("MOF-5")
    cubic = make_supercell(primitive, [[-1, 1, 1], [1, -1, 1], [1, 1, -1]])
    assert len(cubic) == 4 * len(primitive)
    assert _formulas(primitive, 4.4) == _formulas(cubic, 4.4)


def test_charges_follow_from_the_groups() -> None:
    # magnesium formate with one of its two anions
    acid = molecule("HCOOH")
    del acid[[int(np.argmax(acid.get_all_distances()[acid.symbols == "C"][0]))]]
    assert acid.get_chemical_formula() == "CHO2"
    first = acid.copy()
    oxygen = first.positions[first.symbols == "O"]
    metal = oxygen.mean(axis=0) + 1.7 * _unit(oxygen.mean(axis=0) - first.positions[_carbon(first)])
    salt = first + Atoms("Mg", [metal])
    groups = find_groups(Atoms(salt.symbols, salt.positions, info={"charge": 1}))
    whole = cut_fragment(groups, len(salt) - 1, radius_A=9.0)
    assert whole.charge == 1
    alone = cut_fragment(groups, _carbon(salt), shells=0)
    assert alone.charge == 0
    assert alone.atoms.get_chemical_formula() == "CH2O2"
    assert whole.multiplicity == alone.multiplicity == 1


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def _carbon(atoms: Atoms) -> int:
    return int(np.flatnonzero(atoms.symbols == "C")[0])


def test_copper_may_have_unpaired_electrons(framework: Build) -> None:
    groups = find_groups(framework("HKUST-1"))
    fragment = cut_fragment(groups, _first(groups.atoms, "Cu"), shells=0)
    assert fragment.atoms.get_chemical_formula() == "C4H4Cu2O8"
    assert fragment.multiplicity == 1
    assert "Cu may have unpaired" in fragment.reasons[1]


def test_radical_has_an_odd_number_of_electrons() -> None:
    groups = find_groups(molecule("CH3"))
    assert cut_fragment(groups, 0, radius_A=2.0).multiplicity == 2


@pytest.mark.parametrize("site", [-1, 106])
def test_site_out_of_range(mof5: Groups, site: int) -> None:
    with pytest.raises(StructureError, match="atoms 0 to 105"):
        cut_fragment(mof5, site, radius_A=4.0)


@pytest.mark.parametrize(
    "size",
    [
        {},
        {"radius_A": 4.0, "shells": 1},
        {"radius_A": 0.0},
        {"radius_A": float("nan")},
        {"shells": -1},
    ],
)
def test_size_is_given_in_one_way(mof5: Groups, size: dict[str, float]) -> None:
    with pytest.raises(StructureError):
        cut_fragment(mof5, 0, **size)


def test_cap_lengths_may_be_chosen(alkane: Build) -> None:
    groups = find_groups(alkane(3))
    fragment = cut_fragment(groups, 0, shells=0, cap_lengths_A={"C": 1.1})
    assert fragment.atoms.get_distance(0, len(fragment.atoms) - 1) == pytest.approx(1.1)
