"""The far side: a process that runs the tasks it is sent, one after the other.

Two threads share it. The first runs the tasks; the other reads what comes, so that the end of the
channel, and with it of the process on the other side, ends this one also while it computes.
"""

import contextlib
import faulthandler
import logging
import logging.handlers
import os
import pickle
import queue
import signal
import sys
import threading
from multiprocessing.connection import Connection
from typing import Any

import nearsight
from nearsight.allocation import allocate_for_speed
from nearsight.execution.surroundings import Surroundings, within
from nearsight.execution.tasks import run


def main(channel: int) -> None:
    """Run the tasks of the process that started this one, until it ends or closes the channel.

    Parameters
    ----------
    channel
        The file descriptor of this side.
    """
    allocate_for_speed()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever wants this to end closes the channel
    faulthandler.enable(all_threads=False)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # last words in full
    os.set_inheritable(channel, False)  # what a task starts must not keep the channel open
    connection = Connection(channel)
    resources, model = connection.recv()
    resources.limit_threads()
    outbox = _Outbox(connection)
    outbox.send("answer", nearsight.__version__)
    tasks: queue.SimpleQueue[tuple[int, bytes]] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(connection, tasks), daemon=True).start()
    logger = logging.getLogger("nearsight")
    logger.addHandler(_ToOtherSide(outbox))
    logger.propagate = False

    def told(value: object) -> None:
        outbox.send("told", pickle.dumps(value))

    with within(Surroundings(resources, model, told)):
        while True:
            level, content = tasks.get()
            outbox.send("taken", None)
            logger.setLevel(level)
            answer = run(content)
            del content
            outbox.send("answer", answer)
            del answer


class _Outbox:
    """What is sent, by whichever thread."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def send(self, kind: str, content: Any) -> None:
        # When the other side has gone, the thread that reads ends this process.
        with self._lock, contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._connection.send((kind, content))


class _ToOtherSide(logging.handlers.QueueHandler):
    """Sends what is logged, as it is, to the process on the other side, which knows what to do."""

    def __init__(self, outbox: _Outbox) -> None:
        super().__init__(outbox)  # type: ignore[arg-type]  # only `enqueue` uses it
        self._outbox = outbox

    def enqueue(self, record: logging.LogRecord) -> None:
        # By itself: what this side cannot send, or the other not read, must not be that of a task.
        self._outbox.send("log", pickle.dumps(record))


def _read(connection: Connection, tasks: "queue.SimpleQueue[tuple[int, bytes]]") -> None:
    """Hand on what comes; end this process, and what it has started, with the channel."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            tasks.put(connection.recv())
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)
