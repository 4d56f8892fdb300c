"""Workers that are kept warm and shared: one per model, precision, device and environment."""

import contextlib
import itertools
import os
import queue
import threading
import weakref
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nearsight import memory
from nearsight.errors import ModelError
from nearsight.models.worker import process
from nearsight.models.worker.frames import Arrays, Frame
from nearsight.models.worker.messages import Description, model_from_head
from nearsight.models.worker.process import WorkerDiedError, WorkerProcess


class HandleLostError(Exception):
    """The worker was started again since, and holds nothing from before."""


class Worker:
    """A model in another process, which is started when it is needed.

    It may be used by several threads: one request at a time goes over the channel.

    Parameters
    ----------
    command
        What to run.
    folder
        Where to run it.
    request
        What to load: name, dtype, device and trust.
    """

    def __init__(self, command: tuple[str, ...], folder: Path, request: Mapping[str, Any]) -> None:
        self.generation = 0
        """How often it was started."""
        self._command = command
        self._folder = folder
        self._request = dict(request)
        self._described: Description | None = None
        self._handles = itertools.count(1)
        self._forget()

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._process: WorkerProcess | None = None
        self._finalizer: weakref.finalize[..., Any] | None = None
        self._released: deque[int] = deque()
        self._last_measurement: int | None = None

    def described(self) -> Description:
        """Return what the model says of itself, once it is loaded."""
        with self._lock:
            self._running()
            assert self._described is not None
            return self._described

    def request(self, head: dict[str, Any], arrays: Arrays, generation: int | None = None) -> Frame:
        """Send a request and return the answer; see `WorkerProcess.request`.

        Raises
        ------
        HandleLostError
            The worker that runs is of another generation than asked for.
        """
        return self.request_from(head, arrays, generation)[0]

    def request_from(
        self, head: dict[str, Any], arrays: Arrays, generation: int | None = None
    ) -> tuple[Frame, int]:
        """Do the same, and return the generation that answered too."""
        with self._lock:
            running = self._running()
            if generation not in (None, self.generation):
                raise HandleLostError
            self._tell_released(running)
            return running.request(head | self._measuring(), arrays), self.generation

    def new_handle(self) -> int:
        """Return a number for something to be kept in the worker."""
        return next(self._handles)

    def release(self, handle: int) -> None:
        """Let the worker forget a handle soon; at the latest before the next request.

        It never waits, so that a garbage collector may call it.
        """
        self._released.append(handle)
        _table.tidy(self)

    def tell_released(self) -> None:
        """Tell the worker what it may forget, when it has finished what it is doing."""
        with self._lock:
            if self._process is not None:
                self._tell_released(self._process)

    def give_back_memory(self) -> None:
        """Let the worker give freed memory back to the system, unless it is at work."""
        if self._lock.locked():
            return
        with self._lock, contextlib.suppress(WorkerDiedError):  # who needs it starts it again
            if self._process is not None and not self._process.stopped:
                self._process.request({"verb": "give back"}, {})

    def leave_to_parent(self) -> None:
        """Forget the running worker, in a forked child: it is the parent's."""
        if self._process is not None:
            assert self._finalizer is not None
            self._finalizer.detach()
            self._process.leave_to_parent()
        self._forget()
        self.generation += 1

    def _running(self) -> WorkerProcess:
        """Return the process with the model loaded; start it where there is none."""
        if self._process is not None and not self._process.stopped:
            return self._process
        if self._finalizer is not None:
            self._finalizer.detach()
        _table.begin_to_tidy()
        started = WorkerProcess(self._command, self._folder, self._request["name"])
        try:
            loaded = started.request({"verb": "load", **self._request}, {})
            self._describe(model_from_head(loaded.head))
        except BaseException:
            started.stop()
            raise
        started.allow_silence(process.SILENCE_S)
        self._process = started
        self._finalizer = weakref.finalize(self, started.stop)
        self._last_measurement = None
        self._released.clear()
        self.generation += 1
        return started

    def _describe(self, described: Description) -> None:
        if self._described is not None and described != self._described:
            raise ModelError(
                f"{self._request['name']} is another model since its process was started again: "
                f"its file or its environment was changed. Load it anew."
            )
        self._described = described

    def _measuring(self) -> dict[str, Any]:
        """Return what a request says of memory: whether the worker is to measure it."""
        latest = memory.latest_measurement()
        if latest is None:
            return {}
        # Once in a measurement freed memory is given back, as it is in this process.
        give_back = latest != self._last_measurement
        self._last_measurement = latest
        return {"measure": {"give_back": give_back}}

    def _tell_released(self, running: WorkerProcess) -> None:
        # More may be added meanwhile by the garbage collector.
        handles = [self._released[index] for index in range(len(self._released))]
        if handles and running.post({"verb": "release", "released": handles}):
            for _ in handles:
                self._released.popleft()


class _Table:
    """The workers that somebody holds."""

    def __init__(self) -> None:
        self._workers: weakref.WeakValueDictionary[Any, Worker] = weakref.WeakValueDictionary()
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._untidy: queue.SimpleQueue[weakref.ref[Worker]] = queue.SimpleQueue()
        self._tidying: threading.Thread | None = None

    def worker(self, command: tuple[str, ...], request: Mapping[str, Any]) -> Worker:
        """Return the one worker that runs `command` here and loads what is asked for."""
        folder = Path.cwd()
        key = (command, folder, *request.values())
        with self._lock:
            worker = self._workers.get(key)
            if worker is None:
                worker = self._workers[key] = Worker(command, folder, request)
            return worker

    def begin_to_tidy(self) -> None:
        """Start the thread that `tidy` needs: a garbage collector had better start none."""
        with self._lock:
            if self._tidying is None:
                self._tidying = threading.Thread(target=self._tidy, daemon=True)
                self._tidying.start()

    def tidy(self, worker: Worker) -> None:
        """Have `worker` told what it may forget, by a thread that waits until it listens.

        An interruption reaches the main thread only, and never leaves a lock locked in this one.
        """
        self._untidy.put(weakref.ref(worker))

    def _tidy(self) -> None:
        while True:
            worker = self._untidy.get()()
            if worker is not None:
                worker.tell_released()
            del worker  # which may be the last to hold it

    def give_back_memory(self) -> None:
        """Let all workers that are not at work give freed memory back to the system."""
        for worker in list(self._workers.values()):
            worker.give_back_memory()

    def leave_to_parent(self) -> None:
        """Forget all running workers, in a forked child."""
        self._begin()
        for worker in list(self._workers.values()):
            worker.leave_to_parent()


_table = _Table()
if hasattr(os, "register_at_fork"):  # not on Windows, where there are no workers
    os.register_at_fork(after_in_child=_table.leave_to_parent)
memory.give_back_by(_table.give_back_memory)


def shared_worker(
    command: tuple[str, ...], name: str, *, dtype: str, device: str, trust: bool
) -> Worker:
    """Return the worker for a model; it ends when nobody refers to it any more.

    Parameters
    ----------
    command
        What to run; it must call `nearsight.models.worker.server.main`.
    name, dtype, device, trust
        As for `nearsight.models.load_model`. Paths are relative to the current folder, for good.
    """
    request = {"name": name, "dtype": dtype, "device": device, "trust": trust}
    return _table.worker(command, request)
