"""``nearsight md``: what it writes, and that it goes on where it was interrupted."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.io import read

from nearsight.cli.main import main
from nearsight.dynamics.samples import Sample


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    bulk("Cu", cubic=True).write("copper.cif")
    return tmp_path


def md(*options: str) -> int:
    return main(["md", "copper.cif", "--model", "ase:emt", "--timestep", "2fs", *options])


def test_frames_samples_table_and_record(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ("--trajectory", "md.extxyz.gz", "--samples", "s.csv", "--json", "r.json")
    of_run = ("--ensemble", "npt", "--pressure", "1bar", "--time", "0.1ps", "--every", "20fs")
    assert md(*of_run, *files, "--csv", "t.csv") == 0
    said = capsys.readouterr().out
    assert "npt by nose-hoover, 0.1 ps in 50 steps of 2 fs" in said
    record = json.loads((folder / "r.json").read_text())
    part = record["dynamics"]
    assert record["settings"]["thermostat"] == part["thermostat"] == "nose-hoover"
    assert (part["ensemble"], part["n_steps"], part["n_samples"]) == ("npt", 50, 6)
    assert f"{part['temperature_K']:.1f} K" in said
    frames = read(folder / "md.extxyz.gz", ":")
    assert [frame.info["time_fs"] for frame in frames] == [0, 20, 40, 60, 80, 100]
    names = ",".join(Sample.__dataclass_fields__)
    for file in ("s.csv", "t.csv"):
        lines = (folder / file).read_text().splitlines()
        assert lines[0].endswith(names)
        assert len(lines) == 7
    assert not list((folder / ".nearsight").glob("*"))


def test_an_interrupted_command_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch, interrupted_at: Callable[[int], None]
) -> None:
    assert md("--time", "0.1ps", "--samples", "whole.csv") == 0
    interrupted_at(31)
    assert md("--time", "0.1ps", "--samples", "broken.csv") == 130
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    assert md("--time", "0.1ps", "--samples", "broken.csv", "--json", "r.json") == 0
    # EMT keeps a list of neighbours of its own, which makes last digits.
    broken, whole = (
        np.genfromtxt(f"{name}.csv", delimiter=",")[1:] for name in ("broken", "whole")
    )
    np.testing.assert_allclose(broken, whole, rtol=1e-9, atol=1e-9)
    record = json.loads((folder / "r.json").read_text())
    assert record["dynamics"]["resumed_step"] == 30  # it was in the middle of the next


@pytest.fixture
def interrupted_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return a function that lets Ctrl-C come when so many steps are taken."""
    from nearsight.dynamics.moving import Moving

    def at(step: int) -> None:
        move = Moving.move

        def interrupted(self: Moving) -> None:
            move(self)
            if self.step == step:
                raise KeyboardInterrupt

        monkeypatch.setattr(Moving, "move", interrupted)

    return at


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--ensemble", "npt"), "npt needs a pressure"),
        (("--pressure", "1bar"), "--pressure is of npt only"),
        (("--ensemble", "nve", "--thermostat", "bussi"), "nve keeps the energy"),
        (("--ensemble", "npt", "--pressure", "1"), "1 has no unit"),
        (("--time", "1fs"), "less than one step of 2 fs"),
        (("--trajectory", "md.cif"), "a trajectory is a file that ends in .extxyz"),
    ],
)
def test_mistakes_are_told(
    folder: Path, options: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = md(*options)
    except SystemExit as end:
        status = int(str(end.code))
    assert status in {1, 2}
    assert said in " ".join(capsys.readouterr().err.split())
