"""XYZ files: elements in every spelling, isotopes, and columns that a calculation depends on."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from nearsight.errors import StructureError
from nearsight.structures import check_structure, read_structure

DATA = Path(__file__).parents[1] / "data"
DEUTERIUM_u = 2.01410177812


def read_text(tmp_path: Path, text: str) -> Atoms:
    path = tmp_path / "molecule.xyz"
    path.write_text(text)
    return read_structure(path)


def notes_of(atoms: Atoms) -> list[str]:
    return list(atoms.info.get("reading_notes", []))


def test_heavy_water_is_water_with_deuterium() -> None:
    atoms = read_structure(DATA / "heavy_water.xyz")
    assert atoms.get_chemical_symbols() == ["O", "H", "H"]
    np.testing.assert_allclose(atoms.get_masses(), [15.999, DEUTERIUM_u, DEUTERIUM_u])
    assert notes_of(atoms) == []


def test_atomic_numbers_are_elements() -> None:
    by_number = read_structure(DATA / "water_numbers.xyz")
    assert by_number.get_chemical_symbols() == ["O", "H", "H"]
    np.testing.assert_allclose(by_number.positions[1], [0, 0.7632, -0.4770])
    assert notes_of(by_number) == [
        "The file has numbers in place of symbols; as atomic numbers they are O, H."
    ]


def test_types_of_lammps_are_no_atomic_numbers(tmp_path: Path) -> None:
    with pytest.raises(StructureError, match="LAMMPS's numbers of types"):
        read_text(tmp_path, "2\nAtoms. Timestep: 0\n1 0 0 0\n2 0 0 1\n")
    named = read_text(tmp_path, "2\nAtoms. Timestep: 0\nO 0 0 0\nC 0 0 1.1\n")
    assert named.get_chemical_symbols() == ["O", "C"]


def test_isotopes_are_those_of_the_structure_that_is_chosen(tmp_path: Path) -> None:
    text = "2\n\nD 0 0 0\nH 0 0 1\n2\n\nH 0 0 0\nT 0 0 1\n"
    np.testing.assert_allclose(read_text(tmp_path, text).get_masses(), [1.008, 3.01604928199])
    np.testing.assert_allclose(read_text(tmp_path, "1\n\nd 0 0 0\n").get_masses(), DEUTERIUM_u)
    read_text(tmp_path, text)
    first = read_structure(tmp_path / "molecule.xyz@1")
    np.testing.assert_allclose(first.get_masses(), [DEUTERIUM_u, 1.008])


def test_species_may_stand_in_any_column(tmp_path: Path) -> None:
    header = 'Properties=id:I:1:pos:R:3:species:S:1 pbc="F F F"'
    atoms = read_text(tmp_path, f"2\n{header}\n8 0 0 0 D\n1 0 0 1 O\n")
    assert atoms.get_chemical_symbols() == ["H", "O"]
    np.testing.assert_allclose(atoms.get_masses()[0], DEUTERIUM_u)


@pytest.mark.parametrize(
    "text",
    [
        "2\n\n8 0 0 0\nH 0 0 1\n",  # numbers and symbols in one structure
        "1\n\n-5 0 0 0\n",
        "1\n\n0 0 0 0\n",
        "1\n\n119 0 0 0\n",
        '1\nProperties=Z:I:1:pos:R:3 pbc="F F F"\n-5 0 0 0\n',
    ],
)
def test_numbers_of_no_element_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(StructureError, match="atomic number"):
        read_text(tmp_path, text)


@pytest.mark.parametrize("symbol", ["d", "D"])
def test_symbols_may_be_in_any_case(tmp_path: Path, symbol: str) -> None:
    atoms = read_text(tmp_path, f"3\n\nCL 0 0 0\nna 0 0 3\n{symbol} 0 3 0\n")
    assert atoms.get_chemical_symbols() == ["Cl", "Na", "H"]
    np.testing.assert_allclose(atoms.get_masses()[2], DEUTERIUM_u)


@pytest.mark.parametrize("species", ["C1", "Na+", "8.0", "Gh(H)"])
def test_species_of_no_element_are_refused_with_the_line(tmp_path: Path, species: str) -> None:
    with pytest.raises(StructureError, match=r"Line 4 has the species '.*', which is no element"):
        read_text(tmp_path, f"2\n\nO 0 0 0\n{species} 0 0 1\n")


def test_species_and_atomic_numbers_must_agree(tmp_path: Path) -> None:
    header = 'Properties=species:S:1:pos:R:3:Z:I:1 pbc="F F F"'
    with pytest.raises(StructureError, match="Line 4 has the species Na and the atomic number 12"):
        read_text(tmp_path, f"2\n{header}\nCl 0 0 0 17\nNa 0 0 3 12\n")
    agreeing = read_text(tmp_path, f"2\n{header}\nCl 0 0 0 17\nNa 0 0 3 11\n")
    assert agreeing.get_chemical_symbols() == ["Cl", "Na"]


@pytest.mark.parametrize(
    ("columns", "missing"), [("element:S:1:pos:R:3", "species"), ("species:S:1:frac:R:3", "pos")]
)
def test_columns_without_species_or_positions_are_refused(
    tmp_path: Path, columns: str, missing: str
) -> None:
    with pytest.raises(StructureError, match=f"Line 2 names the columns .* none of them {missing}"):
        read_text(tmp_path, f"1\nProperties={columns}\nO 0 0 0\n")


NINE = "5 0 0 0 6 0 0 0 7"


@pytest.mark.parametrize(
    "key", [f'Lattice="{NINE}"', f'lattice = "{NINE}"', f'LATTICE={{{NINE}}} PBC="T T T"']
)
def test_the_lattice_is_one_in_any_case(tmp_path: Path, key: str) -> None:
    atoms = read_text(tmp_path, f"1\n{key} properties=species:S:1:pos:R:3:mass:R:1\nO 0 0 0 18\n")
    np.testing.assert_allclose(atoms.cell.lengths(), [5, 6, 7])
    assert atoms.pbc.all()
    np.testing.assert_array_equal(atoms.get_masses(), [18])


@pytest.mark.parametrize(
    "comment",
    [
        "cell=[[5,0,0],[0,6,0],[0,0,7]]",
        f'unit_cell = "{NINE}"',
        '{"energy": -1.0, "cell": [[5, 0, 0], [0, 6, 0], [0, 0, 7]]}',
        "# CELL(abcABC): 5 6 7 90 90 90 Step: 0 positions{atomic_unit} cell{atomic_unit}",
    ],
)
def test_a_cell_under_another_name_does_not_become_a_molecule(tmp_path: Path, comment: str) -> None:
    with pytest.raises(StructureError, match="Line 2 gives a cell in a way that is not read"):
        read_text(tmp_path, f"1\n{comment}\nO 0 0 0\n")


def test_an_unquoted_lattice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StructureError, match="Lattice"):
        read_text(tmp_path, f"1\nlattice={NINE}\nO 0 0 0\n")


@pytest.mark.parametrize("comment", ["units: bohr", 'unit="nm"', "coordinates=fractional"])
def test_positions_that_are_not_in_angstrom_are_refused(tmp_path: Path, comment: str) -> None:
    with pytest.raises(StructureError, match="but positions are read in Å"):
        read_text(tmp_path, f"1\n{comment}\nO 0 0 0\n")


@pytest.mark.parametrize(
    "comment", ["units=Angstrom", "it's a \"molecule", "E = -76.4, lattice = none", "cell: no"]
)
def test_prose_in_the_comment_is_passed_over(tmp_path: Path, comment: str) -> None:
    assert not read_text(tmp_path, f"1\n{comment}\nO 0 0 0\n").pbc.any()


def test_blank_lines_and_marks_of_encodings_change_nothing(tmp_path: Path) -> None:
    first, second = "1\n\nO 0 0 0\n", "2\n\nN 0 0 0\nN 0 0 1.1\n"
    path = tmp_path / "molecule.xyz"
    path.write_text(f"\n{first}\n \n{second}\n\n", encoding="utf-8-sig")
    assert read_structure(path).get_chemical_formula() == "N2"
    assert read_structure(f"{path}@1").get_chemical_formula() == "O"
    path.write_text(f"{first}\n{second[:-10]}")
    with pytest.raises(StructureError, match="Frame has 1 atoms, expected 2"):
        read_structure(path)


@pytest.mark.parametrize("column", ["mass", "masses", "atomic_masses", "Masses"])
def test_a_column_of_masses_is_used(tmp_path: Path, column: str) -> None:
    header = f'Properties=species:S:1:pos:R:3:{column}:R:1 pbc="F F F"'
    atoms = read_text(tmp_path, f"2\n{header}\nO 0 0 0 17.999\nD 0 0 1 2.5\n")
    np.testing.assert_array_equal(atoms.get_masses(), [17.999, 2.5])


def test_the_isotope_of_a_crystal_is_kept() -> None:
    atoms = read_structure(DATA / "isotope_in_conventional_cell.extxyz")
    np.testing.assert_allclose(atoms.get_masses(), [120.0, 63.546, 63.546, 63.546])
    heavy = read_structure(DATA / "mass_column.extxyz")
    np.testing.assert_allclose(heavy.get_masses(), [15.999, 2.014, 2.014])


@pytest.mark.parametrize("mass", ["0", "-1", "nan", "1e5"])
def test_masses_of_no_atom_are_refused(tmp_path: Path, mass: str) -> None:
    header = 'Properties=species:S:1:pos:R:3:mass:R:1 pbc="F F F"'
    with pytest.raises(StructureError, match="column mass gives atom 0 the mass"):
        read_text(tmp_path, f"1\n{header}\nO 0 0 0 {mass}\n")


def test_columns_of_masses_that_disagree_are_refused(tmp_path: Path) -> None:
    header = 'Properties=species:S:1:pos:R:3:mass:R:1:masses:R:1 pbc="F F F"'
    with pytest.raises(StructureError, match="columns masses and mass disagree"):
        read_text(tmp_path, f"1\n{header}\nO 0 0 0 16 18\n")


def test_partial_atoms_are_refused(tmp_path: Path) -> None:
    header = 'Properties=species:S:1:pos:R:3:occupancy:R:1 pbc="F F F"'
    with pytest.raises(StructureError, match="only in part"):
        read_text(tmp_path, f"1\n{header}\nO 0 0 0 0.5\n")
    assert len(read_text(tmp_path, f"1\n{header}\nO 0 0 0 1.0\n")) == 1


def test_charges_moments_and_constraints_are_named(tmp_path: Path) -> None:
    columns = "species:S:1:pos:R:3:charges:R:1:magmoms:R:1:move_mask:L:1:forces:R:3"
    header = f'Properties={columns} charge=-1 multiplicity=2 energy=-3.0 pbc="F F F"'
    atoms = read_text(tmp_path, f"1\n{header}\nO 0 0 0 -1 1 F 0 0 0.1\n")
    told = " ".join(notes_of(atoms))
    assert "charges and magmoms, which were left out" in told
    assert "constraints in the file were left out" in told
    assert "multiplicity=2, which was left out" in told
    assert atoms.info["charge"] == -1
    assert "energy" not in told
    assert "forces" not in told


def test_initial_moments_are_kept_and_said(tmp_path: Path) -> None:
    header = 'Properties=species:S:1:pos:R:3:initial_magmoms:R:1 pbc="F F F"'
    atoms = read_text(tmp_path, f"1\n{header}\nO 0 0 0 2\n")
    np.testing.assert_array_equal(atoms.get_initial_magnetic_moments(), [2])
    assert "initial magnetic moments, which were kept" in notes_of(atoms)[0]
    assert notes_of(read_text(tmp_path, f"1\n{header}\nO 0 0 0 0\n")) == []


def test_impossible_atoms_are_no_structure() -> None:
    with pytest.raises(StructureError, match="atomic number -5"):
        check_structure(Atoms(numbers=[-5], positions=[[0, 0, 0]]))
    with pytest.raises(StructureError, match="has the mass 0 u"):
        check_structure(Atoms("H", masses=[0.0]))
