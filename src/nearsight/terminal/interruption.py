"""Signals that end a command: what was finished is kept and said, whichever of them it was.

Nothing heavy is imported here: this is in place before anything is that takes long.
"""

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from time import monotonic
from types import FrameType
from typing import Any

from nearsight.printable import printable

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
_ONE_INTERRUPTION_S = 2.0
"""Further signals within that time are the same one, and do not disturb what is being kept."""


class Interrupted(KeyboardInterrupt):
    """A signal asked the command to end: Ctrl-C, a queue whose time is over, a closed terminal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class _Interrupter:
    """The handler of all signals that end a command."""

    def __init__(self) -> None:
        self._latest_s = float("-inf")

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        now_s = monotonic()
        if now_s - self._latest_s > _ONE_INTERRUPTION_S:
            self._latest_s = now_s
            raise Interrupted(number)


@contextlib.contextmanager
def interruptible(*, to_the_end: bool = False) -> Iterator[None]:
    """Raise `Interrupted` in the main thread when a signal asks the command to end.

    A signal that is ignored, as SIGHUP is under ``nohup``, stays ignored. Inside another such
    context nothing is changed, so that a second Ctrl-C is known as that to both.

    Parameters
    ----------
    to_the_end
        Whether nothing follows but the end of the process. Signals are ignored from then on: its
        status is known, and Python gives them back their own effect some time before the end. One
        that came then would end it without a word, and with another status than it has said.
    """
    handlers = {number: signal.getsignal(number) for number in _numbers()}
    nested = any(isinstance(handler, _Interrupter) for handler in handlers.values())
    if nested or threading.current_thread() is not threading.main_thread():  # only that one may
        yield
        return
    interrupt = _Interrupter()
    before: dict[int, Any] = {}
    try:
        for number, handler in handlers.items():
            if handler not in {signal.SIG_IGN, None}:
                before[number] = handler
                signal.signal(number, interrupt)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if to_the_end else handler)


def status_of(interruption: KeyboardInterrupt) -> int:
    """Return the exit status of an interrupted command: 128 and the number of the signal."""
    return 128 + getattr(interruption, "number", int(signal.SIGINT))


def described(interruption: KeyboardInterrupt) -> str:
    """Return that the command was interrupted, how, and what is kept."""
    name = signal.Signals(status_of(interruption) - 128).name
    how = "interrupted" if name == "SIGINT" else f"ended by {name}"
    notes = getattr(interruption, "__notes__", None)
    return how + (f". {printable(' '.join(notes))}" if notes else "; there was nothing to keep.")


def tell(interruption: KeyboardInterrupt) -> None:
    """Say on standard error that the command was interrupted, and what is kept."""
    if sys.stderr is None:  # it was closed before the start
        return
    with contextlib.suppress(OSError, ValueError):  # the terminal may be gone
        print(f"\nnearsight: {described(interruption)}", file=sys.stderr, flush=True)


def _numbers() -> list[int]:
    return [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
