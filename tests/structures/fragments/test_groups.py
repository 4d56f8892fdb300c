from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from ase import Atoms
from ase.build import make_supercell, molecule

from nearsight.errors import StructureError
from nearsight.structures.groups import Groups, find_groups

Build = Callable[..., Atoms]

TETRAHEDRON = ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))


def _contents(groups: Groups) -> Counter[tuple[str, str]]:
    """Kind and formula of each group."""
    return Counter(
        (kind, groups.atoms[members].get_chemical_formula())
        for kind, members in zip(groups.kinds, groups.members, strict=True)
    )


EXPECTED = {
    "MOF-5": {
        ("metal node", "OZn4"): 2,
        ("carboxylate", "CO2"): 12,
        ("ring", "C6H4"): 6,
    },
    "UiO-66": {
        ("metal node", "H4O8Zr6"): 4,
        ("carboxylate", "CO2"): 48,
        ("ring", "C6H4"): 24,
    },
    "HKUST-1": {
        ("metal node", "Cu2"): 24,
        ("carboxylate", "CO2"): 96,
        ("ring", "C6H3"): 32,
    },
    "COF-1": {("ring", "B3O3"): 2, ("ring", "C6H4"): 3},
}


@pytest.mark.parametrize("name", EXPECTED)
def test_groups_of_frameworks(framework: Build, name: str) -> None:
    groups = find_groups(framework(name))
    assert _contents(groups) == EXPECTED[name]
    assert sum(groups.charges.groups) == 0
    assert "check" not in groups.charges.reason


@pytest.mark.parametrize(("name", "charge"), [("MOF-5", 6), ("UiO-66", 12), ("HKUST-1", 4)])
def test_metal_nodes_balance_their_carboxylates(framework: Build, name: str, charge: int) -> None:
    groups = find_groups(framework(name))
    nodes = [
        (group, q)
        for group, (kind, q) in enumerate(zip(groups.kinds, groups.charges.groups, strict=True))
        if kind == "metal node"
    ]
    for group, q in nodes:
        assert q == charge
        # each carboxylate is bonded by both of its oxygen atoms
        assert len(groups.neighbours[group]) == 2 * charge


@pytest.mark.parametrize("name", ["sodalite", "copper", "rocksalt", "diamond"])
def test_what_spans_the_crystal_is_refused(framework: Build, name: str) -> None:
    with pytest.raises(StructureError, match=r"spans the crystal.*periodic supercell"):
        find_groups(framework(name))


def test_distances_of_mg_mof74(framework: Build) -> None:
    atoms = framework("Mg-MOF-74")
    assert atoms.get_chemical_formula() == "C72H18Mg18O54"  # nine times Mg2(dobdc)
    nearest = np.sort(atoms.get_distances(0, range(1, len(atoms)), mic=True))
    # a square pyramid of oxygen, then the next metal along the rod
    assert (nearest[:5] > 1.95).all()
    assert (nearest[:5] < 2.15).all()
    assert nearest[5] > 2.8


def test_the_rods_of_mg_mof74_are_refused(framework: Build) -> None:
    with pytest.raises(StructureError, match="rod of metals"):
        find_groups(framework("Mg-MOF-74"))


def test_rods_of_metals_are_refused() -> None:
    # as in MIL-53: metals that are bridged by oxygen, on and on
    rod = Atoms("MgO", [(0, 0, 0), (1.5, 1.3, 0)], cell=[3.0, 9, 9], pbc=(True, False, False))
    with pytest.raises(StructureError, match="rod of metals"):
        find_groups(rod)


def test_methylenes_of_hexadecane(alkane: Build) -> None:
    groups = find_groups(alkane(16))
    assert _contents(groups) == {("methyl", "CH3"): 2, ("methylene", "CH2"): 14}
    assert len(groups.bonds) == 15


def test_double_bonds_of_hexadecaoctaene(polyene: Build) -> None:
    groups = find_groups(polyene(16))
    assert Counter(groups.kinds) == {"double bond": 8}
    assert groups.labels[:16].tolist() == np.repeat(np.arange(8), 2).tolist()


def test_double_bonds_do_not_depend_on_lengths(polyene: Build) -> None:
    # swapped as far as a hot structure may be, valences still say which bonds are double
    right, swapped = find_groups(polyene(8)), find_groups(polyene(8, 1.43, 1.37))
    assert (right.labels == swapped.labels).all()


def test_rings_of_quinquephenyl(oligophenyl: Build) -> None:
    groups = find_groups(oligophenyl(5))
    assert _contents(groups) == {("ring", "C6H5"): 2, ("ring", "C6H4"): 3}
    assert len(groups.bonds) == 4


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CH3CONH2", {"methyl", "other"}),  # the amide is in one piece
        ("CH3COOH", {"methyl", "carboxyl"}),
        ("HCOOCH3", {"methyl", "carboxyl"}),
        ("CH3NO2", {"methyl", "nitro"}),
        ("CH3CN", {"methyl", "nitrile"}),
        ("CH3CH2OH", {"methyl", "methylene", "hydroxyl"}),
        ("CH3CHO", {"methyl", "aldehyde"}),
        ("CH3OCH3", {"methyl", "ether"}),
        ("CH3CH2Cl", {"methyl", "methylene", "halogen"}),
        ("C3H4_C2v", {"ring"}),
        ("C3H4_C3v", {"methyl", "triple bond"}),  # propyne
        ("C3H4_D2d", {"double bond"}),  # allene, whose middle carbon atom has two neighbours
        ("butadiene", {"double bond"}),
        ("isobutene", {"methyl", "double bond"}),
        ("C2H6NH", {"methyl", "amino"}),
        ("CH3SiH3", {"methyl", "other"}),
        ("CO2", {"carboxylate"}),
    ],
)
def test_functional_groups(name: str, expected: set[str]) -> None:
    assert set(find_groups(molecule(name)).kinds) == expected


