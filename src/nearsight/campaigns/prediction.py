"""How long a structure will take, by what those before it took."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_EXPONENT = 1.7
"""Hessians of MLIPs, 22 to 1,408 atoms: their published times grow so on a GPU."""
_FEWEST = 8
"""From so many structures on the exponent is their own."""
_LEAST, _MOST = 1.0, 3.0
_LEAST_RATIO = 3.0
"""Sizes that differ by less tell no exponent."""
_GROWTH = 1.1
"""By how much the number of what was measured grows before it is fitted again."""


@dataclass(frozen=True)
class Prediction:
    """Seconds as a power of the number of atoms."""

    exponent: float = _EXPONENT
    seconds_at_100_atoms: float | None = None
    """None as long as nothing was measured."""

    @classmethod
    def of(cls, n_atoms: Sequence[int], seconds: Sequence[float]) -> "Prediction":
        """Return the power that fits best to what was measured, by its logarithms.

        Parameters
        ----------
        n_atoms, seconds
            Of the structures that are done, shape ``(n_done,)`` each.
        """
        measured = np.array(seconds, dtype=np.float64) > 0
        if not measured.any():
            return cls()
        size = np.log(np.array(n_atoms, dtype=np.float64)[measured] / 100.0)
        time = np.log(np.array(seconds, dtype=np.float64)[measured])
        exponent = _EXPONENT
        if len(size) >= _FEWEST and np.ptp(size) > np.log(_LEAST_RATIO):
            exponent = float(np.clip(np.polyfit(size, time, 1)[0], _LEAST, _MOST))
        return cls(exponent, float(np.exp(np.median(time - exponent * size))))

    def cost(self, n_atoms: int) -> float:
        """Return how long a structure takes, relative to one of 100 atoms."""
        return float((n_atoms / 100.0) ** self.exponent)

    def seconds(self, n_atoms: int) -> float | None:
        """Return how long a structure takes; None as long as nothing was measured."""
        if self.seconds_at_100_atoms is None:
            return None
        return self.seconds_at_100_atoms * self.cost(n_atoms)


class Predictions:
    """How long the structures of each workflow will take, by those that are done."""

    def __init__(self) -> None:
        self._done: dict[str, list[tuple[int, float]]] = {}
        self._fitted: dict[str, tuple[int, Prediction]] = {}

    def add(self, workflow: str, n_atoms: int, seconds: float) -> None:
        """Take what a structure took."""
        done = self._done.setdefault(workflow, [])
        done.append((n_atoms, seconds))
        n_fitted, _ = self._fitted.get(workflow, (0, None))
        if len(done) > _GROWTH * n_fitted:
            self._fitted[workflow] = len(done), Prediction.of(*zip(*done, strict=True))

    def seconds(self, workflow: str, n_atoms: int) -> float | None:
        """Return how long a structure takes; None as long as none of the workflow was measured."""
        if workflow not in self._fitted:
            return None
        return self._fitted[workflow][1].seconds(n_atoms)
