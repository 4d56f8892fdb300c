"""Sums over pairs of an equivariant convolution, and their derivatives, by compiled kernels.

The counterpart of `edge_blocks` on a CPU, without batches and to the second order: tensors of
PyTorch become arrays in the order of `edge_kernels`, of whose pairs each thread takes a share.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from nearsight.models.engines import edge_kernels
from nearsight.models.engines.edge_layout import Layout
from nearsight.models.engines.shares import Array, array_of, run_shares, shares_of

Tensors = tuple[torch.Tensor, ...]

_LEAST_SHARE = 256
"""Pairs for which another thread is worth while: some 0.5 ms."""


def convolutions(
    x: torch.Tensor, m: torch.Tensor, w: torch.Tensor, pairs: torch.Tensor | None, layout: Layout
) -> torch.Tensor:
    """Return the sums over neighbours; arguments are those of `edge_products.convolve`."""
    order = _order_of(layout)
    factors = (order.features_of(x), array_of(m), array_of(w))
    shares = _Shares(pairs, factors, order)
    out = shares.totals((len(x), order.n_outputs), factors[0].dtype)

    def run(n: int) -> None:
        edge_kernels.convolutions(*shares.pairs(n), order.paths, *factors, out[n])

    shares.run(run)
    return order.in_outputs(shares.total(out))


def gradients(
    g: torch.Tensor,
    factors: Tensors,
    pairs: torch.Tensor | None,
    layout: Layout,
    *,
    of_features: bool,
) -> Tensors:
    """Return the derivatives of g · convolution, as `edge_blocks.gradients` does."""
    order = _order_of(layout)
    x, m, w = order.features_of(factors[0]), array_of(factors[1]), array_of(factors[2])
    outputs = order.outputs_of(g)
    shares = _Shares(pairs, (x, m, w), order)
    by_x, by_m, by_w = shares.totals(x.shape, x.dtype), np.empty_like(m), np.empty_like(w)

    def run(n: int) -> None:
        edge_kernels.gradients(*shares.pairs(n), order.paths, outputs, x, m, w, by_x[n], by_m, by_w)

    shares.run(run)
    back = torch.from_numpy(by_m), torch.from_numpy(by_w)
    return (*back, order.in_features(shares.total(by_x))) if of_features else back


def second_gradients(
    g: torch.Tensor,
    factors: Tensors,
    factors_bar: tuple[torch.Tensor | None, torch.Tensor, torch.Tensor],
    pairs: torch.Tensor | None,
    layout: Layout,
) -> Tensors:
    """Return what `edge_blocks.second_gradients` does: derivatives by g, m, w and, with x̄, x."""
    order = _order_of(layout)
    x, m, w = order.features_of(factors[0]), array_of(factors[1]), array_of(factors[2])
    x_bar = np.zeros_like(x) if factors_bar[0] is None else order.features_of(factors_bar[0])
    m_bar, w_bar = array_of(factors_bar[1]), array_of(factors_bar[2])
    outputs = order.outputs_of(g)
    shares = _Shares(pairs, (x, m, w), order)
    by_g, by_x = shares.totals(outputs.shape, x.dtype), shares.totals(x.shape, x.dtype)
    by_m, by_w = np.empty_like(m), np.empty_like(w)

    def run(n: int) -> None:
        edge_kernels.second_gradients(
            *shares.pairs(n), order.paths, outputs, x, m, w, x_bar, m_bar, w_bar,
            by_g[n], by_x[n], by_m, by_w,
        )  # fmt: skip  # as the kernel has them

    shares.run(run)
    back = (
        order.in_outputs(shares.total(by_g)),
        torch.from_numpy(by_m),
        torch.from_numpy(by_w),
    )
    return back if factors_bar[0] is None else (*back, order.in_features(shares.total(by_x)))


@dataclass(frozen=True)
class _Order:
    """How arrays of kernels follow from tensors in e3nn's order, and these from them."""

    paths: Array
    """See `edge_kernels`."""
    columns: tuple[int, int, int]
    """How many features, matrices and weights have."""
    _features: torch.Tensor
    """Columns of features in e3nn's order, in that of kernels."""
    _outputs: torch.Tensor

    @property
    def n_outputs(self) -> int:
        """Columns of the outputs."""
        return len(self._outputs)

    def features_of(self, x: torch.Tensor) -> Array:
        """Return features with their channels innermost."""
        return array_of(x.detach().index_select(1, self._features))

    def outputs_of(self, g: torch.Tensor) -> Array:
        """Return what belongs to outputs with its channels innermost."""
        return array_of(g.detach().index_select(1, self._outputs))

    def in_features(self, x: Array) -> torch.Tensor:
        """Return features in e3nn's order."""
        return _placed(x, self._features)

    def in_outputs(self, g: Array) -> torch.Tensor:
        """Return what belongs to outputs in e3nn's order."""
        return _placed(g, self._outputs)


