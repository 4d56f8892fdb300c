"""What is common to all formats: recognition, provenance, checks, and the command line."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from numpy.testing import assert_allclose

from nearsight.cli.main import main
from nearsight.errors import CheckpointError, MethodError, StructureError
from nearsight.fingerprint import file_sha256
from nearsight.hessian.files import is_hessian_of_other_program, read_hessian, recognising
from nearsight.hessian.matrix import Hessian
from nearsight.vibrations import vibrations

ORCA, GAUSSIAN = "ch3clf_transition_state.hess", "hydrogen_peroxide.log"


def test_a_name_does_not_decide(
    data: Path, tmp_path: Path, checkpoint: Callable[..., Path]
) -> None:
    for file in (data / ORCA, data / GAUSSIAN, checkpoint()):
        usual = read_hessian(file)
        shutil.copy(file, tmp_path / "hessian.xyz")
        found = read_hessian(tmp_path / "hessian.xyz")
        assert np.array_equal(found.matrix_eV_per_A2, usual.matrix_eV_per_A2)
        assert found.provenance.model.family == usual.provenance.model.family


def test_a_mark_of_the_order_of_bytes_is_no_content(data: Path, tmp_path: Path) -> None:
    for name in (ORCA, GAUSSIAN):
        path = tmp_path / name
        path.write_bytes(b"\xef\xbb\xbf" + (data / name).read_bytes())
        assert is_hessian_of_other_program(path)
        found = read_hessian(path)
        assert np.array_equal(found.matrix_eV_per_A2, read_hessian(data / name).matrix_eV_per_A2)


def test_provenance_says_who_computed_what(data: Path) -> None:
    found = read_hessian(data / ORCA)
    assert (found.method, found.rows_computed, found.rows_needed) == ("read", 0, 18)
    assert found.reason == f"computed by ORCA, read from {ORCA}"
    model = found.provenance.model
    assert (model.name, model.family) == (ORCA, "orca")
    assert model.checkpoint_sha256 == file_sha256(data / ORCA)
    assert found.provenance.settings == {"format": "orca"}
    assert read_hessian(data / GAUSSIAN).provenance.model.family == "gaussian"


def test_what_is_read_is_saved_and_loaded(data: Path, tmp_path: Path) -> None:
    found = read_hessian(data / ORCA)
    found.save(tmp_path / "kept")
    loaded = read_hessian(tmp_path / "kept")
    assert np.array_equal(loaded.matrix_eV_per_A2, found.matrix_eV_per_A2)
    assert loaded.summary() == found.summary()
    assert loaded.provenance == found.provenance


def test_masses_of_a_given_structure_are_taken(data: Path, tmp_path: Path) -> None:
    usual = read_hessian(data / GAUSSIAN)
    heavy = usual.atoms.copy()
    heavy.set_masses(4 * usual.atoms.get_masses())
    halved = vibrations(usual).wavenumbers_per_cm / 2
    usual.save(tmp_path / "saved.npz")
    for file in (data / GAUSSIAN, tmp_path / "saved.npz"):
        found = read_hessian(file, atoms=heavy)
        assert_allclose(vibrations(found).wavenumbers_per_cm, halved, rtol=1e-10)


def test_another_structure_is_refused(data: Path) -> None:
    own = read_hessian(data / GAUSSIAN).atoms
    with pytest.raises(StructureError, match="is of O2H2, the given structure of H2O2"):
        read_hessian(data / GAUSSIAN, atoms=own[::-1])
    turned = own.copy()
    turned.rotate(30, "z")
    with pytest.raises(StructureError, match="same orientation"):
        read_hessian(data / GAUSSIAN, atoms=turned)


def test_an_asymmetric_matrix_is_refused(data: Path, tmp_path: Path) -> None:
    text = (data / ORCA).read_text()
    one = "    1     -1.2382284287E-03   5.7626450938E-01"
    assert text.count(one) == 1
    # One digit less in the last place of the largest element's neighbourhood is within printing.
    for digits, refused in (("-1.2382284286E-03", False), ("-1.2383284287E-03", True)):
        (tmp_path / "o.hess").write_text(
            text.replace(one, one.replace("-1.2382284287E-03", digits))
        )
        if refused:
            with pytest.raises(CheckpointError, match=r"elements \(1, 2\) and \(2, 1\) differ by"):
                read_hessian(tmp_path / "o.hess")
        else:
            assert 0 < read_hessian(tmp_path / "o.hess").asymmetry_eV_per_A2 < 2e-11


def test_a_matrix_of_another_size_is_refused(data: Path, tmp_path: Path) -> None:
    text = (data / ORCA).read_text()
    last = next(line for line in text.splitlines() if line.startswith(" F "))
    (tmp_path / "o.hess").write_text(
        text.replace("$atoms\n6", "$atoms\n5").replace(f"{last}\n", "")
    )
    with pytest.raises(CheckpointError, match="has 18 rows, but 5 atoms have 15"):
        read_hessian(tmp_path / "o.hess")


def test_what_is_no_hessian_is_refused(data: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("nothing\n")
    with pytest.raises(CheckpointError, match="no Hessian of a known format; known are nearsight"):
        read_hessian(tmp_path / "text")
    with pytest.raises(CheckpointError, match="does not exist"):
        read_hessian(tmp_path / "missing")
    with pytest.raises(MethodError, match="'qchem' is no format"):
        read_hessian(data / ORCA, format="qchem")
    with pytest.raises(CheckpointError, match="no section"):
        read_hessian(data / GAUSSIAN, format="orca")


def test_what_holds_a_hessian_is_told_by_its_content(
    data: Path, tmp_path: Path, checkpoint: Callable[..., Path], displacements: Callable[..., Path]
) -> None:
    assert not is_hessian_of_other_program(data / "toluene.json")
    assert not is_hessian_of_other_program(tmp_path)
    for file in (data / ORCA, data / GAUSSIAN, checkpoint(), displacements()):
        assert is_hessian_of_other_program(file)
        same = file.with_name(f"{file.stem}.run.dat") if file.suffix == ".dat" else tmp_path / "x.y"
        shutil.copy(file, same)
        assert is_hessian_of_other_program(same) == (file.suffix != ".dat")
    read_hessian(data / ORCA).to_ase().write(tmp_path / "ase.txt")
    assert is_hessian_of_other_program(tmp_path / "ase.txt")


def test_an_output_of_gaussian_without_force_constants_is_a_structure(
    data: Path, tmp_path: Path
) -> None:
    text = (data / GAUSSIAN).read_text()
    (tmp_path / "a.log").write_text(text.replace("NImag", "NReal"))  # the block is left
    assert is_hessian_of_other_program(tmp_path / "a.log")
    begin = text.index(" Force constants in Cartesian")
    (tmp_path / "b.log").write_text(text[:begin] + " Normal termination of Gaussian\n")
    assert not is_hessian_of_other_program(tmp_path / "b.log")
    (tmp_path / "c.log").write_text(text.replace("NI", "N\n I", 1))  # wrapped within the word
    assert is_hessian_of_other_program(tmp_path / "c.log")


def test_the_command_line_takes_them(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_model(*arguments: object, **settings: object) -> None:
        raise AssertionError("a finished Hessian needs no model")

    monkeypatch.setattr("nearsight.models.registry.load_model", no_model)
    monkeypatch.chdir(tmp_path)
    assert main(["vibrations", str(data / ORCA), "--json", "v.json"]) == 0
    record = json.loads((tmp_path / "v.json").read_text())
    assert record["modes"]["n_imaginary"] == 1
    assert record["hessian"]["method"] == "read"
    found = vibrations(read_hessian(data / ORCA)).all_wavenumbers_per_cm
    assert record["modes"]["wavenumbers_per_cm"] == pytest.approx(found.tolist())


def test_elastic_constants_need_strain(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["elastic", str(data / ORCA)]) != 0
    assert "has no strain" in " ".join(capsys.readouterr().err.split())


def test_a_saved_structure_may_have_been_given_anew(data: Path, tmp_path: Path) -> None:
    found = read_hessian(data / ORCA)
    replace(found, atoms=Atoms("H6", positions=found.atoms.positions)).save(tmp_path / "h.npz")
    with pytest.raises(StructureError, match="is of H6"):
        read_hessian(tmp_path / "h.npz", atoms=found.atoms)
    assert isinstance(read_hessian(tmp_path / "h.npz"), Hessian)


def test_what_no_reader_foresees_is_named_with_what_the_file_seems_to_be(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(file: Path, text: str) -> None:
        raise ZeroDivisionError("by zero")

    known = recognising.PROGRAMS["orca"]
    monkeypatch.setitem(recognising.PROGRAMS, "orca", replace(known, read=stumble))
    with pytest.raises(CheckpointError, match="seems to be of the format orca, but ZeroDivision"):
        read_hessian(data / ORCA)
