"""How far something that takes long has come: a bar on a terminal, lines in a log elsewhere."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib.util import find_spec
from time import monotonic
from typing import Protocol

from nearsight.printable import printable_name

Advance = Callable[[int, str], None]
"""``advance(steps_done_in_all, note)``."""

_SECONDS_BETWEEN_LINES = 30.0
_BAR_WIDTH = 8
_WITH_TOTAL = 32
"""Columns for bar, counts without their digits, and the longest time that is left."""
_WITHOUT_TOTAL = 36
"""Columns for a count, the time that has passed, and a note such as that of a relaxation."""
_SHORTEST_LABEL = 8
_UNITS_S = ((172800.0, 86400.0, "days"), (5400.0, 3600.0, "h"), (90.0, 60.0, "min"))
"""From how many seconds on a time is told in a unit, and how many seconds that has."""


class Progress(Protocol):
    """Where it is told how far something has come.

    Whatever takes long has an argument ``progress``, which takes one of these, or True for a bar,
    False for nothing, and None for a bar on a terminal and lines of the logger ``nearsight``
    elsewhere.
    """

    def task(
        self, description: str, total: int | None, done: int = 0
    ) -> AbstractContextManager[Advance]:
        """Tell of one task while the block runs, and yield the function that moves it on.

        Parameters
        ----------
        description
            What is counted, such as ``Hessian rows``; in the singular if `total` is None.
        total
            Number of steps, or None if it is not known beforehand.
        done
            Steps that were done before, by a run that this one goes on with.
        """
        ...


def as_progress(progress: Progress | bool | None) -> Progress:
    """Return what an argument ``progress`` stands for; see `Progress`."""
    if progress is None:
        return BarProgress() if shows_bars() else LogProgress(logging.getLogger(__name__))
    if isinstance(progress, bool):
        return BarProgress() if progress else SeveralProgress()
    return progress


def shows_bars() -> bool:
    """Tell whether standard error is a terminal that can move its cursor, or this is a notebook."""
    return _in_notebook() or _on_terminal()


def _in_notebook() -> bool:
    """Tell whether a notebook runs this that can show a bar, for which rich needs ipywidgets."""
    if "ipykernel" not in sys.modules or find_spec("ipywidgets") is None:
        return False
    from rich.console import Console

    return Console().is_jupyter


def _on_terminal() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM", "").lower() not in {"dumb", "unknown"}


class BarProgress:
    """A bar on standard error.

    Parameters
    ----------
    label
        What is worked on, such as the name of a structure.
    position
        Which one of how many that is, such as ``3 of 20``.
    clock
        The time in seconds from any moment on.
    """

    def __init__(
        self, label: str = "", position: str = "", *, clock: Callable[[], float] = monotonic
    ) -> None:
        self._label = printable_name(label)
        self._position = position
        self._clock = clock

    @contextmanager
    def task(self, description: str, total: int | None, done: int = 0) -> Iterator[Advance]:
        """Show a bar while the block runs; see `Progress`."""
        # Imported here so that `import nearsight` stays fast.
        from rich.console import Console
        from rich.progress import BarColumn, ProgressColumn, Task, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bars
        from rich.table import Column
        from rich.text import Text

        class Time(TimeElapsedColumn):
            """The time that is left; until it is known, the time that has passed."""

            def render(self, task: Task) -> Text:
                left: str = task.fields["left"]
                return Text(left, style="progress.remaining") if left else super().render(task)

        known = total is not None
        bar: list[ProgressColumn] = [BarColumn(bar_width=_BAR_WIDTH)] if known else []
        console = Console() if _in_notebook() else Console(stderr=True, force_terminal=True)
        left = TimeLeft(total, done, self._clock)
        with Bars(
            TextColumn("{task.description}", markup=False),
            *bar,
            TextColumn("{task.completed}" + (f"/{total}" if known else ""), markup=False),
            Time(table_column=Column(no_wrap=True)),
            TextColumn("{task.fields[note]}", markup=False),
            console=console,
            transient=True,
        ) as bars:
            room = console.width - (_WITH_TOTAL + 2 * len(str(total)) if known else _WITHOUT_TOTAL)
            task = bars.add_task(
                self._described(description, room), total=total, completed=done, left="", note=""
            )
            yield lambda now, note: bars.update(
                task, completed=now, left=left.in_words(now), note=note
            )

    def _described(self, description: str, room: int) -> str:
        """Return what is done, with as much of the end of the label as there is room for."""
        label = self._label
        most = max(_SHORTEST_LABEL, room - len(_prefix("", self._position) + description) - 3)
        if len(label) > most:
            label = f"…{label[1 - most :]}"
        return _prefix(label, self._position) + description


class LogProgress:
    """Lines in a log: none before something has taken long, and few afterwards.

    Parameters
    ----------
    logger
        Where lines go, as INFO.
    label, position
        As for `BarProgress`.
    clock
        The time in seconds from any moment on.
    every_s
        There is at most one line in so many seconds, the first one so long after the beginning.
    """

    def __init__(
        self,
        logger: logging.Logger,
        label: str = "",
        position: str = "",
        *,
        clock: Callable[[], float] = monotonic,
        every_s: float = _SECONDS_BETWEEN_LINES,
    ) -> None:
        self._logger = logger
        self._prefix = _prefix(printable_name(label), position)
        self._clock = clock
        self._every_s = every_s
        self._not_before = clock() + every_s

    @contextmanager
    def task(self, description: str, total: int | None, done: int = 0) -> Iterator[Advance]:
        """Write lines while the block runs; see `Progress`."""
        left = TimeLeft(total, done, self._clock)

        def advance(now: int, note: str) -> None:
            if self._clock() < self._not_before:
                return
            self._not_before = self._clock() + self._every_s
            count = f"{description} {now}" if total is None else f"{description} {now} of {total}"
            parts = (f"{self._prefix}{count}", left.in_words(now), note)
            self._logger.info("%s", ", ".join(part for part in parts if part))

        yield advance


class SeveralProgress:
    """Tells each of several, such as a terminal and a file; of none, nobody."""

    def __init__(self, *parts: Progress) -> None:
        self._parts = parts

    @contextmanager
    def task(self, description: str, total: int | None, done: int = 0) -> Iterator[Advance]:
        """Tell each one while the block runs; see `Progress`."""
        with ExitStack() as stack:
            advances = [
                stack.enter_context(part.task(description, total, done)) for part in self._parts
            ]

            def advance(now: int, note: str) -> None:
                for each in advances:
                    each(now, note)

            yield advance


class TimeLeft:
    """How long a task will still take, by what this run has done of it.

    Parameters
    ----------
    total
        Number of steps; None if it is not known.
    done
        Steps that another run did, in whatever time.
    clock
        The time in seconds from any moment on.
    """

    def __init__(self, total: int | None, done: int, clock: Callable[[], float]) -> None:
        self._total = total
        self._before = done
        self._clock = clock
        self._start = clock()

    def seconds(self, done: int) -> float | None:
        """Return the estimate once `done` steps are done in all; None as long as there is none."""
        if self._total is None or done <= self._before or done >= self._total:
            return None
        per_step = (self._clock() - self._start) / (done - self._before)
        return per_step * (self._total - done)

    def in_words(self, done: int) -> str:
        """Return the estimate as ``about 14 min left``; empty if there is none."""
        seconds = self.seconds(done)
        return "" if seconds is None or seconds < 1 else f"about {duration(seconds)} left"


def duration(seconds: float) -> str:
    """Return a time in a unit that suits it, to two digits or whole units."""
    for least, size, unit in _UNITS_S:
        if seconds >= least:
            number = seconds / size
            return f"{number:.0f} {unit}" if number >= 10 else f"{number:.1f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"


def _prefix(label: str, position: str) -> str:
    if label and position:
        return f"{label} ({position}): "
    return f"{label or position}: " if label or position else ""
