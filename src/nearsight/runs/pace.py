"""How often a file that grows with every structure is written anew."""

from collections.abc import Callable
from time import monotonic

_PAUSE_PER_WRITING = 20
"""Writing takes at most one part in so many of the time of a long run."""

_SHORTEST_PAUSE_S = 10.0
"""A run of quick structures writes, in bytes too, little more than its last file."""


class Pace:
    """When a file is due to be written again.

    The first time is now. What is not written meanwhile took at most the longer of ten seconds and
    twenty times what writing takes, so that no more can be lost if the process is killed.

    Parameters
    ----------
    clock
        The time in seconds from any moment on.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._not_before = float("-inf")

    @property
    def is_due(self) -> bool:
        """Whether the pause is over."""
        return self._clock() >= self._not_before

    def write(self, writing: Callable[[], None]) -> None:
        """Call `writing`, and pause as long as its time asks for, also if it fails."""
        started = self._clock()
        try:
            writing()
        finally:
            ended = self._clock()
            pause = max(_SHORTEST_PAUSE_S, _PAUSE_PER_WRITING * (ended - started))
            self._not_before = ended + pause
