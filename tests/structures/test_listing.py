"""Which files of a folder are structures, by their names."""

from pathlib import Path

import pytest

from nearsight.errors import StructureError
from nearsight.structures.listing import HESSIANS, list_structures

NAMES = (
    *("b.cif", "a.CIF", "packed.cif.gz", "water.xyz", "POSCAR", "POSCAR.1", "CONTCAR_relaxed"),
    *("geometry.in", "slab.vasp", "notes.txt", "r.json", ".hidden.cif", "b.hessian.npz"),
    *("b.mode-7.xyz", "orca.hess", "archive.gz", "coordinates.dat"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in NAMES:
        (tmp_path / name).touch()
    (tmp_path / "below.cif").mkdir()
    (tmp_path / "below.cif" / "c.cif").touch()
    return tmp_path


def test_structures_are_told_by_their_names_and_sorted(folder: Path) -> None:
    listing = list_structures(folder)
    assert [path.name for path in listing.wanted] == [
        *("CONTCAR_relaxed", "POSCAR", "POSCAR.1", "a.CIF", "b.cif", "geometry.in"),
        *("packed.cif.gz", "slab.vasp", "water.xyz"),
    ]
    assert [path.name for path in listing.folders] == ["below.cif"]
    both = {path.name for path in (*listing.wanted, *listing.others)}
    assert both == {name for name in NAMES if not name.startswith(".")}


def test_saved_hessians_are_another_kind(folder: Path) -> None:
    found = [path.name for path in list_structures(folder, HESSIANS).wanted]
    assert found == ["b.hessian.npz", "orca.hess", "r.json"]


def test_folder_without_structures_says_what_it_has(tmp_path: Path) -> None:
    for name in ("notes.txt", "run.log"):
        (tmp_path / name).touch()
    (tmp_path / "cifs").mkdir()
    with pytest.raises(StructureError) as refused:
        list_structures(tmp_path)
    said = str(refused.value)
    assert "2 files (notes.txt, run.log) and 1 folder (cifs)" in said
    assert f"'{tmp_path}/**'" in said


def test_empty_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(StructureError, match="has no structure files: it holds nothing"):
        list_structures(tmp_path)


def test_what_is_no_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(StructureError, match="cannot be listed: No such file"):
        list_structures(tmp_path / "missing")
