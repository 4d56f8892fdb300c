"""Archives of a database of phonons: force constants of the forces in them, or a clear error."""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from phonopy import Phonopy
from phonopy.file_IO import write_FORCE_SETS
from phonopy.interface.vasp import write_vasp

from nearsight.errors import CheckpointError
from nearsight.hessian.files.phonopy_archive import _read_settings, read_phonopy_archive
from nearsight.hessian.files.phonopy_objects import phonopy_atoms
from nearsight.hessian.force_constants import force_constants
from nearsight.models.contract import Model, forces_of


@pytest.fixture(scope="module")
def files(pair_model: Callable[..., Model], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of one crystal, with forces of the pair potential."""
    folder = tmp_path_factory.mktemp("files")
    cell = bulk("MgO", "rocksalt", a=4.2)
    cell.wrap()  # as it is written
    phonon = Phonopy(phonopy_atoms(cell), np.eye(3, dtype=int) * 2)
    phonon.generate_displacements(distance=0.005)
    cells = [
        Atoms(each.symbols, cell=each.cell, positions=each.positions, pbc=True)
        for each in phonon.supercells_with_displacements
    ]
    phonon.forces = [forces_of(each) for each in pair_model().evaluate(cells)]
    write_vasp(folder / "POSCAR-unitcell", phonon.unitcell)
    write_FORCE_SETS(phonon.dataset, folder / "FORCE_SETS")
    lines = "ATOM_NAME = Mg O\nDIM = 2 2 2\nPRIMITIVE_AXIS = 1 0 0 0 1 0 0 0 1\n"
    (folder / "phonopy.conf").write_text(lines, encoding="utf-8")
    return folder


def packed(files: Path, path: Path, **others: bytes) -> Path:
    """An archive of the files in a folder, some of them in place of those that there are."""
    with tarfile.open(path, "w:xz") as archive:
        for file in files.iterdir():
            content = others.get(file.name, file.read_bytes())
            member = tarfile.TarInfo(f"../../materials-id-1/{file.name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def test_an_archive_has_the_force_constants_of_its_forces(
    files: Path, tmp_path: Path, pair_model: Callable[..., Model]
) -> None:
    found = read_phonopy_archive(packed(files, tmp_path / "one.tar.lzma"))
    exact = force_constants(found.unit_cell, pair_model(), (2, 2, 2))
    np.testing.assert_allclose(found.supercell.positions, exact.supercell.positions, atol=1e-6)
    assert found.primitive_atoms.tolist() == exact.primitive_atoms.tolist()
    np.testing.assert_allclose(found.values_eV_per_A2, exact.values_eV_per_A2, atol=2e-3)
    assert [each.name for each in tmp_path.iterdir()] == ["one.tar.lzma"]


def test_settings_are_read_as_phonopy_reads_them(tmp_path: Path) -> None:
    lines = b"dim = 2 2 2 # repetitions\n# DIM = 3 3 3\nPrimitive_Axes = 1 0 0 0 1 0 0 0 1/2 # c\n"
    found = _read_settings(written(tmp_path / "phonopy.conf", lines))
    np.testing.assert_array_equal(found["DIM"], 2 * np.eye(3))
    np.testing.assert_array_equal(found["PRIMITIVE_AXES"], np.diag([1, 1, 0.5]))
    old = _read_settings(written(tmp_path / "old.conf", b"DIM = 1 1 1\nPRIMITIVE_AXIS = 1 1 1/2\n"))
    np.testing.assert_array_equal(old["PRIMITIVE_AXES"], np.diag([1, 1, 0.5]))


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("phonopy.conf", b"ATOM_NAME = Mg O\n", "no line DIM"),
        ("phonopy.conf", b"DIM = 2 2\n", "2 numbers for DIM"),
        ("FORCE_SETS", b"16\n", "no force constants of"),
    ],
)
def test_what_is_wrong_in_an_archive_is_named(
    files: Path, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = packed(files, tmp_path / "one.tar.lzma", **{name: content})
    with pytest.raises(CheckpointError, match=said):
        read_phonopy_archive(path)


def test_what_is_no_archive_or_lacks_files_is_named(files: Path, tmp_path: Path) -> None:
    path = tmp_path / "none.tar.xz"
    path.write_bytes(b"no archive")
    with pytest.raises(CheckpointError, match="cannot be unpacked"):
        read_phonopy_archive(path)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(CheckpointError, match=r"lacks POSCAR-unitcell, phonopy\.conf, FORCE_SETS"):
        read_phonopy_archive(packed(empty, tmp_path / "empty.tar.xz"))
