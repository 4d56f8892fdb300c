"""``nearsight widom`` that is killed at some moment, and goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from ase import Atoms

SUPPORT = Path(__file__).parents[1] / "support"
SOURCES = Path(__file__).parents[2] / "src"


def command(folder: Path, *more: str) -> subprocess.Popen[bytes]:
    arguments = [
        *(sys.executable, "-m", "nearsight", "widom", "argon.extxyz", "--gas", "Ar", "-q"),
        *("--model", "ase:host_and_guest:Spheres", "--temperature", "300"),
        *("--insertions", "600", "--learning", "500", "--json", "record.json", *more),
    ]
    paths = os.pathsep.join([str(SUPPORT), str(SOURCES), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        arguments,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def record(folder: Path) -> dict[str, object]:
    told = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    return {name: told[name] for name in ("henry", "insertion", "wells", "zero", "verdict")}


def test_it_goes_on_as_the_unbroken_one(tmp_path: Path) -> None:
    """It starts Python three times, which is what takes its time."""
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
        Atoms("Ar", cell=[9.0] * 3, pbc=True).write(tmp_path / name / "argon.extxyz")
    start = time.monotonic()
    assert command(tmp_path / "whole").wait() == 0
    lasted_s = time.monotonic() - start
    rng = np.random.default_rng(0)
    run = command(tmp_path / "cut")
    try:
        run.wait(timeout=float(rng.uniform(0.5, 0.9)) * lasted_s)
    except subprocess.TimeoutExpired:
        run.send_signal(signal.SIGKILL)
        run.wait()
    assert command(tmp_path / "cut").wait() == 0
    assert record(tmp_path / "cut") == record(tmp_path / "whole")
