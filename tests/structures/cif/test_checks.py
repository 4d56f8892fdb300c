"""What a CIF says against itself is refused with both values, or noted on request."""

import re
from pathlib import Path

import pytest

from cif_text import cif_text
from nearsight.errors import StructureError
from nearsight.structures import read_structure

SALT = ("Na Na 0 0 0", "Cl Cl 0.5 0.5 0.5")
FM3M = ("_space_group_name_H-M_alt 'F m -3 m'",)
CELL = (5.64, 5.64, 5.64, 90, 90, 90)
INVERSION = ("x,y,z", "-x,-y,-z")


def contradictions(tmp_path: Path, text: str) -> str:
    """Return the refusal, after checking that on request the file is read with notes instead."""
    path = tmp_path / "crystal.cif"
    path.write_text(text)
    atoms = read_structure(path, accept_contradictions=True)
    notes = [note for note in atoms.info["reading_notes"] if "contradicts itself" in note]
    with pytest.raises(StructureError, match="`accept_contradictions`") as refused:
        read_structure(path)
    for note in notes:
        assert note.removeprefix("The file contradicts itself: ").rstrip(".") in str(refused.value)
    assert notes
    return str(refused.value)


def is_read(tmp_path: Path, text: str) -> str:
    path = tmp_path / "crystal.cif"
    path.write_text(text)
    return str(read_structure(path).get_chemical_formula())


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (["_chemical_formula_sum 'Cl Na'", "_cell_formula_units_Z 2"], "Z = 2, Cl2 Na2, but"),
        (["_chemical_formula_sum 'Cl2 Na'"], "'Cl2 Na', but its sites give Cl4 Na4"),
        (["_chemical_formula_sum 'Cl K'", "_cell_formula_units_Z 4"], "Z = 4, Cl4 K4, but"),
        (["_chemical_formula_sum 'Cl H Na'"], "hydrogen atoms are missing"),
        (["_chemical_formula_sum NaCl2"], "'NaCl2', but its sites give Cl4 Na4"),
        (["_chemical_formula_sum 'Cl Na'", "_cell_formula_units_Z 0"], "Z, is 0"),
        (["_cell_volume 181.0(3)"], "said to be 181 Å³, but .* give 179.41 Å³"),
    ],
)
def test_values_for_the_whole_cell(tmp_path: Path, header: list[str], said: str) -> None:
    message = contradictions(tmp_path, cif_text(SALT, cell=CELL, header=[*FM3M, *header]))
    assert re.search(said, message)


@pytest.mark.parametrize(
    "header",
    [
        ["_chemical_formula_sum 'Cl Na'", "_cell_formula_units_Z 4"],
        ["_chemical_formula_sum 'Cl1 Na1'"],
        ["_chemical_formula_sum 'CL4 NA4'"],
        ["_chemical_formula_sum Na2Cl2"],
        ["_chemical_formula_sum ?", "_cell_volume ?"],
        ["_cell_volume 179.406(3)"],
        ["_exptl_crystal_density_diffrn 2.164"],
    ],
)
def test_values_that_agree_are_silent(tmp_path: Path, header: list[str]) -> None:
    path = tmp_path / "crystal.cif"
    path.write_text(cif_text(SALT, cell=CELL, header=[*FM3M, *header]))
    assert read_structure(path).info == {}


def test_a_formula_that_is_not_understood_is_said(tmp_path: Path) -> None:
    path = tmp_path / "crystal.cif"
    path.write_text(cif_text(SALT, cell=CELL, header=[*FM3M, "_chemical_formula_sum '(Na Cl)x'"]))
    [note] = read_structure(path).info["reading_notes"]
    assert "'(Na Cl)x' in the file is not understood" in note


def test_density_is_a_note(tmp_path: Path) -> None:
    path = tmp_path / "crystal.cif"
    path.write_text(cif_text(SALT, cell=CELL, header=[*FM3M, "_exptl_crystal_density_diffrn 2.3"]))
    [note] = read_structure(path).info["reading_notes"]
    assert "density is 2.3 g/cm³; the atoms in the cell give 2.164 g/cm³" in note


