"""The executor without processes: each task runs at once, where it is submitted."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from nearsight.execution.surroundings import Surroundings, nobody, within
from nearsight.execution.tasks import Task, TaskFuture, run
from nearsight.models.spec import ModelSpec
from nearsight.resources import Resources

if TYPE_CHECKING:
    from nearsight.models.contract import Model


class InThisProcess(Executor):
    """Runs tasks one after the other in this process, with the face of `LocalProcesses`.

    What could not be sent to another process is refused here, too. An interruption is raised where
    the task was submitted.

    Parameters
    ----------
    model
        What `current_model` returns to tasks: a model, or which one is loaded when it is first
        asked for.
    resources
        What `current_resources` returns to tasks.
    told
        What is called with each value that a task gives to `tell`.

    Examples
    --------
    >>> from math import sqrt
    >>> from nearsight.execution import InThisProcess
    >>> executor = InThisProcess()
    >>> executor.submit(sqrt, 16.0).result()
    4.0
    >>> list(executor.map(sqrt, [1.0, 4.0, 9.0]))
    [1.0, 2.0, 3.0]
    """

    def __init__(
        self,
        model: "Model | ModelSpec | str | None" = None,
        resources: Resources | None = None,
        *,
        told: Callable[[Any], object] = nobody,
    ) -> None:
        given = ModelSpec(model) if isinstance(model, str) else model
        self._surroundings = Surroundings(resources or Resources(), given, told)
        self._registry: dict[Any, Any] = {}
        self._is_shut_down = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> TaskFuture:
        """Run a task and return its future, which is done.

        Raises
        ------
        ExecutionError
            The task could not be sent to another process.
        RuntimeError
            The executor was shut down.
        """
        if self._is_shut_down:
            raise RuntimeError("cannot schedule new futures after shutdown")
        task = Task.of(fn, args, kwargs, self._registry)
        task.future.set_running_or_notify_cancel()
        with within(self._surroundings):
            task.future.settle(run(task.content))
        return task.future

    def map(
        self,
        fn: Callable[..., Any],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,
    ) -> Iterator[Any]:
        """Run a task for each item when its result is asked for, and yield the results in order."""
        del timeout, chunksize  # nothing is waited for
        return (self.submit(fn, *items).result() for items in zip(*iterables, strict=False))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Refuse further tasks."""
        del wait, cancel_futures  # none is left
        self._is_shut_down = True
