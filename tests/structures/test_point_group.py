"""Point groups against molecules whose group is known, and rotations counted in another way."""

import contextlib
import itertools

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from numpy.testing import assert_allclose
from scipy.spatial.transform import Rotation

from nearsight.errors import MethodError
from nearsight.structures.molecular_rotations import count_rotations
from nearsight.structures.point_group import find_point_group

SQUARE = [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]]
TETRAHEDRON = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3)


def octahedron():
    return Atoms("SF6", [[0, 0, 0], *(1.56 * np.array([*SQUARE, [0, 0, 1], [0, 0, -1]]))])


def buckminsterfullerene():
    """Return the truncated icosahedron with bonds of 1.42 Å."""
    golden = (1 + np.sqrt(5)) / 2
    corners = ((0, 1, 3 * golden), (1, 2 + golden, 2 * golden), (2, 1 + 2 * golden, golden))
    points = {
        tuple(np.round(np.roll(np.multiply(signs, corner), turn), 9) + 0.0)
        for corner in corners
        for signs in itertools.product((1, -1), repeat=3)
        for turn in range(3)
    }
    return Atoms("C60", 0.71 * np.array(sorted(points)))


def ethane(turned_by):
    """Return staggered ethane, one end of which is turned about the bond by some degrees."""
    atoms = molecule("C2H6")
    bond = atoms.positions[0] - atoms.positions[1]
    end = np.flatnonzero((atoms.positions - atoms.positions.mean(axis=0)) @ bond > 0)
    turn = Rotation.from_rotvec(np.radians(turned_by) * bond / np.linalg.norm(bond))
    atoms.positions[end] = turn.apply(atoms.positions[end])
    return atoms


def ferrocene(turned_by):
    """Return two rings of five, one of them turned by some degrees."""
    symbols, positions = ["Fe"], [[0.0, 0.0, 0.0]]
    for height, start in ((1.65, 0), (-1.65, turned_by)):
        for angle in np.radians(start + 72 * np.arange(5)):
            for symbol, radius in (("C", 1.21), ("H", 2.29)):
                symbols.append(symbol)
                positions.append([radius * np.cos(angle), radius * np.sin(angle), height])
    return Atoms(symbols, positions)


def neopentane(turned_by):
    """Return C(CH3)4, all of whose methyls are turned: Td at 0 and 60 degrees, else T."""
    symbols, positions = ["C"], [[0.0, 0.0, 0.0]]
    for axis in TETRAHEDRON:
        symbols.append("C")
        positions.append(1.54 * axis)
        for other in TETRAHEDRON:
            if np.allclose(other, axis):
                continue
            outwards = other - (other @ axis) * axis
            outwards = Rotation.from_rotvec(np.radians(turned_by) * axis).apply(outwards)
            symbols.append("H")
            positions.append(1.9 * axis + 1.09 * outwards)
    return Atoms(symbols, positions)


MOLECULES = {
    "water": (molecule("H2O"), "C2v", 2),
    "ammonia": (molecule("NH3"), "C3v", 3),
    "methane": (molecule("CH4"), "Td", 12),
    "benzene": (molecule("C6H6"), "D6h", 12),
    "carbon dioxide": (molecule("CO2"), "D∞h", 2),
    "carbon monoxide": (molecule("CO"), "C∞v", 1),
    "hydrogen cyanide": (molecule("HCN"), "C∞v", 1),
    "acetylene": (molecule("C2H2"), "D∞h", 2),
    "ethylene": (molecule("C2H4"), "D2h", 4),
    "oxygen": (molecule("O2"), "D∞h", 2),
    "argon": (Atoms("Ar"), "Kh", 1),
    "allene": (molecule("C3H4_D2d"), "D2d", 4),
    "hydrazine": (molecule("N2H4"), "C2", 2),
    "methanol": (molecule("CH3OH"), "Cs", 1),
    "trans-butane": (molecule("trans-butane"), "C2h", 2),
    "staggered ethane": (ethane(0), "D3d", 6),
    "twisted ethane": (ethane(20), "D3", 6),
    "eclipsed ethane": (ethane(60), "D3h", 6),
    "eclipsed ferrocene": (ferrocene(0), "D5h", 10),
    "staggered ferrocene": (ferrocene(36), "D5d", 10),
    "neopentane": (neopentane(0), "Td", 12),
    "twisted neopentane": (neopentane(20), "T", 12),
    "xenon tetrafluoride": (Atoms("XeF4", [[0, 0, 0], *(1.95 * np.array(SQUARE))]), "D4h", 8),
    "sulphur hexafluoride": (octahedron(), "Oh", 24),
    "buckminsterfullerene": (buckminsterfullerene(), "Ih", 60),
    "bromochlorofluoromethane": (
        Atoms("CHFClBr", [[0, 0, 0], *(TETRAHEDRON * [[1.1], [1.4], [1.8], [1.9]])]),
        "C1",
        1,
    ),
}


