"""Clusters of dask by a profile: a scheduler in this process, and workers that are started."""

import logging
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nearsight.campaigns.cluster_profile import HostWorkers, SlurmWorkers
from nearsight.campaigns.failed_jobs import FailedJobs, queued_jobs
from nearsight.errors import ExecutionError, MethodError, NearsightError

logger = logging.getLogger("nearsight.campaigns")

_LOOK_S = 30.0
"""How often workers that have ended are replaced."""

_PATIENCE_S = 90.0
"""Some sites tell what is queued from a cache of a minute."""
_LEAVE_S = 30.0
"""How long a look that is under way is waited for at the end."""

_SCHEDULER = {"dashboard": False, "dashboard_address": ":0"}
"""No pages, and any port for what a scheduler serves anyway: 8787 may be another one's."""


@dataclass(frozen=True)
class Cluster:
    """A scheduler whose workers are started and kept running."""

    scheduler: str
    """Its address."""
    trouble: Callable[[], str | None]
    """Tells why there will be no workers, once that is so."""


@contextmanager
def started(
    profile: SlurmWorkers | HostWorkers,
    python: Path,
    *,
    look_s: float = _LOOK_S,
    patience_s: float = _PATIENCE_S,
) -> Iterator[Cluster]:
    """Keep workers running while the block runs.

    Parameters
    ----------
    profile
        Which workers.
    python
        The interpreter that they run in; it has to be there on their machines.
    look_s
        How often those that have ended are replaced, in s.
    patience_s
        For how long a job must be in no queue to have failed, in s.

    Raises
    ------
    MethodError
        Dask, or what it needs for such workers, is not installed.
    ExecutionError
        Workers cannot be started.
    """
    with _refusals(profile):
        cluster, n = make_cluster(profile, python)
    with cluster:
        with _refusals(profile):
            _scale(cluster, n)
        ended = threading.Event()
        jobs = _failed_jobs(cluster, profile, patience_s)
        keeper = threading.Thread(target=_keep, args=(cluster, n, jobs, ended, look_s), daemon=True)
        keeper.start()
        try:
            yield Cluster(str(cluster.scheduler_address), jobs.trouble)
        finally:
            ended.set()
            keeper.join(_LEAVE_S)


@contextmanager
def _refusals(profile: SlurmWorkers | HostWorkers) -> Iterator[None]:
    """Say what keeps workers from being started."""
    where = "by sbatch" if isinstance(profile, SlurmWorkers) else f"on {', '.join(profile.names)}"
    try:
        yield
    except NearsightError:
        raise
    except Exception as error:  # of ssh, of sbatch and of dask, in many classes
        raise ExecutionError(
            f"workers cannot be started {where}: {error}. Correct the profile, or what it needs."
        ) from error


def make_cluster(profile: SlurmWorkers | HostWorkers, python: Path) -> tuple[Any, int]:
    """Return dask's cluster, and how many workers it is to have.

    Raises
    ------
    MethodError
        Dask, or what it needs for such workers, is not installed.
    ExecutionError
        This is no machine that jobs are submitted from.
    """
    try:
        if isinstance(profile, SlurmWorkers):
            return _slurm(profile, python), profile.workers
        return _hosts(profile, python), len(profile.names) * profile.workers
    except ImportError as error:
        raise MethodError(
            "workers of a cluster need dask: `pip install 'nearsight[dask]'` installs it with "
            "what it needs for Slurm and ssh."
        ) from error


def _slurm(profile: SlurmWorkers, python: Path) -> Any:
    with _same_interruption():
        from dask_jobqueue.slurm import SLURMCluster
    if shutil.which("sbatch") is None:
        raise ExecutionError(
            "there is no sbatch here; start the campaign on a machine that jobs are submitted from."
        )
    minutes = [f"{round(60 * hours, 1):g}m" for hours in (profile.lifetime_h, profile.stagger_h)]
    return SLURMCluster(
        queue=profile.queue,
        account=profile.account,
        # One thread, since one task is worked on at a time, which has all cores of the job.
        cores=1,
        processes=1,
        job_cpu=profile.cores,
        memory=f"{profile.memory_GiB:g}GiB",
        walltime=_clock_time(profile.wall_time_h),
        python=str(python),
        job_name="nearsight",
        job_extra_directives=list(profile.directives),
        job_script_prologue=list(profile.prologue),
        log_directory=profile.log_folder,
        interface=profile.interface,
        worker_extra_args=[
            *("--resources", f"cores={profile.cores}", "--no-dashboard"),
            *("--lifetime", minutes[0], "--lifetime-stagger", minutes[1]),
        ],
        scheduler_options=_SCHEDULER,
    )


@contextmanager
def _same_interruption() -> Iterator[None]:
    """Put back what becomes of Ctrl-C: the import of dask-jobqueue lets it end the process."""
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def _hosts(profile: HostWorkers, python: Path) -> Any:
    import asyncssh  # noqa: F401  # dask asks for it only when all else has begun
    from distributed import Scheduler, SpecCluster
    from distributed.deploy.ssh import Worker

    options = {
        "nthreads": 1,  # as for jobs of Slurm
        "memory_limit": f"{profile.memory_GiB:g}GiB",
        "resources": {"cores": profile.cores},
        "dashboard": False,
        "interface": profile.interface,
    }
    workers = {}
    for host in profile.names:
        for number in range(profile.workers):
            name = f"{host}-{number}"
            own = {"address": host, "connect_options": {}, "remote_python": str(python)}
            workers[name] = {"cls": Worker, "options": {**own, "kwargs": {**options, "name": name}}}
    scheduler = {**_SCHEDULER, "port": 0, "interface": profile.interface}
    return SpecCluster(workers, {"cls": Scheduler, "options": scheduler}, name="nearsight")


def _clock_time(hours: float) -> str:
    """Return hours as Slurm writes them."""
    seconds = round(3600 * hours)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _scale(cluster: Any, n: int) -> None:
    """Start workers until there are `n` with those that still wait for their turn."""

    async def opened() -> None:
        await cluster  # whatever keeps one from starting is raised here

    cluster.scale(n)
    cluster.sync(opened)


def _keep(cluster: Any, n: int, jobs: FailedJobs, ended: threading.Event, look_s: float) -> None:
    """Start a worker for each that has ended, as those of jobs do before their wall time."""
    while not ended.wait(look_s):
        try:
            jobs.look()
        except Exception as error:  # of dask's loop, which changes meanwhile what is looked at
            logger.info("jobs could not be looked at: %s", error)
        if not jobs.may_submit():
            continue
        try:
            _scale(cluster, n)
        except Exception as error:  # as above; those that are there go on
            logger.warning("nearsight: a worker cannot be started again: %s", error)


def _failed_jobs(
    cluster: Any, profile: SlurmWorkers | HostWorkers, patience_s: float
) -> FailedJobs:
    """Return what looks after jobs of this Slurm; of others, and of hosts, nothing is known."""
    if isinstance(profile, HostWorkers):
        return FailedJobs(cluster, "", lambda: None)
    elsewhere = any(each.startswith(("--clusters", "-M")) for each in profile.directives)
    queued = (lambda: None) if elsewhere else queued_jobs
    return FailedJobs(cluster, profile.log_folder, queued, patience_s=patience_s)
