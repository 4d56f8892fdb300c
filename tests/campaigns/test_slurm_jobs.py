"""Which jobs have ended in vain, and when that is too much."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nearsight.campaigns.slurm_jobs import MOST_IN_VAIN, JobsInVain, ended_in_vain, queued_jobs


class Cluster:
    """What is asked of dask's: workers by name, those that have reported, and one that goes."""

    def __init__(self) -> None:
        self.workers: dict[str, Any] = {}
        self.scheduler_info: dict[str, Any] = {"workers": {}}
        self.dropped: list[str] = []

    def submit(self, name: str, number: int | None) -> None:
        self.workers[name] = SimpleNamespace(job_id=number)

    def report(self, name: str) -> None:
        self.scheduler_info["workers"][f"tcp://{name}"] = {"name": name}

    def scale_down(self, names: list[str]) -> None:
        for name in names:
            self.dropped.append(name)
            del self.workers[name]

    def sync(self, function: Any, *arguments: Any) -> None:
        function(*arguments)


def test_jobs_are_told_apart() -> None:
    jobs = {"waits": "1", "runs": "2", "worked": "3", "failed": "4"}
    assert ended_in_vain(jobs, {"runs", "worked"}, {"1", "2"}) == {"failed": "4"}


def test_a_worker_that_reports_makes_up_for_those_that_did_not() -> None:
    cluster = Cluster()
    jobs = JobsInVain(cluster, "logs", set)
    for number in range(MOST_IN_VAIN - 1):
        cluster.submit(f"w{number}", number)
        jobs.look()
    assert cluster.dropped == [f"w{number}" for number in range(MOST_IN_VAIN - 1)]
    cluster.submit("good", 100)
    cluster.report("good")
    jobs.look()
    cluster.submit("bad", 101)
    jobs.look()
    assert not jobs.too_many
    assert jobs.trouble() is None


def test_workers_that_are_there_go_on_and_no_more_are_submitted() -> None:
    cluster = Cluster()
    jobs = JobsInVain(cluster, "logs", lambda: {"100"})
    cluster.submit("good", 100)
    cluster.report("good")
    jobs.look()
    for number in range(MOST_IN_VAIN):
        cluster.submit(f"w{number}", number)
    jobs.look()
    assert jobs.too_many
    assert jobs.trouble() is None
    cluster.scheduler_info["workers"].clear()
    assert f"the last of which was {MOST_IN_VAIN - 1}, have ended" in str(jobs.trouble())


def test_what_is_not_known_is_not_taken_for_ended() -> None:
    cluster = Cluster()
    cluster.submit("submitted", 1)
    JobsInVain(cluster, "logs", lambda: None).look()
    cluster.workers["not yet"] = SimpleNamespace(job_id=None)
    JobsInVain(cluster, "logs", lambda: {"1"}).look()
    assert cluster.dropped == []


@pytest.mark.parametrize(
    ("script", "numbers"),
    [("echo 17; echo 18", {"17", "18"}), ("true", set()), ("exit 1", None)],
)
def test_slurm_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, numbers: set[str] | None
) -> None:
    (tmp_path / "squeue").write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
    (tmp_path / "squeue").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert queued_jobs() == numbers


def test_there_is_no_squeue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert queued_jobs() is None
