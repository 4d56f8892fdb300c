"""Learning a crystal from its fragments: what comes of it, and what is kept when it is killed."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.io import read, write

from nearsight.cli.main import main
from nearsight.models import load_model
from nearsight.models.contract import forces_of
from nearsight.training import DataSettings
from nearsight.training.active.rounds import Round
from nearsight.workflows import FirstFramesSettings, LearnSettings, RoundsSettings, learn

pytest.importorskip("numba")
pytest.importorskip("tblite")

SHORT = (
    *("--teacher", "gfn1-xtb", "--radius", "3", "--test-share", "0.3"),
    *("--first-frames", "8", "--first-every", "4fs", "--epochs", "2", "--explore", "0.04ps"),
    *("--explore-timestep", "1fs", "--explore-every", "5fs", "--rounds", "1", "--apart", "1fs"),
    *("--hidden-layers", "4", "--second-hidden-layers", "5", "--n-radial", "3", "--zetas", "1"),
    *("--most-picked", "4", "--cores", "1", "--largest-force", "60", "-q"),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return with_chain(tmp_path, monkeypatch)


def with_chain(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a folder with a crystal of one polymer chain in each cell."""
    # Sums of several threads are in no fixed order: what counts is `--cores`.
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.chdir(folder)
    positions = [[0.42, 0, 0], [-0.42, 0, 1.27]]
    positions += [[1.05, 0.88, 0], [1.05, -0.88, 0], [-1.05, 0.88, 1.27], [-1.05, -0.88, 1.27]]
    write("chain.cif", Atoms("C2H4", positions, cell=[5.0, 5.2, 2.54], pbc=True))
    return folder


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], str]:
    """A folder in which ``once`` was learnt, with the record and what was printed."""
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as printed:
        place = with_chain(tmp_path_factory.mktemp("unbroken"), patch)
        return place, learnt("once"), printed.getvalue()


def learnt(out: str, *options: str) -> dict[str, Any]:
    command = ["learn", "chain.cif", "--out", out, *SHORT, *options, "--json", f"{out}.json"]
    assert main(command) == 0
    record: dict[str, Any] = json.loads(Path(f"{out}.json").read_text(encoding="utf-8"))
    return record


def digests(folder: Path) -> dict[str, str]:
    """Return digests of labels and potentials."""
    files = [*folder.glob("round-*/labelled.extxyz"), *folder.glob("round-*/member-*/best/*.data")]
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
    }


