"""Products with the Hessian that an iteration needs, kept on disk as they are finished."""

import os
from collections.abc import Mapping, Sequence
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from nearsight.errors import CheckpointError
from nearsight.fingerprint import fingerprint
from nearsight.hessian.checkpoint import RowStore
from nearsight.progress import Advance
from nearsight.provenance import Setting
from nearsight.vibrations.mass_weighted import MassWeightedOperator

FloatArray = NDArray[np.float64]

_SECONDS_PER_CALL = 20.0
"""Vectors go into one call for about so long: then their products are kept, and the bar moves."""
_FEWEST_OF_GROUPS = 12
"""Graphs of groups are built in every call, and each costs about as much as a product."""
_STEPS_APART = 1 << 16
_SAME_PRODUCT = 0.01


class KeptProducts:
    """Products of an iteration: in calls of a good length, kept on disk, counted on a bar.

    Parameters
    ----------
    operator
        The mass-weighted Hessian.
    checkpoint
        File that keeps finished products; None to keep none.
    settings
        What decides the vectors; products of equal settings may be mixed.
    advance
        Called with the number of products used so far.

    Raises
    ------
    CheckpointError
        The checkpoint is damaged or belongs to another calculation.
    """

    def __init__(
        self,
        operator: MassWeightedOperator,
        checkpoint: str | os.PathLike[str] | None,
        settings: Mapping[str, Setting],
        advance: Advance,
    ) -> None:
        self._operator = operator
        self._advance = advance
        self.n_used = 0
        """Products used so far, computed now or before."""
        self._fewest = _FEWEST_OF_GROUPS if operator.hessian.method.name == "grouped" else 1
        self._seconds_per_product = _SECONDS_PER_CALL / self._fewest
        self._store = None
        if checkpoint is not None:
            hessian = operator.hessian
            decisive = {**hessian.method.settings(), **settings}
            digest = fingerprint(hessian.atoms, hessian.model.identity, decisive)
            self._store = RowStore(checkpoint, digest, len(hessian.atoms))
        self._compare = self._store is not None and bool(self._store.rows)

    def __call__(self, keys: Sequence[tuple[int, int]], vectors: FloatArray) -> FloatArray:
        """Return A·v for vectors, each known by the index of its run (or column) and its step."""
        numbers = [run * _STEPS_APART + step for run, step in keys]
        found = np.empty_like(vectors)
        missing = []
        for position, number in enumerate(numbers):
            kept = self._store.rows.get(number) if self._store else None
            if kept is None:
                missing.append(position)
            else:
                found[position] = kept.ravel()
                self._require_same(vectors[position], found[position])
        self._count(len(numbers) - len(missing))
        while missing:
            size = max(self._fewest, int(_SECONDS_PER_CALL / self._seconds_per_product))
            now, missing = missing[:size], missing[size:]
            start = perf_counter()
            found[now] = self._operator.products(vectors[now])
            self._seconds_per_product = (perf_counter() - start) / len(now)
            for position in now:
                if self._store is not None:
                    self._store.append(numbers[position], found[position].reshape(-1, 3))
            self._count(len(now))
        return found

    def _count(self, number: int) -> None:
        self.n_used += number
        self._advance(self.n_used, "")

    def _require_same(self, vector: FloatArray, kept: FloatArray) -> None:
        """Compute one kept product again: not every model can say that it is another one."""
        if not self._compare:
            return
        self._compare = False
        assert self._store is not None
        again = self._operator.products(vector[np.newaxis])[0]
        if np.abs(again - kept).max() > _SAME_PRODUCT * np.abs(kept).max():
            raise CheckpointError(
                f"{self._store.path} belongs to another model than this "
                f"{self._operator.hessian.model.identity.name}: a product in it differs. Delete "
                f"it, or choose another path."
            )
