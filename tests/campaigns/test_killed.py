"""Campaigns that are killed at random moments lose nothing, double nothing and halve nothing."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import ase.db
import ase.io
import psutil
import pytest

import moody
import nearsight
import nearsight.errors
from nearsight.campaigns import CampaignFile, status_of
from nearsight.models.spec import ModelSpec
from nearsight.records import record_from_json
from nearsight.workflows import energy

from .conftest import cell

pytestmark = pytest.mark.slow

N = 200
PATIENCE_S = 120.0


def command(model: str) -> list[str]:
    arguments = ["many.extxyz", "--workflow", "energy", "--model", model, "--out", "run.db"]
    return [sys.executable, "-m", "nearsight", "screen", *arguments, "--workers", "2", "-q"]


def begun(folder: Path, model: str) -> subprocess.Popen[bytes]:
    source = Path(nearsight.__file__).parent.parent
    paths = os.pathsep.join([str(source), str(Path(moody.__file__).parent)])
    return subprocess.Popen(
        command(model),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def n_done(folder: Path) -> int:
    try:
        return sum(tally.done for tally in status_of(CampaignFile(folder / "run.db")).tallies)
    except nearsight.errors.NearsightError:
        return 0


def wait_for(folder: Path, n: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE_S
    while n_done(folder) < n and process.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.02)


def kill_a_worker(process: subprocess.Popen[bytes], chosen: random.Random) -> None:
    workers = psutil.Process(process.pid).children()
    if workers:
        chosen.choice(workers).kill()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ase.io.write(tmp_path / "many.extxyz", [cell(seed=seed) for seed in range(N)])
    return tmp_path


def test_killed_twice_and_gone_on_with(folder: Path) -> None:
    # Slow: three commands, each with two workers, are started, and each imports it all.
    chosen = random.Random(11)
    model = f"ase:moody:Moody?nap=0.01&folder={folder}"
    for round_ in (1, 2):
        process = begun(folder, model)
        wait_for(folder, 30 * round_, process)
        kill_a_worker(process, chosen)
        time.sleep(chosen.uniform(0.0, 0.5))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        with sqlite3.connect(folder / "run.db") as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    process = begun(folder, model)
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, errors.decode()
    status = status_of(CampaignFile(folder / "run.db"))
    assert (status.n_structures, status.tallies[0].done, status.n_failed) == (N, N, 0)
    rows = list(ase.db.connect(folder / "run.db").select())
    assert sorted(row.structure_name for row in rows) == sorted(
        f"many.extxyz@{number}" for number in range(1, N + 1)
    )
    for row in rows:
        assert record_from_json(row.data["record"]).structure == row.structure_name
    spec = ModelSpec(model)
    for row in chosen.sample(rows, 5):
        single = energy(f"{folder}/{row.structure_name}", spec)
        assert single.energy_eV == row.energy
    n_calls = len((folder / "calls").read_text(encoding="ascii").splitlines())
    assert N + 5 <= n_calls < N + 5 + 2 * 90  # what was not yet written was computed again
    assert not (folder / "run.db.work").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_cleanly(folder: Path, number: signal.Signals) -> None:
    process = begun(folder, f"ase:moody:Moody?nap=0.05&folder={folder}")
    wait_for(folder, 5, process)
    workers = psutil.Process(process.pid).children()
    process.send_signal(number)
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 128 + number
    assert b"nearsight campaign resume run.db goes on" in errors
    assert 5 <= n_done(folder) < N
    psutil.wait_procs(workers, timeout=PATIENCE_S)
    assert not any(worker.is_running() for worker in workers)
