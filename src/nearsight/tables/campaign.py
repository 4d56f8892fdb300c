"""How a campaign stands, as text."""

from nearsight.campaigns.status import Status, Tally
from nearsight.progress import duration
from nearsight.tables.lines import print_line


def print_status(status: Status) -> None:
    """Print how many structures there are, and what came of them by workflow and model."""
    n_readable = status.n_names - status.n_unreadable
    duplicates = n_readable - status.n_structures
    print_line("structures", f"{status.n_names} given, {status.n_structures} different ones")
    if duplicates:
        print_line("duplicates", f"{duplicates}, each computed with the structure that it repeats")
    if status.n_unreadable:
        print_line("unreadable", str(status.n_unreadable))
    for tally in status.tallies:
        _print_tally(tally)


def _print_tally(tally: Tally) -> None:
    print(f"\n{tally.workflow} with {tally.model}")
    print_line("done", f"{tally.done} of {tally.total}")
    if tally.waiting:
        print_line("waiting", str(tally.waiting))
    for reason, n in tally.failed.most_common():
        print_line("failed", f"{n} ({reason})")
    if tally.seconds:
        print_line("worker time", duration(tally.seconds))