def _placed(each: Array, columns: torch.Tensor) -> torch.Tensor:
    found = torch.from_numpy(each)
    return torch.empty_like(found).index_copy_(1, columns, found)


@lru_cache(maxsize=256)
def _order_of(layout: Layout) -> _Order:
    output_starts = np.cumsum([0, *(channels * size for channels, size in layout.outputs)])
    paths = []
    for group in layout.groups:
        matrices = group.couplings
        for path in group.paths:
            paths.append(
                (
                    group.start,
                    matrices,
                    path.weights,
                    output_starts[path.output],
                    group.components,
                    path.size,
                    group.channels,
                )
            )
            matrices += path.size * group.components
    return _Order(
        np.array(paths),
        (
            sum(group.channels * group.components for group in layout.groups),
            sum(group.size * group.components for group in layout.groups),
            sum(group.channels * len(group.paths) for group in layout.groups),
        ),
        _channels_innermost([(group.channels, group.components) for group in layout.groups]),
        _channels_innermost(layout.outputs),
    )


def _channels_innermost(parts: list[tuple[int, int]] | tuple[tuple[int, int], ...]) -> torch.Tensor:
    columns: list[torch.Tensor] = []
    start = 0
    for channels, components in parts:
        mine = torch.arange(start, start + channels * components)
        columns.append(mine.reshape(channels, components).T.reshape(-1))
        start += channels * components
    return torch.cat(columns)


class _Shares:
    """The pairs, of which each of PyTorch's threads takes as many.

    Parameters
    ----------
    pairs
        Those of `edge_products.convolve`.
    factors
        Arrays of features, matrices and weights.
    order
        Of their columns.

    Raises
    ------
    ValueError
        The arrays do not belong together: kernels would read beyond them.
    """

    def __init__(
        self, pairs: torch.Tensor | None, factors: tuple[Array, Array, Array], order: _Order
    ) -> None:
        n_atoms, n_pairs, n_weighted = map(len, factors)
        self._are_summed = pairs is not None
        self._pairs = np.tile(np.arange(n_pairs), (2, 1)) if pairs is None else array_of(pairs)
        columns = tuple(each.shape[1] for each in factors)
        if (columns, self._pairs.shape, n_weighted) != (order.columns, (2, n_pairs), n_pairs) or (
            n_pairs and not 0 <= self._pairs.min() <= self._pairs.max() < n_atoms
        ):
            raise ValueError(
                f"{n_atoms} atoms, {self._pairs.shape} pairs, {n_weighted} weights and columns "
                f"{columns} do not belong to each other and to columns {order.columns}."
            )
        # Each share has sums of its own over all atoms, which are added up at the end.
        least = max(_LEAST_SHARE, 4 * n_atoms) if self._are_summed else _LEAST_SHARE
        self._shares = shares_of(n_pairs, least)

    def __len__(self) -> int:
        return len(self._shares)

    def pairs(self, n: int) -> tuple[int, int, Array]:
        """Return where the share n begins and ends, and all pairs."""
        return *self._shares[n], self._pairs

    def totals(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> list[Array]:
        """Return zeros for each share to add to: its own ones, if several add to one row."""
        if not self._are_summed:  # each share has rows of its own
            return [np.zeros(shape, dtype)] * len(self)
        return [np.zeros(shape, dtype) for _ in range(len(self))]

    def total(self, totals: list[Array]) -> Array:
        """Return what all have added up."""
        if self._are_summed:
            for each in totals[1:]:
                totals[0] += each
        return totals[0]

    def run(self, share: Callable[[int], None]) -> None:
        """Compute all shares at the same time."""
        run_shares(share, len(self))
