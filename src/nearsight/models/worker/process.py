"""One worker as a process: how it is started, spoken to, watched and ended."""

import contextlib
import json
import logging
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

import nearsight
from nearsight.errors import ModelError
from nearsight.memory import note_worker
from nearsight.models.worker.frames import Arrays, ChannelClosedError, Frame, pack, receive, send
from nearsight.models.worker.messages import error_from_head
from nearsight.subprocesses import Output, ending, with_last_words

logger = logging.getLogger("nearsight.models.worker")

SILENCE_S = 60.0
"""A worker that works and gives no sign of life for so long hangs."""
START_SILENCE_S = 300.0
"""The same while it starts and loads: packages may come from a slow disk."""
_BEATS_PER_SILENCE = 12
_LOOK_S = 1.0


class WorkerDiedError(Exception):
    """A worker ended, or had to be ended, before it answered; its message says how."""

    def __init__(self, message: str, how: str) -> None:
        super().__init__(message)
        self.how = how
        """The same as a predicate, without its last words."""


class WorkerProcess:
    """A worker that is running, or was.

    Parameters
    ----------
    command
        What to run; it must call `nearsight.models.worker.server.main`.
    folder
        Where to run it, so that a path in a model's name keeps its meaning.
    name
        The model's, for messages.

    Raises
    ------
    ModelError
        The system is not supported, the program cannot be run or ends at once, or it has another
        version of Nearsight.
    """

    def __init__(self, command: Sequence[str], folder: Path, name: str) -> None:
        if sys.platform not in ("linux", "darwin"):
            raise ModelError(
                f"{name} cannot be used from another environment on {sys.platform}: this needs "
                f"Linux or macOS. Install its packages in this environment."
            )
        self._name = name
        self._number = 0
        self._in_step = True
        self._silence_s = START_SILENCE_S
        self._channel, there = socket.socketpair()
        self._output = Output()
        try:
            self._process = self._start(command, folder, there)
        except OSError as error:
            self._channel.close()
            self._output.close()
            raise ModelError(
                f"the environment of {name} cannot be used: {error.filename or command[0]}: "
                f"{error.strerror}. {_remedy(name)}"
            ) from error
        finally:
            there.close()
        self._channel.setblocking(False)
        try:
            self._greet()
        except WorkerDiedError as death:
            raise ModelError(f"{death}\n{_remedy(name)}") from None
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    @property
    def stopped(self) -> bool:
        """Whether it was ended from here."""
        return self._channel.fileno() < 0

    def request(self, head: Mapping[str, Any], arrays: Arrays) -> Frame:
        """Send a request and return the answer.

        When it is interrupted while the worker computes, the late answer is skipped by the next
        request; when it is interrupted in the middle of a message, the worker is ended.

        Raises
        ------
        WorkerDiedError
            The worker ended or hangs.
        NearsightError, MemoryError
            What the model raised.
        ModelError
            The answer is malformed.
        """
        self._number += 1
        buffers = pack({**head, "number": self._number}, arrays)
        try:
            self._in_step = False
            self._send(buffers)
            answer = self._answer()
        except BaseException as error:
            if not self._in_step:
                self.stop()
                if not isinstance(error, Exception):
                    logger.warning(
                        "the process of %s was ended: a message to it was interrupted.", self._name
                    )
            raise
        self._output.bound()
        return answer

    def post(self, head: Mapping[str, Any]) -> bool:
        """Send a small message that has no answer if that is possible without waiting."""
        if self.stopped:
            return False
        ready = select.poll()
        ready.register(self._channel, select.POLLOUT)
        if not ready.poll(0):
            return False
        with contextlib.suppress(ChannelClosedError):  # nothing is left to tell it then
            send(self._channel, pack(head, {}))
        return True

    def allow_silence(self, seconds: float) -> None:
        """Set for how long it may give no sign of life from now on, while it works."""
        self._silence_s = seconds

    def stop(self) -> None:
        """End the process, and whatever it started, at once."""
        if self.stopped:
            return
        self._channel.close()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._process.returncode is None:
                os.killpg(self._process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=10)
        self._output.close()

    def leave_to_parent(self) -> None:
        """Let go of it in a forked child, whose parent goes on using it."""
        self._channel.close()
        self._output.close()
        self._process.returncode = 0  # not a child of this process: never waited for

    def _start(
        self, command: Sequence[str], folder: Path, there: socket.socket
    ) -> "subprocess.Popen[bytes]":
        self._token = secrets.token_hex(32)
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=self._output.file,  # whatever packages print is kept off the user's output
            stderr=self._output.file,
            pass_fds=[there.fileno()],
            start_new_session=True,  # Ctrl-C in the terminal is for this process alone
        )
        handover = json.dumps({"channel": there.fileno(), "token": self._token})
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError), process.stdin:
            process.stdin.write(handover.encode() + b"\n")
        return process

    def _greet(self) -> None:
        hello = {
            "verb": "hello",
            "token": self._token,
            "version": nearsight.__version__,
            "beat_every_s": SILENCE_S / _BEATS_PER_SILENCE,
        }
        theirs = self.request(hello, {}).head.get("version")
        if theirs != nearsight.__version__:
            raise ModelError(
                f"the environment of {self._name} has Nearsight {theirs}, and this is "
                f"{nearsight.__version__}. {_remedy(self._name)}"
            )

    def _send(self, buffers: list[memoryview]) -> None:
        self._heard = monotonic()
        try:
            send(self._channel, buffers, self._wait)
        except ChannelClosedError:
            raise self._died() from None

    def _answer(self) -> Frame:
        while True:
            self._in_step = True
            self._wait(select.POLLIN)
            self._in_step = False
            try:
                frame = receive(self._channel, self._wait)
            except ChannelClosedError:
                raise self._died() from None
            if (taken := frame.head.get("memory")) is not None:
                note_worker(self.pid, **taken)
            number = frame.head.get("number")
            if number == self._number:
                self._in_step = True
                if (error := frame.head.get("error")) is not None:
                    raise error_from_head(error, self._name)
                return frame
            if "error" in frame.head and number is None:  # it could not read what was sent
                raise error_from_head(frame.head["error"], self._name)

    def _wait(self, event: int) -> None:
        """Return when the channel is ready; raise when the worker has ended or hangs."""
        ready = select.poll()
        ready.register(self._channel, event)
        while True:
            # What has come is looked at first: this process may itself have been stopped meanwhile.
            if ready.poll(1000 * _LOOK_S):
                self._heard = monotonic()
                return
            if self._process.poll() is not None and not ready.poll(0):
                raise self._died()
            if monotonic() - self._heard > self._silence_s:
                raise self._lost(f"gave no sign of life for {self._silence_s:g} s and was ended")

    def _died(self) -> WorkerDiedError:
        try:
            status = self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            return self._lost("closed its channel")
        return self._lost(ending(status))

    def _lost(self, how: str) -> WorkerDiedError:
        self._in_step = False
        sentence = f"the process of {self._name} {how}."
        return WorkerDiedError(with_last_words(sentence, self._output.last_words()), how)


def _remedy(name: str) -> str:
    from nearsight.models.families import MODELS

    known = MODELS.get(name.lower().partition("?")[0])
    family = known.family if known else name.lower().partition(":")[0]
    return f"Make it anew: nearsight models install {family}"
