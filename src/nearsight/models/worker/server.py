"""The far side: a process that loads one model and does what it is asked to.

Three threads share it. The first computes; one reads what comes, so that the end of the channel
ends the process also while it computes; one gives signs of life while there is work. Python's lock
must be free now and then for them, as it is in PyTorch and NumPy.

The death of the parent is seen on the channel alone. A signal on the parent's death would come from
Linux already when the thread ends that started the worker.
"""

import contextlib
import faulthandler
import hmac
import json
import os
import queue
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

import nearsight
from nearsight.allocation import allocate_for_speed
from nearsight.errors import ModelError
from nearsight.models.contract import Model
from nearsight.models.registry import load_here
from nearsight.models.worker.desk import Desk
from nearsight.models.worker.frames import ChannelClosedError, Frame, pack, receive, send
from nearsight.models.worker.messages import error_to_head
from nearsight.models.worker.place import enter_worker

Load = Callable[..., Model]


def main(load: Load = load_here) -> int:
    """Serve the process that started this one, and return the exit status.

    Which file descriptor the channel is, and the token, are read from standard input.
    """
    allocate_for_speed()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever wants it to end closes the channel
    faulthandler.enable(all_threads=False)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # last words in full
    handover = json.loads(sys.stdin.readline())
    enter_worker()
    with socket.socket(fileno=handover["channel"]) as channel:
        # What a calculator starts must not keep the channel open.
        os.set_inheritable(channel.fileno(), False)
        try:
            serve(channel, handover["token"], load)
        except ModelError as error:
            print(f"nearsight: {error}", file=sys.stderr)  # noqa: T201  # the parent's last words
            return 1
    return 0


def serve(channel: socket.socket, token: str, load: Load = load_here) -> None:
    """Answer requests until the channel ends, which ends the process.

    Parameters
    ----------
    channel
        The worker's end of a pair of sockets.
    token
        What the first message must hold.
    load
        Called with a name, `dtype`, `device` and `trust`; loads in this process.

    Raises
    ------
    ModelError
        The first message is not the one expected, or a later one is malformed.
    """
    hello = receive(channel).head
    if not hmac.compare_digest(str(hello.get("token")), token):
        raise ModelError("the first message did not hold the token; nothing was accepted.")
    outbox = _Outbox(channel)
    outbox.answer({"number": hello.get("number"), "version": nearsight.__version__}, {})
    if hello.get("version") != nearsight.__version__:
        raise ModelError(f"Nearsight {hello.get('version')} asked, this is another version.")
    requests: queue.SimpleQueue[Frame | ModelError] = queue.SimpleQueue()
    for work, argument in ((_read, (channel, requests)), (outbox.beat, (hello["beat_every_s"],))):
        threading.Thread(target=work, args=argument, daemon=True).start()
    desk = Desk(load)
    while True:
        request = requests.get()
        if isinstance(request, ModelError):
            outbox.answer({"number": None, "error": error_to_head(request)}, {})
            raise request
        if request.head.get("verb") == "release":
            desk.release(request.head["released"])
            continue
        with outbox.beating():
            head, arrays = desk.answer(request)
        outbox.answer({**head, "number": request.head.get("number")}, arrays)


class _Outbox:
    """What is sent: answers, and signs of life from another thread while one is worked on."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._lock = threading.Lock()
        self._working = False

    @contextlib.contextmanager
    def beating(self) -> Any:
        """Give signs of life in the meantime."""
        self._working = True
        try:
            yield
        finally:
            with self._lock:  # none may follow the answer
                self._working = False

    def beat(self, every_s: float) -> None:
        """Give signs of life, for ever."""
        pause = threading.Event()
        while not pause.wait(every_s):
            with self._lock, contextlib.suppress(ChannelClosedError):
                if self._working:
                    send(self._channel, pack({"alive": True}, {}))

    def answer(self, head: dict[str, Any], arrays: Any) -> None:
        """Send an answer, or what is wrong with it."""
        try:
            buffers = pack(head, arrays)
        except ModelError as error:
            buffers = pack({"number": head["number"], "error": error_to_head(error)}, {})
        with self._lock:
            send(self._channel, buffers)


def _read(channel: socket.socket, requests: "queue.SimpleQueue[Frame | ModelError]") -> None:
    """Hand on what comes; end the process when nobody is there any more."""
    try:
        while True:
            requests.put(receive(channel))
    except ModelError as error:
        requests.put(error)
    except (ChannelClosedError, OSError):
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)  # with what a calculator has started
        os._exit(0)
