"""Workers of a campaign on this machine."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from nearsight.campaigns.run import Start
from nearsight.execution import LocalProcesses
from nearsight.execution.workers import Workers
from nearsight.models.registry import python_for
from nearsight.models.spec import ModelSpec
from nearsight.resources import Resources


def on_this_machine(n: int, resources: Resources | None = None) -> Start:
    """Return what starts `n` warm processes, in the environment of each model's family.

    Parameters
    ----------
    n
        Number of processes.
    resources
        What all of them may use together.

    Examples
    --------
    >>> from nearsight.campaigns import Store, on_this_machine, run_campaign
    >>> run_campaign(Store("run.db"), on_this_machine(2))  # doctest: +SKIP
    """

    def start(
        model: ModelSpec, told: Callable[[Any], object], alone: bool
    ) -> AbstractContextManager[Workers]:
        python = python_for(model.name)
        return LocalProcesses(1 if alone else n, model, resources, python=python, told=told)

    return start
