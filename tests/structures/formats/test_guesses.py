"""What ASE would guess, or leave out, in other formats: refused or said."""

from pathlib import Path

import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import write

from nearsight.errors import StructureError
from nearsight.structures import read_structure


def read_text(tmp_path: Path, name: str, text: str) -> Atoms:
    path = tmp_path / name
    path.write_text(text)
    return read_structure(path)


def pdb(group: str = "P 1", altloc: str = " ", occupancy: float = 1.0, element: str = " C") -> str:
    cell = f"CRYST1   10.000   10.000   10.000  90.00  90.00  90.00 {group:<11}\n"
    atom = (
        f"ATOM      1  CA {altloc}ALA A   1       1.000   1.000   1.000{occupancy:6.2f}"
        f" 10.00          {element}\n"
    )
    return f"{cell}{atom}END\n"


def test_a_whole_protein_data_bank_file_is_read(tmp_path: Path) -> None:
    assert read_text(tmp_path, "a.pdb", pdb()).get_chemical_symbols() == ["C"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (pdb(group="P 21 21 21"), "'P 21 21 21', and only the atoms of the asymmetric unit"),
        (pdb(altloc="B"), r"alternate location \('B'\)"),
        (pdb(occupancy=0.5), "occupancy '0.50'"),
        (pdb(element="  "), "'CA' may be of more than one"),
    ],
)
def test_partial_protein_data_bank_files_are_refused(
    tmp_path: Path, text: str, reason: str
) -> None:
    with pytest.raises(StructureError, match=reason):
        read_text(tmp_path, "a.pdb", text)


def test_types_of_lammps_are_no_elements(tmp_path: Path) -> None:
    box = "ITEM: BOX BOUNDS pp pp pp\n0 5\n0 5\n0 5\n"
    head = f"ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n1\n{box}"
    with pytest.raises(StructureError, match="names types of atoms and no elements"):
        read_text(tmp_path, "a.lammpstrj", f"{head}ITEM: ATOMS id type x y z\n1 1 0 0 0\n")
    text = f"{head}ITEM: ATOMS id type element x y z\n1 1 Cu 0 0 0\n"
    assert read_text(tmp_path, "b.lammpstrj", text).get_chemical_symbols() == ["Cu"]


def test_symmetry_of_shelx_is_not_left_out(tmp_path: Path) -> None:
    text = "TITL x\nCELL 0.7 5 5 5 90 90 90\n{}SFAC O\nO 1 0.1 0.1 0.1 1.0\nEND\n"
    assert len(read_text(tmp_path, "a.res", text.format("LATT -1\n"))) == 1
    for symmetry in ("LATT 1\n", "LATT -1\nSYMM -X,-Y,Z\n"):
        with pytest.raises(StructureError, match="only the atoms of the asymmetric unit"):
            read_text(tmp_path, "a.res", text.format(symmetry))


def test_charges_and_isotopes_of_molfiles_are_said(tmp_path: Path) -> None:
    text = (
        "\n  x\n\n  1  0  0  0  0  0  0  0  0  0999 V2000\n"
        "    0.0000    0.0000    0.0000 O   0  0\nM  CHG  1   1  -1\nM  ISO  1   1  18\nM  END\n"
    )
    [note] = read_text(tmp_path, "a.mol", text).info["reading_notes"]
    assert "isotopes and charges, which were left out" in note


def test_elements_of_gromacs_are_said_and_its_count_is_checked(tmp_path: Path) -> None:
    write(tmp_path / "a.gro", bulk("Cu", cubic=True))
    text = (tmp_path / "a.gro").read_text()
    [note] = read_text(tmp_path, "a.gro", text).info["reading_notes"]
    assert "names atoms and no elements" in note
    with pytest.raises(StructureError, match="Line 2 says that there are '3' atoms"):
        read_text(tmp_path, "a.gro", text.replace(text.splitlines()[1], "3"))


def test_masses_of_quantum_espresso_are_said(tmp_path: Path) -> None:
    path = tmp_path / "a.pwi"
    water = Atoms("OH2", [[0, 0, 0], [0, 0, 1], [0, 1, 0]], cell=[5, 5, 5], pbc=True)
    write(path, water, format="espresso-in", pseudopotentials={"O": "o", "H": "h"})
    text = path.read_text()
    assert read_structure(path).info == {}
    [note] = read_text(tmp_path, "a.pwi", text.replace("H 1.008 ", "H 2.014 ")).info[
        "reading_notes"
    ]
    assert "Masses of the file were left out, natural ones are used: H 2.014" in note


GAUSSIAN = "#p hf/sto-3g\n\nwater\n\n-1 2\nO{} 0.0 0.0 0.0\nH 0.0 0.0 1.0\n\n"


def test_isotopes_charge_and_spin_of_gaussian_are_said(tmp_path: Path) -> None:
    notes = read_text(tmp_path, "a.com", GAUSSIAN.format("(Iso=18)")).info["reading_notes"]
    assert any("isotopes (Iso=18), which were left out" in note for note in notes)
    assert any("charge -1 and multiplicity 2, which was left out" in note for note in notes)


def test_deuterium_of_other_formats_is_refused_by_name(tmp_path: Path) -> None:
    text = "1 C\nD\n1 1 0 0 0\n"
    with pytest.raises(StructureError, match="names hydrogen D, which is read in CIF and XYZ only"):
        read_text(tmp_path, "a.gen", text)