def test_operations_and_symbol(tmp_path: Path) -> None:
    text = cif_text(SALT, cell=CELL, header=FM3M, operations=["x,y,z"])
    message = contradictions(tmp_path, text)
    assert (
        "'F m -3 m' is of space group 225, but its 1 symmetry operations are of space group 1"
        in (message)
    )


def test_operations_of_another_setting_are_used_and_said(tmp_path: Path) -> None:
    operations = ["x,y,z", "-x+1/2,y+1/2,-z+1/2", "-x,-y,-z", "x+1/2,-y+1/2,z+1/2"]
    sites = ("C C 0.1 0.2 0.3", "O O 0.3 0.4 0.1")
    header = ["_symmetry_space_group_name_H-M 'P 1 21/c 1'"]
    path = tmp_path / "crystal.cif"
    cell = (7, 8, 9, 90, 100, 90)
    path.write_text(cif_text(sites, cell=cell, header=header, operations=operations))
    atoms = read_structure(path)
    assert atoms.get_chemical_formula() == "C4O4"
    [note] = atoms.info["reading_notes"]
    assert "of another setting of space group 14 than its symbol 'P 1 21/c 1'" in note


@pytest.mark.parametrize("cell", [(5.64, 5.64, 5.84, 90, 90, 90), (5.64, 5.64, 5.64, 90, 92, 90)])
def test_symmetry_and_metric(tmp_path: Path, cell: tuple[float, ...]) -> None:
    message = contradictions(tmp_path, cif_text(SALT, cell=cell, header=FM3M))
    assert "'F m -3 m' (space group 225) does not go with the cell" in message
    fourfold = ["x,y,z", "-y,x,z", "-x,-y,z", "y,-x,z"]
    turned = (5.64, 5.94, 5.64, 90, 90, 90)
    message = contradictions(tmp_path, cif_text(SALT, cell=turned, operations=fourfold))
    assert "do not keep the lengths and angles of the cell" in message
    assert "5.64, 5.94, 5.64" in message


def test_a_symbol_and_a_number_of_different_groups(tmp_path: Path) -> None:
    text = cif_text(SALT, cell=CELL, header=[*FM3M, "_space_group_IT_number 221"])
    assert "space group 225, its number 221 of 221" in contradictions(tmp_path, text)


def test_two_numbers_of_different_groups(tmp_path: Path) -> None:
    header = ["_space_group_IT_number 225", "_symmetry_Int_Tables_number 221"]
    message = contradictions(tmp_path, cif_text(SALT, cell=CELL, header=header))
    assert "its number 225 is of space group 225, its number 221 of 221" in message


def test_symbols_of_different_settings(tmp_path: Path) -> None:
    header = [
        "_space_group_name_Hall '-P 2yn'",
        "_space_group_name_H-M_alt 'P 1 21/c 1'",
        "_symmetry_space_group_name_H-M 'P 21/n'",
    ]
    sites, cell = ("C C 0.1 0.2 0.3", "O O 0.3 0.4 0.1"), (7, 8, 9, 90, 100, 90)
    message = contradictions(tmp_path, cif_text(sites, cell=cell, header=header))
    assert "'-P 2yn' and its symbol 'P 1 21/c 1' are of different settings" in message
    assert is_read(tmp_path, cif_text(sites, cell=cell, header=header[::2])) == "C4O4"


def test_operations_that_are_no_group(tmp_path: Path) -> None:
    path = tmp_path / "crystal.cif"
    path.write_text(cif_text(SALT, operations=["x,y,z", "-y,x,z"]))
    with pytest.raises(StructureError, match="2 symmetry operations do not form a group"):
        read_structure(path)
    path.write_text(cif_text(SALT, operations=["x,y,z", "x,y,w"]))
    with pytest.raises(StructureError, match="'x,y,w' cannot be understood"):
        read_structure(path)


