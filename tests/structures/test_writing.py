"""Structures in files: they come back as they were, or are refused before anything is computed."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import read

from nearsight.errors import StorageError, StructureError
from nearsight.structures.reading import NOTES_KEY, read_structure
from nearsight.structures.symmetry import space_group
from nearsight.structures.writing import (
    names_folder,
    require_writable_structure_format,
    require_writable_structures,
    structure_files,
    write_structures,
)

CRYSTAL_FORMATS = [".cif", ".extxyz", ".xyz", ".json", ".traj", ".db", ".vasp", "POSCAR", ".xsf"]


def named(folder: Path, ending: str) -> Path:
    return folder / (f"relaxed{ending}" if ending.startswith(".") else ending)


@pytest.fixture
def quartz(alpha_quartz: Atoms) -> Atoms:
    """Quartz in a cell that lies askew, one atom outside of it, with what a relaxation leaves."""
    alpha_quartz.rattle(0.01, seed=3)
    alpha_quartz.positions[0] -= alpha_quartz.cell.array[0]
    alpha_quartz.info[NOTES_KEY] = ["a remark of the reader"]
    return alpha_quartz


def with_results(atoms: Atoms) -> Atoms:
    random = np.random.default_rng(1)
    results = {"energy": -12.3456789, "forces": random.normal(size=(len(atoms), 3))}
    if atoms.pbc.all():
        results["stress"] = random.normal(size=6)
    atoms.calc = SinglePointCalculator(atoms, **results)
    return atoms


def distances(atoms: Atoms) -> np.ndarray:
    found: np.ndarray = atoms.get_all_distances(mic=bool(atoms.pbc.any()))
    return found


@pytest.mark.parametrize("ending", CRYSTAL_FORMATS)
def test_crystals_come_back(quartz: Atoms, tmp_path: Path, ending: str) -> None:
    path = named(tmp_path, ending)
    assert require_writable_structure_format(path, [quartz]) == ()
    assert write_structures(path, [with_results(quartz)]) == (path,)
    again = read_structure(path)
    np.testing.assert_array_equal(again.numbers, quartz.numbers)
    assert again.pbc.all()
    np.testing.assert_allclose(again.cell.cellpar(), quartz.cell.cellpar(), atol=1e-6)
    np.testing.assert_allclose(distances(again), distances(quartz), atol=1e-6)


@pytest.mark.parametrize("ending", CRYSTAL_FORMATS)
def test_space_groups_come_back(alpha_quartz: Atoms, tmp_path: Path, ending: str) -> None:
    path = named(tmp_path, ending)
    write_structures(path, [alpha_quartz])
    assert space_group(read_structure(path)).number == space_group(alpha_quartz).number == 152


@pytest.mark.parametrize(
    "ending", [".xyz", ".extxyz", ".json", ".traj", ".db", ".mol", ".gen", ".xsf"]
)
def test_molecules_come_back(tmp_path: Path, ending: str) -> None:
    water = with_results(molecule("H2O"))
    path = named(tmp_path, ending)
    write_structures(path, [water])
    again = read_structure(path)
    assert not again.pbc.any()
    np.testing.assert_array_equal(again.numbers, water.numbers)
    np.testing.assert_allclose(again.positions, water.positions, atol=1e-4)


@pytest.mark.parametrize("ending", [".extxyz", ".traj", ".json", ".db"])
def test_results_and_charges_are_in_the_file(quartz: Atoms, tmp_path: Path, ending: str) -> None:
    quartz.info.update(charge=-1, spin=2)
    path = named(tmp_path, ending)
    write_structures(path, [with_results(quartz)])
    again = read(path)
    assert again.get_potential_energy() == pytest.approx(-12.3456789, abs=1e-9)
    np.testing.assert_allclose(again.get_forces(), quartz.get_forces(), atol=1e-7)
    np.testing.assert_allclose(again.get_stress(), quartz.get_stress(), atol=1e-7)
    if ending in {".extxyz", ".traj"}:
        assert (again.info["charge"], again.info["spin"]) == (-1, 2)
        assert NOTES_KEY not in again.info
    assert quartz.info[NOTES_KEY]  # what was given is left as it is


@pytest.mark.parametrize("ending", [".extxyz", ".traj", ".db", ".json"])
def test_several_structures_share_a_file(tmp_path: Path, ending: str) -> None:
    structures = [bulk("Cu", a=3.5 + 0.1 * number) for number in range(3)]
    path = named(tmp_path, ending)
    write_structures(path, structures)
    for frame, atoms in zip(read(path, ":"), structures, strict=True):
        np.testing.assert_allclose(frame.cell.array, atoms.cell.array, atol=1e-9)
    write_structures(path, structures[:1])  # replaced, not appended to
    assert len(read(path, ":")) == 1


@pytest.mark.parametrize("name", ["x.foo", "x.png", "x.py", "x.html", "x.tar", "x.cif.gz", "x.out"])
def test_formats_in_which_no_structure_can_be_kept(tmp_path: Path, name: str) -> None:
    for check in (
        lambda: require_writable_structure_format(tmp_path / name),
        lambda: write_structures(tmp_path / name, [bulk("Cu")]),
    ):
        with pytest.raises(StructureError, match=r"x\..*(ends in \.cif, \.extxyz|unpacked)"):
            check()
    assert not list(tmp_path.iterdir())


def test_one_structure_for_formats_of_one(tmp_path: Path) -> None:
    with pytest.raises(StructureError, match="holds one structure, not 2"):
        require_writable_structure_format(tmp_path / "POSCAR", [bulk("Cu"), bulk("Au")])


@pytest.mark.parametrize("name", ["POSCAR", "x.vasp", "x.cif", "x.res"])
def test_molecules_are_not_made_crystals(tmp_path: Path, name: str) -> None:
    with pytest.raises(StructureError, match=r"cannot hold H2O: .*\.extxyz"):
        require_writable_structure_format(tmp_path / name, [molecule("H2O")])
    with pytest.raises(StructureError, match=r"cannot hold H2O: .*\.extxyz"):
        write_structures(tmp_path / name, [molecule("H2O")])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["POSCAR", "x.cif"])
def test_layers_are_not_made_crystals(tmp_path: Path, name: str) -> None:
    slab = fcc111("Cu", (1, 1, 3), vacuum=6.0)
    with pytest.raises(StructureError, match=r"periodic along \[True, True, False\]|read again"):
        require_writable_structure_format(tmp_path / name, [slab])
    write_structures(tmp_path / "x.extxyz", [slab])
    again = read_structure(tmp_path / "x.extxyz")
    np.testing.assert_array_equal(again.pbc, slab.pbc)


def test_mirror_images_are_not_the_same(quartz: Atoms, tmp_path: Path) -> None:
    """A CIF has right-handed axes; a left-handed cell would come back as its mirror image."""
    quartz.set_cell(quartz.cell.array * [1, 1, -1], scale_atoms=True)
    with pytest.raises(StructureError, match="come back as others"):
        require_writable_structure_format(tmp_path / "x.cif", [quartz])
    write_structures(tmp_path / "x.extxyz", [quartz])
    again = read_structure(tmp_path / "x.extxyz")
    np.testing.assert_allclose(again.positions, quartz.positions, atol=1e-7)


def test_what_a_format_does_not_hold_is_said(tmp_path: Path) -> None:
    heavy = bulk("MgO", "rocksalt", a=4.2)
    heavy.set_masses([26.0, 18.0])
    heavy.set_initial_magnetic_moments([1.0, 0.0])
    [remark] = require_writable_structure_format(tmp_path / "x.cif", [heavy])
    assert remark.code == "left-out-by-format"
    assert "masses of isotopes and initial magnetic moments" in remark
    assert require_writable_structure_format(tmp_path / "x.extxyz", [heavy]) == ()
    write_structures(tmp_path / "x.extxyz", [heavy])
    again = read_structure(tmp_path / "x.extxyz")
    np.testing.assert_allclose(again.get_masses(), [26.0, 18.0])


def test_partial_charges_are_in_cifs(tmp_path: Path) -> None:
    charged, plain = bulk("MgO", "rocksalt", a=4.2), bulk("MgO", "rocksalt", a=4.3)
    charged.set_initial_charges([1.23456789012, -1.23456789012])
    assert require_writable_structure_format(tmp_path / "x.cif", [charged]) == ()
    [written] = write_structures(f"{tmp_path}/folder/", [charged], sources=["mgo.cif"])
    assert written.name == "mgo.relaxed.cif"
    charges = read_structure(written).get_initial_charges()
    np.testing.assert_array_equal(charges, charged.get_initial_charges())
    write_structures(tmp_path / "both.cif", [charged, plain])
    assert not read_structure(f"{tmp_path / 'both.cif'}@2").has("initial_charges")
    assert read_structure(f"{tmp_path / 'both.cif'}@1").get_initial_charges()[0] > 1
    write_structures(tmp_path / "plain.cif", [plain])
    assert "charge" not in (tmp_path / "plain.cif").read_text()


def test_rounding_is_said(tmp_path: Path) -> None:
    water = molecule("H2O")
    water.rattle(0.1, seed=1)
    [remark] = require_writable_structure_format(tmp_path / "x.pdb", [with_box(water)])
    assert remark.code == "rounded-by-format"
    assert "0.000" in remark


def with_box(atoms: Atoms) -> Atoms:
    boxed = atoms.copy()
    boxed.center(vacuum=4.0)
    boxed.pbc = True
    return boxed


def test_inputs_keep_their_places(tmp_path: Path) -> None:
    path = tmp_path / "cu.cif"
    write_structures(path, [bulk("Cu")])
    before = path.read_bytes()
    (tmp_path / "link.cif").symlink_to(path)
    for target, source in (
        (path, path),
        (path, f"{path}@1"),
        (tmp_path / "link.cif", path),
        (tmp_path / "." / "cu.cif", path),
    ):
        with pytest.raises(StorageError, match="would take the place of"):
            write_structures(target, [bulk("Au")], sources=[source])
    assert path.read_bytes() == before


def test_a_folder_has_a_file_for_each(tmp_path: Path, quartz: Atoms) -> None:
    isotopes = bulk("MgO", "rocksalt", a=4.2)
    isotopes.set_masses([26.0, 16.0])
    structures = [quartz, molecule("H2O"), isotopes]
    sources = ["a/quartz.cif", "b/water.xyz", "c/mgo.cif"]
    files = write_structures(tmp_path / "out", structures, sources=sources)
    names = ["quartz.relaxed.cif", "water.relaxed.extxyz", "mgo.relaxed.extxyz"]
    assert [file.name for file in files] == names
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(names)
    for file, atoms in zip(files, structures, strict=True):
        np.testing.assert_allclose(distances(read_structure(file)), distances(atoms), atol=1e-6)


def test_a_folder_is_checked_without_making_it(tmp_path: Path, quartz: Atoms) -> None:
    out = tmp_path / "new" / "out"
    assert require_writable_structures(out, [quartz], sources=["quartz.cif"]) == ()
    assert not (tmp_path / "new").exists()
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"file/out cannot be made: .*file is no folder"):
        require_writable_structures(tmp_path / "file" / "out", [quartz], sources=["quartz.cif"])
    left_handed = quartz.copy()
    left_handed.set_cell(quartz.cell.array * [1, 1, -1], scale_atoms=True)
    with pytest.raises(StructureError, match="come back as others"):
        require_writable_structures(out, [left_handed], sources=["quartz.cif"])
    # results of results keep their places, too
    [file] = write_structures(out, [quartz], sources=["quartz.cif"])
    with pytest.raises(StorageError, match="would take the place of"):
        require_writable_structures(file, [quartz], sources=[file])


def test_two_results_are_not_one_file(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"a/cu\.cif and b/cu\.cif would both"):
        structure_files(tmp_path, [bulk("Cu")] * 2, ["a/cu.cif", "b/cu.cif"])


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("out", True),
        ("out/", True),
        ("x.cif/", True),
        ("POSCAR", False),
        ("CONTCAR", False),
        ("x.cif", False),
        ("x.foo", False),
        ("v1.2", False),
    ],
)
def test_names_of_folders(tmp_path: Path, name: str, folder: bool) -> None:
    assert names_folder(f"{tmp_path}/{name}") == folder
    (tmp_path / "v1.2").mkdir()
    assert names_folder(tmp_path / "v1.2")


def test_places_are_checked_first(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="does not exist"):
        require_writable_structure_format(tmp_path / "nowhere" / "x.cif")
    (tmp_path / "x.cif").touch(mode=0o444)
    with pytest.raises(StorageError, match="write-protected"):
        write_structures(tmp_path / "x.cif", [bulk("Cu")])
    with pytest.raises(StructureError, match="no structures"):
        write_structures(tmp_path / "y.cif", [])


def test_what_is_there_stays_if_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.cif"
    write_structures(path, [bulk("Cu")])
    before = path.read_bytes()

    def refuse(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(StorageError, match="No space left"):
        write_structures(path, [bulk("Au")])
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["x.cif"]


def test_trials_say_nothing(tmp_path: Path, quartz: Atoms) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        require_writable_structure_format(tmp_path / "x.cif", [quartz])
        write_structures(tmp_path / "x.xyz", [molecule("H2O")])
