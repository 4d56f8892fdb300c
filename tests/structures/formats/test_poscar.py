"""POSCARs name their elements, and agree with themselves, or are refused."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from nearsight.errors import StructureError
from nearsight.structures import read_structure


def read_text(tmp_path: Path, name: str, text: str) -> Atoms:
    path = tmp_path / name
    path.write_text(text)
    return read_structure(path)


def poscar(first: str, *middle: str) -> str:
    lattice = ["1.0", "4 0 0", "0 4 0", "0 0 4"]
    return "\n".join([first, *lattice, *middle, "Direct", "0 0 0", ".5 .5 .5", ""])


def test_a_poscar_names_its_elements(tmp_path: Path) -> None:
    atoms = read_text(tmp_path, "POSCAR", poscar("anything", "Cu O", "1 1"))
    assert atoms.get_chemical_symbols() == ["Cu", "O"]
    assert atoms.info == {}


def test_elements_of_the_first_line_are_said(tmp_path: Path) -> None:
    atoms = read_text(tmp_path, "POSCAR", poscar("Cu O", "1 1"))
    assert atoms.get_chemical_symbols() == ["Cu", "O"]
    [note] = atoms.info["reading_notes"]
    assert "those of its first line were taken: Cu, O" in note


def test_elements_are_not_taken_from_other_files(tmp_path: Path) -> None:
    (tmp_path / "POTCAR").write_text(
        "TITEL  = PAW_PBE Ag 06Sep2000\nTITEL  = PAW_PBE Cl 06Sep2000\n"
    )
    with pytest.raises(StructureError, match="names no elements"):
        read_text(tmp_path, "POSCAR", poscar("silver chloride", "1 1"))


@pytest.mark.parametrize("middle", [("Cu", "1 1"), ("Cu O", "2")])
def test_elements_and_numbers_that_do_not_go_together(
    tmp_path: Path, middle: tuple[str, str]
) -> None:
    with pytest.raises(StructureError, match=r"Line 6 names . elements, and line 7 has ."):
        read_text(tmp_path, "POSCAR", poscar("x", *middle))


@pytest.mark.parametrize("name", ["cu", "CU", "Cu.GW", "H1.25", "Qq"])
def test_names_of_no_element_are_refused_with_their_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(StructureError, match=f"Line 6 names '{name}', which is no element"):
        read_text(tmp_path, "POSCAR", poscar("x", f"{name} O", "1 1"))


def test_names_of_potentials_are_those_of_elements(tmp_path: Path) -> None:
    atoms = read_text(tmp_path, "POSCAR", poscar("x", "Cu_pv O_s/1a2b3c", "1 1"))
    assert atoms.get_chemical_symbols() == ["Cu", "O"]


@pytest.mark.parametrize(
    ("scale", "lattice"),
    [
        ("-64.0", "1 0 0\n0 1 0\n0 0 1"),
        ("4 4 4", "1 0 0\n0 1 0\n0 0 1"),
        ("2", "2 0 0\n0 2 0\n0 0 2"),
    ],
)
def test_scale_factors(tmp_path: Path, scale: str, lattice: str) -> None:
    text = f"x\n{scale}\n{lattice}\nCu O\n1 1\nDirect\n0 0 0\n.5 .5 .5\n"
    atoms = read_text(tmp_path, "POSCAR", text)
    np.testing.assert_allclose(atoms.cell.array, 4 * np.eye(3))
    np.testing.assert_allclose(atoms.positions[1], [2, 2, 2])


HEAD = "x\n1.0\n4 0 0\n0 4 0\n0 0 4\nCu O\n1 1\n"


@pytest.mark.parametrize(
    "rest",
    [
        "Direct\n0 0 0 Cu\n.5 .5 .5 O1\n",
        "Selective dynamics\nDirect\n0 0 0 T T T Cu\n.5 .5 .5 T T T O\n",
        "Direct\n0 0 0 T F F\n.5 .5 .5 F F F\n",  # flags, not fluorine
        "Direct\n0 0 0\n.5 .5 .5\n\n0 0 0\n0 0 0\n",  # velocities
    ],
)
def test_labels_flags_and_velocities_behind_positions(tmp_path: Path, rest: str) -> None:
    assert read_text(tmp_path, "POSCAR", HEAD + rest).get_chemical_symbols() == ["Cu", "O"]


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("Direct\n0 0 0 O\n.5 .5 .5 Cu\n", "Line 9 is labelled O, but .* make it Cu"),
        ("Direct\n0 0 0\n", "Line 7 counts 2 atoms, but there are 1 positions"),
        ("Direct\n0 0 0\n.5 .5 .5\n.5 0 0\n", "2 atoms, but line 11 has another position"),
    ],
)
def test_positions_that_do_not_go_with_the_header(tmp_path: Path, rest: str, said: str) -> None:
    with pytest.raises(StructureError, match=said):
        read_text(tmp_path, "POSCAR", HEAD + rest)


def test_elements_on_several_lines_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StructureError, match="Line 7, 'O', does not give the numbers of atoms"):
        read_text(tmp_path, "POSCAR", poscar("x", "Cu", "O", "1 1"))
