"""Analytic rows that are still to do: taken alone or in batches, and measured on the way."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from ase import Atoms

from nearsight.arrays import FloatArray
from nearsight.memory import Meter
from nearsight.models.contract import Model, Seed

_LARGEST_BATCH = 64
_CLEARLY_FASTER = 0.9

RowDone = Callable[[int, FloatArray], None]


@dataclass(frozen=True)
class SingleRow:
    """What a row costs that is computed alone."""

    seconds: float
    peak_memory_bytes: int


class Work:
    """The rows still to do. Measurements take from them, so that nothing is computed twice.

    Single rows come from the front and share one graph, which is kept while batches, from the end,
    are measured: where these are no faster, they cost one graph more.

    Parameters
    ----------
    atoms, model, seeds
        What to differentiate, with which model, and the rows to compute.
    memory_budget_bytes
        Memory that the computation may take.
    row_done
        Called with the number among `seeds` and the row, in any order.
    meter
        What measures rows.
    """

    def __init__(
        self,
        atoms: Atoms,
        model: Model,
        seeds: Sequence[Seed],
        *,
        memory_budget_bytes: int,
        row_done: RowDone,
        meter: Meter,
    ) -> None:
        self.atoms = atoms
        self.model = model
        self.seeds = list(seeds)
        self.memory_budget_bytes = memory_budget_bytes
        self.row_done = row_done
        self._meter = meter
        self._next, self._end = 0, len(self.seeds)
        self._single: Iterator[FloatArray] | None = None

    def finish_alone(self) -> None:
        """Compute what is left one by one."""
        self._alone(self._end - self._next)

    def finish_in_batches(self, size: int) -> None:
        """Compute what is left in batches."""
        self._single = iter(())  # gives its graph back
        self._in_batches(self._end - self._next, size)

    def measure_single_rows(self) -> SingleRow:
        """Compute three rows, and return what the latter two took."""
        with self._meter.peak_memory(self.model.identity.device) as peak:
            self._alone(1)  # it builds the graph, and the first pass of all is slower
            start = self._meter.now()
            self._alone(2)
            seconds = (self._meter.now() - start) / 2
        return SingleRow(seconds, peak.bytes)

    def measure_batches(self, alone: SingleRow, *, keep_growing: bool) -> tuple[int, float]:
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

            measured = self._meter.measure(seconds_of_a_row, self.model.identity.device)
            faster = measured.result < _CLEARLY_FASTER * best
            if faster:
                best, best_size = measured.result, size
            beats_alone = keep_growing or measured.result < _CLEARLY_FASTER * alone.seconds
            growth = max(measured.peak_memory_bytes - alone.peak_memory_bytes, 0)
            fits = held + measured.peak_memory_bytes + 2 * growth < self.memory_budget_bytes
            if not (faster and beats_alone and fits):
                break
            size *= 2
        return best_size, best

    def _alone(self, count: int) -> None:
        if self._single is None:
            self._single = self.model.rows(self.atoms, self.seeds)
        for row in islice(self._single, count):
            self.row_done(self._next, row)
            self._next += 1

    def _in_batches(self, count: int, size: int) -> float:
        """Compute the last rows, and return the seconds of all but the first batch."""
        first = self._end - count
        rows = self.model.rows(self.atoms, self.seeds[first : self._end], batch_size=size)
        self._end = first
        start = self._meter.now()
        for number, row in enumerate(rows):
            if number == size - 1:  # the graph, and all that is slow only once, is in the first
                start = self._meter.now()
            self.row_done(first + number, row)
        return self._meter.now() - start
