"""Result files come back as they were, and nothing else is taken for one."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from nearsight.errors import CheckpointError
from nearsight.result_archives import atoms_from_arrays, atoms_to_arrays, load_archive, save_archive


@pytest.mark.parametrize("compress", [True, False])
def test_archive_comes_back(tmp_path: Path, compress: bool) -> None:
    path = tmp_path / "a.npz"
    arrays = {"x": np.arange(6.0).reshape(2, 3), "empty": np.zeros((0, 3)), "n": np.array([1, 2])}
    said = {"number": 1.5, "text": "Å", "nothing": None}
    save_archive(path, "thing", said, arrays, compress=compress)
    header, loaded = load_archive(path, "thing")
    assert {key: header[key] for key in said} == said
    assert loaded.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(loaded[name], array)
        assert loaded[name].dtype == array.dtype


def test_damaged_and_foreign_archives_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with pytest.raises(
        CheckpointError, match=r"a\.npz does not exist; give the path of a saved thing"
    ):
        load_archive(path, "thing")
    with pytest.raises(CheckpointError, match="does not exist"):
        load_archive(tmp_path, "thing")
    save_archive(path, "thing", {}, {"x": np.arange(1000.0)})
    whole = path.read_bytes()
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :]
    for content in (b"", b"text", whole[:middle], whole[:-1], flipped):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match=r"not a readable thing file .*compute it again"):
            load_archive(path, "thing")


def test_archives_without_header_or_with_code_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=np.zeros(3))
    with pytest.raises(CheckpointError, match="not a readable thing"):
        load_archive(path, "thing")
    np.savez(path, header=np.array('{"kind": "thing", "format": 1}'), x=np.array([{}, {}]))
    with pytest.raises(CheckpointError, match="not a readable thing"):
        load_archive(path, "thing")
    np.save(tmp_path / "a.npy", np.zeros(3))
    with pytest.raises(CheckpointError, match="not a readable thing"):
        load_archive(tmp_path / "a.npy", "thing")


def test_header_that_is_no_object_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, header=np.array("[1, 2]"))
    with pytest.raises(CheckpointError, match="not a readable thing"):
        load_archive(path, "thing")


def test_other_kinds_and_formats_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    save_archive(path, "other", {}, {})
    with pytest.raises(CheckpointError, match="holds a 'other' of format 1, not a 'thing'"):
        load_archive(path, "thing")
    save_archive(path, "thing", {"format": 7}, {})
    with pytest.raises(CheckpointError, match="of format 7, not a 'thing' of format 1"):
        load_archive(path, "thing")


def test_structure_comes_back_with_all_that_defines_it() -> None:
    atoms = Atoms(
        "HDO".replace("D", "H"),
        positions=np.random.default_rng(0).normal(size=(3, 3)),
        masses=[1.008, 2.014, 15.999],
        cell=[[3, 0, 0], [1, 4, 0], [0, 1, 5]],
        pbc=(True, False, True),
    )
    again = atoms_from_arrays(atoms_to_arrays(atoms))
    assert again == atoms
    np.testing.assert_array_equal(again.get_masses(), atoms.get_masses())
    arrays = atoms_to_arrays(atoms)
    arrays["positions_A"] += 1
    arrays["cell_A"] += 1
    assert atoms == again
