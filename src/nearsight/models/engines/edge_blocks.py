"""Sums over pairs of an equivariant convolution, and their derivatives, by operations of PyTorch.

Some of the pairs at a time, so that arrays of pairs times components times channels stay in the
cache of a CPU. They run on every device, in batches, and can be differentiated any number of times.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from nearsight.models.engines.edge_layout import Group, Layout, flat

Tensors = tuple[torch.Tensor, ...]

_FROM, _TO = 0, 1
"""Ends of a pair."""
_BLOCK_BYTES = 2**20
"""Of an array of pairs times components times channels, of which some are in use at a time: on a
CPU they stay in its cache."""


@dataclass(frozen=True)
class _Block:
    """Some of the pairs."""

    start: int
    length: int
    pairs: torch.Tensor | None

    def of_pairs(self, each: torch.Tensor) -> torch.Tensor:
        """Return the part of an array over all pairs."""
        return each.narrow(0, self.start, self.length)

    def of_atoms(self, each: torch.Tensor, end: int) -> torch.Tensor:
        """Return for each pair what belongs to the atom at one end."""
        if self.pairs is None:
            return self.of_pairs(each)
        return each.index_select(0, self.of_pairs(self.pairs[end]))


class _Sum:
    """What belongs to atoms, summed over their pairs."""

    def __init__(self, end: int, n_atoms: int) -> None:
        self._end, self._n_atoms = end, n_atoms
        self._of_pairs: list[torch.Tensor] = []
        self._total: torch.Tensor | None = None

    def add(self, each: torch.Tensor, block: _Block) -> None:
        """Add what belongs to the pairs of a block."""
        if block.pairs is None:
            self._of_pairs.append(each)
            return
        if self._total is None:
            self._total = each.new_zeros(self._n_atoms, *each.shape[1:])
        self._total.index_add_(0, block.of_pairs(block.pairs[self._end]), each)

    def total(self) -> torch.Tensor:
        """Return the sum."""
        return torch.cat(self._of_pairs) if self._total is None else self._total


def _blocks(m: torch.Tensor, pairs: torch.Tensor | None, group: Group) -> list[_Block]:
    """Return all pairs, of which as many at a time as are quick."""
    n_pairs = len(m)
    length = max(n_pairs, 1)
    if m.device.type == "cpu":
        length = max(_BLOCK_BYTES // (group.size * group.channels * m.element_size()), 16)
    return [
        _Block(start, min(length, n_pairs - start), pairs)
        for start in range(0, max(n_pairs, 1), length)
    ]


def convolutions(
    x: torch.Tensor, m: torch.Tensor, w: torch.Tensor, pairs: torch.Tensor | None, layout: Layout
) -> torch.Tensor:
    """Return the sums over neighbours; arguments are those of `edge_products.convolve`."""
    found = []
    for group in layout.groups:
        features, matrices, weights = group.features(x), group.matrices(m), group.weights(w)
        total = _Sum(_TO, len(x))
        for block in _blocks(m, pairs, group):
            products = torch.bmm(block.of_pairs(matrices), block.of_atoms(features, _FROM))
            total.add(products * group.spread(block.of_pairs(weights)), block)
        found.append(total.total())
    return layout.outputs_back(found)


def gradients(
    g: torch.Tensor,
    factors: Tensors,
    pairs: torch.Tensor | None,
    layout: Layout,
    *,
    of_features: bool,
) -> Tensors:
    """Return the derivatives of g · convolution by m, w and, if `of_features`, x.

    Parameters
    ----------
    factors
        x, m and w.
    """
    x, m, w = factors
    by_x, by_m, by_w = [], [], []
    for group in layout.groups:
        all_features, all_outputs = group.features(x), layout.outputs_of(g, group)
        all_matrices, all_weights = group.matrices(m), group.weights(w)
        of_x, of_m, of_w = _Sum(_FROM, len(x)), [], []
        for block in _blocks(m, pairs, group):
            features, outputs = (
                block.of_atoms(all_features, _FROM),
                block.of_atoms(all_outputs, _TO),
            )
            matrices = block.of_pairs(all_matrices)
            weighted = outputs * group.spread(block.of_pairs(all_weights))
            of_w.append(group.summed(outputs * torch.bmm(matrices, features)))
            of_m.append(torch.bmm(weighted, features.mT))
            if of_features:
                of_x.add(torch.bmm(matrices.mT, weighted), block)
        if of_features:
            by_x.append(of_x.total())
        by_m.append(flat(torch.cat(of_m)))
        by_w.append(torch.cat(of_w))
    back = torch.cat(by_m, 1), layout.weights_back(by_w)
    return (*back, layout.features_back(by_x)) if of_features else back


def second_gradients(
    g: torch.Tensor,
    factors: Tensors,
    factors_bar: tuple[torch.Tensor | None, torch.Tensor, torch.Tensor],
    pairs: torch.Tensor | None,
    layout: Layout,
) -> Tensors:
    """Return the derivatives of x̄ · ∂x + m̄ · ∂m + w̄ · ∂w of `gradients` by g, m, w and x.

    Parameters
    ----------
    factors
        x, m and w.
    factors_bar
        x̄, m̄ and w̄; without x̄ nothing is derived by x.
    """
    x, m, w = factors
    x_bar, m_bar, w_bar = factors_bar
    by_g, by_x, by_m, by_w = [], [], [], []
    for group in layout.groups:
        all_features = [group.features(each) for each in (x, x_bar) if each is not None]
        all_matrices, all_matrices_bar = group.matrices(m), group.matrices(m_bar)
        all_weights, all_weights_bar = group.weights(w), group.weights(w_bar)
        all_outputs = layout.outputs_of(g, group)
        of_g, of_x, of_m, of_w = _Sum(_TO, len(g)), _Sum(_FROM, len(x)), [], []
        for block in _blocks(m, pairs, group):
            along = _second_derivatives(
                block.of_atoms(all_outputs, _TO),
                [block.of_atoms(each, _FROM) for each in all_features],
                [block.of_pairs(each) for each in (all_matrices, all_matrices_bar)],
                [group.spread(block.of_pairs(each)) for each in (all_weights, all_weights_bar)],
            )
            of_g.add(along[0], block)
            of_m.append(along[1])
            of_w.append(group.summed(along[2]))
            for each in along[3:]:
                of_x.add(each, block)
        by_g.append(of_g.total())
        if x_bar is not None:
            by_x.append(of_x.total())
        by_m.append(flat(torch.cat(of_m)))
        by_w.append(torch.cat(of_w))
    back = layout.outputs_back(by_g), torch.cat(by_m, 1), layout.weights_back(by_w)
    return back if x_bar is None else (*back, layout.features_back(by_x))


def _second_derivatives(
    outputs: torch.Tensor,
    features: Sequence[torch.Tensor],
    matrices: Sequence[torch.Tensor],
    weights: Sequence[torch.Tensor],
) -> tuple[torch.Tensor, ...]:
    """Return for pairs the derivatives of x̄ · ∂x + M̄ · ∂M + w̄ · ∂w of `gradients`.

    Parameters
    ----------
    outputs
        What g is at each pair, shape ``(n, size, channels)``.
    features, matrices, weights
        Each with what it is multiplied by: x and x̄, M and M̄, w and w̄; x̄ may be missing.

    Returns
    -------
    tuple
        By g, M, w before components of a path are summed, and x where there is x̄.
    """
    x, *x_bar = features
    m, m_bar = matrices
    w, w_bar = weights
    products = torch.bmm(m, x)
    weighted, weighted_bar = outputs * w, outputs * w_bar
    products_bar, by_m = torch.bmm(m_bar, x), torch.bmm(weighted_bar, x.mT)
    if x_bar:
        products_bar = torch.baddbmm(products_bar, m, x_bar[0])
        by_m = torch.baddbmm(by_m, weighted, x_bar[0].mT)
    back = torch.addcmul(w * products_bar, w_bar, products), by_m, outputs * products_bar
    if not x_bar:
        return back
    by_x = torch.baddbmm(torch.bmm(m.mT, weighted_bar), m_bar.mT, weighted)
    return *back, by_x