def test_a_round(
    folder: Path,
    unbroken: tuple[Path, dict[str, Any], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    place, record, printed = unbroken
    shutil.copytree(place / "once", "once")
    first, second, last = record["rounds"]
    assert first["n_labelled"] == 8
    [exploration] = second["explorations"]
    assert second["n_learnt"] == 8
    assert second["n_labelled"] + second["n_too_far"] == len(exploration["picked"]) == 4
    assert last["n_learnt"] == 8 + second["n_labelled"]
    assert last["explorations"] == []
    assert record["stopped"] == "after 1 rounds, as asked for"
    assert "once/round-02/member-1/best" in printed
    frames = read("once/round-01/labelled.extxyz", ":")
    [expected] = load_model("gfn1-xtb").evaluate([Atoms(frames[0].numbers, frames[0].positions)])
    np.testing.assert_allclose(frames[0].get_forces(), forces_of(expected), atol=1e-4)
    assert frames[0].get_potential_energy() == pytest.approx(expected.energy_eV, abs=1e-5)
    model = load_model(record["model"]["name"])
    assert model.identity.checkpoint_sha256 == record["model"]["checkpoint_sha256"]
    assert np.isfinite(model.evaluate([read("chain.cif")])[0].energy_eV)

    again = learnt("once", "--rounds", "2")  # goes on: the last round explores as well now
    assert again["rounds"][:2] == record["rounds"][:2]
    assert len(again["rounds"]) == 4
    assert again["rounds"][2]["explorations"]

    assert main(["learn", "chain.cif", "--out", "once", *SHORT, "--radius", "2.9"]) != 0
    assert "made with other settings (--radius 3.0 there, now 2.9)" in capsys.readouterr().err


def test_a_folder_that_was_moved_goes_on(
    folder: Path, unbroken: tuple[Path, dict[str, Any], str]
) -> None:
    """Dynamics of the crystal that are done are taken as they are, wherever the potential is."""
    place, record, _ = unbroken
    shutil.copytree(place / "once", "moved")
    for file in Path("moved").glob("round-0[12]/round.json"):
        file.unlink()
    trajectory = Path("moved/round-01/crystal-00.extxyz")
    before = trajectory.read_bytes()
    assert learnt(str(folder / "moved"))["rounds"] == record["rounds"]
    assert trajectory.read_bytes() == before


def test_nothing_is_explored_with_a_network_that_learnt_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Slow: it ends, is refused with other settings, and goes on where its round is deleted."""
    still = ("--optimizer", "adam", "--learning-rate", "1e-30", "--final-learning-rate", "1e-30")
    record = learnt("still", *still, "--epochs", "1", "--rounds", "3")
    assert record["stopped"] == "since in round 1 nothing was learnt by network 1, 2"
    assert len(record["rounds"]) == 2
    assert record["rounds"][1]["explorations"] == []
    assert record["rounds"][1]["threshold_eV_per_A"] is None
    assert [each["best_epoch"] for each in record["rounds"][1]["errors"]] == [0, 0]
    assert "nothing-learnt" in {each["code"] for each in record["warnings"]}

    labels = Path("still/round-00/labelled.extxyz").read_bytes()
    assert main(["learn", "chain.cif", "--out", "still", *SHORT]) != 0
    said = capsys.readouterr().err
    assert "still/round-01 was made with other settings" in said
    assert "--optimizer adam there, now kalman" in said
    shutil.rmtree("still/round-01")
    assert learnt("still")["rounds"][1]["explorations"]
    assert Path("still/round-00/labelled.extxyz").read_bytes() == labels


def test_a_killed_run_ends_as_the_unbroken_one(
    folder: Path, unbroken: tuple[Path, dict[str, Any], str]
) -> None:
    place, record, _ = unbroken
    command = [sys.executable, "-m", "nearsight", "learn", "chain.cif", "--out", "killed", *SHORT]
    for marker in (
        "round-00/fragment-00.extxyz",
        "round-01/member-1/checkpoint",
        "round-01/labels.jsonl",
    ):
        process = subprocess.Popen(command, start_new_session=True)
        _wait_for(folder / "killed", marker, process)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    killed = learnt("killed")
    assert killed["rounds"] == record["rounds"]
    assert digests(Path("killed")) == digests(place / "once")


def _wait_for(folder: Path, marker: str, process: "subprocess.Popen[bytes]") -> None:
    """Wait until a file has something in it, or the process has ended."""
    while process.poll() is None and not any(each.stat().st_size for each in folder.glob(marker)):
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--teacher", "gfn1-xtb?charge=1"), "has no number for any fragment: C5H12 with charge 1"),
        (("--most-labels", "0"), "--most-labels"),
        (("--most-labels", "7"), "1 fragments have 8 first frames"),
    ],
)
def test_what_is_refused_before_anything_is_computed(
    folder: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], said: str
) -> None:
    try:
        status = main(["learn", "chain.cif", "--out", "refused", *SHORT, *options])
    except SystemExit as error:
        status = int(error.code or 0)
    assert status != 0
    assert said in capsys.readouterr().err
    assert not list(folder.glob("refused/round-*"))


def test_an_interruption_says_where_work_is_kept(folder: Path) -> None:
    def interrupt(_: Round) -> None:
        raise KeyboardInterrupt

    settings = LearnSettings(
        data=DataSettings(test_share=0.5),
        rounds=RoundsSettings(fragment_radius_A=2.6),
        first=FirstFramesSettings(first_frames=2, first_every_fs=1.0),
    )
    with pytest.raises(KeyboardInterrupt) as raised:
        learn(["chain.cif"], "gfn1-xtb", settings, out="kept", told=interrupt, progress=False)
    assert raised.value.__notes__ == [
        "What was done is kept in kept; the same call goes on from there."
    ]
    assert (folder / "kept" / "round-00" / "round.json").exists()
