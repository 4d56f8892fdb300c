"""The ways to compute rows, each of which does it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from ase import Atoms

from nearsight.arrays import FloatArray
from nearsight.derivatives.differences import SCHEMES, DifferenceScheme, difference_rows
from nearsight.hessian.rows.work import SingleRow, Work
from nearsight.models.contract import Model, Seed, forces_of
from nearsight.provenance import Setting

ANALYTIC = ("rows", "batched")
METHODS = ("auto", *ANALYTIC, *SCHEMES)

_WORTH_MEASURING = 24
_FEW = f"fewer than {_WORTH_MEASURING} rows are not worth a measurement"
_CLEARLY_FASTER = 0.9
_LONG_ON_A_CPU_S = 0.05
"""Rows that take so long on a CPU are not tried in batches, in which one takes 3 to 5 of one alone
with networks whose sums are compiled (SevenNet, MACE: of 6 atoms and more), and 0.7 to 1.3 with
others, 0.94 to 1.8 from 0.1 s on."""
_TWO_OVER_ONE = 3
"""Memory of batches of two over that of single rows: twice as much, beside the graph of these."""


@dataclass(frozen=True)
class Differences:
    """Rows as differences of forces."""

    scheme: DifferenceScheme
    step_A: float
    reason: str = "differences were asked for"
    """Why this way, as for the others."""
    predicted_memory_bytes: int = 0
    """What the computation is expected to take at its peak; 0 where nothing was measured."""

    automatic: ClassVar[bool] = False
    """Whether nobody has asked for all rows one by one, so that some may follow from others."""

    @property
    def name(self) -> str:
        """As users, files and JSON name it."""
        return self.scheme.name

    def settings(self) -> dict[str, Setting]:
        """Return what decides the numbers; rows of equal settings may be mixed."""
        return {"rows": self.scheme.name, "step_A": self.step_A}

    def rows(self, atoms: Atoms, model: Model, seeds: Sequence[Seed]) -> Iterator[FloatArray]:
        """Yield rows in eV/Å², one after the other; see `difference_rows`."""

        def forces(structures: Sequence[Atoms]) -> list[FloatArray]:
            return [forces_of(evaluation) for evaluation in model.evaluate(structures)]

        return difference_rows(forces, atoms, seeds, self.scheme, self.step_A)

    def compute(self, work: Work) -> "Differences":
        """Compute all rows; return the way in which they were computed in the end."""
        for number, row in enumerate(self.rows(work.atoms, work.model, work.seeds)):
            work.row_done(number, row)
        return self


@dataclass(frozen=True)
class AnalyticRows:
    """Analytic rows one by one: a reverse pass for each, through one graph of the forces."""

    reason: str
    predicted_memory_bytes: int

    name: ClassVar[str] = "rows"
    step_A: ClassVar[float | None] = None
    automatic: ClassVar[bool] = False

    def settings(self) -> dict[str, Setting]:
        """Return what decides the numbers; rows of equal settings may be mixed."""
        return {"rows": "analytic"}

    def rows(self, atoms: Atoms, model: Model, seeds: Sequence[Seed]) -> Iterator[FloatArray]:
        """Yield rows in eV/Å², one after the other."""
        return model.rows(atoms, seeds)

    def compute(self, work: Work) -> "RowMethod":
        """Compute all rows; return the way in which they were computed in the end."""
        work.finish_alone()
        return self


@dataclass(frozen=True)
class BatchedRows(AnalyticRows):
    """Analytic rows in batches that are as large as is fast, and as memory allows."""

    name: ClassVar[str] = "batched"

    def compute(self, work: Work) -> "RowMethod":
        """Compute all rows; return the way in which they were computed in the end."""
        if len(work.seeds) < _WORTH_MEASURING:
            work.finish_in_batches(2)
            return replace(self, reason=_FEW)
        alone = work.measure_single_rows()
        size, per_row_s = work.measure_batches(alone, keep_growing=True)
        work.finish_in_batches(size)
        return replace(self, reason=_batches_measured(size, per_row_s, alone))


@dataclass(frozen=True)
class FasterRows(AnalyticRows):
    """Analytic rows alone or in batches, whichever way is measured to be faster."""

    automatic: ClassVar[bool] = True

    def compute(self, work: Work) -> "RowMethod":
        """Compute all rows; return the way in which they were computed in the end."""
        single = AnalyticRows(_FEW, self.predicted_memory_bytes)
        if len(work.seeds) < _WORTH_MEASURING:
            return single.compute(work)
        alone = work.measure_single_rows()
        if alone.seconds > _LONG_ON_A_CPU_S and work.model.identity.device == "cpu":
            reason = f"{alone.seconds:.3g} s a row: batches of such gained nothing on CPUs"
            return replace(single, reason=reason).compute(work)
        if _TWO_OVER_ONE * alone.peak_memory_bytes > work.memory_budget_bytes:
            reason = "batches might not fit into the memory"
            return replace(single, reason=reason).compute(work)
        size, per_row_s = work.measure_batches(alone, keep_growing=False)
        if per_row_s > _CLEARLY_FASTER * alone.seconds:
            reason = (
                f"measured {alone.seconds:.3g} s a row alone, {per_row_s:.3g} s in batches of "
                f"{size}"
            )
            return replace(single, reason=reason).compute(work)
        work.finish_in_batches(size)
        reason = _batches_measured(size, per_row_s, alone)
        return BatchedRows(reason, self.predicted_memory_bytes)


RowMethod = AnalyticRows | Differences
"""One way to compute rows; batched and measured ones are analytic."""


def _batches_measured(size: int, per_row_s: float, alone: SingleRow) -> str:
    return f"batches of {size}: measured {per_row_s:.3g} s a row, {alone.seconds:.3g} s alone"
