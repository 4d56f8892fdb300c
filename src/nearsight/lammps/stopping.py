"""How a run in LAMMPS is stopped from inside, and how signals wait until it can be.

What a callback raises is printed by `ctypes` and otherwise ignored: LAMMPS would go on to the end
of the run with the forces of another step. Its own way of stopping early is not enough either: it
ends the run as if it were done, within `fix gcmc` after all trials of that step, and then does what
follows in the script.
"""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

from nearsight.lammps.library import Lammps

_FAILED = "nearsight_failed"


def prepare_stop(lammps: Lammps) -> None:
    """Give LAMMPS what `stop` stops it by.

    A fix without any atoms adds a force that is a formula. LAMMPS evaluates it right after the
    model was called, also in trials of Monte Carlo, and a division by zero in it is an error.
    """
    for command in (
        f"variable {_FAILED} internal 0",
        f"variable nearsight_stop equal 1/(1-v_{_FAILED})",
        "variable nearsight_zero atom 0",  # minimizers want an energy of a force that is a formula
        "group nearsight_nobody empty",
        "fix nearsight_stop nearsight_nobody addforce v_nearsight_stop 0 0 energy v_nearsight_zero",
    ):
        lammps.command(command)


def stop(lammps: Lammps) -> None:
    """Make LAMMPS end its command with an error as soon as the callback returns."""
    lammps.set_internal_variable(_FAILED, 1.0)


class HeldSignals:
    """Signals that ask this program to end, held until somebody asks for them.

    One that came while Python enters the callback, or leaves it, would be lost.
    """

    def __init__(self) -> None:
        self._held: tuple[Any, int, FrameType | None] | None = None

    @property
    def is_held(self) -> bool:
        """Whether there is one."""
        return self._held is not None

    def release(self) -> None:
        """Do what the signal would have done: raise `KeyboardInterrupt`, as a rule."""
        if self._held is not None:
            (handler, number, frame), self._held = self._held, None
            handler(number, frame)

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Hold signals that Python handles; a second one takes effect at once."""
        if threading.current_thread() is not threading.main_thread():  # only that one has handlers
            yield
            return
        before = {
            int(number): handler
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
            if callable(handler := signal.getsignal(number))
        }

        def note(number: int, frame: FrameType | None) -> None:
            handler = before[number]
            if self.is_held:
                handler(number, frame)
            self._held = (handler, number, frame)

        try:
            for number in before:
                signal.signal(number, note)
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
