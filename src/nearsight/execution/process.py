"""One process that runs tasks: how it is started, asked, watched and ended."""

import contextlib
import logging
import os
import pickle
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import nearsight
from nearsight.errors import ExecutionError, ProcessDiedError
from nearsight.execution.shares import Share
from nearsight.execution.surroundings import nobody
from nearsight.execution.tasks import Task
from nearsight.models.spec import ModelSpec
from nearsight.subprocesses import Output, ending, with_last_words

_LOOK_S = 1.0
_END_S = 10.0


@dataclass(frozen=True)
class Start:
    """How processes are started: everything but the share of each."""

    python: Path | None
    """The interpreter of another environment; None for this one."""
    folder: Path
    """Where they work, so that paths keep their meaning."""
    model: ModelSpec | None

    def command(self, channel: int) -> list[str]:
        """Return what to run; `channel` is the number of a file descriptor."""
        serve = f"from nearsight.execution.child import main; main({channel})"
        if self.python is None:  # modules are found where this process finds them
            return [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}; {serve}"]
        # As it is written: an environment's Python is a link, and what it links to is not in it.
        return [os.path.abspath(self.python), "-P", "-c", serve]


class _Running:
    """A process that was started, and the channel to it."""

    def __init__(self, start: Start, share: Share) -> None:
        self.output = Output()
        self.channel, there = Pipe()
        try:
            self.process = subprocess.Popen(
                start.command(there.fileno()),
                cwd=start.folder,
                env={**os.environ, **share.variables},
                stdin=subprocess.DEVNULL,
                stdout=self.output.file,
                stderr=self.output.file,
                pass_fds=[there.fileno()],
                start_new_session=True,  # Ctrl-C in the terminal is for this process alone
            )
        except OSError as error:
            self.close()
            raise ExecutionError(
                f"no process can be started: {error.filename or start.python or sys.executable}: "
                f"{error.strerror}. Set `python` to that of an environment with Nearsight."
            ) from error
        finally:
            there.close()

    def receive(self) -> tuple[str, Any] | None:
        """Return the next message; None when the process has ended."""
        while not self.channel.poll(_LOOK_S):
            # A process that it had started may still hold its end of the channel.
            if self.process.poll() is not None and not self.channel.poll(0):
                return None
        try:
            return self.channel.recv()  # type: ignore[no-any-return]  # of Python's own pickling
        except (EOFError, OSError):
            return None

    def kill(self) -> None:
        """End it, and whatever it started, at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self.process.returncode is None:
                os.killpg(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Let go of the channel and the output."""
        self.channel.close()
        self.output.close()


class TaskProcess:
    """A process that is started with its first task, and again after it has died.

    Parameters
    ----------
    start
        How it is started.
    share
        What it may use of the machine.
    told
        What is called with each value that a task tells while it runs.
    """

    def __init__(self, start: Start, share: Share, told: Callable[[Any], object] = nobody) -> None:
        self._start = start
        self._share = share
        self._told = told
        self._running: _Running | None = None
        self._lock = threading.Lock()
        self._is_ended = False

    def ask(self, task: Task) -> bytes:
        """Have a task run and return the answer.

        Raises
        ------
        ProcessDiedError
            The process ended before it answered.
        ExecutionError
            No process can be started.
        """
        try:
            running = self._taken(task)
            answer: bytes = self._message(running, "answer")
        except _EndedError as end:
            raise ProcessDiedError(
                f"the process that ran {task.name} {end}", task.name, end.status
            ) from None
        except BaseException:
            self._abandon()  # its answer would be taken for that of the next task
            raise
        running.output.bound()
        return answer

    def _taken(self, task: Task) -> _Running:
        """Hand a task on, and return the process that has begun with it.

        A process that died while it was idle may not be seen to have ended yet: it has begun
        nothing, so that the task goes to another one.
        """
        for is_last in (False, True):
            running = self._ready()
            level = logging.getLogger("nearsight").getEffectiveLevel()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # seen by _message
                running.channel.send((level, task.content))
            try:
                self._message(running, "taken")
            except _EndedError:
                if is_last or self._is_ended:
                    raise
            else:
                break
        return running

    def kill(self) -> None:
        """End the process at once; the next task starts another one."""
        with self._lock:
            if self._running is not None:
                self._running.kill()

    def end(self) -> None:
        """End the process at once, for good; also while another thread waits for an answer."""
        with self._lock:
            self._is_ended = True
            if self._running is not None:
                self._running.kill()

    def release(self) -> None:
        """End the process and let go of everything, once nobody waits for an answer any more."""
        self.end()
        if self._running is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._running.process.wait(_END_S)
            self._running.close()
            self._running = None

    def _ready(self) -> _Running:
        """Return the process; start it where there is none that lives."""
        if self._running is not None and self._running.process.poll() is None:
            return self._running
        with self._lock:
            if self._is_ended:
                raise _EndedError("was ended with its executor.", None)
            if self._running is not None:
                self._running.close()
            self._running = running = _Running(self._start, self._share)
        try:
            running.channel.send((self._share.resources, self._start.model))
            version = self._message(running, "answer")
        except (BrokenPipeError, ConnectionResetError):
            version = self._message(running, "answer")
        if version != nearsight.__version__:
            running.kill()
            self._lose(running)
            raise ExecutionError(
                f"the environment of {self._start.python} has Nearsight {version}, and this is "
                f"{nearsight.__version__}. Install the same version there."
            )
        return running

    def _message(self, running: _Running, expected: str) -> Any:
        """Wait for the message that is expected; log and tell meanwhile what the process does."""
        while True:
            message = running.receive()
            if message is None:
                raise self._lose(running)
            kind, content = message
            if kind == expected:
                return content
            if kind == "told":
                self._told(pickle.loads(content))
            elif kind == "log":
                _log(content)
            else:
                raise ExecutionError(f"a process sent {kind!r} where {expected!r} was to come.")

    def _abandon(self) -> None:
        """End a process that may still answer what nobody waits for; the next task starts one."""
        if self._running is not None:
            self._running.kill()
            self._lose(self._running)

    def _lose(self, running: _Running) -> "_EndedError":
        """Let go of a process that has ended, and return how it did."""
        try:
            status = running.process.wait(_END_S)
        except subprocess.TimeoutExpired:
            running.kill()
            status = running.process.wait()
        with self._lock:
            self._running = None
            if self._is_ended:
                how = "was ended with its executor."
            else:
                how = with_last_words(f"{ending(status)}.", running.output.last_words())
        running.close()
        return _EndedError(how, status)


def _log(content: bytes) -> None:
    """Log here what was logged there; what fails in doing so is printed, as `logging` does it."""
    try:
        record: logging.LogRecord = pickle.loads(content)
        logger = logging.getLogger(record.name)
        if logger.isEnabledFor(record.levelno):
            logger.handle(record)
    except Exception:  # of handlers, or of the classes of what was logged
        if logging.raiseExceptions:
            traceback.print_exc()


class _EndedError(Exception):
    """A process ended before it answered; how, and with which status."""

    def __init__(self, how: str, status: int | None) -> None:
        super().__init__(how)
        self.status = status
