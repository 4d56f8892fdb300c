"""The structures of the examination are what they are called."""

from collections import Counter

import numpy as np
import pytest
import spglib
from ase import Atoms
from ase.neighborlist import neighbor_list

from nearsight.structures.checking import check_structure
from nearsight.testing.structures import displaced, examination_structures, mof5


@pytest.fixture(autouse=True)
def spglib_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let spglib raise its errors, as it will by default; the old way is a warning."""
    monkeypatch.setattr("spglib.error.OLD_ERROR_HANDLING", False)


@pytest.fixture(scope="module")
def mof() -> Atoms:
    """MOF-5."""
    return mof5()


def bond_lengths(atoms: Atoms, first: str, second: str, longest_A: float) -> np.ndarray:
    i, j, distances = neighbor_list("ijd", atoms, {(first, second): longest_A})
    return distances[(atoms.symbols[i] == first) & (atoms.symbols[j] == second)]


def space_group(atoms: Atoms) -> str:
    cell = (atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers)
    return spglib.get_spacegroup(cell, symprec=1e-3)


def test_mof5_has_its_atoms_and_its_symmetry(mof: Atoms) -> None:
    # Two formula units Zn4O(C8H4O4)3.
    assert Counter(mof.symbols) == {"Zn": 8, "O": 26, "C": 48, "H": 24}
    assert len(mof) == 106
    assert space_group(mof) == "Fm-3m (225)"
    assert mof.get_volume() == pytest.approx(25.84**3 / 4, rel=1e-9)
    check_structure(mof)


@pytest.mark.parametrize(
    ("pair", "longest_A", "number", "low_A", "high_A"),
    [
        (("Zn", "O"), 2.4, 4 * 8, 1.85, 2.05),  # every zinc atom has four oxygen atoms
        (("C", "O"), 1.5, 24, 1.24, 1.30),  # carboxylates
        (("C", "C"), 1.7, 2 * 3 * 2 * 8, 1.36, 1.52),  # rings, and the two bonds from each
        (("C", "H"), 1.3, 24, 1.07, 1.11),
    ],
)
def test_mof5_has_its_bonds(  # noqa: PLR0917  # pytest passes by name
    mof: Atoms, pair: tuple[str, str], longest_A: float, number: int, low_A: float, high_A: float
) -> None:
    lengths = bond_lengths(mof, *pair, longest_A)
    assert len(lengths) == number
    assert low_A < lengths.min() <= lengths.max() < high_A


def test_crystals_have_their_space_groups_and_the_molecule_none() -> None:
    cases = examination_structures()
    assert list(cases) == ["MgO", "Si", "CO2", "MOF-5"]
    assert space_group(cases["MgO"]) == "Fm-3m (225)"
    assert space_group(cases["Si"]) == "Fd-3m (227)"
    assert not cases["CO2"].pbc.any()
    assert cases["CO2"].get_angle(1, 0, 2) == pytest.approx(180)


def test_displacements_are_small_repeatable_and_elsewhere() -> None:
    atoms = examination_structures()["Si"]
    moved = displaced(atoms)
    shift = np.linalg.norm(moved.positions - atoms.positions, axis=1)
    assert 0.01 < shift.min() <= shift.max() < 0.25
    np.testing.assert_array_equal(displaced(atoms).positions, moved.positions)
    assert np.abs(displaced(atoms, seed=1).positions - moved.positions).max() > 1e-3
