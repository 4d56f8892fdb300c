"""Executors: the interface of `concurrent.futures`, on processes that stay warm.

A task is a function at the top of a module. It asks for the model and for what it may use of the
machine, both of which belong to the process that it runs in:

>>> from nearsight.execution import LocalProcesses, current_model, current_resources
>>> from nearsight.workflows import heat_capacity
>>> def heat_capacity_of(path: str) -> float:
...     record = heat_capacity(path, current_model(), resources=current_resources())
...     return record.heat_capacity[0].J_per_g_K
>>> with LocalProcesses(4, "sevennet-0") as executor:  # doctest: +SKIP
...     values = list(executor.map(heat_capacity_of, ["quartz.cif", "mof-5.cif"]))

With `tell` a task says how it has got on; whoever made the executor hears it by `told`.

`DaskWorkers` has the same face and the workers of a scheduler of dask, on one machine or many.
`InThisProcess` has it and no processes, for one task at a time and for tests.

`concurrent.futures.ProcessPoolExecutor` and loky fail all tasks, finished or waiting, when one
process dies; pebble fails the right one, but leaves its processes behind when this one is killed.
None of them gives each process cores, memory and a GPU of its own.
"""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.execution.dask_workers import DaskWorkers
    from nearsight.execution.local_processes import LocalProcesses
    from nearsight.execution.serial import InThisProcess
    from nearsight.execution.surroundings import current_model, current_resources, tell
    from nearsight.execution.workers import Workers

__all__ = [
    "DaskWorkers",
    "InThisProcess",
    "LocalProcesses",
    "Workers",
    "current_model",
    "current_resources",
    "tell",
]

import_at_first_use(__name__)
