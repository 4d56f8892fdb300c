"""Whole CIFs: what stands in them and what is read, in every style and with every gap."""

from pathlib import Path

import gemmi
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import read, write
from ase.spacegroup import crystal

from cif_text import cif_text
from nearsight.errors import StructureError
from nearsight.structures import read_structure, space_group

DATA = Path(__file__).parents[1] / "data"

SALT = ("Na Na 0 0 0", "Cl Cl 0.5 0.5 0.5")
FM3M = ("_space_group_name_H-M_alt 'F m -3 m'",)
SALT_CELL = (5.64, 5.64, 5.64, 90, 90, 90)


def saved(tmp_path: Path, text: str | bytes, name: str = "crystal.cif") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def notes_of(atoms: Atoms) -> list[str]:
    return list(atoms.info.get("reading_notes", []))


def reference_symbol(number: int) -> str:
    return str(gemmi.get_spacegroup_reference_setting(number).xhm())


def same_crystal(one: Atoms, other: Atoms, tolerance_A: float = 1e-6) -> bool:
    """Tell whether two structures have the same cell and the same atoms, in any order."""
    if len(one) != len(other) or not np.allclose(one.cell.array, other.cell.array, atol=1e-6):
        return False
    apart = one.get_scaled_positions()[:, None] - other.get_scaled_positions()[None]
    apart -= np.round(apart)
    distances = np.linalg.norm(apart @ one.cell.array, axis=2)
    partner = distances.argmin(axis=1)
    return (
        bool((distances.min(axis=1) < tolerance_A).all())
        and len(set(partner)) == len(one)
        and bool((one.numbers == other.numbers[partner]).all())
    )


@pytest.mark.parametrize(
    ("name", "formula", "number"),
    [
        ("angles_by_default.cif", "Cl4Na4", 225),
        ("upper_case_symbols.cif", "Cu4O2", 224),
        ("origin2_no_ops.cif", "Si8", 227),
        ("trigonal_hex_no_ops.cif", "Al12O18", 167),
        ("hm_underscore.cif", "O2Zn2", 186),
        ("loop_in_one_line.cif", "Cu4O2", 224),
        ("fractions.cif", "Cu4O2", 224),
        ("two_blocks.cif@cuo", "Cu4O2", 224),
    ],
)
def test_files_in_other_styles_are_the_crystals_they_mean(
    name: str, formula: str, number: int
) -> None:
    atoms = read_structure(DATA / name)
    assert atoms.get_chemical_formula() == formula
    assert space_group(atoms, 1e-3).number == number
    assert notes_of(atoms) == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("mixed_type_symbol.cif", r"Site Cu1 has the type symbol '0.8Cu \+ 0.2Zn', which is not"),
        ("group_type_symbol.cif", "Site O1 has the type symbol 'OH2', which is not one element"),
        (
            "attached_hydrogens.cif",
            "'H4 Ni O2', but its sites give Ni1 O2: hydrogen atoms are miss",
        ),
        ("disorder_groups_no_occupancy.cif", "group 1: H1A, H1B, H1C; group 2: H1D, H1E, H1F"),
        ("two_blocks.cif@1", r"several settings .*F d -3 m:1, F d -3 m:2"),
        ("two_blocks.cif@3", r"no structure @3: there are 2, counted from 1: 1 \(silicon\), 2"),
    ],
)
def test_files_of_no_whole_atoms_are_refused_with_the_reason(name: str, reason: str) -> None:
    with pytest.raises(StructureError, match=reason):
        read_structure(DATA / name)


def test_the_choice_among_blocks_is_said() -> None:
    atoms = read_structure(DATA / "two_blocks.cif")
    assert atoms.get_chemical_formula() == "Cu4O2"
    [note] = notes_of(atoms)
    assert "holds 2 structures, of which the last was taken" in note


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"# M\xfcller\n", b"#\\#CIF_2.0\n"])
def test_line_ends_and_marks_of_encodings_change_nothing(
    tmp_path: Path, start: bytes, end: str
) -> None:
    text = cif_text(SALT, cell=SALT_CELL, header=FM3M).replace("\n", end).encode()
    atoms = read_structure(saved(tmp_path, start + text))
    assert same_crystal(atoms, bulk("NaCl", "rocksalt", a=5.64, cubic=True))


