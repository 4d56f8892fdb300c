"""Analytic rows, alone or in batches, as measurement and memory decide."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from time import perf_counter

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.memory import PeakMemory, measure
from nearsight.models.contract import Model, Seed

_WORTH_MEASURING = 24
_LARGEST_BATCH = 64
_CLEARLY_FASTER = 0.9
_TWO_OVER_ONE = 3
"""Memory of batches of two over that of single rows: twice as much, beside the graph of these."""

RowDone = Callable[[int, NDArray[np.float64]], None]


@dataclass(frozen=True)
class Executed:
    """How the rows were computed in the end."""

    method: str
    reason: str


def compute_rows(
    atoms: Atoms,
    model: Model,
    seeds: Sequence[Seed],
    *,
    batched: bool | None,
    memory_budget_bytes: int,
    row_done: RowDone,
) -> Executed:
    """Compute analytic rows and hand each to `row_done` with its number among `seeds`.

    Parameters
    ----------
    atoms, model, seeds
        What to differentiate, with which model, and the rows to compute.
    batched
        True or False as the user decided; None to measure both on the first rows and decide.
    memory_budget_bytes
        Memory that the computation may take.
    row_done
        Called with the number and the row, in any order.
    """
    work = _Work(atoms, model, list(seeds), memory_budget_bytes, row_done)
    if batched is False:
        work.finish_alone()
        return Executed("rows", "rows was asked for")
    if len(seeds) < _WORTH_MEASURING:
        few = f"fewer than {_WORTH_MEASURING} rows are not worth a measurement"
        if batched:
            work.finish_in_batches(2)
            return Executed("batched", few)
        work.finish_alone()
        return Executed("rows", few)
    alone = work.measure_single_rows()
    if batched is None and _TWO_OVER_ONE * alone.peak_memory_bytes > memory_budget_bytes:
        work.finish_alone()
        return Executed("rows", "batches might not fit into the memory")
    size, per_row = work.measure_batches(alone, keep_growing=batched is True)
    if batched is None and per_row > _CLEARLY_FASTER * alone.seconds:
        work.finish_alone()
        return Executed(
            "rows",
            f"measured {alone.seconds:.3g} s a row alone, {per_row:.3g} s in batches of {size}",
        )
    work.finish_in_batches(size)
    return Executed(
        "batched",
        f"batches of {size}: measured {per_row:.3g} s a row, {alone.seconds:.3g} s alone",
    )


@dataclass(frozen=True)
class _SingleRow:
    seconds: float
    peak_memory_bytes: int


class _Work:
    """The rows still to do. Measurements take from them, so that nothing is computed twice.

    Single rows come from the front and share one graph, which is kept while batches, from the end,
    are measured: where these are no faster, they cost one graph more.
    """

    def __init__(
        self,
        atoms: Atoms,
        model: Model,
        seeds: list[Seed],
        memory_budget_bytes: int,
        row_done: RowDone,
    ) -> None:
        self._atoms = atoms
        self._model = model
        self._seeds = seeds
        self._next, self._end = 0, len(seeds)
        self._single = iter(model.rows(atoms, seeds))
        self._budget = memory_budget_bytes
        self._row_done = row_done

    def finish_alone(self) -> None:
        self._alone(self._end - self._next)

    def finish_in_batches(self, size: int) -> None:
        self._single = iter(())  # gives its graph back
        self._in_batches(self._end - self._next, size)

    def measure_single_rows(self) -> _SingleRow:
        with PeakMemory(self._model.identity.device) as peak:
            self._alone(1)  # it builds the graph, and the first pass of all is slower
            start = perf_counter()
            self._alone(2)
            seconds = (perf_counter() - start) / 2
        return _SingleRow(seconds, peak.bytes)

    def measure_batches(self, alone: _SingleRow, *, keep_growing: bool) -> tuple[int, float]:
        """Double the batch while a row gets cheaper and memory allows; return (size, seconds).

        With `keep_growing` the user has asked for batches, and only memory and time stop them.
        """
        held = alone.peak_memory_bytes
        if keep_growing:
            self._single, held = iter(()), 0
        size, best, best_size = 2, float("inf"), 2
        while size <= _LARGEST_BATCH and 2 * size <= self._end - self._next:

            def seconds_of_a_row(size: int = size) -> float:
                return self._in_batches(2 * size, size) / size

            measured = measure(seconds_of_a_row, self._model.identity.device)
            faster = measured.result < _CLEARLY_FASTER * best
            if faster:
                best, best_size = measured.result, size
            beats_alone = keep_growing or measured.result < _CLEARLY_FASTER * alone.seconds
            growth = max(measured.peak_memory_bytes - alone.peak_memory_bytes, 0)
            fits = held + measured.peak_memory_bytes + 2 * growth < self._budget
            if not (faster and beats_alone and fits):
                break
            size *= 2
        return best_size, best

    def _alone(self, count: int) -> None:
        for row in islice(self._single, count):
            self._row_done(self._next, row)
            self._next += 1

    def _in_batches(self, count: int, size: int) -> float:
        """Compute the last rows, and return the seconds of all but the first batch."""
        first = self._end - count
        rows = self._model.rows(self._atoms, self._seeds[first : self._end], batch_size=size)
        self._end = first
        start = perf_counter()
        for number, row in enumerate(rows):
            if number == size - 1:  # the graph, and all that is slow only once, is in the first
                start = perf_counter()
            self._row_done(first + number, row)
        return perf_counter() - start
