"""Products with the Hessian that an iteration needs, kept on disk as they are finished."""

import os
from collections.abc import Mapping, Sequence
from time import perf_counter

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.fingerprint import fingerprint
from nearsight.hessian.rows.checkpoint import Origin, RowStore
from nearsight.hessian.same_model import (
    answers_of,
    kept_derivative,
    kept_evaluation,
    precision_of,
    require_same_model,
)
from nearsight.models.contract import Evaluation
from nearsight.models.versions import versions_behind
from nearsight.progress import Advance
from nearsight.provenance import Setting
from nearsight.remarks import Remark
from nearsight.vibrations.mass_weighted import MassWeightedOperator

_SECONDS_PER_CALL = 20.0
"""Vectors go into one call for about so long: then their products are kept, and the bar moves."""
_STEPS_APART = 1 << 16
_SAME_VECTOR = 1e-9
"""Two vectors of norm 1 are the same if three random projections are as close as that."""


class KeptProducts:
    """Products of an iteration: in calls of a good length, kept on disk, counted on a bar.

    With each product three projections of its vector are kept. An iteration that is repeated on
    another number of threads may turn or mirror vectors that rounding decides about, and must not
    take the product of another vector then.

    Parameters
    ----------
    operator
        The mass-weighted Hessian.
    checkpoint
        File that keeps finished products; None to keep none. Nobody else may work on it meanwhile
        (`nearsight.locking.hold`).
    settings
        What decides the vectors; products of equal settings may be mixed.
    advance
        Called with the number of products used so far.

    Raises
    ------
    CheckpointError
        The checkpoint belongs to another calculation, or another model of the same name or version.
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
        self._fewest = operator.hessian.fewest_at_once
        self._seconds_per_product = _SECONDS_PER_CALL / self._fewest
        self._store = None
        self._at_rest: Evaluation | None = None
        if checkpoint is not None:
            hessian = operator.hessian
            identity = hessian.model.identity
            decisive = {**hessian.method.settings(), **settings}
            digest = fingerprint(hessian.atoms, identity, decisive)
            [self._at_rest] = hessian.model.evaluate([hessian.atoms])
            origin = Origin(digest, versions_behind(identity), self._at_rest)
            self._store = RowStore(checkpoint, origin, len(hessian.atoms) + 1)
        self._compare = self._store is not None and bool(self._store.rows)
        random = np.random.default_rng(0)
        self._projections = random.normal(size=(3, operator.shape[0]))

    @property
    def notes(self) -> tuple[Remark, ...]:
        """What was lost of the checkpoint, in plain words."""
        return () if self._store is None else self._store.notes

    def __call__(self, keys: Sequence[tuple[int, int]], vectors: FloatArray) -> FloatArray:
        """Return A·v for vectors, each known by the index of its run (or column) and its step."""
        numbers = [run * _STEPS_APART + step for run, step in keys]
        found = np.empty_like(vectors)
        missing = []
        for position, number in enumerate(numbers):
            kept = self._kept(number, vectors[position])
            if kept is None:
                missing.append(position)
            else:
                found[position] = kept
                self._require_same(vectors[position], kept)
        self._count(len(numbers) - len(missing))
        while missing:
            size = max(self._fewest, int(_SECONDS_PER_CALL / self._seconds_per_product))
            now, missing = missing[:size], missing[size:]
            start = perf_counter()
            found[now] = self._operator.products(vectors[now])
            self._seconds_per_product = (perf_counter() - start) / len(now)
            for position in now:
                self._keep(numbers[position], vectors[position], found[position])
            self._count(len(now))
        return found

    def _count(self, number: int) -> None:
        self.n_used += number
        self._advance(self.n_used, "")

    def _kept(self, number: int, vector: FloatArray) -> FloatArray | None:
        record = None if self._store is None else self._store.rows.get(number)
        if record is None:
            return None
        product, projected = record[:-1].ravel(), record[-1]
        same = np.abs(self._projections @ vector - projected).max() <= _SAME_VECTOR
        return product if same else None

    def _keep(self, number: int, vector: FloatArray, product: FloatArray) -> None:
        if self._store is not None:
            projected = self._projections @ vector
            self._store.append(number, np.append(product, projected).reshape(-1, 3))

    def _require_same(self, vector: FloatArray, kept: FloatArray) -> None:
        """Compute one kept product again, and compare energy and forces."""
        if not self._compare:
            return
        self._compare = False
        store, at_rest, hessian = self._store, self._at_rest, self._operator.hessian
        assert store is not None
        assert at_rest is not None
        precision = precision_of(hessian.model.identity.dtype, store.at_rest)
        step_A = hessian.method.step_A
        known = [
            kept_derivative("a product", kept, precision, "eV/(Å² amu)", step_A),
            *kept_evaluation(store.at_rest, precision),
        ]
        first = [at_rest]

        def ask() -> list[FloatArray]:
            again = self._operator.products(vector[np.newaxis])[0]
            evaluation = first.pop() if first else hessian.model.evaluate([hessian.atoms])[0]
            return [again, *answers_of(evaluation)]

        require_same_model(known, ask, store.path, hessian.model.identity.name)