@pytest.mark.parametrize("name", ["SALT.CIF", "salt.txt", "salt", "salt.mcif"])
def test_a_cif_is_one_by_its_content(tmp_path: Path, name: str) -> None:
    text = cif_text(SALT, cell=SALT_CELL, header=FM3M)
    assert read_structure(saved(tmp_path, text, name)).get_chemical_formula() == "Cl4Na4"


def test_names_of_items_may_be_those_of_any_dictionary(tmp_path: Path) -> None:
    text = cif_text(SALT, cell=SALT_CELL, header=["_symmetry.space_group_name_H-M 'F m -3 m'"])
    for old, new in (
        ("_cell_length_", "_Cell.Length_"),
        ("_cell_angle_", "_cell.angle_"),
        ("_atom_site_", "_atom_site."),
    ):
        text = text.replace(old, new)
    assert read_structure(saved(tmp_path, text)).get_chemical_formula() == "Cl4Na4"


WITHOUT_OPERATIONS = {
    "P 21/n": ((7, 8, 9, 90, 100, 90), ("C1 C 0.1 0.2 0.3", "O1 O 0.3 0.4 0.1"), 14, 8),
    "P 21/b": ((7, 8, 9, 90, 90, 100), ("C1 C 0.1 0.2 0.3", "O1 O 0.3 0.4 0.1"), 14, 8),
    "P 21/c": ((7, 8, 9, 90, 90.2, 90), ("C1 C 0.1 0.2 0.3", "O1 O 0.3 0.4 0.1"), 14, 8),
    "I 41/a m d :2": (
        (3.79, 3.79, 9.51, 90, 90, 90),
        ("Ti Ti 0 .75 .125", "O O 0 .75 .333"),
        141,
        12,
    ),
    "F d d 2": (
        (9, 12, 6, 90, 90, 90),
        ("Si Si 0 0 0", "O O .1 .2 .1", "C C .2 .1 .4"),
        43,
        40,
    ),
    "R 3 c :R": (
        (6.3, 6.3, 6.3, 55.3, 55.3, 55.3),
        ("Li Li .28 .28 .28", "Nb Nb 0 0 0", "O O .11 .37 .72"),
        161,
        10,
    ),
    "R -3 c": (
        (5.128, 5.128, 5.128, 55.28, 55.28, 55.28),
        ("Al Al .3523 .3523 .3523", "O O .556 .944 .25"),
        167,
        10,
    ),
    "P 63/m m c": ((3.2, 3.2, 5.2, 90, 90, 120), ("Mg Mg .3333 .6667 .25",), 194, 2),
    "P n n n :2": ((8, 9, 10, 90, 90, 90), ("C C .1 .2 .3", "N N .4 .1 .15"), 48, 16),
}


@pytest.mark.parametrize("symbol", WITHOUT_OPERATIONS)
def test_a_group_without_listed_operations_is_that_of_its_symbol(
    tmp_path: Path, symbol: str
) -> None:
    cell, sites, number, n_atoms = WITHOUT_OPERATIONS[symbol]
    text = cif_text(sites, cell=cell, header=[f"_space_group_name_H-M_alt '{symbol}'"])
    atoms = read_structure(saved(tmp_path, text))
    assert len(atoms) == n_atoms
    assert space_group(atoms, 1e-2).number == number


@pytest.mark.parametrize("number", [2, 19, 33, 61, 96, 122, 144, 178, 186, 198, 206, 219, 220, 230])
def test_expansion_is_that_of_another_program(tmp_path: Path, number: int) -> None:
    system = next(
        cell
        for last, cell in (
            (2, (15, 16, 17, 81, 84, 88)),
            (74, (15, 16, 17, 90, 90, 90)),
            (142, (15, 15, 17, 90, 90, 90)),
            (194, (15, 15, 17, 90, 90, 120)),
            (230, (25, 25, 25, 90, 90, 90)),
        )
        if number <= last
    )
    places = [(0.113, 0.301, 0.071), (0.311, 0.052, 0.431)]
    reference = crystal("CN", places, spacegroup=number, cellpar=system)
    sites = [f"{name} {name} {x} {y} {z}" for name, (x, y, z) in zip("CN", places, strict=True)]
    header = [f"_symmetry_space_group_name_H-M '{reference_symbol(number)}'"]
    atoms = read_structure(saved(tmp_path, cif_text(sites, cell=system, header=header)))
    assert same_crystal(atoms, reference)