def test_isolated_atoms_are_groups_of_their_own() -> None:
    atoms = Atoms("ArAr", [(0, 0, 0), (0, 0, 3.8)])
    groups = find_groups(atoms + Atoms(molecule("H2O").symbols, molecule("H2O").positions + 9))
    assert groups.kinds == ("isolated atom", "isolated atom", "water")
    assert groups.bonds == ()


def _linear(symbols: str, *lengths_A: float) -> Atoms:
    heights = np.concatenate([[0.0], np.cumsum(lengths_A)])
    return Atoms(symbols, [(0.0, 0.0, z) for z in heights])


ONIUM = {
    "NH4": Atoms("NH4", [(0, 0, 0), *(0.59 * np.array(v) for v in TETRAHEDRON)]),
    "OH3": Atoms("OH3", [(0, 0, 0.3), *(0.56 * np.array(v) for v in TETRAHEDRON[:3])]),
}


@pytest.mark.parametrize(
    ("anion", "charge"),
    [
        (Atoms("Cl"), -1),
        (Atoms("I"), -1),
        (_linear("NNN", 1.18, 1.18), -1),
        (_linear("NCO", 1.17, 1.25), -1),
        (_linear("NCS", 1.17, 1.64), -1),
        (_linear("OCO", 1.16, 1.16), 0),
        (_linear("NNO", 1.13, 1.19), 0),
        (_linear("HNNN", 1.02, 1.24, 1.13), 0),
        (Atoms("Ar"), 0),
    ],
)
@pytest.mark.parametrize("cation", ONIUM)
def test_charges_of_ions_without_metals(anion: Atoms, charge: int, cation: str) -> None:
    anion = anion.copy()
    anion.positions += (0.0, 0.0, 6.0)
    salt = ONIUM[cation] + anion
    salt.info["charge"] = 1 + charge
    charges = find_groups(salt).charges
    assert sorted(charges.groups) == sorted([1, charge])
    assert "check" not in charges.reason


def test_own_groups_are_kept_in_one_piece(alkane: Build) -> None:
    groups = find_groups(alkane(6), own=[[1, 2], [2, 4]])
    assert Counter(len(members) for members in groups.members) == {4: 2, 3: 1, 9: 1}
    assert groups.labels[1] == groups.labels[2] == groups.labels[4] != groups.labels[3]


def test_own_groups_of_a_layer_do_not_look_at_its_third_vector(alkane: Build) -> None:
    """It may be anything, even another one once more."""
    atoms = alkane(6)
    atoms.set_cell([[30.0, 0.0, 0.0], [0.0, 30.0, 0.0], [30.0, 0.0, 0.0]])
    atoms.pbc = (True, True, False)
    atoms.positions[:, 0] -= atoms.positions[2, 0]
    wrapped = atoms.copy()
    wrapped.positions[:, 0] %= 30.0
    one, other = (find_groups(each, own=[[1, 2], [2, 4]]) for each in (atoms, wrapped))
    assert one.labels.tolist() == other.labels.tolist()
    assert one.kinds == other.kinds
    assert other.images.any()
    assert not one.images.any()


def test_own_groups_name_atoms_that_exist(alkane: Build) -> None:
    with pytest.raises(StructureError, match="atom 20"):
        find_groups(alkane(6), own=[[1, 20]])


@pytest.mark.parametrize("name", ["MOF-5", "COF-1"])
def test_pieces_are_connected_where_images_put_them(framework: Build, name: str) -> None:
    atoms = framework(name)
    groups = find_groups(atoms)
    placed = atoms.positions + groups.images @ atoms.cell.array
    for members in groups.members:
        vectors = placed[members][:, np.newaxis] - placed[members]
        # no group is larger than two rings, which the cell is
        assert np.linalg.norm(vectors, axis=2).max() < 7.0


def _signature(groups: Groups) -> tuple[object, ...]:
    sizes = Counter(zip(groups.kinds, map(len, groups.members), strict=True))
    return tuple(sorted(sizes.items())), len(groups.bonds)


@pytest.mark.parametrize("name", ["MOF-5", "COF-1"])
def test_groups_depend_on_nothing_that_is_not_physical(
    framework: Build, name: str, rotation: np.ndarray
) -> None:
    atoms = framework(name)
    expected = _signature(find_groups(atoms))
    rng = np.random.default_rng(3)
    turned = atoms.copy()
    turned.set_cell(atoms.cell.array @ rotation, scale_atoms=True)
    shifted = atoms.copy()
    shifted.positions += rng.uniform(-9, 9, 3)
    wrapped = shifted.copy()
    wrapped.wrap()
    scattered = atoms.copy()
    scattered.positions += rng.integers(-2, 3, (len(atoms), 3)) @ atoms.cell.array
    sheared = make_supercell(atoms, [[1, 0, 0], [1, 1, 0], [0, 1, 1]])
    for same in (turned, shifted, wrapped, scattered, sheared, atoms[rng.permutation(len(atoms))]):
        assert _signature(find_groups(same)) == expected


def test_supercell_has_as_many_of_each(framework: Build) -> None:
    atoms = framework("MOF-5")
    one, two = find_groups(atoms), find_groups(atoms.repeat((2, 1, 1)))
    assert Counter(two.kinds) == Counter({k: 2 * n for k, n in Counter(one.kinds).items()})
    assert len(two.bonds) == 2 * len(one.bonds)
