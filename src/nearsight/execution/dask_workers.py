"""The executor of warm processes that a scheduler of dask.distributed knows, on any machines."""

import contextlib
import importlib
import logging
import operator
import os
import pickle
import signal
import threading
import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from types import TracebackType
from typing import Any

import nearsight
from nearsight.errors import ExecutionError, MethodError, ProcessDiedError
from nearsight.execution.dask_worker_side import run_here, warm_up
from nearsight.execution.surroundings import nobody
from nearsight.execution.tasks import Task, TaskFuture
from nearsight.models.spec import ModelSpec

logger = logging.getLogger("nearsight.execution")

_LOOK_S = 0.5
_TELL_S = 30.0
_AGAIN = "; start it again, or correct the address."
_LOST = "was lost, for lack of memory or by whoever ended it,"
_MOST_AT_A_WORKER = 2
"""One that is worked on, and one that is there when that is done."""


@dataclass
class _Worker:
    """A worker, and what it was given, in that order."""

    address: str
    is_ready: bool = False
    tasks: "dict[TaskFuture, tuple[str, Any]]" = field(default_factory=dict)
    """Names, and dask's futures, which are let go of with their tasks."""


class DaskWorkers(Executor):
    """Runs tasks in the workers of a scheduler of dask, one at a time in each.

    It has the face of `LocalProcesses`. Each task is given to one worker and to no other; when that
    dies, the task fails with a `ProcessDiedError`, and others are not touched. Workers may come and
    go at any time. Those of another version of Nearsight, and those that share a process, are not
    used; the log says so.

    Parameters
    ----------
    scheduler
        The address of the scheduler, such as ``tcp://node7:8786``.
    model
        Which model `current_model` returns to tasks; None where they need none.
    told
        What is called with each plain value that a task gives to `tell` while it runs.
    trouble
        Tells why there will be no workers, if that is known: tasks fail with it.
    patience_s
        How long an answer of the scheduler is waited for, in s.

    Raises
    ------
    MethodError
        Dask is not installed.
    ExecutionError
        No scheduler answers at that address.

    Examples
    --------
    >>> from nearsight.execution import DaskWorkers
    >>> with DaskWorkers("tcp://node7:8786", "sevennet-0") as executor:  # doctest: +SKIP
    ...     executor.submit(task).result()
    ...
    """

    def __init__(
        self,
        scheduler: str,
        model: ModelSpec | None = None,
        *,
        told: Callable[[Any], object] = nobody,
        trouble: Callable[[], str | None] = lambda: None,
        patience_s: float = 30.0,
    ) -> None:
        self._scheduler, self._model, self._told = scheduler, model, told
        self._trouble, self._patience_s = trouble, patience_s
        self._topic = f"nearsight-{uuid.uuid4().hex}"
        self._lock = threading.RLock()
        self._workers: dict[str, _Worker] = {}
        self._refused: dict[str, str] = {}
        self._processes: dict[tuple[str, int], str] = {}
        self._queue: deque[Task] = deque()
        self._registry: dict[Any, Any] = {}
        self._failure: ExecutionError | None = None
        self._is_shut_down = False
        self._client = _client(scheduler, patience_s)
        self._client.subscribe_topic(self._topic, self._hear)
        self._client.subscribe_topic("all", self._hear_of_worker)
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    @property
    def capacity(self) -> int:
        """How many tasks are worked on at a time; 0 while there are no workers."""
        with self._lock:
            return sum(worker.is_ready for worker in self._workers.values())

    @property
    def share_memory(self) -> bool:
        """Whether each has a share of a memory that one alone could have: it has its own."""
        return False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> TaskFuture:
        """Have ``fn(*args, **kwargs)`` run by the next worker that is free.

        Raises
        ------
        ExecutionError
            The function, or what it is called with, cannot be sent to another process; or the
            scheduler has gone.
        RuntimeError
            The executor was shut down.
        """
        task = Task.of(fn, args, kwargs, self._registry)
        with self._lock:
            if self._is_shut_down:
                raise RuntimeError("cannot schedule new futures after shutdown")
            if self._failure is not None:
                raise self._failure
            self._queue.append(task)
            self._hand_out()
        return task.future

    def end_task(self, future: TaskFuture) -> None:
        """End the worker that works on a task, which fails with a `ProcessDiedError`."""
        with self._lock:
            worker = next((w for w in self._workers.values() if future in w.tasks), None)
            if worker is None:
                return
            # One that does not even hear that it is to end is not used again.
            self._refused[worker.address] = "it told nothing for too long"
            self._lose(worker.address, "was ended", None)
        end = partial(self._client.run, os._exit, 1, workers=[worker.address], on_error="ignore")
        threading.Thread(target=_quietly, args=(end,), daemon=True).start()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more tasks, and let go of the workers when those that were taken are done.

        Parameters
        ----------
        wait
            Whether to return when all has ended.
        cancel_futures
            Whether tasks that wait are given up.
        """
        with self._lock:
            self._is_shut_down = True
            if cancel_futures:
                _cancel(self._queue)
            left = [*(t.future for t in self._queue), *self._given()]
        if wait:
            for future in left:
                future.exception()
            self._close()

    def terminate(self) -> None:
        """Give up all tasks, and let go of the workers, which end what they are at."""
        with self._lock:
            self._is_shut_down = True
            _cancel(self._queue)
            for worker in self._workers.values():
                worker.tasks.clear()
        self._close()

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

    def _given(self) -> list[TaskFuture]:
        return [future for worker in self._workers.values() for future in worker.tasks]

    def _close(self) -> None:
        self._is_shut_down = True
        with contextlib.suppress(Exception):  # of a scheduler that has gone
            self._client.close(timeout=2.0)

    # What follows is called with the lock, or takes it; by the thread that looks, those of dask's
    # client, and whoever submits.

    def _hand_out(self) -> None:
        """Give tasks that wait to workers that are free."""
        ready = [worker for worker in self._workers.values() if worker.is_ready]
        for most in range(1, _MOST_AT_A_WORKER + 1):
            for worker in ready:
                if self._queue and len(worker.tasks) < most:
                    self._give(worker, self._queue.popleft())

    def _give(self, worker: _Worker, task: Task) -> None:
        if not task.future.running() and not task.future.set_running_or_notify_cancel():
            return
        arguments = (task.content, self._model, self._topic)
        given = self._submit(worker.address, run_here, *arguments)
        worker.tasks[task.future] = task.name, given
        given.add_done_callback(partial(self._take, worker, task.future))

    def _submit(self, address: str, function: Callable[..., Any], *arguments: Any) -> Any:
        return self._client.submit(
            function, *arguments, workers=[address], allow_other_workers=False, pure=False
        )

    def _take(self, worker: _Worker, future: TaskFuture, given: Any) -> None:
        """Take what came of a task."""
        error = given.exception() if given.status == "error" else None
        answer: bytes | None = self._result(given)
        with self._lock:
            name, _ = worker.tasks.pop(future, ("", None))
            self._hand_out()
        if not name:
            return  # its worker is known to have died
        if answer is not None:
            future.settle(answer)
        elif error is None or type(error).__name__ == "KilledWorker":
            message = f"the process that ran {name} {_LOST}"
            future.set_exception(ProcessDiedError(message, name, None, error is not None))
        else:
            future.set_exception(
                ExecutionError(
                    f"{worker.address} cannot run a task ({type(error).__name__}: {error}); it "
                    f"needs the same packages as this environment."
                )
            )

    def _hear(self, event: tuple[float, bytes]) -> None:
        self._told(pickle.loads(event[1]))

    def _hear_of_worker(self, event: tuple[float, Any]) -> None:
        message = event[1]
        if isinstance(message, dict) and message.get("action") == "remove-worker":
            status = -signal.SIGTERM if message.get("expected") else None
            how = "was ended as planned" if message.get("expected") else _LOST
            self._lose(message["worker"], how, status)

    def _lose(self, address: str, how: str, status: int | None) -> None:
        """Let the first task of a worker that is gone fail, and others wait for another one."""
        with self._lock:
            worker = self._workers.pop(address, None)
            if worker is None:
                return
            self._processes = {p: at for p, at in self._processes.items() if at != address}
            for place, future in enumerate(list(worker.tasks)):
                name, _ = worker.tasks.pop(future)
                message = f"the process that ran {name} {how} with the worker {address}."
                has_begun = place == 0 and worker.is_ready
                future.set_exception(ProcessDiedError(message, name, status, has_begun))

    def _look(self) -> None:
        """Meet workers that come, and miss those that have gone, until the executor ends."""
        answered = told = useful = monotonic()
        while not self._is_shut_down:
            try:
                workers = self._client.sync(self._client.scheduler.identity, n_workers=-1)[
                    "workers"
                ]
                answered = monotonic()
                self._compare(workers)
            except Exception as error:  # of a connection that is gone, in many classes
                if self._client.status == "closed" or monotonic() > answered + self._patience_s:
                    self._fail(
                        f"the scheduler at {self._scheduler} does not answer ({error}){_AGAIN}"
                    )
                    return
            if self._workers:  # those that are refused are not among them
                useful = monotonic()
            if self._refused and monotonic() > useful + self._patience_s:
                said = "; ".join(f"{address}: {why}" for address, why in self._refused.items())
                self._fail(f"no worker of {self._scheduler} can be used: {said}{_AGAIN}")
                return
            if (trouble := self._trouble()) is not None:
                self._fail(trouble)
                return
            if self.capacity == 0 and monotonic() > told + _TELL_S:
                told = monotonic()
                logger.info("waiting for workers of %s", self._scheduler)
            threading.Event().wait(_LOOK_S)

    def _compare(self, workers: dict[str, Any]) -> None:
        with self._lock:
            gone = [address for address in self._workers if address not in workers]
            new = [a for a in workers if a not in self._workers and a not in self._refused]
            for address in new:
                self._workers[address] = _Worker(address)
            self._refused = {a: why for a, why in self._refused.items() if a in workers}
        for address in gone:
            self._lose(address, _LOST, None)
        for address in new:
            self._meet(address)

    def _meet(self, address: str) -> None:
        """Ask a worker for its version, by nothing that depends on that."""
        module = self._submit(address, importlib.import_module, "nearsight")
        version = self._submit(address, operator.attrgetter("__version__"), module)
        version.add_done_callback(partial(self._check_version, address))

    def _check_version(self, address: str, given: Any) -> None:
        if given.status == "error":
            self._refuse(address, f"it has no Nearsight ({given.exception()})")
        elif (version := self._result(given)) is not None:
            if version != nearsight.__version__:
                ours = nearsight.__version__
                self._refuse(address, f"it has Nearsight {version}, and this is {ours}")
                return
            warm = self._submit(address, warm_up, self._model, self._topic)
            warm.add_done_callback(partial(self._welcome, address))

    def _welcome(self, address: str, given: Any) -> None:
        if given.status == "error":
            self._refuse(address, f"it cannot work ({given.exception()})")
        elif (answer := self._result(given)) is not None:
            process = tuple(answer)
            with self._lock:
                other = self._processes.get(process)
                if other is not None:
                    why = f"it shares a process with {other}, whose memory could not be measured"
                    self._refuse(address, why)
                elif (worker := self._workers.get(address)) is not None:
                    self._processes[process] = address
                    worker.is_ready = True
                    self._hand_out()

    def _result(self, given: Any) -> Any:
        """Return what a worker answered; None if that was lost with it meanwhile."""
        if given.status != "finished":
            return None
        try:
            return given.result(timeout=self._patience_s)
        except Exception:  # of a worker that has gone, in many classes
            return None
        finally:
            given.release()  # a worker that still holds answers cannot end as planned

    def _refuse(self, address: str, why: str) -> None:
        with self._lock:
            self._refused[address] = why
            self._workers.pop(address, None)
        logger.warning("nearsight: the worker %s is not used: %s.", address, why)

    def _fail(self, why: str) -> None:
        """Let everything fail, since nothing can be done any more."""
        with self._lock:
            self._failure = ExecutionError(why)
            futures = [*(task.future for task in self._queue), *self._given()]
            self._queue.clear()
            for worker in self._workers.values():
                worker.tasks.clear()
        for future in futures:
            if not future.done():
                future.set_exception(self._failure)


def _client(scheduler: str, patience_s: float) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise MethodError(
            "workers of a scheduler need dask: `pip install 'nearsight[dask]'` installs it."
        ) from error
    try:
        return Client(scheduler, timeout=patience_s, set_as_default=False)
    except (OSError, ValueError) as error:  # TimeoutError is an OSError
        raise ExecutionError(
            f"no scheduler answers at {scheduler} ({error}); start it, or correct the address."
        ) from error


def _quietly(function: Callable[[], Any]) -> None:
    with contextlib.suppress(Exception):  # of a worker that ends as it should, or has gone
        function()


def _cancel(queue: deque[Task]) -> None:
    while queue:
        task = queue.popleft()
        if task.future.cancel():
            task.future.set_running_or_notify_cancel()
