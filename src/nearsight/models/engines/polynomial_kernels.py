"""Polynomials of atoms' features and their derivatives, compiled for the CPU.

One atom and one monomial after the other, with channels innermost. Arrays: `elements`
``(n_atoms,)``; `monomials` ``(n_monomials, 3)``, `starts` ``(n_monomials + 1,)``, where the terms
of each begin; `places` ``(n_terms, 2)``, each term's output and weight, `factors` ``(n_terms,)``;
x ``(n_atoms, n_components + 1, channels)``, whose last component is one; w
``(n_elements, n_weights, channels)``; g ``(n_atoms, n_outputs, channels)``. Atoms from `start` to
before `stop` are gone over. What comes out is added to what `out`, `by_g` and `by_x` hold.
"""

from functools import partial
from typing import Any

import numpy as np

from nearsight.compiling import compiled, inlined

Array = np.ndarray[Any, Any]

_kernel = partial(compiled, any_order=True)
_part = partial(inlined, any_order=True)


@_part
def _add_scaled(factor: float, a: Array, b: Array, out: Array) -> None:
    for u in range(len(out)):
        out[u] += factor * a[u] * b[u]


@_part
def _add_product(a: Array, b: Array, c: Array, out: Array) -> None:
    for u in range(len(out)):
        out[u] += a[u] * b[u] * c[u]


@_kernel
def values(
    start: int,
    stop: int,
    elements: Array,
    monomials: Array,
    starts: Array,
    places: Array,
    factors: Array,
    x: Array,
    w: Array,
    out: Array,
) -> None:
    """Add the values of the polynomials to `out`."""
    product = np.empty(x.shape[2], x.dtype)
    for n in range(start, stop):
        weights = w[elements[n]]
        for m in range(len(monomials)):
            i, j, k = monomials[m]
            product[:] = 0
            _add_product(x[n, i], x[n, j], x[n, k], product)
            for t in range(starts[m], starts[m + 1]):
                _add_scaled(factors[t], weights[places[t, 1]], product, out[n, places[t, 0]])


@_kernel
def gradients(
    start: int,
    stop: int,
    elements: Array,
    monomials: Array,
    starts: Array,
    places: Array,
    factors: Array,
    g: Array,
    x: Array,
    w: Array,
    by_x: Array,
) -> None:
    """Derive g · values by x."""
    scale = np.empty(x.shape[2], x.dtype)
    for n in range(start, stop):
        weights = w[elements[n]]
        for m in range(len(monomials)):
            i, j, k = monomials[m]
            scale[:] = 0
            for t in range(starts[m], starts[m + 1]):
                _add_scaled(factors[t], weights[places[t, 1]], g[n, places[t, 0]], scale)
            _add_product(scale, x[n, j], x[n, k], by_x[n, i])
            _add_product(scale, x[n, i], x[n, k], by_x[n, j])
            _add_product(scale, x[n, i], x[n, j], by_x[n, k])


@_kernel
def second_gradients(
    start: int,
    stop: int,
    elements: Array,
    monomials: Array,
    starts: Array,
    places: Array,
    factors: Array,
    g: Array,
    x: Array,
    w: Array,
    x_bar: Array,
    by_g: Array,
    by_x: Array,
) -> None:
    """Derive x̄ · gradients by g and x; the last component of x̄ is zero."""
    scale, along = np.empty(x.shape[2], x.dtype), np.empty(x.shape[2], x.dtype)
    for n in range(start, stop):
        weights = w[elements[n]]
        for m in range(len(monomials)):
            i, j, k = monomials[m]
            along[:] = 0
            _add_product(x_bar[n, i], x[n, j], x[n, k], along)
            _add_product(x[n, i], x_bar[n, j], x[n, k], along)
            _add_product(x[n, i], x[n, j], x_bar[n, k], along)
            scale[:] = 0
            for t in range(starts[m], starts[m + 1]):
                place = places[t, 0]
                _add_scaled(factors[t], weights[places[t, 1]], g[n, place], scale)
                _add_scaled(factors[t], weights[places[t, 1]], along, by_g[n, place])
            _add_product(scale, x_bar[n, j], x[n, k], by_x[n, i])
            _add_product(scale, x[n, j], x_bar[n, k], by_x[n, i])
            _add_product(scale, x_bar[n, i], x[n, k], by_x[n, j])
            _add_product(scale, x[n, i], x_bar[n, k], by_x[n, j])
            _add_product(scale, x_bar[n, i], x[n, j], by_x[n, k])
            _add_product(scale, x[n, i], x_bar[n, j], by_x[n, k])
