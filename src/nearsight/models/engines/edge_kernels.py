"""Sums over pairs of an equivariant convolution, and their derivatives, compiled for the CPU.

What `edge_products.convolve` sums, and what derivatives of it are, for one pair and one path after
the other, with channels innermost: nothing between a pair's factors and its part of a sum is an
array of all pairs. Features and outputs have their components outermost here, matrices and weights
are as `Layout` says.

Arrays: `pairs` ``(2, n_pairs)``, where features come from and what they are summed at; `paths`
``(n_paths, 7)``, each with where its features, matrices, weights and outputs begin, and the number
of components of features and outputs and of channels; x ``(n_atoms, n_features)``, m
``(n_pairs, n_couplings)``, w ``(n_pairs, n_weights)``, g ``(n_atoms, n_outputs)``. Pairs from
`start` to before `stop` are gone over. What comes out is added to what `by_g` and `by_x` hold, and
written into `by_m` and `by_w`.
"""

from functools import partial
from typing import Any

import numpy as np

from nearsight.compiling import compiled, inlined

Array = np.ndarray[Any, Any]

_kernel = partial(compiled, any_order=True)
_part = partial(inlined, any_order=True)


@_part
def _combine(factors: Array, rows: Array, n: int, out: Array) -> None:
    """Add the rows, each times its factor, three at a time: fewer than are in registers."""
    i = 0
    while i + 3 <= n:
        a, b, c = factors[i], factors[i + 1], factors[i + 2]
        x, y, z = rows[i], rows[i + 1], rows[i + 2]
        for u in range(len(out)):
            out[u] += a * x[u] + b * y[u] + c * z[u]
        i += 3
    while i < n:
        a, x = factors[i], rows[i]
        for u in range(len(out)):
            out[u] += a * x[u]
        i += 1


@_part
def _distribute(factors: Array, each: Array, n: int, out: Array) -> None:
    """Add one row, times each factor, to the rows of `out`."""
    i = 0
    while i + 3 <= n:
        a, b, c = factors[i], factors[i + 1], factors[i + 2]
        x, y, z = out[i], out[i + 1], out[i + 2]
        for u in range(len(each)):
            x[u] += a * each[u]
            y[u] += b * each[u]
            z[u] += c * each[u]
        i += 3
    while i < n:
        a, x = factors[i], out[i]
        for u in range(len(each)):
            x[u] += a * each[u]
        i += 1


@_part
def _project(rows: Array, each: Array, n: int, out: Array) -> None:
    """Write the products of one row with each of the others, summed over channels."""
    i = 0
    while i + 3 <= n:
        x, y, z = rows[i], rows[i + 1], rows[i + 2]
        a = b = c = each.dtype.type(0)
        for u in range(len(each)):
            a += x[u] * each[u]
            b += y[u] * each[u]
            c += z[u] * each[u]
        out[i], out[i + 1], out[i + 2] = a, b, c
        i += 3
    while i < n:
        x = rows[i]
        a = each.dtype.type(0)
        for u in range(len(each)):
            a += x[u] * each[u]
        out[i] = a
        i += 1


@_part
def _weigh(weights: Array, features: Array, n: int, out: Array) -> None:
    """Write features of each component, times the weights of their channels."""
    channels = len(weights)
    for i in range(n):
        row, each = out[i], features[i * channels : (i + 1) * channels]
        for u in range(channels):
            row[u] = weights[u] * each[u]


@_kernel
def convolutions(
    start: int, stop: int, pairs: Array, paths: Array, x: Array, m: Array, w: Array, out: Array
) -> None:
    """Add the sums over neighbours to `out`."""
    weighted = np.empty((paths[:, 4].max(), paths[:, 6].max()), x.dtype)
    for e in range(start, stop):
        for p in range(len(paths)):
            x0, m0, w0, g0, n_in, n_out, n = paths[p]
            features, weights = x[pairs[0, e], x0:], w[e, w0 : w0 + n]
            _weigh(weights, features, n_in, weighted)
            matrix, outputs = m[e, m0:], out[pairs[1, e], g0:]
            for k in range(n_out):
                row = outputs[k * n : (k + 1) * n]
                _combine(matrix[k * n_in : (k + 1) * n_in], weighted, n_in, row)


