"""The Hessian as a value: its checks, its file, its conversions."""

import errno
import json
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from nearsight.errors import CheckpointError, StorageError
from nearsight.hessian.matrix import Hessian, hessian
from nearsight.remarks import Remark
from nearsight.result_archives import save_archive


@pytest.fixture
def result(pair_model: Callable[..., Any], displaced_quartz: Atoms) -> Hessian:
    """A Hessian with heavy oxygen in it."""
    masses = displaced_quartz.get_masses()
    masses[-1] = 18.0
    displaced_quartz.set_masses(masses)
    return hessian(displaced_quartz, pair_model(), "rows")


def test_what_is_saved_is_loaded(result: Hessian, tmp_path: Path) -> None:
    path = tmp_path / "hessian.npz"
    result.save(path)
    loaded = Hessian.load(path)
    assert loaded.atoms == result.atoms
    np.testing.assert_array_equal(loaded.atoms.get_masses(), result.atoms.get_masses())
    np.testing.assert_array_equal(loaded.matrix_eV_per_A2, result.matrix_eV_per_A2)
    for field in fields(Hessian):
        if field.name not in {"atoms", "matrix_eV_per_A2"}:
            assert getattr(loaded, field.name) == getattr(result, field.name), field.name
    assert loaded.summary() == result.summary()
    loaded.save(path)
    np.testing.assert_array_equal(Hessian.load(path).matrix_eV_per_A2, result.matrix_eV_per_A2)


def test_symmetry_survives_the_file(
    pair_model: Callable[..., Any], alpha_quartz: Atoms, tmp_path: Path
) -> None:
    symmetric = hessian(alpha_quartz, pair_model(), "rows")
    symmetric.save(tmp_path / "hessian.npz")
    loaded = Hessian.load(tmp_path / "hessian.npz")
    assert (loaded.rows_needed, loaded.rows_total) == (5, 27)
    assert (loaded.space_group, loaded.row_symmetry_A) == ("P3_121 (152)", 1e-5)
    assert loaded.symmetry == "space group P3_121 (152) within 1e-05 Å"
    assert loaded.symmetry_deviation_eV_per_A2 == symmetric.symmetry_deviation_eV_per_A2
    assert loaded.summary() == symmetric.summary()


def test_full_disk_leaves_the_older_file(
    result: Hessian, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "hessian.npz"
    result.save(path)
    before = path.read_bytes()

    def refuse(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(StorageError, match=r"No space left on device. Nothing there was changed"):
        replace(result, warnings=(Remark("damaged-work", "a row"),)).save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_other_files_are_refused(result: Hessian, tmp_path: Path) -> None:
    path = tmp_path / "hessian.npz"
    with pytest.raises(CheckpointError, match=r"hessian\.npz does not exist; give the path of"):
        Hessian.load(path)
    save_archive(path, "vibrations", {}, {})
    with pytest.raises(CheckpointError, match="holds a 'vibrations' of format 1, not a 'hessian'"):
        Hessian.load(path)
    result.save(path)
    whole = path.read_bytes()
    for content in (b"", b"text", whole[: len(whole) // 2], whole[:-10]):
        path.write_bytes(content)
        with pytest.raises(
            CheckpointError, match=r"not a readable hessian file .*compute it again"
        ):
            Hessian.load(path)


def test_checks_measure_what_they_are_called(result: Hessian) -> None:
    matrix = result.symmetric().reshape(9, 3, 9, 3)
    matrix[2, 0, 5, 1] += 0.25
    spoilt = replace(result, matrix_eV_per_A2=matrix)
    assert spoilt.asymmetry_eV_per_A2 == pytest.approx(0.25, abs=1e-12)
    assert spoilt.sum_rule_eV_per_A2 == pytest.approx(0.25, abs=1e-10)
    symmetric = spoilt.symmetric().reshape(9, 3, 9, 3)
    half = matrix[2, 0, 5, 1] - 0.125
    assert symmetric[2, 0, 5, 1] == symmetric[5, 1, 2, 0] == pytest.approx(half, abs=1e-12)
    assert (spoilt.n_atoms, spoilt.rows_total) == (9, 27)


def test_summary_is_json_and_complete(result: Hessian) -> None:
    summary = result.summary()
    assert summary["method"] == "rows"
    assert summary["rows_total"] == summary["rows_computed"] == summary["rows_needed"] == 27
    assert summary["space_group"] == "P1 (1)"
    assert summary["symmetry_deviation_eV_per_A2"] is None
    assert summary["asymmetry_eV_per_A2"] == result.asymmetry_eV_per_A2
    assert (summary["reason"], summary["step_A"]) == ("rows was asked for", None)
    assert json.loads(json.dumps(summary)) == summary


def test_ase_gets_the_symmetric_part_and_the_masses(result: Hessian) -> None:
    data = result.to_ase()
    np.testing.assert_array_equal(data.get_hessian_2d(), result.symmetric())
    np.testing.assert_array_equal(data.get_atoms().get_masses(), result.atoms.get_masses())


def test_value_cannot_be_changed_by_mistake(result: Hessian) -> None:
    with pytest.raises(FrozenInstanceError):
        result.method = "batched"  # type: ignore[misc]


def test_provenance_names_model_settings_and_versions(result: Hessian) -> None:
    provenance = result.provenance
    assert (provenance.model.name, provenance.model.dtype) == ("pair", "float64")
    assert provenance.settings["rows"] == "analytic"
    assert {"python", "nearsight", "ase", "numpy", "torch"} <= set(provenance.versions)
