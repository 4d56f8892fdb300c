"""What one question about one structure takes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal, get_args

import numpy as np
from ase import Atoms

from nearsight.errors import MemoryBudgetError, MissingPropertyError
from nearsight.memory import Meter, gibibytes
from nearsight.models.contract import Model
from nearsight.progress import Progress
from nearsight.records.described import Says

Asked = Literal["energies", "forces", "stress", "rows"]
"""``stress`` is with forces; ``rows`` are of the Hessian."""
ASKED: tuple[Asked, ...] = get_args(Asked)

N_ROWS = 2
_WARM_UP_ATOMS = 5
_SHIFT_A = 0.01


@dataclass(frozen=True, kw_only=True)
class Timing:
    """What a model takes for one structure."""

    material: Annotated[str, Says("helium or MOF-5.")]
    n_atoms: Annotated[int, Says("Atoms of the structure.", "1")]
    asked: Annotated[Asked, Says("Energies, forces, forces with stress, or rows of the Hessian.")]
    seconds: Annotated[
        tuple[float, ...], Says("Of each repetition but the first; of rows, of one of them.", "s")
    ]
    memory_bytes: Annotated[int, Says("Largest on top of what was in use; 0 if not asked.", "byte")]
    why_not: Annotated[str, Says("Why it was not asked; empty if it was.")]

    @property
    def typical_s(self) -> float:
        """The median."""
        return float(np.median(self.seconds))

    @property
    def scatter_s(self) -> float | None:
        """The standard deviation; None of one repetition."""
        return float(np.std(self.seconds, ddof=1)) if len(self.seconds) > 1 else None


@dataclass(frozen=True)
class Series:
    """A question about structures of one material."""

    material: str
    asked: Asked

    def measured(self, n_atoms: int, seconds: Sequence[float], memory_bytes: int) -> Timing:
        """Return what was measured."""
        return Timing(
            material=self.material,
            n_atoms=n_atoms,
            asked=self.asked,
            seconds=tuple(seconds),
            memory_bytes=memory_bytes,
            why_not="",
        )

    def not_asked(self, n_atoms: int, why: str) -> Timing:
        """Return why there is nothing."""
        return replace(self.measured(n_atoms, (), 0), why_not=why)


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How often and for how long a model is asked."""

    n_repeats: int
    """The first of which is not counted."""
    enough_s: float
    """After so long there are no more repetitions."""
    longest_s: float
    """A call that would take longer is not begun."""


def timing(
    model: Model,
    structure: Atoms,
    series: Series,
    patience: Patience,
    *,
    meter: Meter,
    progress: Progress,
) -> Timing:
    """Ask a model about a structure again and again, each time with the atoms elsewhere.

    Five atoms come first, so that nothing of what is built once is counted; so does the first
    repetition, whose memory is measured in place of its time.
    """
    ask = _question(model, series.asked)
    share = 1 / N_ROWS if series.asked == "rows" else 1.0
    random = np.random.default_rng([len(structure), ASKED.index(series.asked)])

    def moved() -> Atoms:
        other: Atoms = structure.copy()
        other.positions += random.normal(scale=_SHIFT_A, size=(len(other), 3))
        return other

    try:
        ask(structure[:_WARM_UP_ATOMS])
    except MissingPropertyError as error:
        return series.not_asked(len(structure), str(error).rstrip("."))
    taken: list[float] = []
    with progress.task(f"{series.asked} of {len(structure)} atoms", patience.n_repeats) as advance:
        first = moved()
        memory_bytes = meter.measure(lambda: ask(first), model.identity.device).peak_memory_bytes
        advance(1, "")
        while len(taken) < patience.n_repeats - 1:
            each = moved()
            start = meter.now()
            ask(each)
            taken.append(meter.now() - start)
            advance(1 + len(taken), "")
            if sum(taken) >= patience.enough_s:
                break
    return series.measured(len(structure), [share * each for each in taken], memory_bytes)


def _question(model: Model, asked: Asked) -> Callable[[Atoms], object]:
    def rows(atoms: Atoms) -> object:
        seeds = [(0, axis) for axis in np.eye(3)[:N_ROWS]]
        return list(model.rows(atoms, seeds))

    if asked == "rows":
        return rows
    return lambda atoms: model.evaluate(
        [atoms], forces=asked != "energies", stress=asked == "stress"
    )


def refusal(n_atoms: int, smaller: Sequence[Timing], patience: Patience, free_bytes: int) -> str:
    """Return why a structure would take too long to be asked about; empty if it would not.

    Parameters
    ----------
    n_atoms
        Its size.
    smaller
        What was measured for smaller ones in increasing order, from the last two of which time and
        memory are continued: by their power of the size, at least the first.
    patience
        How long one call may take.
    free_bytes
        Memory that may be used.

    Raises
    ------
    MemoryBudgetError
        It would need more: another time there may be enough.
    """
    if not smaller:
        return ""
    share = 1 / N_ROWS if smaller[-1].asked == "rows" else 1.0
    call_s = _continued(n_atoms, smaller, [each.typical_s / share for each in smaller])
    if call_s > patience.longest_s:
        return f"one call would take some {call_s:.2g} s, more than {patience.longest_s:g} s"
    needed = int(_continued(n_atoms, smaller, [float(each.memory_bytes) for each in smaller]))
    if needed > free_bytes:
        there_is = gibibytes(free_bytes)
        raise MemoryBudgetError(
            f"it would take some {gibibytes(needed)} of memory, and {there_is} may be used"
        )
    return ""


def _continued(n_atoms: int, smaller: Sequence[Timing], values: Sequence[float]) -> float:
    """Return what a value would be at a larger size."""
    power = 1.0
    if len(smaller) > 1 and min(values[-2:]) > 0:
        growth = smaller[-1].n_atoms / smaller[-2].n_atoms
        power = max(1.0, float(np.log(values[-1] / values[-2]) / np.log(growth)))
    return float(values[-1] * (n_atoms / smaller[-1].n_atoms) ** power)
