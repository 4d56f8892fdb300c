"""Structure files: what is read, what is refused, and with which words."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms
from ase.io import write

from nearsight.errors import NearsightWarning, StructureError
from nearsight.structures.reading import read_structure

CIF = """data_{name}
_cell_length_a {a}
_cell_length_b {a}
_cell_length_c {a}
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
{header}
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
{columns}
{sites}
"""


def cif(tmp_path: Path, sites: str, *, columns: str = "", header: str = "") -> Path:
    path = tmp_path / "crystal.cif"
    path.write_text(CIF.format(name="test", a=4.2, header=header, columns=columns, sites=sites))
    return path


OCCUPANCY = "_atom_site_occupancy"
SYMMETRY = "_symmetry_space_group_name_H-M 'F m -3 m'\n_symmetry_Int_Tables_number 225"


def test_cif_with_space_group_gives_the_whole_periodic_cell(tmp_path: Path) -> None:
    path = cif(tmp_path, "Mg Mg 0 0 0\nO O 0.5 0.5 0.5", header=SYMMETRY)
    atoms = read_structure(path)
    assert atoms.get_chemical_formula() == "Mg4O4"
    assert atoms.pbc.all()
    np.testing.assert_allclose(atoms.cell.cellpar(), [4.2, 4.2, 4.2, 90, 90, 90])
    assert atoms.info == {}
    assert set(atoms.arrays) == {"numbers", "positions"}


def test_xyz_gives_a_molecule(tmp_path: Path) -> None:
    water = molecule("H2O")
    write(tmp_path / "water.xyz", water, format="xyz")
    atoms = read_structure(str(tmp_path / "water.xyz"))
    assert not atoms.pbc.any()
    assert atoms.get_chemical_symbols() == water.get_chemical_symbols()
    np.testing.assert_allclose(atoms.positions, water.positions, atol=1e-6)


def test_last_image_of_a_trajectory_is_read_without_calculator_and_constraints(
    tmp_path: Path,
) -> None:
    first, last = bulk("Cu", a=3.6), bulk("Cu", a=3.7)
    last.calc = SinglePointCalculator(last, energy=-1.0)
    last.set_constraint(FixAtoms([0]))
    path = tmp_path / "run@2.traj"
    write(path, [first, last], format="traj")
    atoms = read_structure(path)
    np.testing.assert_allclose(atoms.cell.array, last.cell.array)
    assert atoms.calc is None
    assert not atoms.constraints
    choice, constraints = atoms.info["reading_notes"]
    assert "holds 2 structures, of which the last was taken; FILE@1 to FILE@2" in choice
    assert "constraints" in constraints


def test_constraints_that_fix_nothing_are_not_remarked_on(tmp_path: Path) -> None:
    path = tmp_path / "coord"
    write(path, molecule("H2O"), format="turbomole")
    assert read_structure(path).info == {}


def test_masses_and_magnetic_moments_are_kept(tmp_path: Path) -> None:
    heavy = Atoms("HO", positions=[[0, 0, 0], [0, 0, 1]], masses=[2.014, 15.999])
    heavy.set_initial_magnetic_moments([0.5, -0.5])
    write(tmp_path / "od.traj", heavy)
    atoms = read_structure(tmp_path / "od.traj")
    np.testing.assert_array_equal(atoms.get_masses(), [2.014, 15.999])
    np.testing.assert_array_equal(atoms.get_initial_magnetic_moments(), [0.5, -0.5])


def test_charge_and_multiplicity_of_the_file_are_those_of_the_structure(tmp_path: Path) -> None:
    ion = molecule("H2O")
    ion.info.update(charge=-1, spin=1, comment="ion")
    write(tmp_path / "ion.xyz", ion, format="extxyz")
    assert read_structure(tmp_path / "ion.xyz").info == {"charge": -1, "spin": 1}


@pytest.mark.parametrize(
    "said", [{"charge": 0.5}, {"spin": 0}, {"total_charge": -1}, {"multiplicity": 2}]
)
def test_what_is_no_charge_or_multiplicity_is_named(said: dict[str, float], tmp_path: Path) -> None:
    ion = molecule("H2O")
    ion.info.update(said)
    write(tmp_path / "ion.xyz", ion, format="extxyz")
    atoms = read_structure(tmp_path / "ion.xyz")
    [note] = atoms.info.pop("reading_notes")
    assert f"says {next(iter(said))}=" in note
    assert "a charge in e as charge=-1" in note
    assert atoms.info == {}


def test_remarks_of_the_reader_become_notes(tmp_path: Path) -> None:
    path = tmp_path / "fragments.com"
    path.write_text("#p hf/sto-3g\n\nargon\n\n0 1\nAr(Fragment=1) 0.0 0.0 0.0\n\n")
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        atoms = read_structure(path)
    assert "Fragments are not currently supported." in atoms.info["reading_notes"]
    # ASE's own warning is taken over by ours.
    assert {each.category for each in raised} == {NearsightWarning}
    assert [str(each.message) for each in raised] == atoms.info["reading_notes"]


@pytest.mark.parametrize("name", ["mysql.xyz", "postgresql.xyz", "a@3.xyz", "-"])
def test_names_that_mean_something_to_ase_are_still_files(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text("1\n\nAr 0.0 0.0 0.0\n")
    assert read_structure(name).get_chemical_formula() == "Ar"


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(StructureError, match=r"nothing\.cif does not exist; check the path"):
        read_structure(tmp_path / "nothing.cif")


def test_directory(tmp_path: Path) -> None:
    with pytest.raises(StructureError, match="is a directory; give the path"):
        read_structure(tmp_path)


def test_file_used_as_a_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StructureError, match="cannot be opened"):
        read_structure(tmp_path / "file" / "a.cif")


def test_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = cif(tmp_path, "Mg Mg 0 0 0")

    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # a privileged user may read every file
    with pytest.raises(StructureError, match="check its permissions"):
        read_structure(path)


def test_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.cif").touch()
    with pytest.raises(StructureError, match=r"empty\.cif is empty"):
        read_structure(tmp_path / "empty.cif")


@pytest.mark.parametrize("name", ["notes", "notes.unheardof"])
def test_unknown_format(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("Dear diary\n")
    with pytest.raises(StructureError, match="no format that ASE knows; use CIF"):
        read_structure(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("short.xyz", "3\n\nH 0 0 0\n"),
        ("words.cif", "data_x\nloop_\n_atom_site_label\n"),
        ("nocell.cif", "data_x\n_cell_length_a 4\n"),
        ("bad.traj", "this is no trajectory"),
        ("POSCAR", "comment\n1.0\n1 0 0\n"),
        ("bytes.xyz", "\x00\x01\x02"),
    ],
)
def test_damaged_file(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(StructureError, match=name):
        read_structure(tmp_path / name)


def test_unknown_coordinate(tmp_path: Path) -> None:
    with pytest.raises(StructureError, match="cannot be read"):
        read_structure(cif(tmp_path, "Mg Mg 0 ? 0"))


def test_badly_formed_number_is_no_position(tmp_path: Path) -> None:
    with pytest.raises(StructureError, match="Badly formed number"):
        read_structure(cif(tmp_path, "Mg Mg 0.5(3 0 0"))


def test_row_that_the_reader_would_drop(tmp_path: Path) -> None:
    with pytest.raises(StructureError, match=r"Line 9, 'loop_', .*Wrong number of values"):
        read_structure(cif(tmp_path, "Mg Mg 0 0 0\nO O 0.5 0.5 0.5 0.5"))


def test_sites_that_the_symmetry_makes_equal(tmp_path: Path) -> None:
    path = cif(tmp_path, "Mg Mg 0 0 0\nMg Mg 0.5 0.5 0\nO O 0.5 0.5 0.5", header=SYMMETRY)
    with pytest.raises(StructureError, match="are equivalent"):
        read_structure(path)


def test_file_without_atoms(tmp_path: Path) -> None:
    (tmp_path / "none.xyz").write_text("0\n\n")
    with pytest.raises(StructureError, match=r"none\.xyz"):
        read_structure(tmp_path / "none.xyz")
    write(tmp_path / "none.traj", Atoms(cell=[1, 1, 1], pbc=True))
    with pytest.raises(StructureError, match="contains no atoms"):
        read_structure(tmp_path / "none.traj")


@pytest.mark.parametrize(
    ("sites", "named"),
    [
        ("Mg Mg 0 0 0 0.5\nO O 0.5 0.5 0.5 1", r"1 partially .* site Mg \(Mg 0.5\)"),
        ("Cu Cu 0 0 0 0.5\nZn Zn 0 0 0 0.5", r"site Cu \(Cu 0.5\), site Zn \(Zn 0.5\)"),
        ("Cu Cu 0 0 0 1\nZn Zn 0 0 0 1", r"sites Cu \(Cu\) and Zn \(Zn\) share one place"),
        ("Mg Mg 0 0 0 0.999\nO O 0.5 0.5 0.5 1", "Mg 0.999"),
    ],
)
def test_partial_occupancy_is_refused_by_name(tmp_path: Path, sites: str, named: str) -> None:
    path = cif(tmp_path, sites, columns=OCCUPANCY)
    with pytest.raises(StructureError, match=named):
        read_structure(path)


def test_many_partial_sites_are_counted_and_some_named(tmp_path: Path) -> None:
    sites = "\n".join(f"C C {x / 10} 0 0 0.5" for x in range(8))
    with pytest.raises(
        StructureError, match=r"8 partially .*site C \(no. 5\) \(C 0.5\), \.\.\.\. Choose"
    ):
        read_structure(cif(tmp_path, sites, columns=OCCUPANCY))


@pytest.mark.parametrize("full", ["1", "1.0000", "1.0000(0)", ".", "?"])
def test_full_occupancy_is_read(tmp_path: Path, full: str) -> None:
    path = cif(tmp_path, f"Mg Mg 0 0 0 {full}\nO O 0.5 0.5 0.5 {full}", columns=OCCUPANCY)
    assert read_structure(path).get_chemical_formula() == "MgO"


@pytest.mark.parametrize("name", ["slab.traj", "slab.extxyz"])
def test_dynamics_start_from_velocities_and_constraints(name: str, tmp_path: Path) -> None:
    copper = bulk("Cu", cubic=True)
    copper.set_constraint(FixAtoms([1]))
    copper.set_momenta(np.random.default_rng(3).normal(size=(4, 3)))
    write(tmp_path / name, copper)
    with pytest.warns(NearsightWarning, match="begin with the velocities"):
        atoms = read_structure(tmp_path / name, with_motion=True)
    np.testing.assert_allclose(atoms.get_momenta(), copper.get_momenta(), atol=1e-8)
    np.testing.assert_array_equal(atoms.constraints[0].index, [1])
    with pytest.warns(NearsightWarning, match="constraints"):
        still = read_structure(tmp_path / name)
    assert not still.has("momenta")


def test_a_velocity_that_is_no_number_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "one.extxyz"
    columns = "Properties=species:S:1:pos:R:3:velocities_A_per_fs:R:3"
    file.write_text(f'1\n{columns} pbc="F F F"\nCu 0 0 0 nan 0 0\n')
    with pytest.raises(StructureError, match="velocity in it is not finite"):
        read_structure(file, with_motion=True)
