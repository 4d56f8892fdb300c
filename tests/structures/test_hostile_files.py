"""A file that would run code does not, whatever format its name or its content promises."""

import bz2
import gzip
import importlib
import io
import json
import lzma
import os
import pickle
import sqlite3
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from ase.io.formats import ioformats

from hostile import Hostile
from nearsight.errors import StructureError
from nearsight.structures.reading import read_structure

COMPRESSED = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


def names() -> list[str]:
    """Return a file name for every suffix and pattern by which ASE knows a format that it reads."""
    readable = [known for known in ioformats.values() if known.can_read]
    suffixes = {f"hostile.{suffix}" for known in readable for suffix in known.extensions}
    patterns = {glob.replace("*", "hostile") for known in readable for glob in known.globs}
    further = {"hostile.cif", "hostile.py", "hostile.pckl", "hostile.npz", "hostile.yaml"}
    return sorted(name for name in suffixes | patterns | further if not set(name) & set("[]?/"))


def contents(trace: Path) -> dict[str, bytes]:
    """Return what would make `trace` where it is unpickled, evaluated or imported."""
    pickled = pickle.dumps(Hostile(trace))
    array = io.BytesIO()
    np.savez(array, numbers=np.array([Hostile(trace)], dtype=object))
    code = f"__import__('os').mkdir({str(trace)!r})"
    typed = {"__ase_objtype__": f"os.mkdir({str(trace)!r})", "numbers": [1]}
    return {
        "pickle": pickled,
        "trajectory of old": b"PickleTrajectory" + pickled,
        "archive of arrays": array.getvalue(),
        "code": code.encode(),
        "code in a frame": (
            f'2\nLattice="{code}" Properties={code}\nH 0 0 0\nH 0 0 {code}\n'.encode()
        ),
        "JSON": json.dumps(typed).encode(),
        "JSON of a database": json.dumps({"1": typed, "ids": [1], "nextid": 2}).encode(),
        "YAML": f'!!python/object/apply:os.mkdir ["{trace}"]\n'.encode(),
        "CIF": f"data_x\n_cell_length_a {code}\nloop_\n_symmetry_equiv_pos_as_xyz\n'{code}'\n"
        f"loop_\n_atom_site_label\n_atom_site_fract_x\nH {code}\n".encode(),
    }


@pytest.mark.parametrize("suffix", COMPRESSED)
def test_no_code_runs(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    trace, current = tmp_path / "trace", tmp_path / "current"
    current.mkdir()
    monkeypatch.chdir(current)
    assert len(names()) > 60
    for name in names():
        for kind, content in contents(trace).items():
            path = current / f"{name}{suffix}"
            path.write_bytes(COMPRESSED[suffix](content))
            with pytest.raises(StructureError):
                read_structure(path)
            assert not trace.exists(), f"{kind} in {name} ran"
            path.unlink()


def test_no_code_runs_from_a_database(tmp_path: Path) -> None:
    trace, path = tmp_path / "trace", tmp_path / "hostile.db"
    importlib.import_module("ase.db").connect(path).write(
        importlib.import_module("ase.build").molecule("H2"), data={"key": 1}
    )
    with sqlite3.connect(path) as database:
        database.execute(
            "UPDATE systems SET data = ?, numbers = ?", [pickle.dumps(Hostile(trace))] * 2
        )
    with pytest.raises(StructureError):
        read_structure(path)
    assert not trace.exists()


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_no_code_runs_from_an_archive(tmp_path: Path, kind: str) -> None:
    trace = tmp_path / "trace"
    member = tmp_path / "structure.traj"
    member.write_bytes(pickle.dumps(Hostile(trace)))
    path = tmp_path / f"hostile.{kind}"
    if kind == "tar":
        with tarfile.open(path, "w:gz") as archive:
            archive.add(member, "../escaped")
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(member, "../escaped")
    with pytest.raises(StructureError):
        read_structure(path)
    assert not trace.exists()
    assert not (tmp_path.parent / "escaped").exists()


def test_no_program_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, trace, path = tmp_path / "castep", tmp_path / "trace", tmp_path / "copper.cell"
    program.write_text(f"#!/bin/sh\ntouch {trace}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    path.write_text(
        "%BLOCK LATTICE_CART\n3.6 0 0\n0 3.6 0\n0 0 3.6\n%ENDBLOCK LATTICE_CART\n"
        "%BLOCK POSITIONS_FRAC\nCu 0 0 0\nO 0.5 0.5 0.5\n%ENDBLOCK POSITIONS_FRAC\n"
    )
    atoms = read_structure(path)
    assert atoms.get_chemical_symbols() == ["Cu", "O"]
    assert atoms.info == {}
    assert not trace.exists()
