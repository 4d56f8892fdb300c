"""Jobs of Slurm that end before the worker in them has reported to the scheduler."""

import logging
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

logger = logging.getLogger("nearsight.campaigns")

MOST_FAILED = 5
"""Failures since a worker last reported from which others are submitted seldom."""
_SELDOM_S = 900.0


class FailedJobs:
    """Jobs that have failed, which dask takes for ones that wait for their turn.

    Parameters
    ----------
    cluster
        Dask's cluster of jobs.
    log_folder
        Where jobs leave what they print.
    queued
        Returns the numbers of the jobs that wait or run; None where that is not known.
    clock
        Tells the time in s.
    patience_s
        For how long a job must be in no queue to have failed.
    """

    def __init__(
        self,
        cluster: Any,
        log_folder: str,
        queued: Callable[[], set[str] | None],
        *,
        clock: Callable[[], float] = monotonic,
        patience_s: float = 0.0,
    ) -> None:
        self._cluster, self._log_folder = cluster, log_folder
        self._queued, self._clock, self._patience_s = queued, clock, patience_s
        self._reported: set[str] = set()
        self._missing_since: dict[str, float] = {}
        self._n_failed, self._last = 0, ""
        self._is_hopeless = False
        self._submitted_s = clock()

    def trouble(self) -> str | None:
        """Return why there will be no workers, once that is so."""
        if not self._is_hopeless:
            return None
        return (
            f"{self._n_failed} jobs, the last of which was {self._last}, have ended before their "
            f"workers reported, and no other one waits or runs; what they printed is in "
            f"{self._log_folder}. Correct the profile, or what it needs."
        )

    def may_submit(self) -> bool:
        """Tell whether others may be submitted; after many failures only every quarter hour."""
        now = self._clock()
        if self._n_failed >= MOST_FAILED and now < self._submitted_s + _SELDOM_S:
            return False
        self._submitted_s = now
        return True

    def look(self) -> None:
        """Forget jobs that have failed, so that others are submitted in their place."""
        alive = {str(each["name"]) for each in self._cluster.scheduler_info["workers"].values()}
        # Workers of later jobs have the names of earlier ones: numbers of jobs are remembered.
        jobs = {
            str(name): str(job.job_id)
            for name, job in list(self._cluster.workers.items())
            if getattr(job, "job_id", None) is not None
        }
        reported = {jobs[name] for name in alive if name in jobs}
        if reported - self._reported:
            self._n_failed = 0
        self._reported |= reported
        failed = self._failed(jobs)
        for number in failed.values():
            logger.warning(
                "nearsight: job %s has ended before its worker reported; see %s",
                number,
                self._log_folder,
            )
            self._n_failed, self._last = self._n_failed + 1, number
        self._is_hopeless = self._n_failed >= MOST_FAILED and not alive and len(failed) == len(jobs)
        if failed:
            self._cluster.sync(self._cluster.scale_down, list(failed))

    def _failed(self, jobs: Mapping[str, str]) -> dict[str, str]:
        """Return jobs by the names of their workers that have not been queued for long enough."""
        waiting = {name: number for name, number in jobs.items() if number not in self._reported}
        queued = self._queued() if waiting else set()
        if queued is None:
            return {}
        now = self._clock()
        self._missing_since = {
            number: self._missing_since.get(number, now)
            for number in waiting.values()
            if number not in queued
        }
        return {
            name: number
            for name, number in waiting.items()
            if number in self._missing_since
            and now >= self._missing_since[number] + self._patience_s
        }


def queued_jobs() -> set[str] | None:
    """Return the numbers of one's own jobs that wait or run; None where Slurm does not say."""
    squeue = shutil.which("squeue")
    if squeue is None:
        return None
    command = [squeue, "--all", "--noheader", "--user", str(os.getuid()), "--format", "%A"]
    # What somebody prefers to see of the queue must not hide jobs.
    environment = {key: value for key, value in os.environ.items() if key[:7] != "SQUEUE_"}
    try:
        asked = subprocess.run(
            command, capture_output=True, text=True, timeout=10, check=True, env=environment
        )
    except (OSError, subprocess.SubprocessError) as error:
        logger.info("squeue does not answer: %s", error)
        return None
    return set(asked.stdout.split())
