"""Progress of what is computed one after the other, so that who waits can tell it from a hang."""

from collections.abc import Iterable
from typing import TypeVar

from nearsight.progress import Progress

Value = TypeVar("Value")


def all_of(
    values: Iterable[Value], total: int, description: str, progress: Progress
) -> list[Value]:
    """Return all values, and tell of each as soon as it is there.

    Parameters
    ----------
    values
        What is computed while it is asked for.
    total
        How many there are.
    description
        What they are.
    progress
        Where it is told.
    """
    found: list[Value] = []
    with progress.task(description, total) as advance:
        for value in values:
            found.append(value)
            advance(len(found), "")
    return found
