"""Lanczos steps for many starting vectors at once, and what they say about functions of a matrix.

After m steps from v the eigenvalues θ of a tridiagonal matrix T and the squares of the first
components of its eigenvectors are the nodes and weights of a Gauss quadrature: vᵀ f(A) v ≈
|v|² Σ_k τ_k² f(θ_k), exact for polynomials up to degree 2m - 1 (G. H. Golub and G. Meurant,
*Matrices, Moments and Quadrature*, 2010, chapter 6, DOI 10.1515/9781400833887). And f(A) v ≈
|v| V f(T) e₁, exact up to degree m - 1.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from nearsight.arrays import FloatArray

Apply = Callable[[Sequence[tuple[int, int]], FloatArray], FloatArray]
"""A·v for vectors ``(n_vectors, size)``, each known by the index of its run and its step."""

_BREAKDOWN = 1e-10
"""A residual that small, over the largest element of T so far, is none: the space is complete."""


@dataclass(frozen=True)
class Quadrature:
    """What Lanczos steps from one vector found."""

    norm: float
    """|v| of the starting vector."""
    basis: FloatArray
    """Orthonormal Lanczos vectors V, shape ``(n_steps, size)``; the first is v/|v|."""
    nodes: FloatArray
    """Eigenvalues θ of T, ascending, shape ``(n_steps,)``."""
    eigenvectors: FloatArray
    """Those of T as columns, shape ``(n_steps, n_steps)``."""

    @property
    def weights(self) -> FloatArray:
        """|v|² τ_k², which sum to |v|²."""
        weights: FloatArray = self.norm**2 * self.eigenvectors[0] ** 2
        return weights

    def apply(self, values: FloatArray) -> FloatArray:
        """Return f(A) v from the `values` f(θ_k), shape ``(size,)``."""
        applied: FloatArray = self.norm * (
            (self.eigenvectors * values) @ self.eigenvectors[0] @ self.basis
        )
        return applied


class LanczosRun:
    """The steps from one vector."""

    def __init__(self, start: FloatArray) -> None:
        self._norm = float(np.linalg.norm(start))
        self._vectors = [start / self._norm]
        self._diagonal: list[float] = []
        self._off_diagonal: list[float] = []
        self.complete = False
        """Whether the space is complete: more steps would find nothing."""

    @property
    def last(self) -> FloatArray:
        """The vector whose product is next."""
        return self._vectors[-1]

    @property
    def first(self) -> FloatArray:
        """The vector that the run started from, of norm 1."""
        return self._vectors[0]

    @property
    def n_steps(self) -> int:
        """Steps taken."""
        return len(self._diagonal)

    def advance(self, product: FloatArray) -> None:
        """Take a step with the product of `last`."""
        self._diagonal.append(float(self.last @ product))
        basis = np.stack(self._vectors)
        residual = product
        for _ in range(2):  # twice is enough for orthogonality to rounding
            residual = residual - (basis @ residual) @ basis
        size = float(np.linalg.norm(residual))
        scale = max(np.abs(self._diagonal).max(), *self._off_diagonal, 0.0)
        if len(basis) == basis.shape[1] or size <= _BREAKDOWN * scale:
            self.complete = True
            return
        self._off_diagonal.append(size)
        self._vectors.append(residual / size)

    def quadrature(self, n_steps: int | None = None) -> Quadrature:
        """Return what the first `n_steps` steps say, all of them by default."""
        taken = self.n_steps if n_steps is None else min(n_steps, self.n_steps)
        off = self._off_diagonal[: taken - 1]
        matrix = np.diag(self._diagonal[:taken]) + np.diag(off, 1) + np.diag(off, -1)
        nodes, eigenvectors = np.linalg.eigh(matrix)
        return Quadrature(self._norm, np.stack(self._vectors[:taken]), nodes, eigenvectors)


def take_steps(runs: Sequence[LanczosRun], apply: Apply, n_steps: int) -> None:
    """Take steps until every run has `n_steps` of them, or is complete before.

    All runs take each step together, so that one preparation serves the products of all.
    """
    while active := [
        index for index, run in enumerate(runs) if run.n_steps < n_steps and not run.complete
    ]:
        keys = [(index, runs[index].n_steps) for index in active]
        products = apply(keys, np.stack([runs[index].last for index in active]))
        for index, product in zip(active, products, strict=True):
            runs[index].advance(product)
