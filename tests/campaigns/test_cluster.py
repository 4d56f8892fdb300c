"""Campaigns on workers of dask that die, hang, take too much memory or are of another version."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

import moody
import nearsight
from moody import KILLED, LARGE, SILENT
from nearsight.campaigns import Specification, Store, on_scheduler, run_campaign, status_of
from nearsight.campaigns.phase import View
from nearsight.errors import ExecutionError
from nearsight.execution import DaskWorkers

from .conftest import inputs

pytest.importorskip("distributed")

SOURCE = Path(nearsight.__file__).parent.parent
PATIENCE_S = 120.0


class Cluster:
    """A scheduler and workers, all processes of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "scheduler.json"
        self._processes: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._start("scheduler", "--port", "0", "--no-dashboard")
        end = time.monotonic() + PATIENCE_S
        while not self._file.exists():
            assert time.monotonic() < end
            time.sleep(0.05)

    @property
    def address(self) -> str:
        address: str = json.loads(self._file.read_text(encoding="utf-8"))["address"]
        return address

    def add(self, *arguments: str, source: Path = SOURCE) -> subprocess.Popen[bytes]:
        """Start a worker."""
        own = ["--nthreads", "1", "--no-dashboard", "--local-directory", str(self._folder)]
        return self._start("worker", *own, *arguments, source=source)

    def _start(self, kind: str, *arguments: str, source: Path = SOURCE) -> subprocess.Popen[bytes]:
        module = f"distributed.cli.dask_{kind}"
        paths = os.pathsep.join([str(source), str(Path(moody.__file__).parent)])
        process = subprocess.Popen(
            [sys.executable, "-m", module, "--scheduler-file", str(self._file), *arguments],
            env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._processes.append(process)
        return process

    def end(self) -> None:
        """End everything at once."""
        for process in self._processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def cluster_in(folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(folder)
    try:
        yield cluster
    finally:
        cluster.end()


@pytest.mark.slow
def test_workers_may_die_hang_and_take_memory(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # Slow (some 20 s): five workers are started, three of them again.
    older = tmp_path / "older" / "nearsight"
    older.mkdir(parents=True)
    (older / "__init__.py").write_text('__version__ = "0.0.9"\n', encoding="ascii")
    list(store.add([*inputs(60), *inputs(1, KILLED), *inputs(1, SILENT), *inputs(1, LARGE)]))
    to_kill: list[subprocess.Popen[bytes]] = []

    def watch(view: View) -> None:
        if view.done > 5 and to_kill:
            os.killpg(to_kill.pop().pid, signal.SIGKILL)

    with cluster_in(tmp_path) as cluster:
        for _ in range(3):
            cluster.add("--memory-limit", "700MB")
        to_kill.append(cluster.add("--no-nanny"))
        cluster.add("--no-nanny", source=older.parent)
        run_campaign(store, on_scheduler(cluster.address), watch=watch, silence_s=10.0)
    status = status_of(store)
    assert status.is_complete
    assert status.tallies[0].done == 60
    assert status.tallies[0].failed == {"quarantined": 3}
    messages = dict(
        store.select(
            "SELECT name, jobs.message FROM nearsight_jobs AS jobs "
            "JOIN nearsight_names USING (sha256) WHERE state = 'failed'"
        )
    )
    # On a busy machine another job may be taken to be silent, and end the worker of this one.
    assert "ended its worker 2 times" in messages["Ar-0.cif"]
    assert re.search(r"Ar-0\.cif \(\S+\): its worker told nothing for too long", caplog.text)
    assert "the last time was lost, for lack of memory or by whoever" in messages["Ne-0.cif"]
    assert "ended its worker 2 times" in messages["Rn-0.cif"]  # its nanny may be too late
    ours = nearsight.__version__
    assert f"it has Nearsight 0.0.9, and this is {ours}" in caplog.text
    calls = (tmp_path / "calls").read_text(encoding="ascii").splitlines()
    formulas = Counter(line.split()[1] for line in calls)
    assert {formula: formulas[formula] for formula in ("CuNe", "ArCu", "CuRn")} == {
        "CuNe": 2,
        "ArCu": 2,
        "CuRn": 2,
    }


def test_workers_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    older = tmp_path / "older" / "nearsight"
    older.mkdir(parents=True)
    (older / "__init__.py").write_text('__version__ = "0.0.9"\n', encoding="ascii")
    with cluster_in(tmp_path) as cluster:
        cluster.add("--no-nanny", source=older.parent)
        with (
            pytest.raises(ExecutionError, match=r"no worker .* can be used: .* Nearsight 0\.0\.9"),
            DaskWorkers(cluster.address, patience_s=8.0) as workers,
        ):
            workers.submit(os.getpid).result()


def test_nobody_answers(tmp_path: Path, asked: Specification) -> None:
    with pytest.raises(ExecutionError, match=r"no scheduler answers at tcp://127\.0\.0\.1:9"):
        DaskWorkers("tcp://127.0.0.1:9", asked.models[0], patience_s=0.5)


def test_scheduler_that_goes_away_ends_the_campaign(store: Store, tmp_path: Path) -> None:
    list(store.add(inputs(200)))
    with cluster_in(tmp_path) as cluster:
        cluster.add("--no-nanny")

        def watch(view: View) -> None:
            if view.done > 5:
                cluster.scheduler.kill()

        with pytest.raises(ExecutionError, match=r"scheduler .*(does not answer|ended)"):
            run_campaign(store, on_scheduler(cluster.address, patience_s=5.0), watch=watch)
    [(done, waiting)] = store.select(
        "SELECT count(*) FILTER (WHERE state = 'done'), count(*) FILTER (WHERE state = 'waiting') "
        "FROM nearsight_jobs"
    )
    assert done > 5
    assert done + waiting == 200
