"""Structures of files, folders, patterns, databases, many frames and OPTIMADE."""

import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import ase.db
import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nearsight.campaigns import Input, read_inputs
from nearsight.errors import MemoryBudgetError
from nearsight.fingerprint import structure_sha256
from nearsight.structures import read_structure

from .conftest import cell


def read(*given: str | Path) -> dict[str, Input]:
    return {each.name: each for each in read_inputs([str(path) for path in given])}


def optimade(name: str, atoms: Atoms, **changed: Any) -> dict[str, Any]:
    symbols = atoms.get_chemical_symbols()
    attributes = {
        "lattice_vectors": atoms.cell.tolist(),
        "cartesian_site_positions": atoms.positions.tolist(),
        "species_at_sites": symbols,
        "species": [
            {"name": each, "chemical_symbols": [each], "concentration": [1.0]}
            for each in sorted(set(symbols))
        ],
        "dimension_types": [1, 1, 1],
    }
    return {"id": name, "type": "structures", "attributes": {**attributes, **changed}}


def test_broken_file_among_good_ones_is_named(tmp_path: Path) -> None:
    ase.io.write(tmp_path / "good.cif", bulk("Cu", a=3.6))
    (tmp_path / "broken.cif").write_text("data_x\n_cell_length_a 3\n", encoding="ascii")
    found = read(tmp_path)
    good, broken = found[f"{tmp_path}/good.cif"], found[f"{tmp_path}/broken.cif"]
    assert good.failure is None
    assert good.atoms is not None
    alone = read_structure(tmp_path / "good.cif")
    assert structure_sha256(good.atoms) == structure_sha256(alone)
    assert broken.atoms is None
    assert broken.failure is not None
    assert "no block with atom sites" in broken.failure


def test_all_frames_of_a_file_are_taken(tmp_path: Path) -> None:
    frames = [cell(seed=seed) for seed in range(3)]
    path = tmp_path / "many.extxyz"
    ase.io.write(path, frames)
    found = read(path)
    assert list(found) == [f"{path}@{number}" for number in (1, 2, 3)]
    for number, each in enumerate(found.values(), start=1):
        assert each.atoms is not None
        alone = read_structure(f"{path}@{number}")
        assert structure_sha256(each.atoms) == structure_sha256(alone)
    assert list(read(f"{path}@2")) == [f"{path}@2"]
    ase.io.write(path, frames[:1])
    assert list(read(path)) == [str(path)]


def test_frame_that_is_cut_off_costs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "many.extxyz"
    ase.io.write(path, [cell(seed=seed) for seed in range(3)])
    path.write_text("\n".join(path.read_text(encoding="ascii").splitlines()[:-1]), encoding="ascii")
    *good, last = read(path).values()
    assert all(each.failure is None for each in good)
    assert last.failure is not None


def test_second_of_two_frames_that_is_damaged_does_not_cost_the_first(tmp_path: Path) -> None:
    path = tmp_path / "two.extxyz"
    ase.io.write(path, [cell(seed=seed) for seed in range(2)])
    lines = path.read_text(encoding="ascii").splitlines()
    lines[-1] = "Cu 0.0 much 0.0"
    path.write_text("\n".join(lines), encoding="ascii")
    first, second = read(path).values()
    assert first.atoms is not None
    np.testing.assert_allclose(first.atoms.positions, cell(seed=0).positions, atol=1e-7)
    assert second.name == f"{path}@2"
    assert second.failure is not None
    assert "frame 2 cannot be read" in second.failure
    assert "nor any that follow it" in second.failure


def test_rows_of_a_database_are_taken(tmp_path: Path) -> None:
    rows = ase.db.connect(tmp_path / "some.db")
    for seed in range(2):
        rows.write(cell(seed=seed))
    rows.write(Atoms())
    first, second, empty = read(tmp_path / "some.db").values()
    assert second.name == f"{tmp_path}/some.db@2"
    assert first.atoms is not None
    np.testing.assert_array_equal(first.atoms.positions, cell(seed=0).positions)
    assert empty.failure == f"{tmp_path}/some.db@3: there are no atoms in it."


