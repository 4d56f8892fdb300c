"""Analytic rows, alone or in batches, as measurement and memory decide."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.memory import PeakMemory, measure
from nearsight.models.contract import Model, Seed

_WORTH_MEASURING = 24
_LARGEST_BATCH = 64
_CLEARLY_FASTER = 0.9

RowDone = Callable[[NDArray[np.float64]], None]


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
    """Compute analytic rows and hand each to `row_done`, in the order of `seeds`.

    Parameters
    ----------
    atoms, model, seeds
        What to differentiate, with which model, and the rows to compute.
    batched
        True or False as the user decided; None to measure both on the first rows and decide.
    memory_budget_bytes
        Memory that the computation may take.
    row_done
        Called with each row.
    """
    work = _Work(atoms, model, list(seeds), memory_budget_bytes, row_done)
    if batched is False:
        work.run(1)
        return Executed("rows", "rows was asked for")
    if len(seeds) < _WORTH_MEASURING:
        few = f"fewer than {_WORTH_MEASURING} rows are not worth a measurement"
        work.run(2 if batched else 1)
        return Executed("batched" if batched else "rows", few)
    alone = work.measure_single_rows()
    size, per_row = work.measure_batches(alone, keep_growing=batched is True)
    if batched is None and per_row > _CLEARLY_FASTER * alone.seconds:
        work.run(1)
        return Executed(
            "rows",
            f"measured {alone.seconds:.3g} s a row alone, {per_row:.3g} s in batches of {size}",
        )
    work.run(size)
    return Executed(
        "batched",
        f"batches of {size}: measured {per_row:.3g} s a row, {alone.seconds:.3g} s alone",
    )


@dataclass(frozen=True)
class _SingleRow:
    seconds: float
    graph_seconds: float
    peak_memory_bytes: int


class _Work:
    """The rows still to do. Measurements take from them, so that nothing is computed twice."""

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
        self._left = seeds
        self._budget = memory_budget_bytes
        self._row_done = row_done

    def run(self, batch_size: int) -> None:
        for row in self._rows(self._take(len(self._left)), batch_size):
            self._row_done(row)

    def measure_single_rows(self) -> _SingleRow:
        for row in self._rows(self._take(1), 1):  # the first pass of all is slower
            self._row_done(row)
        with PeakMemory(self._model.identity.device) as peak:
            start = perf_counter()
            rows = self._rows(self._take(3), 1)
            self._row_done(next(rows))
            first = perf_counter() - start
            start = perf_counter()
            for row in rows:
                self._row_done(row)
            seconds = (perf_counter() - start) / 2
        return _SingleRow(seconds, max(first - seconds, 0.0), peak.bytes)

    def measure_batches(self, alone: _SingleRow, *, keep_growing: bool) -> tuple[int, float]:
        """Double the batch while a row gets cheaper and memory allows; return (size, seconds).

        With `keep_growing` the user has asked for batches, and only memory and time stop them.
        """
        size, best, best_size = 2, float("inf"), 2
        while size <= min(_LARGEST_BATCH, len(self._left)):
            batch = self._take(size)

            def compute(batch: list[Seed] = batch, size: int = size) -> None:
                for row in self._rows(batch, size):
                    self._row_done(row)

            measured = measure(compute, self._model.identity.device)
            # Timings scatter, and a batch cannot have cost nothing beside its graph.
            in_batch = max(measured.seconds - alone.graph_seconds, 0.1 * measured.seconds)
            per_row = in_batch / size
            faster = per_row < _CLEARLY_FASTER * best
            if faster:
                best, best_size = per_row, size
            beats_alone = keep_growing or per_row < _CLEARLY_FASTER * alone.seconds
            growth = max(measured.peak_memory_bytes - alone.peak_memory_bytes, 0)
            fits = measured.peak_memory_bytes + 2 * growth < self._budget
            if not (faster and beats_alone and fits):
                break
            size *= 2
        return best_size, best

    def _take(self, count: int) -> list[Seed]:
        taken, self._left = self._left[:count], self._left[count:]
        return taken

    def _rows(self, seeds: list[Seed], batch_size: int) -> Iterator[NDArray[np.float64]]:
        return self._model.rows(self._atoms, seeds, batch_size=batch_size)