def moved(atoms, seed, noise_A):
    """Return the molecule turned, shifted, in another order, and off by some noise."""
    random = np.random.default_rng(seed)
    other = atoms[random.permutation(len(atoms))]
    turned = Rotation.random(rng=random).apply(other.positions)
    other.positions = turned + np.array([1.0, -2.0, 3.0]) + random.normal(0, noise_A, turned.shape)
    return other


@pytest.mark.parametrize("noise_A", [0.0, 1e-3])
@pytest.mark.parametrize("name", MOLECULES)
def test_a_molecule_has_its_group_however_it_lies(name, noise_A):
    atoms, symbol, number = MOLECULES[name]
    for seed in range(5):
        found = find_point_group(moved(atoms, seed, noise_A))
        assert (found.symbol, found.symmetry_number, found.remarks) == (symbol, number, ())


@pytest.mark.parametrize("name", MOLECULES)
def test_noise_beyond_the_tolerance_is_refused_or_remarked(name):
    atoms, _, number = MOLECULES[name]
    for seed in range(5):
        with contextlib.suppress(MethodError):
            found = find_point_group(moved(atoms, seed, 0.01))
            assert found.symmetry_number == number or found.remarks


def test_a_symmetry_at_the_edge_of_the_tolerance_is_not_definite():
    atoms = molecule("C6H6")
    atoms.positions[0] += [0.0, 0.0, 0.0245]  # some rotations are off by less, others by more
    with pytest.raises(MethodError, match=r"C6H6 is not definite within 0\.02 Å"):
        find_point_group(atoms)


def test_isotopes_are_different_atoms():
    atoms = molecule("CH4")
    masses = atoms.get_masses()
    masses[1] = 2.014
    atoms.set_masses(masses)
    found = find_point_group(atoms)
    assert (found.symbol, found.symmetry_number) == ("C3v", 3)


def test_what_looser_eyes_would_see_is_remarked():
    atoms = molecule("NH3")
    atoms.positions[1] *= 1.04
    found = find_point_group(atoms)
    assert (found.symbol, found.symmetry_number) == ("Cs", 1)
    assert found.remarks[0].startswith("3 rotations instead of 1 (Cs) turn the molecule into")


def test_rotations_of_a_cube_are_those_of_scipy():
    cube = np.array(list(itertools.product((1.0, -1.0), repeat=3)))
    kinds = np.ones(8, dtype=int)
    group = Rotation.create_group("O")
    assert count_rotations(cube, kinds, 0.01) == len(group) == 24
    # A point in general position, and its images: the chiral group itself.
    images = group.apply([0.3, 0.8, 1.7])
    assert count_rotations(images, np.ones(24, dtype=int), 0.01) == 24
    assert_allclose(np.linalg.norm(images, axis=1), np.linalg.norm([0.3, 0.8, 1.7]))


def test_marking_a_corner_leaves_the_rotations_about_it():
    cube = np.array(list(itertools.product((1.0, -1.0), repeat=3)))
    assert count_rotations(cube, np.array([2, *[1] * 7]), 0.01) == 3


def test_a_crystal_has_no_point_group_of_a_molecule():
    with pytest.raises(MethodError, match="no point group of a molecule"):
        find_point_group(Atoms("Ar", cell=[4, 4, 4], pbc=True))
