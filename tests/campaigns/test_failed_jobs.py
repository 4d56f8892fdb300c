"""Which jobs have failed, and when there is no hope for others."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from nearsight.campaigns.failed_jobs import MOST_FAILED, FailedJobs, queued_jobs


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


def failing(cluster: Cluster, jobs: FailedJobs, numbers: range) -> None:
    """Submit jobs that fail one after the other."""
    for number in numbers:
        cluster.submit(f"w{number}", number)
        jobs.look()


def test_a_worker_that_reports_makes_up_for_those_that_did_not() -> None:
    cluster = Cluster()
    jobs = FailedJobs(cluster, "logs", set)
    failing(cluster, jobs, range(MOST_FAILED - 1))
    assert cluster.dropped == [f"w{number}" for number in range(MOST_FAILED - 1)]
    cluster.submit("good", 100)
    cluster.report("good")
    jobs.look()
    failing(cluster, jobs, range(101, 102))
    assert jobs.may_submit()
    assert jobs.trouble() is None


def test_a_job_whose_worker_has_the_name_of_one_that_reported_may_fail() -> None:
    cluster = Cluster()
    jobs = FailedJobs(cluster, "logs", set)
    cluster.submit("w", 1)
    cluster.report("w")
    jobs.look()
    cluster.scheduler_info["workers"].clear()  # its lifetime is over
    for number in range(2, 2 + MOST_FAILED):
        cluster.submit("w", number)
        jobs.look()
    assert cluster.dropped == MOST_FAILED * ["w"]
    assert f"{MOST_FAILED} jobs, the last of which was {1 + MOST_FAILED}" in str(jobs.trouble())


def test_others_that_wait_or_work_are_not_given_up() -> None:
    cluster = Cluster()
    queued = {"100"}
    jobs = FailedJobs(cluster, "logs", lambda: queued)
    cluster.submit("waiting", 100)
    failing(cluster, jobs, range(MOST_FAILED))
    assert jobs.trouble() is None
    cluster.report("waiting")
    jobs.look()
    failing(cluster, jobs, range(MOST_FAILED))
    assert jobs.trouble() is None
    cluster.scheduler_info["workers"].clear()
    del cluster.workers["waiting"]
    jobs.look()
    assert jobs.trouble() is not None


def test_after_many_failures_jobs_are_submitted_seldom() -> None:
    now_s = 0.0
    cluster = Cluster()
    jobs = FailedJobs(cluster, "logs", set, clock=lambda: now_s)
    failing(cluster, jobs, range(MOST_FAILED - 1))
    assert jobs.may_submit()
    failing(cluster, jobs, range(100, 101))
    assert not jobs.may_submit()
    now_s = 901.0
    assert jobs.may_submit()
    assert not jobs.may_submit()


def test_a_queue_that_is_told_late_drops_no_job() -> None:
    times_s = iter(30.0 * np.arange(20))
    queues = iter([*3 * [set()], {"1"}, *4 * [set()]])  # it is there after 90 s, and then ends
    cluster = Cluster()
    jobs = FailedJobs(
        cluster, "logs", lambda: next(queues), clock=lambda: next(times_s), patience_s=90.0
    )
    cluster.submit("w", 1)
    for _ in range(7):
        jobs.look()
        assert cluster.dropped == []
    jobs.look()
    assert cluster.dropped == ["w"]


def test_what_is_not_known_is_not_taken_for_ended() -> None:
    cluster = Cluster()
    cluster.submit("submitted", 1)
    FailedJobs(cluster, "logs", lambda: None).look()
    cluster.workers["not yet"] = SimpleNamespace(job_id=None)
    FailedJobs(cluster, "logs", lambda: {"1"}).look()
    assert cluster.dropped == []


@pytest.mark.parametrize(
    ("script", "numbers"),
    [
        ("echo 17; echo 18", {"17", "18"}),
        ("true", set()),
        ("exit 1", None),
        ('echo "$@" | tr -d " -"', {f"allnoheaderuser{os.getuid()}format%A"}),
        ("echo $SQUEUE_STATES", set()),
    ],
)
def test_slurm_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, numbers: set[str] | None
) -> None:
    (tmp_path / "squeue").write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
    (tmp_path / "squeue").chmod(0o755)
    monkeypatch.setenv("SQUEUE_STATES", "RUNNING")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert queued_jobs() == numbers


def test_there_is_no_squeue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert queued_jobs() is None
