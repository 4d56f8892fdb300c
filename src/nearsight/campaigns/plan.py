"""What a campaign will cost before it begins: hours, memory, and how it packs onto workers."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from nearsight.campaigns.prediction import Prediction
from nearsight.campaigns.waiting import in_order_of_work


@dataclass(frozen=True)
class Measured:
    """What one structure took."""

    n_atoms: int
    seconds: float
    memory_bytes: int


@dataclass(frozen=True)
class Predicted:
    """What one structure will take."""

    name: str
    n_atoms: int
    seconds: float
    memory_bytes: int


@dataclass(frozen=True)
class Packing:
    """How a campaign packs onto workers."""

    n_workers: int
    hours: float
    """From the beginning to the end."""
    busy_share: float
    """Share of the time of all workers in which they work."""


@dataclass(frozen=True)
class CampaignPlan:
    """What a campaign will cost."""

    n_structures: int
    worker_hours: float
    packings: tuple[Packing, ...]
    too_large: tuple[str, ...]
    """Structures that are predicted not to fit into the memory of a worker."""
    longest: tuple[str, float]
    """The structure that takes longest, and its hours."""


def predict_by(
    measured: Sequence[Measured], sizes: Sequence[tuple[str, int]]
) -> tuple[list[Predicted], float]:
    """Return what structures will take by those that were measured, and the exponent of time.

    Time and memory grow with powers of the number of atoms that are fitted to what was measured.

    Parameters
    ----------
    measured
        Structures that are done, of this campaign or of another one by the same workflow and model;
        not empty.
    sizes
        Names and numbers of atoms.
    """
    n_atoms = [each.n_atoms for each in measured]
    times = Prediction.of(n_atoms, [each.seconds for each in measured])
    memory = Prediction.of(n_atoms, [float(each.memory_bytes) for each in measured])
    predicted = [
        Predicted(name, n, times.seconds(n) or 0.0, round(memory.seconds(n) or 0.0))
        for name, n in sizes
    ]
    return predicted, times.exponent


def plan_campaign(
    predicted: Sequence[Predicted], n_workers: Sequence[int], memory_bytes: int | None = None
) -> CampaignPlan:
    """Return what a campaign will cost.

    Workers are given work in the order in which a campaign gives it.

    Parameters
    ----------
    predicted
        Its structures; not empty.
    n_workers
        Numbers of workers, one packing each.
    memory_bytes
        Memory of one worker; None where it does not matter.
    """
    by_name = {each.name: each for each in predicted}
    order = in_order_of_work((each.name, each.n_atoms) for each in predicted)
    ordered = [by_name[name] for name, _ in order]
    seconds = [each.seconds for each in ordered]
    longest = max(ordered, key=lambda each: each.seconds)
    return CampaignPlan(
        len(ordered),
        sum(seconds) / 3600,
        tuple(packed(seconds, n) for n in n_workers),
        tuple(
            each.name
            for each in ordered
            if memory_bytes is not None and each.memory_bytes > memory_bytes
        ),
        (longest.name, longest.seconds / 3600),
    )


def packed(seconds: Sequence[float], n_workers: int) -> Packing:
    """Return how work packs onto workers, each of which takes the next piece when it is free.

    Parameters
    ----------
    seconds
        Of the pieces, in the order in which they are given out.
    n_workers
        How many workers there are.
    """
    free = [0.0] * n_workers
    for each in seconds:
        heapq.heapreplace(free, free[0] + each)
    end = max(free)
    busy = sum(seconds) / (n_workers * end) if end > 0 else 1.0
    return Packing(n_workers, end / 3600, busy)
