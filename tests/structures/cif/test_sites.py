"""One element at each site, wholly there, in one arrangement; special positions in place."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from cif_text import cif_text
from nearsight.errors import StructureError
from nearsight.structures import read_structure, space_group


def read_text(tmp_path: Path, text: str) -> Atoms:
    path = tmp_path / "crystal.cif"
    path.write_text(text)
    return read_structure(path)


P1 = ("_space_group_name_H-M_alt 'P 1'",)
LABELS = ("label", "fract_x", "fract_y", "fract_z")
TYPED = ("label", "type_symbol", "fract_x", "fract_y", "fract_z")


@pytest.mark.parametrize(
    ("symbol", "element"),
    [
        ("Cu", "Cu"),
        ("CU", "Cu"),
        ("cu", "Cu"),
        ("Na1+", "Na"),
        ("NA1+", "Na"),
        ("O2-", "O"),
        ("Fe+3", "Fe"),
        ("Fe2.67+", "Fe"),
        ("Al0+", "Al"),
        ("Cl1-", "Cl"),
        ("Cval", "C"),
        ("Siva", "Si"),
        ("H", "H"),
    ],
)
def test_type_symbols(tmp_path: Path, symbol: str, element: str) -> None:
    atoms = read_text(tmp_path, cif_text([f"X1 {symbol} 0 0 0"], header=P1))
    assert atoms.get_chemical_symbols() == [element]


@pytest.mark.parametrize(
    "symbol",
    ["OH2", "OH", "Wat", "'Cu + Zn'", "X", "Q", "NO", "CN", "2H", "T", "Cu1", "C/N", "H2O"],
)
def test_type_symbols_of_no_element(tmp_path: Path, symbol: str) -> None:
    with pytest.raises(StructureError, match="Site A1 has the type symbol"):
        read_text(tmp_path, cif_text([f"A1 {symbol} 0 0 0"], header=P1))


def test_two_capitals_are_no_element_beside_lower_case(tmp_path: Path) -> None:
    sites = ["A1 CO 0 0 0", "A2 Cu 0.5 0.5 0.5"]
    with pytest.raises(StructureError, match="may be Co or C and O"):
        read_text(tmp_path, cif_text(sites, header=P1))
    with pytest.raises(StructureError, match="may be Co or C and O"):
        read_text(tmp_path, cif_text(["A1 CO 0 0 0"], header=P1))
    header = [*P1, "_chemical_formula_sum Co"]
    assert read_text(tmp_path, cif_text(["A1 CO 0 0 0"], header=header)).symbols[0] == "Co"


@pytest.mark.parametrize(
    ("label", "element"),
    [
        ("Zn1", "Zn"),
        ("C12", "C"),
        ("C1A", "C"),
        ("Ca1", "Ca"),
        ("Cl_2", "Cl"),
        ("SiT1", "Si"),
        ("Na(1)", "Na"),
        ("O1'", "O"),
        ("Ow1", "O"),
        ("ZN1", "Zn"),
        ("AL2", "Al"),
        ("H11B", "H"),
        ("O", "O"),
    ],
)
def test_labels_where_there_is_no_type_symbol(tmp_path: Path, label: str, element: str) -> None:
    text = cif_text([f'"{label}" 0 0 0'], columns=LABELS, header=P1)
    assert read_text(tmp_path, text).get_chemical_symbols() == [element]


@pytest.mark.parametrize(
    "label", ["CA1", "NA1", "OH2", "Wat1", "W1", "T1", "1Na", "Q1", "HOH", "Mof_Zn1"]
)
def test_labels_that_may_be_more_than_one_element(tmp_path: Path, label: str) -> None:
    with pytest.raises(StructureError, match=f"Site {label} has no type symbol"):
        read_text(tmp_path, cif_text([f"{label} 0 0 0"], columns=LABELS, header=P1))


@pytest.mark.parametrize(("formula", "element"), [("Ca", "Ca"), ("C", "C"), ("W", "W")])
def test_the_formula_decides_between_readings_of_a_label(
    tmp_path: Path, formula: str, element: str
) -> None:
    label = "W1" if formula == "W" else "CA1"
    header = [*P1, f"_chemical_formula_sum {formula}"]
    text = cif_text([f"{label} 0 0 0"], columns=LABELS, header=header)
    assert read_text(tmp_path, text).get_chemical_symbols() == [element]


def test_a_label_in_its_usual_case_is_read_so_whatever_the_formula(tmp_path: Path) -> None:
    sites = ["Cl(1) 0 0 0", "C1 .5 .5 .5", "Co .5 .5 0", "O1 0 0 .5"]
    header = [*P1, "_chemical_formula_sum 'C Cl Co O'"]
    atoms = read_text(tmp_path, cif_text(sites, columns=LABELS, header=header))
    assert atoms.get_chemical_symbols() == ["Cl", "C", "Co", "O"]
    # What is read so is still compared with the formula.
    header = [*P1, "_chemical_formula_sum 'C2 Co Cl2 O2'", "_cell_formula_units_Z 1"]
    with pytest.raises(StructureError, match="its sites give C1 Cl1 Co1 O1"):
        read_text(tmp_path, cif_text(sites, columns=LABELS, header=header))


def test_a_label_in_place_of_the_type_is_a_label(tmp_path: Path) -> None:
    text = cif_text(["Zn1 Zn1 0 0 0", "O1 O1 .5 .5 .5", "O1 O1 .5 .5 0"], header=P1)
    assert read_text(tmp_path, text).get_chemical_formula() == "O2Zn"


def test_dummy_sites_are_left_out_and_said(tmp_path: Path) -> None:
    sites = ["Na1 Na 0 0 0 d", "Cg1 X 0.5 0.5 0.5 dum"]
    atoms = read_text(tmp_path, cif_text(sites, columns=(*TYPED, "calc_flag"), header=P1))
    assert atoms.get_chemical_formula() == "Na"
    assert atoms.info["reading_notes"] == ["Dummy sites, which are no atoms, were left out: Cg1."]


DISORDER = (*TYPED, "disorder_assembly", "disorder_group")


@pytest.mark.parametrize(
    "sites",
    [
        ["C1 C 0 0 0 A 1", "C2 C 0.5 0 0 A 2"],
        ["C1 C 0 0 0 . 1", "C2 C 0.5 0 0 . 2"],
        ["C1 C 0 0 0 . -1", "C2 C 0.5 0 0 . ."],
    ],
)
def test_alternatives_are_refused_by_name(tmp_path: Path, sites: list[str]) -> None:
    with pytest.raises(StructureError, match=r"alternative positions .*C1"):
        read_text(tmp_path, cif_text(sites, columns=DISORDER, header=P1))


def test_alternatives_by_letters_are_refused_too(tmp_path: Path) -> None:
    sites = ["C1 C 0 0 0 . A", "C2 C 0.5 0 0 . B"]
    columns = (*TYPED, "disorder_group", "label_alt_id")
    with pytest.raises(StructureError, match="group A: C1; group B: C2"):
        read_text(tmp_path, cif_text(sites, columns=columns, header=P1))


def test_a_group_without_alternatives_is_read(tmp_path: Path) -> None:
    sites = ["C1 C 0 0 0 A 1", "C2 C 0.5 0 0 B 1", "C3 C 0 0.5 0 . ."]
    assert len(read_text(tmp_path, cif_text(sites, columns=DISORDER, header=P1))) == 3


@pytest.mark.parametrize("value", ["?", ".", "0.25(", "1/0", "0,25", "x", "nan", "1e999", "1e18"])
def test_coordinates_that_are_no_numbers_are_named(tmp_path: Path, value: str) -> None:
    with pytest.raises(StructureError, match=r"_fract_y of site Na1 cannot be read.*line 9"):
        read_text(tmp_path, cif_text([f"Na1 Na 0 {value} 0"], header=P1))


def test_columns_of_different_lengths_are_refused(tmp_path: Path) -> None:
    text = cif_text(["Na1 Na 0 0 0", "Cl1 Cl 0.5 0.5 0.5"], header=P1)
    split = f"{text}loop_\n_atom_site_occupancy\n1\n1\n1\n"
    with pytest.raises(StructureError, match="_atom_site_occupancy has 3 values"):
        read_text(tmp_path, split)


def test_cartesian_coordinates_are_refused(tmp_path: Path) -> None:
    columns = ("label", "type_symbol", "Cartn_x", "Cartn_y", "Cartn_z")
    with pytest.raises(StructureError, match="no fractional coordinates"):
        read_text(tmp_path, cif_text(["Na1 Na 0 1 0"], columns=columns, header=P1))


@pytest.mark.parametrize("third", ["0.33", "0.333", "0.3333", "0.33333333", "1/3"])
def test_special_positions_hold_however_few_digits_they_have(tmp_path: Path, third: str) -> None:
    other = {"0.33": "0.67", "1/3": "2/3"}.get(third, third.replace("3", "6")[:-1] + "7")
    text = cif_text(
        [f"Mg Mg {third} {other} 0.25"],
        cell=(3.2, 3.2, 5.2, 90, 90, 120),
        header=["_space_group_name_H-M_alt 'P 63/m m c'"],
    )
    atoms = read_text(tmp_path, text)
    assert len(atoms) == 2
    # exactly on its place: the symmetry holds far below the digits of the file
    assert space_group(atoms, 1e-6).number == 194
    np.testing.assert_allclose(atoms.get_scaled_positions()[0], [1 / 3, 2 / 3, 1 / 4], atol=1e-12)


def test_an_atom_off_its_special_position_is_moved_and_said(tmp_path: Path) -> None:
    text = cif_text(["Na Na 0.012 0 0"], operations=["x,y,z", "-x,-y,-z"])
    atoms = read_text(tmp_path, text)
    assert len(atoms) == 1
    np.testing.assert_allclose(atoms.positions, 0.0, atol=1e-12)
    assert "Na was moved by 0.07 Å onto the special position" in atoms.info["reading_notes"][0]


def test_an_atom_too_far_from_a_special_position_and_too_near_for_two(tmp_path: Path) -> None:
    text = cif_text(["Na Na 0.03 0 0"], operations=["x,y,z", "-x,-y,-z"])
    with pytest.raises(StructureError, match=r"Na cannot be placed: .*own image at 0.36 Å"):
        read_text(tmp_path, text)


CHARGED = (*TYPED, "charge")


def test_partial_charges_are_those_of_all_images(tmp_path: Path) -> None:
    sites = ["Mg1 Mg 0 0 0 1.56", "O1 O 0.3 0.1 0 -0.78(2)", "C1 C 0.5 0.5 0.5 0"]
    header = ["_space_group_name_H-M_alt 'P -1'"]
    atoms = read_text(tmp_path, cif_text(sites, columns=CHARGED, header=header))
    charges = dict(zip(atoms.symbols, atoms.get_initial_charges(), strict=True))
    assert len(atoms) == 4
    assert charges == {"Mg": 1.56, "O": -0.78, "C": 0.0}
    assert atoms.get_initial_charges().sum() == pytest.approx(0.0)
    [note] = atoms.info["reading_notes"]
    assert "atoms initial charges, which were kept" in note


def test_partial_charges_that_are_missing_are_said(tmp_path: Path) -> None:
    sites = ["Mg1 Mg 0 0 0 1.56", "O1 O 0.3 0.1 0 ?"]
    atoms = read_text(tmp_path, cif_text(sites, columns=CHARGED, header=P1))
    assert not atoms.has("initial_charges")
    [note] = atoms.info["reading_notes"]
    assert note == (
        "_atom_site_charge of site O1 is missing, which is no number: all charges in the file were "
        "left out."
    )


@pytest.mark.parametrize("charge", ["?", "0"])
def test_a_column_without_charges_says_nothing(tmp_path: Path, charge: str) -> None:
    sites = [f"Mg1 Mg 0 0 0 {charge}", f"O1 O 0.3 0.1 0 {charge}"]
    atoms = read_text(tmp_path, cif_text(sites, columns=CHARGED, header=P1))
    assert not atoms.has("initial_charges")
    assert atoms.info == {}
