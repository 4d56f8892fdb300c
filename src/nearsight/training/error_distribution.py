"""How errors of forces are distributed, counted without keeping them."""

import math
from collections.abc import Iterable

import numpy as np

from nearsight.arrays import FloatArray

_PER_DECADE = 8
_LOWEST, _HIGHEST = -5, 3
EDGES_eV_per_A = np.logspace(_LOWEST, _HIGHEST, (_HIGHEST - _LOWEST) * _PER_DECADE + 1)
"""Sizes of errors between which they are counted."""


class ErrorDistribution:
    """Counts and sums of errors, to which more and more are added."""

    def __init__(self) -> None:
        self.n = 0
        """Number of components."""
        self._squares = self._sizes = self._largest = 0.0
        self._counts = np.zeros(len(EDGES_eV_per_A) + 1, dtype=np.int64)

    def add(self, errors_eV_per_A: FloatArray) -> None:
        """Add errors of components of forces, of any shape."""
        sizes = np.abs(errors_eV_per_A).ravel()
        if len(sizes) == 0:
            return
        self.n += len(sizes)
        self._squares += float(np.sum(sizes**2))
        self._sizes += float(sizes.sum())
        self._largest = max(self._largest, float(sizes.max()))
        places = np.searchsorted(EDGES_eV_per_A, sizes, side="left")
        self._counts += np.bincount(places, minlength=len(self._counts))

    @classmethod
    def sum_of(cls, parts: Iterable["ErrorDistribution"]) -> "ErrorDistribution":
        """Return the distribution of all errors of several."""
        whole = cls()
        for each in parts:
            whole.n += each.n
            whole._squares += each._squares
            whole._sizes += each._sizes
            whole._largest = max(whole._largest, each._largest)
            whole._counts = whole._counts + each._counts
        return whole

    @property
    def RMSE_eV_per_A(self) -> float:
        """Root mean square; NaN without any."""
        return math.sqrt(self._squares / self.n) if self.n else math.nan

    @property
    def MAE_eV_per_A(self) -> float:
        """Mean absolute error; NaN without any."""
        return self._sizes / self.n if self.n else math.nan

    @property
    def largest_eV_per_A(self) -> float:
        """The largest absolute error; NaN without any."""
        return self._largest if self.n else math.nan

    def share_above(self) -> FloatArray:
        """Return which share of the errors is larger than each of `EDGES_eV_per_A`."""
        below = np.cumsum(self._counts)[:-1]
        share: FloatArray = 1.0 - below / max(self.n, 1)
        return share
