"""One progress bar for everything that takes long."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Advance = Callable[[int, str], None]


@contextmanager
def progress_bar(description: str, total: int | None, *, show: bool | None) -> Iterator[Advance]:
    """Show a bar on standard error and yield the function that moves it.

    Parameters
    ----------
    description
        What is being done, such as ``Hessian rows``.
    total
        Number of steps, or None if it is not known beforehand.
    show
        True or False to force it; None shows it on a terminal only.

    Yields
    ------
    Advance
        ``advance(steps_done_in_all, note)``.
    """
    if not (sys.stderr.isatty() if show is None else show):
        yield lambda _done, _note: None
        return

    # Imported here so that `import nearsight` stays fast.
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    remaining = [TimeRemainingColumn()] if total is not None else []
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        *remaining,
        TextColumn("{task.fields[note]}"),
        console=Console(stderr=True, force_terminal=show),
        transient=True,
    ) as bars:
        task = bars.add_task(description, total=total, note="")
        yield lambda done, note: bars.update(task, completed=done, note=note)
