"""The executor of warm processes on this machine."""

import contextlib
import queue
import sys
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from types import TracebackType
from typing import Any

from nearsight.errors import MethodError
from nearsight.execution.process import Start, TaskProcess
from nearsight.execution.shares import require_number, shares
from nearsight.execution.surroundings import nobody
from nearsight.execution.tasks import Task, TaskFuture
from nearsight.models.spec import ModelSpec
from nearsight.resources import Resources

_Waiting = queue.SimpleQueue[Task | None]


class LocalProcesses(Executor):
    """Runs tasks in processes, each with its share of the machine and a model of its own.

    The interface is that of `concurrent.futures.Executor`. A process starts with its first task,
    loads the model when a task first asks for it, and stays warm until the executor is shut down.
    A process that dies fails the task that it worked on, and nothing else: it is started again.
    Warnings of a task are raised where its result is asked for; what is logged below ``nearsight``
    reaches the loggers of this process; what is printed is not shown.

    Used as a context manager, it waits at the end of the block for all tasks; when the block is
    left by an exception, Ctrl-C among them, it ends all processes at once. They also end with this
    process, however that ends.

    Parameters
    ----------
    n
        Number of processes.
    model
        Which model `current_model` returns to tasks; None where they need none.
    resources
        What all processes may use together; by default the whole machine. `current_resources`
        returns a task its share, which see in `nearsight.execution.shares`.
    python
        The interpreter of another environment, with this version of Nearsight: that of the model's
        family (`nearsight.models.environments.python_of`) where this one lacks its packages. Each
        process would otherwise start a second one for its model. Functions of tasks must be
        importable there.
    told
        What is called, by one of several threads, with each plain value that a task gives to
        `tell` while it runs. What it raises is that of the task, which ends with it.

    Raises
    ------
    MethodError
        `n` is no number of processes, the model is one that is loaded already, the system has no
        processes such as these, or it cannot be found out how much memory is free on a GPU.

    Examples
    --------
    >>> from math import sqrt
    >>> from nearsight.execution import LocalProcesses
    >>> with LocalProcesses(1) as executor:
    ...     print(list(executor.map(sqrt, [1.0, 4.0, 9.0])))
    ...
    [1.0, 2.0, 3.0]
    """

    def __init__(
        self,
        n: int,
        model: ModelSpec | str | None = None,
        resources: Resources | None = None,
        *,
        python: Path | None = None,
        told: Callable[[Any], object] = nobody,
    ) -> None:
        require_number(n)
        spec = _spec(model)
        if sys.platform not in ("linux", "darwin"):
            raise MethodError(
                f"processes for tasks need Linux or macOS, and this is {sys.platform}; use "
                f"InThisProcess."
            )
        start = Start(python, Path.cwd(), spec)
        divided = shares(n, resources or Resources(), "auto" if spec is None else spec.device)
        self._processes = tuple(TaskProcess(start, share, told) for share in divided)
        self._waiting = _Waiting()
        self._registry: dict[Any, Any] = {}
        self._lock = threading.Lock()
        self._is_shut_down = False
        self._working: dict[TaskFuture, TaskProcess] = {}
        arguments = (self._waiting, self._working)
        self._threads = tuple(
            threading.Thread(target=_work_off, args=(*arguments, process), daemon=True)
            for process in self._processes
        )
        for thread in self._threads:
            thread.start()
        # When nobody refers to it any more, no more tasks can come.
        weakref.finalize(self, _finish, self._waiting, n).atexit = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> TaskFuture:
        """Have ``fn(*args, **kwargs)`` run by the next process that is free.

        Raises
        ------
        ExecutionError
            The function, or what it is called with, cannot be sent to another process.
        RuntimeError
            The executor was shut down.
        """
        task = Task.of(fn, args, kwargs, self._registry)
        with self._lock:
            if self._is_shut_down:
                raise RuntimeError("cannot schedule new futures after shutdown")
            self._waiting.put(task)
        return task.future

    @property
    def capacity(self) -> int:
        """How many tasks are worked on at a time."""
        return len(self._processes)

    @property
    def share_memory(self) -> bool:
        """Whether each has a share of a memory that one alone could have."""
        return self.capacity > 1

    def end_task(self, future: TaskFuture) -> None:
        """End the process that works on a task, which fails with a `ProcessDiedError`.

        Nothing happens where none does. The next task starts the process again.
        """
        with self._lock:
            process = self._working.get(future)
        if process is not None:
            process.kill()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more tasks, and end the processes when those that were taken are done.

        Parameters
        ----------
        wait
            Whether to return when all has ended; an interruption meanwhile ends everything at once.
        cancel_futures
            Whether tasks that wait are given up.
        """
        self._close(cancel=cancel_futures)
        if not wait:
            return
        try:
            for thread in self._threads:
                thread.join()
        except BaseException:
            self.terminate()
            raise

    def terminate(self) -> None:
        """Give up all tasks and end all processes at once."""
        self._close(cancel=True)
        for process in self._processes:
            process.end()
        for thread in self._threads:
            thread.join()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self.shutdown()
        else:
            self.terminate()

    def _close(self, *, cancel: bool) -> None:
        with self._lock:
            if cancel:
                _cancel(self._waiting)
            if not self._is_shut_down or cancel:  # the ends of the queue were taken off, too
                _finish(self._waiting, len(self._threads))
            self._is_shut_down = True


def _work_off(
    waiting: _Waiting, working: dict[TaskFuture, TaskProcess], process: TaskProcess
) -> None:
    """Have tasks run by one process until there are no more."""
    while (task := waiting.get()) is not None:
        if not task.future.set_running_or_notify_cancel():
            continue
        working[task.future] = process
        try:
            answer = process.ask(task)
        except Exception as error:  # whatever it is, it belongs to whoever waits for this task
            working.pop(task.future)
            task.future.set_exception(error)
        else:
            working.pop(task.future)
            task.future.settle(answer)
            del answer
        del task  # its content may be large, and the next one may be long in coming
    process.release()


def _cancel(waiting: _Waiting) -> None:
    with contextlib.suppress(queue.Empty):
        while True:
            task = waiting.get_nowait()
            if task is not None and task.future.cancel():
                task.future.set_running_or_notify_cancel()  # tells those who wait for it


def _finish(waiting: _Waiting, n: int) -> None:
    """Tell so many threads that no more tasks come."""
    for _ in range(n):
        waiting.put(None)


def _spec(model: ModelSpec | str | None) -> ModelSpec | None:
    if isinstance(model, str):
        return ModelSpec(model)
    if model is None or isinstance(model, ModelSpec):
        return model
    raise MethodError(
        f"`model` is a {type(model).__name__}, which cannot be sent to other processes; give its "
        f"name or a ModelSpec, so that each of them loads it."
    )
