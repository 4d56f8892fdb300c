"""What executors of many tasks have in common, wherever their processes are."""

from collections.abc import Callable
from typing import Any, Protocol

from nearsight.execution.tasks import TaskFuture


class Workers(Protocol):
    """Warm processes that run tasks: `LocalProcesses`, `DaskWorkers`."""

    @property
    def capacity(self) -> int:
        """How many tasks are worked on at a time; 0 while there are no processes."""
        ...

    @property
    def share_memory(self) -> bool:
        """Whether each has a share of a memory that one alone could have."""
        ...

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> TaskFuture:
        """Have ``fn(*args, **kwargs)`` run by the next process that is free."""
        ...

    def end_task(self, future: TaskFuture) -> None:
        """End the process that works on a task, which fails with a `ProcessDiedError`."""
        ...
