"""Jobs of Slurm that end before the worker in them has reported to the scheduler."""

import getpass
import logging
import shutil
import subprocess
from collections.abc import Callable, Mapping
from typing import Any

logger = logging.getLogger("nearsight.campaigns")

MOST_IN_VAIN = 5
"""So many jobs may end one after the other before it is said that none will do better."""


class JobsInVain:
    """Jobs that have ended in vain, which dask takes for ones that wait for their turn.

    Parameters
    ----------
    cluster
        Dask's cluster of jobs.
    log_folder
        Where jobs leave what they print.
    queued
        Returns the numbers of the jobs that wait or run; None where that is not known.
    """

    def __init__(
        self, cluster: Any, log_folder: str, queued: Callable[[], set[str] | None] | None = None
    ) -> None:
        self._cluster, self._log_folder = cluster, log_folder
        self._queued = queued_jobs if queued is None else queued
        self._reported: set[str] = set()
        self._n_in_vain, self._last = 0, ""

    @property
    def too_many(self) -> bool:
        """Whether so many have ended in vain that no more should be submitted."""
        return self._n_in_vain >= MOST_IN_VAIN

    def trouble(self) -> str | None:
        """Return why there will be no workers, once that is so."""
        if not self.too_many or self._cluster.scheduler_info["workers"]:
            return None
        return (
            f"{self._n_in_vain} jobs, the last of which was {self._last}, have ended before their "
            f"workers reported; what they printed is in {self._log_folder}. Correct the profile, "
            f"or what it needs."
        )

    def look(self) -> None:
        """Forget jobs that have ended in vain, so that others are submitted in their place."""
        workers = self._cluster.scheduler_info["workers"].values()
        reported = {str(worker["name"]) for worker in workers}
        if reported - self._reported:
            self._n_in_vain = 0
        self._reported |= reported
        jobs = {
            str(name): str(job.job_id)
            for name, job in self._cluster.workers.items()
            if getattr(job, "job_id", None) is not None
        }
        if not set(jobs) - self._reported:
            return
        queued = self._queued()
        ended = {} if queued is None else ended_in_vain(jobs, self._reported, queued)
        for number in ended.values():
            logger.warning(
                "nearsight: job %s has ended before its worker reported; see %s",
                number,
                self._log_folder,
            )
            self._n_in_vain, self._last = self._n_in_vain + 1, number
        if ended:
            self._cluster.sync(self._cluster.scale_down, list(ended))


def ended_in_vain(jobs: Mapping[str, str], reported: set[str], queued: set[str]) -> dict[str, str]:
    """Return those jobs that are over and whose workers never reported.

    Parameters
    ----------
    jobs
        Numbers of jobs by the names of their workers.
    reported
        Names of the workers that have reported at any time.
    queued
        Numbers of jobs that wait or run.
    """
    return {
        name: number
        for name, number in jobs.items()
        if name not in reported and number not in queued
    }


def queued_jobs() -> set[str] | None:
    """Return the numbers of one's own jobs that wait or run; None where Slurm does not say."""
    squeue = shutil.which("squeue")
    if squeue is None:
        return None
    command = [squeue, "--noheader", "--user", getpass.getuser(), "--format", "%A"]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        logger.info("squeue does not answer: %s", error)
        return None
    return set(asked.stdout.split())
