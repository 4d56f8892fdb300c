"""A campaign while it runs: a table on a terminal, lines in a log elsewhere."""

import contextlib
import logging
from collections.abc import Callable, Iterator
from time import monotonic
from typing import TYPE_CHECKING

from nearsight.campaigns.phase import View, Watch
from nearsight.printable import printable_name
from nearsight.progress import duration, shows_bars
from nearsight.terminal.logs import LogOptions

if TYPE_CHECKING:
    from rich.table import Table

logger = logging.getLogger("nearsight.campaigns")

_SECONDS_BETWEEN_LINES = 30.0
_MOST_WORKERS = 12
_LONGEST_NAME = 40


@contextlib.contextmanager
def shown_campaign(told: LogOptions) -> Iterator[Watch]:
    """Yield what shows how far a campaign has come while the block runs."""
    log = CampaignLog()
    if not shows_bars() or told.quiet or told.verbose:
        yield log
        return
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as live:

        def show(view: View) -> None:
            log(view)
            live.update(campaign_table(view), refresh=True)

        yield show


class CampaignLog:
    """A line now and then.

    Parameters
    ----------
    clock
        The time in seconds from any moment on.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._not_before = clock() + _SECONDS_BETWEEN_LINES

    def __call__(self, view: View) -> None:
        """Log how far a campaign has come, unless that was done just now."""
        if self._clock() < self._not_before:
            return
        self._not_before = self._clock() + _SECONDS_BETWEEN_LINES
        logger.info("%s: %s", view.model, said_of(view))


def said_of(view: View) -> str:
    """Return how far a campaign has come, in a line."""
    ended = view.done + view.failed.total()
    parts = [f"{ended} of {view.total}"]
    parts += [f"{n} failed ({reason})" for reason, n in view.failed.most_common()]
    if ended and view.seconds > 0:
        parts.append(f"{3600 * ended / view.seconds:.3g} an hour")
    if view.left_s:
        parts.append(f"about {duration(view.left_s)} left")
    if view.n_workers == 0:
        parts.append("waiting for workers")
    return ", ".join(parts)


def campaign_table(view: View) -> "Table":
    """Return what a terminal shows."""
    from rich.table import Table
    from rich.text import Text  # brackets in names are no markup

    title = Text(f"{printable_name(view.model)}: {said_of(view)}", style="table.title")
    table = Table(title=title, title_justify="left")
    for name in ("worker", "structure", "at", "for"):
        table.add_column(name, no_wrap=True)
    longest = sorted(view.working, key=lambda each: -each.seconds)
    for each in longest[:_MOST_WORKERS]:
        name = printable_name(each.structure)[-_LONGEST_NAME:]
        texts = (f"{each.host}:{each.pid}", name, each.step, duration(each.seconds))
        table.add_row(*map(Text, texts))
    if len(longest) > _MOST_WORKERS:
        table.add_row("", f"and {len(longest) - _MOST_WORKERS} more", "", "")
    return table
