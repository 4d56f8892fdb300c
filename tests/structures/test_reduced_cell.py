"""Very skewed cells: the same lattice, and what is made of it does not depend on its cell."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, graphene

from nearsight.errors import MethodError
from nearsight.structures.checking import check_structure
from nearsight.structures.neighbours import neighbour_pairs
from nearsight.structures.reduced_cell import periodic_cell, reduced_basis, reduced_widths_A
from nearsight.structures.supercell import make_general_supercell, supercell_for_length
from nearsight.vibrations.colouring import colour_atoms
from nearsight.vibrations.supercell_convergence import growing_supercells

TRICLINIC = Atoms(
    "MgO",
    scaled_positions=[(0, 0, 0), (0.4, 0.6, 0.3)],
    cell=[[4.1, 0.0, 0.0], [0.9, 4.8, 0.0], [-1.1, 0.7, 5.3]],
    pbc=True,
)
CRYSTALS = {
    "primitive fcc": bulk("Cu", a=3.61),
    "cubic": bulk("NaCl", "rocksalt", a=5.64, cubic=True),
    "bcc": bulk("Fe", a=2.87),
    "hexagonal": bulk("Mg", "hcp", a=3.2, c=5.2),
    "triclinic": TRICLINIC,
}


@pytest.fixture(params=CRYSTALS)
def usual(request: pytest.FixtureRequest) -> Atoms:
    return CRYSTALS[request.param].copy()


def same_lattice(first: np.ndarray, second: np.ndarray) -> bool:
    ratio = first @ np.linalg.inv(second)
    return bool(
        np.allclose(ratio, np.round(ratio), atol=1e-7)
        and round(abs(float(np.linalg.det(ratio)))) == 1
    )


def test_usual_cells_stay_as_they_are(usual: Atoms) -> None:
    np.testing.assert_array_equal(reduced_basis(usual), np.eye(3))
    length = supercell_for_length(usual, 9.0)
    np.testing.assert_array_equal(length, np.diag(np.diag(length)))


@pytest.mark.parametrize("seed", range(12))
def test_reduced_cell_does_not_depend_on_the_given_one(
    usual: Atoms, skewed: object, seed: int
) -> None:
    given = skewed(usual, seed)
    basis = reduced_basis(given)
    assert round(np.linalg.det(basis)) == 1
    np.testing.assert_allclose(
        np.sort(reduced_widths_A(given)), np.sort(reduced_widths_A(usual)), rtol=1e-6
    )
    ours, theirs = (supercell_for_length(atoms, 9.0) @ atoms.cell.array for atoms in (given, usual))
    assert same_lattice(ours, theirs)
    grown = zip(growing_supercells(given), growing_supercells(usual), strict=True)
    for ours, theirs in grown:
        assert same_lattice(ours @ given.cell.array, theirs @ usual.cell.array)


@pytest.mark.parametrize("seed", range(4))
def test_pairs_and_colours_are_those_of_the_usual_cell(
    usual: Atoms, skewed: object, seed: int
) -> None:
    given = skewed(usual, seed)
    check_structure(given)
    vectors = []
    for atoms in (given, usual):
        i, j, shifts = neighbour_pairs(atoms, 5.5)
        between = atoms.positions[j] + shifts - atoms.positions[i]
        lattice = (shifts @ np.linalg.inv(atoms.cell.array)).round(6)
        np.testing.assert_array_equal(lattice, lattice.round())
        vectors.append(sorted(np.column_stack([i, j, between.round(6) + 0.0]).tolist()))
    assert vectors[0] == vectors[1]
    big = make_general_supercell(usual, (3, 3, 3))
    oblique = skewed(big, seed)
    colours = colour_atoms(oblique, 3.0)
    alike = (colours[:, np.newaxis] == colours) & ~np.eye(len(big), dtype=bool)
    assert big.get_all_distances(mic=True)[alike].min(initial=9.0) > 3.0


def test_radius_is_judged_by_the_reduced_cell(skewed: object) -> None:
    narrow = skewed(bulk("Cu", a=3.61), 0)
    with pytest.raises(MethodError, match=r"half the width of the cell, 2\.08 Å"):
        colour_atoms(narrow, 2.0)


def test_only_periodic_directions_are_reduced() -> None:
    sheet = graphene(a=2.46, vacuum=7.0)
    oblique = sheet.copy()
    oblique.cell = [[1, 0, 0], [9, 1, 0], [0, 0, 1]] @ sheet.cell.array
    basis = reduced_basis(oblique)
    np.testing.assert_array_equal(basis[2], [0, 0, 1])
    np.testing.assert_array_equal(basis[:, 2], [0, 0, 1])
    ours, theirs = (
        supercell_for_length(atoms, 9.0) @ periodic_cell(atoms) for atoms in (oblique, sheet)
    )
    assert same_lattice(ours, theirs)
    chain = Atoms("C2", positions=[(0, 0, 0), (0, 0, 1.3)], cell=[9, 9, 2.6], pbc=(0, 0, 1))
    chain.cell[0] = chain.cell[2]  # what is not periodic may be anything
    np.testing.assert_array_equal(reduced_basis(chain), np.eye(3))
    np.testing.assert_array_equal(reduced_basis(Atoms("He")), np.eye(3))


@pytest.mark.parametrize("off_A", [0.0, 1e-8, 6e-7, 1e-6, 3e-6, 1e-5, 1e-4])
def test_a_cell_that_is_nearly_symmetric_is_reduced(off_A: float) -> None:
    """Hexagonal, as relaxed with rounded forces; spglib finds no end at 6e-7 Å by its tolerance."""
    a, c = 10.034945, 11.029890
    cell = np.array([[a, 0, -0.66 * off_A], [-a / 2, a * np.sqrt(3) / 2 + off_A, 0.33 * off_A],
                     [-0.73 * off_A, 0, c]])  # fmt: skip
    atoms = Atoms("H", cell=cell, pbc=True)
    basis = reduced_basis(atoms)
    assert abs(round(np.linalg.det(basis))) == 1
    lengths = np.linalg.norm(basis @ cell, axis=1)
    np.testing.assert_allclose(np.sort(lengths), [a, a, c], atol=3 * off_A + 1e-9)
