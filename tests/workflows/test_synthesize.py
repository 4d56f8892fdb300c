"""Sets of data: labels that belong to what is in the file, and how structures come about."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import ase.io
import numpy as np
import pytest

pytest.importorskip("torch", reason="synthetic potentials need PyTorch")

from ase import Atoms
from ase.build import bulk, molecule

from nearsight.cli.main import main
from nearsight.dynamics import run as dynamics_run
from nearsight.errors import ModelError, SettingError
from nearsight.hdnnp.files.data import read_data
from nearsight.models.contract import Model
from nearsight.models.registry import load_model
from nearsight.workflows import (
    DistortionSettings,
    SamplingSettings,
    SynthesizeSettings,
    keep_unfinished,
    synthesize,
)

FEW = SynthesizeSettings(count=4, supercell=(2, 1, 1))
MOVED = SynthesizeSettings(
    count=5,
    supercell=(2, 2, 1),
    sampling=SamplingSettings(temperatures_K=(200, 500), every_fs=10, equilibration_ps=0.03),
)


def crystal() -> Atoms:
    return bulk("MgO", "rocksalt", a=4.1)


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model("synthetic:7?angles=0.5&angle_cutoff_A=3&cutoff_A=4", device="cpu")


def require_exact(file: Path, model: Model) -> None:
    """Check that labels are those of the positions that are in the file."""
    for frame in read_data(file):
        [expected] = model.evaluate([frame.atoms], stress=bool(frame.atoms.pbc.all()))
        assert frame.energy_eV == pytest.approx(expected.energy_eV, abs=1e-10)
        assert frame.forces_eV_per_A == pytest.approx(expected.forces_eV_per_A, abs=1e-10)
        if expected.stress_eV_per_A3 is None:
            assert frame.stress_eV_per_A3 is None
        else:
            assert frame.stress_eV_per_A3 == pytest.approx(expected.stress_eV_per_A3, abs=1e-12)


def require_same(one: Path, other: Path) -> None:
    """Check that structures agree to the bit; labels depend on batches in their last digits."""
    for first, second in zip(read_data(one), read_data(other), strict=False):
        assert first.atoms == second.atoms
        assert first.comment == second.comment
        assert first.energy_eV == pytest.approx(second.energy_eV, abs=1e-10)


def test_labels_are_those_of_what_is_in_the_file(tmp_path: Path, model: Model) -> None:
    file = tmp_path / "data.extxyz"
    data = synthesize(crystal(), model, FEW, target=file)
    require_exact(file, model)
    frames = list(read_data(file))
    assert (len(frames), data.n_structures, data.n_atoms, data.formula) == (4, 4, 4, "Mg2O2")
    assert repr(data).startswith("<SynthesizedData of MgO by synthetic:7: 4 times Mg2O2; forces of")
    energies = [frame.energy_eV for frame in frames]
    assert data.energy_spread_eV_per_atom == pytest.approx(np.std(energies) / 4)
    forces = np.array([frame.forces_eV_per_A for frame in frames])
    assert data.force_eV_per_A == pytest.approx(np.sqrt((forces**2).mean()))
    assert data.fmax_eV_per_A == pytest.approx(np.linalg.norm(forces, axis=2).max())
    by_ase = ase.io.read(file, index=1)
    assert isinstance(by_ase, Atoms)
    assert by_ase.get_stress() == pytest.approx(frames[1].stress_eV_per_A3, abs=1e-14)
    assert json.loads(json.dumps(data.to_json()))["provenance"]["model"]["name"] == "synthetic:7"


def test_each_frame_says_where_it_is_from(tmp_path: Path, model: Model) -> None:
    file = tmp_path / "data.xyz"
    synthesize(crystal(), model, replace(FEW, seed=3), target=file)
    comments = [frame.comment for frame in read_data(file)]
    assert len(set(comments)) == 4
    for number, comment in enumerate(comments):
        assert f"displaced by 0.1 Å, strained by 0.03 (seed 3, number {number})" in comment
        name = comment.split("labels of ")[1].split(",")[0]
        assert load_model(name, device="cpu").identity == model.identity


def test_more_structures_begin_with_the_same_ones(tmp_path: Path, model: Model) -> None:
    few, more, other = (tmp_path / f"{name}.xyz" for name in ("few", "more", "other"))
    synthesize(crystal(), model, FEW, target=few)
    synthesize(crystal(), model, replace(FEW, count=6), target=more)
    synthesize(crystal(), model, replace(FEW, seed=1), target=other)
    require_same(more, few)
    assert len(list(read_data(more))) == 6
    assert next(read_data(other)).atoms != next(read_data(few)).atoms


def test_distortions_have_the_sizes_that_are_asked_for(tmp_path: Path, model: Model) -> None:
    file = tmp_path / "data.extxyz"
    settings = SynthesizeSettings(
        count=60, distortion=DistortionSettings(displacement_A=0.05, strain=0.02)
    )
    synthesize(crystal(), model, settings, target=file)
    parent = crystal()
    strains, shifts = [], []
    for frame in read_data(file):
        deformation = np.linalg.solve(parent.cell.array, frame.atoms.cell.array)
        assert deformation == pytest.approx(deformation.T, abs=1e-12)
        strains.append((deformation - np.eye(3))[np.triu_indices(3)])
        shifts.append(frame.atoms.positions - parent.positions @ deformation)
    for values, size in ((np.array(strains), 0.02), (np.array(shifts), 0.05)):
        error = size / np.sqrt(values.size)
        assert abs(values.mean()) < 4 * error
        assert abs(values.std() - size) < 4 * error / np.sqrt(2)


def test_a_molecule_is_displaced_only(tmp_path: Path, model: Model) -> None:
    file = tmp_path / "water.xyz"
    synthesize(molecule("H2O"), model, SynthesizeSettings(count=2), target=file)
    require_exact(file, model)
    assert all("strained" not in frame.comment for frame in read_data(file))


def test_dynamics_give_equal_parts_after_equilibration(tmp_path: Path, model: Model) -> None:
    file = tmp_path / "data.extxyz"
    synthesize(crystal(), model, MOVED, target=file)
    require_exact(file, model)
    frames = list(read_data(file))
    assert [frame.group for frame in frames] == 3 * ["200 K"] + 2 * ["500 K"]
    assert all(np.array_equal(frame.atoms.cell, frames[0].atoms.cell) for frame in frames)
    places = [frame.atoms.positions for frame in frames]
    assert all(np.abs(one - other).max() > 1e-3 for one, other in pairwise(places))


def test_interrupted_dynamics_go_on_to_the_bit(
    tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, resumed, work = tmp_path / "whole.xyz", tmp_path / "resumed.xyz", tmp_path / "work"
    synthesize(crystal(), model, MOVED, target=whole)
    move = dynamics_run.Moving.move
    left = 65  # in the second run

    def counted(self: dynamics_run.Moving) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise KeyboardInterrupt
        move(self)

    monkeypatch.setattr(dynamics_run.Moving, "move", counted)
    with pytest.raises(KeyboardInterrupt) as stopped, keep_unfinished(work) as unfinished:
        synthesize(crystal(), model, MOVED, target=resumed, unfinished=unfinished)
    assert "steps" in str(stopped.value.__notes__)
    assert not resumed.exists()
    left = 10**6
    with keep_unfinished(work) as unfinished:
        synthesize(crystal(), model, MOVED, target=resumed, unfinished=unfinished)
    assert 10**6 - left <= 110 - 64
    require_same(resumed, whole)
    assert len(list(read_data(resumed))) == 5
    assert not work.exists()


def test_what_contradicts_itself_is_refused(tmp_path: Path, model: Model) -> None:
    with pytest.raises(SettingError, match="`displacement_A` is of random distortions"):
        replace(MOVED, distortion=DistortionSettings(displacement_A=0.2))
    with pytest.raises(SettingError, match="`every_fs` is of molecular dynamics"):
        SynthesizeSettings(sampling=SamplingSettings(every_fs=5))
    with pytest.raises(SettingError, match="`count` is 1, less than the 2 temperatures"):
        replace(MOVED, count=1)
    with pytest.raises(SettingError, match=r"ends in .extxyz or .xyz, not .*data.traj"):
        synthesize(crystal(), model, FEW, target=tmp_path / "data.traj")
    file = tmp_path / "data.xyz"
    file.write_text("what was there")
    with pytest.raises(ModelError, match="too short for Cs and Cs"):
        synthesize(bulk("Cs", "bcc", a=6.1), model, FEW, target=file)
    assert file.read_text() == "what was there"


def test_the_command_writes_what_train_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    crystal().write("mgo.cif")
    command = ["synthesize", "mgo.cif", "--output", "data.extxyz", "--count", "3"]
    options = ["--model", "synthetic:1?angles=0", "--displacement", "0.05", "--device", "cpu"]
    assert main([*command, *options]) == 0
    shown = capsys.readouterr().out
    assert "energies and forces of 3 structures" in shown
    assert "synthetic:1" in shown
    assert len(list(read_data("data.extxyz"))) == 3
    assert main([*command, *options, "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["n_structures"] == 3
    assert main([*command[:3], "mgo.cif", *command[4:], *options]) != 0
