"""Archives made by hand: nothing in them runs, and no room is made for what is not there."""

import io
import json
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.build import molecule

from hostile import Hostile
from nearsight.errors import CheckpointError
from nearsight.hessian.matrix import Hessian
from nearsight.hessian.origin import Computed
from nearsight.provenance import ModelIdentity, record
from nearsight.result_archives import atoms_to_arrays, load_archive

Members = dict[str, bytes]
HEADER = json.dumps({"kind": "thing", "format": 1})


def npy(array: Any, *, allow_pickle: bool = False) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asanyarray(array), allow_pickle=allow_pickle)
    return stream.getvalue()


def claiming(shape: object, dtype: str = "<f8", data: bytes = b"") -> bytes:
    """Return an array whose header says what it likes."""
    text = str({"descr": dtype, "fortran_order": False, "shape": shape}).encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


@pytest.fixture
def archive(tmp_path: Path) -> Callable[..., Path]:
    """Return a function: an archive with these members beside a header."""

    def write(packing: int = zipfile.ZIP_DEFLATED, **members: bytes) -> Path:
        path = tmp_path / "made.npz"
        with zipfile.ZipFile(path, "w", packing) as file:
            for name, content in {"header": npy(HEADER), **members}.items():
                file.writestr(f"{name}.npy", content)
        return path

    return write


def test_nothing_that_is_pickled_runs(archive: Callable[..., Path], tmp_path: Path) -> None:
    ran = tmp_path / "RAN"
    objects = np.empty(1, dtype=object)
    objects[0] = Hostile(ran)
    for content in (
        npy(objects, allow_pickle=True),
        pickle.dumps(Hostile(ran)),
        claiming((1,), "|O", pickle.dumps(Hostile(ran))),
    ):
        with pytest.raises(CheckpointError, match="not a readable thing file"):
            load_archive(archive(x=content), "thing")
        with pytest.raises(CheckpointError, match="not a readable thing file"):
            load_archive(archive(header=content), "thing")
    assert not ran.exists()
    pickle.loads(pickle.dumps(Hostile(ran)))
    assert ran.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (claiming((3_000_000, 3_000_000)), "claims 72000000000128 bytes, but has 128"),
        (claiming((10**30,)), "claims 8"),
        (claiming((-1,)), "the shape"),
        (claiming((2,), data=bytes(8)), "claims 144 bytes, but has 136"),
        (claiming((1,), data=bytes(16)), "claims 136 bytes, but has 144"),
        (claiming("((((", data=bytes(8)), "not a readable"),
        (claiming((1,), "<c16", bytes(16)), "something else than real numbers"),
        (claiming((1,), "|O", bytes(8)), "something else than real numbers"),
        (claiming((1,), "<M8[s]", bytes(8)), "something else than real numbers"),
        (claiming((1,), "|V8", bytes(8)), "something else than real numbers"),
        (b"\x93NUMPY\x09\x00" + bytes(100), "the format"),
        (b"", "not a readable"),
        (b"\x93NUMPY\x01\x00\xff\xff", "not a readable"),
    ],
)
def test_claims_are_compared_with_what_is_there(
    content: bytes, message: str, archive: Callable[..., Path]
) -> None:
    with pytest.raises(CheckpointError, match=message):
        load_archive(archive(x=content), "thing")


def test_what_needs_more_than_the_memory_is_refused(
    archive: Callable[..., Path], tmp_path: Path
) -> None:
    """A directory may claim sizes that its members do not have."""
    path = archive(x=npy(np.zeros(1000)))
    raw = bytearray(path.read_bytes())
    entry = raw.rindex(b"PK\x01\x02")
    for claimed, message in ((2**31, "cannot hold the 2147483648 bytes"), (9000, "claims 8128")):
        raw[entry + 24 : entry + 28] = struct.pack("<I", claimed)
        (tmp_path / "bomb.npz").write_bytes(raw)
        with pytest.raises(CheckpointError, match=message):
            load_archive(tmp_path / "bomb.npz", "thing")


@pytest.mark.parametrize("name", ["x", "header"])
def test_an_array_that_is_there_twice_is_refused(name: str, archive: Callable[..., Path]) -> None:
    path = archive(x=npy(np.zeros(3)))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as file:
        file.writestr(f"{name}.npy", npy(np.ones(3)))
    with pytest.raises(CheckpointError, match="an array twice"):
        load_archive(path, "thing")


@pytest.mark.parametrize("header", ["[1, 2]", "3", "{", 5000 * "[", '"text"'])
def test_header_that_is_no_object_is_refused(header: str, archive: Callable[..., Path]) -> None:
    with pytest.raises(CheckpointError, match="its header is no JSON of an object"):
        load_archive(archive(header=npy(header)), "thing")


