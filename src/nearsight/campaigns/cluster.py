"""Workers of a campaign on other machines, by dask.distributed."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from nearsight.campaigns.run import Start
from nearsight.execution import DaskWorkers
from nearsight.execution.workers import Workers
from nearsight.models.spec import ModelSpec


def on_scheduler(address: str, *, patience_s: float = 30.0) -> Start:
    """Return what uses the workers of a scheduler, which run in environments that they came from.

    Parameters
    ----------
    address
        Such as ``tcp://node7:8786``.
    patience_s
        How long an answer of the scheduler is waited for, in s.
    """

    def start(
        model: ModelSpec, told: Callable[[Any], object], _: bool
    ) -> AbstractContextManager[Workers]:
        return DaskWorkers(address, model, told=told, patience_s=patience_s)

    return start
