"""Vectors that probe many atoms at once, and the products that Lanczos steps from them need."""

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


def random_triads(n_atoms: int, seed: int) -> FloatArray:
    """Return an orthonormal triad (columns) for each atom, turned at random, ``(n_atoms, 3, 3)``.

    Uniform over all rotations and reflections (F. Mezzadri, Notices AMS 2007, 54, 592).
    """
    normal = np.random.default_rng(seed).normal(size=(n_atoms, 3, 3))
    orthogonal, upper = np.linalg.qr(normal)
    signs = np.sign(np.diagonal(upper, axis1=1, axis2=2))
    triads: FloatArray = orthogonal * signs[:, np.newaxis, :]
    return triads


def probing_vectors(colours: NDArray[np.int64], triads: FloatArray) -> FloatArray:
    """Return three vectors for each colour, made of the triads of its atoms.

    Returns
    -------
    NDArray[np.float64]
        Shape ``(3 n_colours, 3 n_atoms)``; vector 3 k + α has column α of the triads of colour k.
    """
    n_colours = int(colours.max()) + 1
    vectors = np.zeros((n_colours, 3, len(colours), 3))
    for atom, colour in enumerate(colours):
        vectors[colour, :, atom] = triads[atom].T
    return vectors.reshape(3 * n_colours, -1)


class ProbeProducts:
    """Products for Lanczos runs: in calls of a good length, kept on disk, counted on a bar.

    Parameters
    ----------
    operator
        The mass-weighted Hessian.
    checkpoint
        File that keeps finished products; None to keep none.
    settings
        What decides the vectors; products of equal settings may be mixed.

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
        """Return the products of vectors, each known by the index of its run and its step."""
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
