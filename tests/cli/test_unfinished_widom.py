"""``nearsight widom`` that is killed or interrupted at some moment, and goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from nearsight.adsorption.insertion import BATCH, Insertion
from nearsight.adsorption.trials import Trials
from nearsight.cli.main import main
from widom_command import told, widom

SUPPORT = Path(__file__).parents[1] / "support"
SOURCES = Path(__file__).parents[2] / "src"
OPTIONS = ("--insertions", "256", "--learning", "500")
ROUNDS = (1, 1, 2)
"""Batches of the rounds of learning; those that are in the means are two."""


class Batches:
    """Counts the batches that are computed, and is interrupted before one of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.number = 0
        self.last: int | None = None
        compute = Insertion.batch

        def counted(insertion: Insertion, number: int) -> Trials:
            if self.number == self.last:
                raise KeyboardInterrupt
            self.number += 1
            return compute(insertion, number)

        monkeypatch.setattr(Insertion, "batch", counted)

    def end_after(self, number: int | None) -> None:
        self.number, self.last = 0, number


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> Batches:
    return Batches(monkeypatch)


def left_in(folder: Path) -> list[str]:
    return sorted(
        each.suffix for each in (folder / ".nearsight").iterdir() if each.suffix != ".lock"
    )


@pytest.mark.parametrize(
    ("computed", "left"),
    [
        (3, [".learning"] * 3),
        (5, [".insertions", *[".learning"] * 3]),
    ],
)
def test_an_interrupted_command_goes_on_as_the_unbroken_one(
    argon_folder: Path, batches: Batches, computed: int, left: list[str]
) -> None:
    whole = told(argon_folder, *OPTIONS, model="Spheres")
    assert batches.number == sum(ROUNDS) + 2
    batches.end_after(computed)
    assert widom(*OPTIONS, model="Spheres") == 130
    assert left_in(argon_folder) == left
    batches.end_after(None)
    again = told(argon_folder, *OPTIONS, model="Spheres")
    assert batches.number == sum(ROUNDS) + 2 - computed  # all before is kept
    assert again["henry"] == whole["henry"]
    assert again["insertion"] == whole["insertion"]
    assert not (argon_folder / ".nearsight").exists()


def test_what_was_learnt_at_another_temperature_is_not_gone_on_with(
    argon_folder: Path, batches: Batches
) -> None:
    cold = ("--temperature", "150", *OPTIONS)
    whole = told(argon_folder, *cold, model="Spheres")
    batches.end_after(sum(ROUNDS))
    assert widom("--temperature", "400", *OPTIONS, model="Spheres") == 130
    batches.end_after(None)
    again = told(argon_folder, *cold, model="Spheres")
    assert batches.number == sum(ROUNDS) + 2 - ROUNDS[0]  # which is drawn anywhere
    assert again["henry"] == whole["henry"]


def test_kept_insertions_are_listed(
    argon_folder: Path, batches: Batches, capsys: pytest.CaptureFixture[str]
) -> None:
    batches.end_after(sum(ROUNDS) + 1)
    assert widom(*OPTIONS, model="Spheres") == 130
    assert f"{BATCH} insertions" in capsys.readouterr().err
    assert main(["clean"]) == 0
    listed = " ".join(capsys.readouterr().out.split())
    counts = [f"learning {n_batches * BATCH} insertions" for n_batches in ROUNDS]
    counts.append(f"insertions {BATCH} insertions")
    assert [listed.count(count) for count in counts] == [counts.count(count) for count in counts]


COMMAND = (
    *("widom", "argon.extxyz", "--gas", "Ar", "-q", "--model", "ase:host_and_guest:Spheres"),
    *("--temperature", "300", "--insertions", "600", "--learning", "500", "--json", "record.json"),
)


def command(folder: Path) -> subprocess.Popen[bytes]:
    paths = os.pathsep.join([str(SUPPORT), str(SOURCES), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-m", "nearsight", *COMMAND],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def record(folder: Path) -> dict[str, object]:
    told = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    return {name: told[name] for name in ("henry", "insertion", "wells", "zero", "verdict")}


def test_it_goes_on_as_the_unbroken_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It starts Python twice, which is what takes its time."""
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    for folder in (whole, cut):
        folder.mkdir()
        Atoms("Ar", cell=[9.0] * 3, pbc=True).write(folder / "argon.extxyz")
    rng = np.random.default_rng(0)
    for how, kept in ((signal.SIGKILL, "*.learning"), (signal.SIGINT, "*.insertions")):
        run = command(cut)
        while run.poll() is None and not list((cut / ".nearsight").glob(kept)):
            time.sleep(0.005)
        time.sleep(0.1 * rng.random())
        run.send_signal(how)
        assert run.wait() in {-how, 128 + how, 0}  # it may have come to its end
    for folder in (whole, cut):
        monkeypatch.chdir(folder)
        assert main(list(COMMAND)) == 0
    assert record(cut) == record(whole)
    assert not (cut / ".nearsight").exists()