@_kernel
def gradients(
    start: int,
    stop: int,
    pairs: Array,
    paths: Array,
    g: Array,
    x: Array,
    m: Array,
    w: Array,
    by_x: Array,
    by_m: Array,
    by_w: Array,
) -> None:
    """Derive g · convolution by x, m and w."""
    size = (paths[:, 4].max(), paths[:, 6].max())
    weighted, transposed = np.empty(size, x.dtype), np.empty(size, x.dtype)
    for e in range(start, stop):
        for p in range(len(paths)):
            x0, m0, w0, g0, n_in, n_out, n = paths[p]
            features, weights = x[pairs[0, e], x0:], w[e, w0 : w0 + n]
            _weigh(weights, features, n_in, weighted)
            transposed[:n_in, :n] = 0
            matrix, of_matrix, outputs = m[e, m0:], by_m[e, m0:], g[pairs[1, e], g0:]
            for k in range(n_out):
                row, here = outputs[k * n : (k + 1) * n], slice(k * n_in, (k + 1) * n_in)
                _distribute(matrix[here], row, n_in, transposed)
                _project(weighted, row, n_in, of_matrix[here])
            of_weights, of_features = by_w[e, w0 : w0 + n], by_x[pairs[0, e], x0:]
            of_weights[:] = 0
            for i in range(n_in):
                of_channels, part = features[i * n : (i + 1) * n], transposed[i, :n]
                total = of_features[i * n : (i + 1) * n]
                for u in range(n):
                    of_weights[u] += of_channels[u] * part[u]
                    total[u] += weights[u] * part[u]


@_kernel
def second_gradients(
    start: int,
    stop: int,
    pairs: Array,
    paths: Array,
    g: Array,
    x: Array,
    m: Array,
    w: Array,
    x_bar: Array,
    m_bar: Array,
    w_bar: Array,
    by_g: Array,
    by_x: Array,
    by_m: Array,
    by_w: Array,
) -> None:
    """Derive the gradients, contracted with x̄, m̄ and w̄, by g, x, m and w."""
    size = (paths[:, 4].max(), paths[:, 6].max())
    weighted, weighted_bar = np.empty(size, x.dtype), np.empty(size, x.dtype)
    transposed, transposed_bar = np.empty(size, x.dtype), np.empty(size, x.dtype)
    for e in range(start, stop):
        s, d = pairs[0, e], pairs[1, e]
        for p in range(len(paths)):
            x0, m0, w0, g0, n_in, n_out, n = paths[p]
            weights, weights_bar = w[e, w0 : w0 + n], w_bar[e, w0 : w0 + n]
            for i in range(n_in):
                here = slice(x0 + i * n, x0 + (i + 1) * n)
                features, features_bar = x[s, here], x_bar[s, here]
                part, part_bar = weighted[i, :n], weighted_bar[i, :n]
                for u in range(n):
                    part[u] = weights[u] * features[u]
                    part_bar[u] = weights[u] * features_bar[u] + weights_bar[u] * features[u]
            transposed[:n_in, :n] = 0
            transposed_bar[:n_in, :n] = 0
            matrix, matrix_bar, of_matrix = m[e, m0:], m_bar[e, m0:], by_m[e, m0:]
            for k in range(n_out):
                here = slice(k * n_in, (k + 1) * n_in)
                of_channels = slice(g0 + k * n, g0 + (k + 1) * n)
                row, of_outputs = g[d, of_channels], by_g[d, of_channels]
                _combine(matrix_bar[here], weighted, n_in, of_outputs)
                _combine(matrix[here], weighted_bar, n_in, of_outputs)
                _distribute(matrix[here], row, n_in, transposed)
                _distribute(matrix_bar[here], row, n_in, transposed_bar)
                _project(weighted_bar, row, n_in, of_matrix[here])
            of_weights = by_w[e, w0 : w0 + n]
            of_weights[:] = 0
            for i in range(n_in):
                here = slice(x0 + i * n, x0 + (i + 1) * n)
                features, features_bar, total = x[s, here], x_bar[s, here], by_x[s, here]
                part, part_bar = transposed[i, :n], transposed_bar[i, :n]
                for u in range(n):
                    of_weights[u] += features[u] * part_bar[u] + features_bar[u] * part[u]
                    total[u] += weights[u] * part_bar[u] + weights_bar[u] * part[u]