@pytest.fixture
def water() -> Hessian:
    atoms = molecule("H2O")
    identity = ModelIdentity("a", "b", None, "float64", "cpu")
    return Hessian(
        origin=Computed(
            method="rows",
            reason="asked for",
            step_A=None,
            rows_computed=9,
            rows_needed=9,
            rows_by_sum_rule=0,
            symmetry="none",
            space_group=None,
            row_symmetry_A=None,
            symmetry_deviation_eV_per_A2=None,
            precision_error=None,
            seconds=1.0,
            peak_memory_bytes=3,
            provenance=record(identity),
        ),
        atoms=atoms,
        matrix_eV_per_A2=np.eye(9).reshape(3, 3, 3, 3),
    )


def changed(arrays: dict[str, np.ndarray], name: str, value: Any) -> dict[str, np.ndarray]:
    return {key: np.asarray(value if key == name else array) for key, array in arrays.items()}


NAN = np.full((3, 3), np.nan)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("numbers", [-5, 1, 1], "has the atomic number -5"),
        ("numbers", [0, 1, 1], "has the atomic number 0"),
        ("numbers", [999, 1, 1], "has the atomic number 999"),
        ("numbers", [8.0, 1.0, 1.0], "no whole numbers"),
        ("numbers", [8, 1], "“masses_amu” is 3 of float64, where 2 real"),
        ("masses_amu", [16.0, -1.0, 1.0], "a mass that is not positive"),
        ("masses_amu", [16.0, np.nan, 1.0], "“masses_amu” has a number that is not finite"),
        ("positions_A", NAN, "“positions_A” has a number that is not finite"),
        ("positions_A", np.zeros((3, 2)), "3×2 of float64, where 3×3"),
        ("cell_A", NAN, "“cell_A” has a number that is not finite"),
        ("pbc", [True], "“pbc” is 1 of bool, where 3"),
        ("initial_magmoms", ["a", "b", "c"], "where 3 real numbers are due"),
        ("matrix_eV_per_A2", 1j * np.ones((3, 3, 3, 3)), "something else than real numbers"),
        ("matrix_eV_per_A2", np.full((3, 3, 3, 3), np.inf), "not finite"),
        ("matrix_eV_per_A2", np.ones((3, 3, 2, 3)), "3×3×2×3 of float64, where 3×3×3×3"),
        ("matrix_eV_per_A2", np.ones((9, 9)), "9×9 of float64, where 3×3×3×3"),
        ("matrix_eV_per_A2", None, "something else|where 3×3×3×3"),
    ],
)
def test_a_hessian_that_cannot_be_is_refused(
    name: str, value: Any, message: str, water: Hessian, tmp_path: Path
) -> None:
    header, arrays = water.archived()
    path = tmp_path / "h.npz"
    text = json.dumps({"kind": "hessian", "format": 1, **header})
    np.savez(path, header=np.array(text), **changed(arrays, name, value))
    with pytest.raises(CheckpointError, match=f"not a readable hessian file.*{message}"):
        Hessian.load(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("method", 3),
        ("reason", None),
        ("seconds", "long"),
        ("rows_needed", 9.5),
        ("rows_computed", True),
        ("step_A", [0.1]),
        ("provenance", "unknown"),
        ("provenance", {"model": {"name": 3}}),
        ("provenance", {"model": None, "settings": {}, "versions": {}}),
        ("warnings", 3),
    ],
)
def test_a_header_of_something_else_is_refused(
    name: str, value: Any, water: Hessian, tmp_path: Path
) -> None:
    header, arrays = water.archived()
    path = tmp_path / "h.npz"
    text = json.dumps({"kind": "hessian", "format": 1, **header, name: value})
    np.savez(path, header=np.array(text), **arrays)
    with pytest.raises(CheckpointError, match="not a readable hessian file"):
        Hessian.load(path)


def test_every_field_of_the_header_is_needed(water: Hessian, tmp_path: Path) -> None:
    header, arrays = water.archived()
    path = tmp_path / "h.npz"
    for name in header:
        rest = {key: value for key, value in header.items() if key != name}
        text = json.dumps({"kind": "hessian", "format": 1, **rest})
        np.savez(path, header=np.array(text), **arrays)
        with pytest.raises(CheckpointError, match=f"it lacks '{name}'"):
            Hessian.load(path)
    for name in atoms_to_arrays(water.atoms):
        rest_of_arrays = {key: array for key, array in arrays.items() if key != name}
        text = json.dumps({"kind": "hessian", "format": 1, **header})
        np.savez(path, header=np.array(text), **rest_of_arrays)
        with pytest.raises(CheckpointError, match=f"it lacks '{name}'"):
            Hessian.load(path)