def test_origin_is_resolved_by_the_composition_and_said(tmp_path: Path) -> None:
    header = ["_space_group_name_H-M_alt 'F d -3 m'", "_chemical_formula_sum Si"]
    site = ["Si Si 0.125 0.125 0.125"]
    cell = (5.431, 5.431, 5.431, 90, 90, 90)
    path = saved(tmp_path, cif_text(site, cell=cell, header=[*header, "_cell_formula_units_Z 8"]))
    atoms = read_structure(path)
    assert len(atoms) == 8
    assert space_group(atoms, 1e-3).number == 227
    [note] = notes_of(atoms)
    assert "only F d -3 m:2 agrees" in note
    # without Z both origins hold whole numbers of the formula
    with pytest.raises(StructureError, match="F d -3 m:1, F d -3 m:2"):
        read_structure(saved(tmp_path, cif_text(site, cell=cell, header=header)))


def test_settings_of_which_none_fits_are_refused_with_the_reason(tmp_path: Path) -> None:
    header = ["_space_group_name_H-M_alt 'F d -3 m'", "_chemical_formula_sum 'C H'"]
    text = cif_text(["C C 0 0 0"], cell=(3.57, 3.57, 3.57, 90, 90, 90), header=header)
    with pytest.raises(StructureError, match=r"none agrees with .* in F d -3 m:1, .* are missing"):
        read_structure(saved(tmp_path, text))


def test_no_group_at_all_is_p1_with_a_note(tmp_path: Path) -> None:
    atoms = read_structure(saved(tmp_path, cif_text(SALT)))
    assert atoms.get_chemical_formula() == "ClNa"
    assert "names no space group" in notes_of(atoms)[0]
    with pytest.raises(StructureError, match="said to be cubic, but has neither"):
        read_structure(saved(tmp_path, cif_text(SALT, header=["_symmetry_cell_setting cubic"])))


def test_a_symbol_of_no_table_is_refused(tmp_path: Path) -> None:
    header = ["_space_group_name_H-M_alt 'P 7'"]
    with pytest.raises(StructureError, match="'P 7', is in no table"):
        read_structure(saved(tmp_path, cif_text(SALT, header=header)))


@pytest.mark.parametrize("axis", range(3))
def test_a_missing_length_is_an_error(tmp_path: Path, axis: int) -> None:
    cell: list[float | str | None] = [5.64, 5.64, 5.64, 90, 90, 90]
    for missing in (None, "?", "."):
        cell[axis] = missing
        with pytest.raises(StructureError, match=f"no _cell_length_{'abc'[axis]}"):
            read_structure(saved(tmp_path, cif_text(SALT, cell=cell, header=FM3M)))


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ((0, 6, 6, 90, 90, 90), "is none"),
        ((1e-300, 6, 6, 90, 90, 90), "is none"),
        ((1e300, 6, 6, 90, 90, 90), "is none"),
        ((6, 6, 6, 90, 190, 90), "is none"),
        ((6, 6, 6, 30, 30, 90), "has no volume"),
        ((6, 6, "six", 90, 90, 90), "_cell_length_c is 'six'"),
    ],
)
def test_an_impossible_cell_is_an_error(
    tmp_path: Path, cell: tuple[float | str, ...], reason: str
) -> None:
    with pytest.raises(StructureError, match=reason):
        read_structure(saved(tmp_path, cif_text(SALT, cell=cell)))


@pytest.mark.parametrize(
    ("item", "what"),
    [
        ("_atom_site_moment_label Fe", "magnetic moments"),
        ("_space_group_magn.name_BNS x", "magnetic symmetry"),
        ("_cell_modulation_dimension 1", "modulation"),
    ],
)
def test_what_is_beyond_a_crystal_of_atoms_is_refused(tmp_path: Path, item: str, what: str) -> None:
    with pytest.raises(StructureError, match=what):
        read_structure(saved(tmp_path, cif_text(SALT, header=[item])))


def test_deuterium_has_its_own_mass(tmp_path: Path) -> None:
    sites = ("O O2- 0 0 0", "D1 D 0.15 0 0", "H1 H1+ 0 0.15 0")
    header = ["_chemical_formula_sum 'D H O'", "_space_group_name_H-M_alt 'P 1'"]
    atoms = read_structure(saved(tmp_path, cif_text(sites, header=header)))
    assert atoms.get_chemical_formula() == "H2O"
    np.testing.assert_allclose(atoms.get_masses(), [15.999, 2.014102, 1.008], atol=1e-6)


