"""What runs in the workers of dask: tasks, with the model and the share of the machine there."""

import contextlib
import os
import pickle
import socket
import threading
from typing import Any

from nearsight.errors import NearsightError
from nearsight.execution.surroundings import Surroundings, within
from nearsight.execution.tasks import run
from nearsight.models.spec import ModelSpec
from nearsight.resources import Resources

_USABLE = 0.8
"""Share of a worker's memory limit that is planned with: dask ends a worker at 0.95 of it."""

_warm: dict[ModelSpec | None, Surroundings] = {}
"""What this process has loaded."""
_alone = threading.Lock()
"""One task at a time: memory and times are those of the process, whatever threads it has."""
_topics: list[str] = []
"""The one by which tasks tell at the moment."""


def warm_up(model: ModelSpec | None, topic: str) -> tuple[str, int]:
    """Load the model, and return the host and the number of this process.

    What is wrong with the model is said by the first task that asks for it.
    """
    surroundings = _surroundings(model, topic)
    if model is not None:
        with contextlib.suppress(NearsightError):
            _ = surroundings.model
    return socket.gethostname(), os.getpid()


def run_here(content: bytes, model: ModelSpec | None, topic: str) -> bytes:
    """Do what a task says and return the answer, as `nearsight.execution.tasks.run` does."""
    with _alone, within(_surroundings(model, topic)):
        return run(content)


def _surroundings(model: ModelSpec | None, topic: str) -> Surroundings:
    from distributed import get_worker

    worker: Any = get_worker()
    _topics[:] = [topic]  # another campaign may have warmed this process up
    known = _warm.get(model)
    if known is None:

        def told(value: object) -> None:
            worker.log_event(_topics[0], pickle.dumps(value))

        limit = worker.memory_manager.memory_limit
        # Where a cluster was started by a profile there is one thread, and `cores` are said.
        cores = worker.state.total_resources.get("cores", worker.state.nthreads)
        resources = Resources(
            cores=int(cores),
            memory_bytes=int(_USABLE * limit) if limit else None,
        )
        resources.limit_threads()
        known = _warm[model] = Surroundings(resources, model, told)
    return known
