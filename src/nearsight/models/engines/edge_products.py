"""Convolutions of equivariant networks, in few operations on arrays that are read in their order.

A convolution multiplies the features x of each neighbour by the spherical harmonics y of its
direction, weighs the products by its distance, and sums them over the neighbours:

    out[n, k, u] = Σ_e w[e, u] Σ_i M[e, k, i] x[s(e), i, u],    M[e, k, i] = Σ_j C[j, k, i] y[e, j]

for each path of angular momenta, with coupling coefficients C. e3nn forms the products of x and y
of all pairs first, with the components k innermost, of which there are one to five. Here y is
contracted first, the channels u are innermost, and only what belongs to atoms is in e3nn's order.

The sum is linear in x, M and w, so that its derivatives of every order are such sums, too. They are
written here, and need x, M and w only: no array of pairs times channels times components is kept
for a reverse pass (as in FlashTP, Lee et al., PMLR 2025, 267, 33143, for GPUs).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch

Tensors = tuple[torch.Tensor, ...]


@dataclass(frozen=True)
class Path:
    """One combination of angular momenta, in e3nn's order of features, weights and outputs."""

    size: int
    """Components k of what comes out."""
    weights: int
    """Where its weights begin."""
    output: int
    """Which of the outputs it is, or is added to."""