def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "none.db").write_text("no database at all, but a text", encoding="ascii")
    [found] = read(tmp_path / "none.db", tmp_path / "none.db").values()
    assert found.failure is not None
    assert "no ASE database that can be read" in found.failure


def test_database_of_something_else_is_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE samples (name TEXT)")
    before = path.read_bytes()
    [found] = read(path).values()
    assert found.failure == f"{path} is a database of something else than structures."
    assert path.read_bytes() == before


def test_files_without_structures_are_failures(tmp_path: Path) -> None:
    ase.db.connect(tmp_path / "none.db").count()
    (tmp_path / "none.json").write_text('{"data": []}', encoding="ascii")
    found = read(tmp_path / "none.db", tmp_path / "none.json")
    assert [each.failure for each in found.values()] == [
        f"{tmp_path}/none.db: no structures are in it.",
        f"{tmp_path}/none.json: no structures are in it.",
    ]


def test_name_that_is_no_unicode_costs_no_other(tmp_path: Path) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.cif")
    ase.io.write(tmp_path / "good.cif", cell())
    try:
        os.rename(tmp_path / "good.cif", name)
    except OSError:
        pytest.skip("this file system has only names that are Unicode")
    ase.io.write(tmp_path / "good.cif", cell())
    (tmp_path / "odd.json").write_text('{"data": [{"id": "\\ud800"}]}', encoding="ascii")
    good, named, entry = sorted(read(tmp_path, tmp_path / "odd.json").values(), key=_good_first)
    assert good.failure is None
    assert named.name == f"{tmp_path}/caf\\xe9.cif"
    assert named.failure == f"{named.name}: its name is no Unicode; rename it."
    for each in (named, entry):
        assert each.atoms is None
        assert each.name.encode()


def _good_first(each: Input) -> tuple[bool, str]:
    return each.atoms is None, each.name


def test_lack_of_memory_while_reading_costs_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.cif", "b.cif"):
        ase.io.write(tmp_path / name, cell())

    def read_structure_if_small(path: str, **options: Any) -> Atoms:
        if path.endswith("a.cif"):
            raise MemoryBudgetError("it needs 8 GiB.")
        return read_structure(path, **options)

    monkeypatch.setattr("nearsight.campaigns.inputs.read_structure", read_structure_if_small)
    large, good = read(tmp_path).values()
    assert large.failure == f"{tmp_path}/a.cif: it needs 8 GiB."
    assert good.atoms is not None


def test_structures_of_optimade_are_taken(tmp_path: Path) -> None:
    mixed = {
        "species": [{"name": "Cu", "chemical_symbols": ["Cu", "Au"], "concentration": [0.5, 0.5]}]
    }
    entries = [
        optimade("a", cell()),
        optimade("mixed", cell(), **mixed),
        {"id": "empty", "attributes": {}},
        optimade("unmixed", cell(), species=[{**mixed["species"][0], "concentration": []}]),
        optimade("short", cell(), lattice_vectors=[[], [], []]),
        optimade("flat", cell(), dimension_types=[1, 1, 0]),
    ]
    path = tmp_path / "answer.json"
    path.write_text(json.dumps({"data": entries}), encoding="ascii")
    found = read(path)
    good, flat = found[f"{path}@a"].atoms, found[f"{path}@flat"].atoms
    assert good is not None
    assert flat is not None
    assert structure_sha256(good) == structure_sha256(cell())
    assert flat.pbc.tolist() == [True, True, False]
    unmixed_said, short_said = found[f"{path}@unmixed"].failure, found[f"{path}@short"].failure
    assert unmixed_said is not None
    assert "has 0 concentrations of 2 elements" in unmixed_said
    assert short_said is not None
    assert "cannot be read (list index out of range)" in short_said
    mixed_said, empty_said = found[f"{path}@mixed"].failure, found[f"{path}@empty"].failure
    assert mixed_said is not None
    assert "sites of Cu, Au" in mixed_said
    assert empty_said is not None
    assert "lacks 'species'" in empty_said


@pytest.mark.parametrize(
    ("content", "said"), [("{", "is no JSON"), ("[]", "no response of OPTIMADE")]
)
def test_json_of_something_else_is_refused(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(content, encoding="ascii")
    [found] = read(path).values()
    assert found.failure is not None
    assert said in found.failure