def test_the_identity_may_be_left_out(tmp_path: Path) -> None:
    listed = ["-x,y+1/2,-z+1/2", "-x,-y,-z", "x,-y+1/2,z+1/2"]
    cell, header = (7, 8, 9, 90, 100, 90), ["_space_group_name_H-M_alt 'P 1 21/c 1'"]
    text = cif_text(["C C 0.1 0.2 0.3"], cell=cell, header=header, operations=listed)
    assert is_read(tmp_path, text) == "C4"


COLUMNS = ("label", "fract_x", "fract_y", "fract_z", "site_symmetry_multiplicity")


def test_multiplicities_or_orders_of_the_site_symmetry(tmp_path: Path) -> None:
    def text(first: int, second: int) -> str:
        sites = (f"Na1 0 0 0 {first}", f"C1 0.1 0.2 0.3 {second}")
        return cif_text(sites, cell=CELL, operations=INVERSION, columns=COLUMNS)

    assert is_read(tmp_path, text(1, 2)) == "C2Na"
    assert is_read(tmp_path, text(2, 1)) == "C2Na"  # orders, as widespread programs have written
    message = contradictions(tmp_path, text(2, 2))
    assert "site Na1 is said to have the multiplicity 2, but the symmetry gives 1 images" in message


ATTACHED = ("label", "fract_x", "fract_y", "fract_z", "attached_hydrogens")


def test_attached_hydrogens_without_coordinates(tmp_path: Path) -> None:
    message = contradictions(tmp_path, cif_text(["O1 0 0 0 2"], columns=ATTACHED))
    assert "hydrogen atoms without coordinates are attached to its sites O1 (2 said, 0" in message
    header = ["_chemical_formula_sum O"]
    message = contradictions(tmp_path, cif_text(["O1 0 0 0 2"], header=header, columns=ATTACHED))
    assert "(2 said, 0 there)" in message
    water = ["O1 0 0 0 2", "H1 0.16 0 0 0", "H2 0 0.16 0 0"]
    assert is_read(tmp_path, cif_text(water, columns=ATTACHED)) == "H2O"


def test_distances_after_expansion(tmp_path: Path) -> None:
    sites = ("C1 C 0.06 0 0", "C2 C 0.5 0.5 0.5")
    message = contradictions(tmp_path, cif_text(sites, operations=INVERSION))
    assert (
        "its atoms C1 and C1 are 0.72 Å apart, but their covalent radii come to 1.52 Å" in message
    )


def test_several_contradictions_are_all_named(tmp_path: Path) -> None:
    header = [*FM3M, "_cell_volume 200", "_chemical_formula_sum 'K Cl'"]
    message = contradictions(tmp_path, cif_text(SALT, cell=CELL, header=header))
    assert "200 Å³" in message
    assert "'K Cl'" in message


def test_one_atom_of_many_is_missed(tmp_path: Path) -> None:
    places = [(x / 6, y / 6, z / 6) for x in range(6) for y in range(6) for z in range(6)]
    sites = [f"Cu Cu {x:.6f} {y:.6f} {z:.6f}" for x, y, z in places]
    header = ["_space_group_name_H-M_alt 'P 1'", "_chemical_formula_sum Cu"]
    header.append("_cell_formula_units_Z 216")
    cell = (15, 15, 15, 90, 90, 90)
    assert is_read(tmp_path, cif_text(sites, cell=cell, header=header)) == "Cu216"
    message = contradictions(tmp_path, cif_text(sites[1:], cell=cell, header=header))
    assert "Z = 216, Cu216, but its sites give Cu215" in message


def test_fractions_of_a_formula_are_rounded(tmp_path: Path) -> None:
    header = ["_space_group_name_H-M_alt 'P 1'", "_chemical_formula_sum 'Cu0.33 O0.67'"]
    header.append("_cell_formula_units_Z 3")
    sites = ["Cu Cu 0 0 0", "O1 O 0.35 0 0", "O2 O 0.65 0 0"]
    assert is_read(tmp_path, cif_text(sites, header=header)) == "CuO2"
