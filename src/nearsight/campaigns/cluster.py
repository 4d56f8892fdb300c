"""Workers of a campaign on other machines, by dask.distributed."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from nearsight.campaigns.cluster_profile import HostWorkers, SlurmWorkers
from nearsight.campaigns.run import Start
from nearsight.errors import MethodError
from nearsight.execution import DaskWorkers
from nearsight.execution.workers import Workers
from nearsight.models.registry import python_for
from nearsight.models.spec import ModelSpec


def on_scheduler(address: str, *, patience_s: float = 30.0) -> Start:
    """Return what uses the workers of a scheduler, which run in environments that they came from.

    Parameters
    ----------
    address
        Such as ``tcp://node7:8786``.
    patience_s
        How long an answer of the scheduler is waited for, in s.

    Examples
    --------
    >>> from nearsight.campaigns import Store, on_scheduler, run_campaign
    >>> run_campaign(Store("run.db"), on_scheduler("tcp://node7:8786"))  # doctest: +SKIP
    """

    def start(
        model: ModelSpec, told: Callable[[Any], object], _: bool
    ) -> AbstractContextManager[Workers]:
        return DaskWorkers(address, model, told=told, patience_s=patience_s)

    return start


def on_cluster(profile: SlurmWorkers | HostWorkers) -> Start:
    """Return what starts the workers of a profile, in the environment of each model's family.

    They end with the block, and so do their jobs. All machines need the same file system.

    Parameters
    ----------
    profile
        The workers that are asked for, from `read_profile`.

    Raises
    ------
    MethodError
        When it starts: dask, or what it needs for such workers, is not installed.
    ExecutionError
        When it starts: workers cannot be started.

    Examples
    --------
    >>> from nearsight.campaigns import Store, on_cluster, read_profile, run_campaign
    >>> workers = read_profile("profile.toml")  # doctest: +SKIP
    >>> run_campaign(Store("run.db"), on_cluster(workers))  # doctest: +SKIP
    """

    @contextmanager
    def start(model: ModelSpec, told: Callable[[Any], object], _: bool) -> Iterator[Workers]:
        from nearsight.campaigns.dask_clusters import started

        python = python_for(model.name) or Path(sys.executable)
        _require_dask(python)
        with (
            started(profile, python) as here,
            DaskWorkers(here.scheduler, model, told=told, trouble=here.trouble) as workers,
        ):
            yield workers

    return start


def _require_dask(python: Path) -> None:
    """Refuse an environment whose workers would end as soon as they are started."""
    asked = subprocess.run([python, "-c", "import distributed"], capture_output=True, check=False)
    if asked.returncode != 0:
        raise MethodError(
            f"workers need dask in the environment of the model: "
            f"`{python} -m pip install distributed` installs it there."
        )