def test_files_that_other_programs_write_come_back_as_they_were(tmp_path: Path) -> None:
    first, second = bulk("NaCl", "rocksalt", a=5.64, cubic=True), bulk("Cu", cubic=True)
    write(tmp_path / "ase.cif", [first, second])
    assert same_crystal(read_structure(tmp_path / "ase.cif@1"), first, 1e-4)
    assert same_crystal(read_structure(tmp_path / "ase.cif@image1"), second, 1e-4)
    assert same_crystal(read(tmp_path / "ase.cif", index=0), first, 1e-4)


@pytest.mark.parametrize(
    ("structural", "total", "z", "contents"),
    [
        ("NaCl", "Na4 Cl4", 4, "Cl4Na4"),
        ("Na2(Cl)2", "Na4 Cl4", 2, "Cl4Na4"),
        ("NaCl", "Na Cl", 4, "Cl4Na4"),  # the sum is one of a formula unit here
        ("Na4Cl4", "Na4 Cl4", 1, "Cl4Na4"),
        ("'sodium chloride'", "Na Cl", 4, "Cl4Na4"),
    ],
)
def test_the_sum_over_the_cell_is_told_by_the_structural_formula(
    tmp_path: Path, structural: str, total: str, z: int, contents: str
) -> None:
    header = [
        *FM3M,
        f"_chemical_formula_structural {structural}",
        f"_chemical_formula_sum '{total}'",
        f"_cell_formula_units_Z {z}",
    ]
    atoms = read_structure(saved(tmp_path, cif_text(SALT, cell=SALT_CELL, header=header)))
    assert atoms.get_chemical_formula() == contents


def test_molecules_of_one_element_have_a_sum_over_the_cell_too(tmp_path: Path) -> None:
    # pymatgen counts O2, and the greatest common divisor of O4 is another one.
    sites = ("O O 0 0 0", "O O .24 0 0", "O O .5 .5 .5", "O O .74 .5 .5")
    formulas = ["_chemical_formula_structural O2", "_chemical_formula_sum O4"]
    header = [*formulas, "_cell_formula_units_Z 2", "_space_group_IT_number 1"]
    text = cif_text(sites, cell=(5, 5, 5, 90, 90, 90), header=header)
    assert read_structure(saved(tmp_path, text)).get_chemical_formula() == "O4"


def test_a_formula_unit_that_is_divisible_by_z_is_no_sum_over_the_cell(tmp_path: Path) -> None:
    header = [
        *FM3M,
        "_chemical_formula_structural Na4Cl4",
        "_chemical_formula_sum 'Na4 Cl4'",
        "_cell_formula_units_Z 4",
    ]
    with pytest.raises(StructureError, match="Cl16 Na16, but its sites give Cl4 Na4"):
        read_structure(saved(tmp_path, cif_text(SALT, cell=SALT_CELL, header=header)))


def test_the_symbol_of_the_crystal_beside_its_primitive_cell(tmp_path: Path) -> None:
    sites, header = ("Si Si 0 0 0", "Si Si .25 .25 .25"), ["_space_group_name_H-M_alt 'F d -3 m'"]
    text = cif_text(sites, cell=(3.84, 3.84, 3.84, 60, 60, 60), header=header)
    with pytest.raises(StructureError, match=r"does not go with the cell.*equivalent"):
        read_structure(saved(tmp_path, text))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "latin-1"])
def test_encodings_of_windows(tmp_path: Path, encoding: str) -> None:
    header = [*FM3M, "_publ_author_name 'M\u00fcller'"]
    text = cif_text(SALT, cell=SALT_CELL, header=header)
    path = saved(tmp_path, text.encode(encoding), "salt.cif")
    assert read_structure(path).get_chemical_formula() == "Cl4Na4"


def test_compressed_files_are_read(tmp_path: Path) -> None:
    import gzip

    text = cif_text(SALT, cell=SALT_CELL, header=FM3M).encode()
    path = saved(tmp_path, gzip.compress(text), "salt.cif.gz")
    assert read_structure(path).get_chemical_formula() == "Cl4Na4"
    with pytest.raises(StructureError, match="cannot be decompressed"):
        read_structure(saved(tmp_path, gzip.compress(text)[:40], "salt.cif.gz"))