@dataclass(frozen=True)
class Group:
    """Paths from the same features."""

    start: int
    """Where the features begin."""
    channels: int
    components: int
    """Of each channel: the i."""
    couplings: int
    """Where the elements of M begin."""
    paths: tuple[Path, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Components of what comes out, of each path."""
        return tuple(path.size for path in self.paths)

    @property
    def size(self) -> int:
        """Components of what comes out, of all paths."""
        return sum(self.sizes)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """Return the features that it takes, shape ``(n, components, channels)``."""
        mine = x.narrow(1, self.start, self.channels * self.components)
        return mine.reshape(len(x), self.channels, self.components).transpose(1, 2).contiguous()

    def matrices(self, m: torch.Tensor) -> torch.Tensor:
        """Return its part of M, shape ``(n_pairs, size, components)``."""
        mine = m.narrow(1, self.couplings, self.size * self.components)
        return mine.reshape(len(m), self.size, self.components)

    def weights(self, w: torch.Tensor) -> torch.Tensor:
        """Return the weights of its paths, shape ``(n_pairs, paths, channels)``."""
        mine = torch.cat([w.narrow(1, path.weights, self.channels) for path in self.paths], 1)
        return mine.reshape(len(w), len(self.paths), self.channels)

    def spread(self, weights: torch.Tensor) -> torch.Tensor:
        """Return the weights of paths for each component, shape ``(n_pairs, size, channels)``."""
        return weights.index_select(1, _path_of_component(self.sizes, weights.device))

    def summed(self, each: torch.Tensor) -> torch.Tensor:
        """Return the sums over components of each path, shape ``(n_pairs, paths, channels)``."""
        ones = _components_of_path(self.sizes, each.dtype, each.device)
        return torch.bmm(ones.expand(len(each), -1, -1), each)


@lru_cache(maxsize=256)
def _path_of_component(sizes: tuple[int, ...], device: torch.device) -> torch.Tensor:
    paths = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes))
    return paths.to(device)


@lru_cache(maxsize=256)
def _components_of_path(
    sizes: tuple[int, ...], dtype: torch.dtype, device: torch.device
) -> torch.Tensor:
    of_component = _path_of_component(sizes, torch.device("cpu"))
    return torch.eye(len(sizes), dtype=dtype)[:, of_component].to(device)


@dataclass(frozen=True)
class Layout:
    """How features, weights and outputs of a convolution are laid out."""

    groups: tuple[Group, ...]
    """In the order of their features, all of which they take."""
    outputs: tuple[tuple[int, int], ...]
    """Channels and components of each output, in order."""

    def outputs_of(self, g: torch.Tensor, group: Group) -> torch.Tensor:
        """Return what belongs to the paths of a group, shape ``(n, size, channels)``."""
        starts = [0]
        for channels, size in self.outputs:
            starts.append(starts[-1] + channels * size)
        return torch.cat(
            [
                g.narrow(1, starts[path.output], group.channels * path.size)
                .reshape(len(g), group.channels, path.size)
                .transpose(1, 2)
                for path in group.paths
            ],
            1,
        )

    def outputs_back(self, of_groups: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return all outputs in e3nn's order from those of each group."""
        found: dict[int, torch.Tensor] = {}
        for group, mine in zip(self.groups, of_groups, strict=True):
            for path, part in zip(
                group.paths, torch.split(mine, list(group.sizes), 1), strict=True
            ):
                known = found.get(path.output)
                found[path.output] = part if known is None else known + part
        parts = [found[number] for number in range(len(self.outputs))]
        return torch.cat([_flat(part.transpose(1, 2)) for part in parts], 1)

    def features_back(self, of_groups: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return derivatives by all features in e3nn's order from those of each group."""
        return torch.cat([_flat(each.transpose(1, 2)) for each in of_groups], 1)

    def weights_back(self, of_groups: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return derivatives by all weights in e3nn's order from those of each group."""
        found: dict[int, torch.Tensor] = {}
        for group, mine in zip(self.groups, of_groups, strict=True):
            found |= {path.weights: mine.select(1, n) for n, path in enumerate(group.paths)}
        return torch.cat([found[start] for start in sorted(found)], 1)


def _flat(each: torch.Tensor) -> torch.Tensor:
    # Not `flatten`, which cannot be batched.
    return each.reshape(len(each), each.shape[1] * each.shape[2])


def convolve(
    x: torch.Tensor, m: torch.Tensor, w: torch.Tensor, pairs: torch.Tensor | None, layout: Layout
) -> torch.Tensor:
    """Return the sums over neighbours, shape ``(n_atoms, n_outputs)`` in e3nn's order.

    Parameters
    ----------
    x
        Features of atoms, shape ``(n_atoms, n_features)`` in e3nn's order.
    m
        The matrices M of all groups, shape ``(n_pairs, n_couplings)``.
    w
        Weights, shape ``(n_pairs, n_weights)``.
    pairs
        Which atom's features go to which atom, shape ``(2, n_pairs)``. None where features are
        those of pairs already, and outputs are to be.
    layout
        How they are laid out.
    """
    result: torch.Tensor = _Convolution.apply(x, m, w, pairs, layout)
    return result


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


class _Convolution(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(
        x: torch.Tensor,
        m: torch.Tensor,
        w: torch.Tensor,
        pairs: torch.Tensor | None,
        layout: Layout,
    ) -> torch.Tensor:
        found = []
        for group in layout.groups:
            features, matrices, weights = group.features(x), group.matrices(m), group.weights(w)
            total = _Sum(_TO, len(x))
            for block in _blocks(m, pairs, group):
                products = torch.bmm(block.of_pairs(matrices), block.of_atoms(features, _FROM))
                total.add(products * group.spread(block.of_pairs(weights)), block)
            found.append(total.total())
        return layout.outputs_back(found)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:  # noqa: ARG004  # PyTorch passes it by name
        ctx.save_for_backward(*inputs[:3])
        ctx.pairs, ctx.layout = inputs[3:]

    @staticmethod
    def backward(ctx: Any, g: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        of_features = bool(ctx.needs_input_grad[0])
        by_m, by_w, *by_x = _Gradients.apply(
            g, *ctx.saved_tensors, ctx.pairs, ctx.layout, of_features
        )
        return (by_x[0] if by_x else None, by_m, by_w, None, None)


class _Gradients(torch.autograd.Function):
    """The derivatives of g · convolve(x, M, w) by M, w and x, of each of which it is linear.

    Those by x are left out where nothing asks for them: in the first layer of a network features
    are those of elements, and do not change with positions.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(  # noqa: PLR0917  # arguments of a Function have no names
        g: torch.Tensor,
        x: torch.Tensor,
        m: torch.Tensor,
        w: torch.Tensor,
        pairs: torch.Tensor | None,
        layout: Layout,
        of_features: bool,
    ) -> Tensors:
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
            by_m.append(_flat(torch.cat(of_m)))
            by_w.append(torch.cat(of_w))
        back = torch.cat(by_m, 1), layout.weights_back(by_w)
        return (*back, layout.features_back(by_x)) if of_features else back

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensors) -> None:  # noqa: ARG004  # PyTorch passes it by name
        ctx.save_for_backward(*inputs[:4])
        ctx.pairs, ctx.layout, ctx.of_features = inputs[4:]

    @staticmethod
    def backward(
        ctx: Any, m_bar: torch.Tensor, w_bar: torch.Tensor, x_bar: torch.Tensor | None = None
    ) -> tuple[torch.Tensor | None, ...]:
        g, x, m, w = ctx.saved_tensors
        pairs, layout = ctx.pairs, ctx.layout
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
            if ctx.of_features:
                by_x.append(of_x.total())
            by_m.append(_flat(torch.cat(of_m)))
            by_w.append(torch.cat(of_w))
        return (
            layout.outputs_back(by_g),
            layout.features_back(by_x) if by_x else None,
            torch.cat(by_m, 1),
            layout.weights_back(by_w),
            None,
            None,
            None,
        )


def _second_derivatives(
    outputs: torch.Tensor,
    features: Sequence[torch.Tensor],
    matrices: Sequence[torch.Tensor],
    weights: Sequence[torch.Tensor],
) -> tuple[torch.Tensor, ...]:
    """Return for pairs the derivatives of x̄ · ∂x + M̄ · ∂M + w̄ · ∂w of `_Gradients`.

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
