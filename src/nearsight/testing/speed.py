"""How long a force call of a model takes, and how much memory, on a structure of one's own."""

import threading
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from types import TracebackType
from typing import Self

import numpy as np
import psutil
from ase import Atoms

from nearsight.errors import MissingPropertyError
from nearsight.models.contract import Evaluation, Model
from nearsight.models.spec import ModelSpec

_TIMED_CALLS = 5
_PATIENCE_S = 10.0
_SHIFT_A = 1e-4


@dataclass(frozen=True)
class ForceCall:
    """What a model says of a structure, and what asking it takes."""

    model: Model
    evaluation: Evaluation
    """With a stress where the model has one and the structure is a crystal."""
    seconds: float
    """Median wall time of a force call."""
    memory_bytes: int
    """What loading and calling added here and in the model's own process."""


def measure_force_call(spec: ModelSpec, atoms: Atoms) -> ForceCall:
    """Load a model, and measure what a force call takes.

    Parameters
    ----------
    spec
        The model.
    atoms
        The structure; it stays as it is.

    Raises
    ------
    ModelError
        The model cannot be loaded, or does not know an element.
    """
    with _PeakMemory() as memory:
        model = spec.load()
        evaluation, seconds = _evaluate(model, atoms)
    return ForceCall(model, evaluation, seconds, memory.bytes)


def _evaluate(model: Model, atoms: Atoms) -> tuple[Evaluation, float]:
    """Return energy, forces and where there is one the stress, with seconds per force call."""
    evaluation = _first(model, atoms)
    random = np.random.default_rng(0)
    taken: list[float] = []
    while len(taken) < _TIMED_CALLS and sum(taken) < _PATIENCE_S:
        moved = atoms.copy()  # some calculators remember the last structure
        moved.positions += random.normal(scale=_SHIFT_A, size=moved.positions.shape)
        start = perf_counter()
        model.evaluate([moved])
        taken.append(perf_counter() - start)
    return evaluation, median(taken)


def _first(model: Model, atoms: Atoms) -> Evaluation:
    if atoms.pbc.all():
        try:
            return model.evaluate([atoms], stress=True)[0]
        except MissingPropertyError:
            pass  # it has none, which the table shows
    return model.evaluate([atoms])[0]


class _PeakMemory:
    """Context that samples the memory of this process and of those that it has started."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._before = self._peak = _resident()

    @property
    def bytes(self) -> int:
        """Largest memory in use so far on top of what was in use before."""
        return self._peak - self._before

    def __enter__(self) -> Self:
        """Start sampling."""
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop sampling."""
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while True:
            self._peak = max(self._peak, _resident())
            if self._stop.wait(0.02):
                self._peak = max(self._peak, _resident())
                return


def _resident() -> int:
    own = psutil.Process()
    total = 0
    for process in (own, *own.children(recursive=True)):
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:  # it has just ended
            continue
    return total
