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

`edge_blocks` computes these sums by PyTorch, anywhere; `edge_kernels`, on a CPU where numba is
installed, in a third to a fifth of the time.
"""

import logging
from functools import cache
from types import ModuleType
from typing import Any

import torch

from nearsight.errors import InstallationError
from nearsight.models.engines import edge_blocks
from nearsight.models.engines.edge_layout import Group, Layout, Path
from nearsight.models.engines.shares import have_memory

logger = logging.getLogger(__name__)

Tensors = tuple[torch.Tensor, ...]


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


def prepare_sums(dtype: torch.dtype, device: str) -> None:
    """Compile sums and derivatives for a CPU, or load what was compiled.

    Whoever loads a model does so: no force call that is measured is to have that in it.
    """
    if device != "cpu":
        return
    layout = Layout((Group(0, 1, 1, 0, (Path(1, 0, 0),)),), ((1, 1),))
    pairs = torch.zeros((2, 1), dtype=torch.int64)
    leaves = [torch.ones((1, 1), dtype=dtype, requires_grad=True) for _ in range(3)]
    with torch.enable_grad():
        summed = convolve(leaves[0], leaves[1], leaves[2], pairs, layout).sum()
        slopes = torch.autograd.grad(summed, leaves, create_graph=True)
        torch.autograd.grad(torch.stack(slopes).sum(), leaves)


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
        where: Any = _sums_for(x, m, w)
        summed: torch.Tensor = where.convolutions(x, m, w, pairs, layout)
        return summed

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

    Those by x are not returned where nothing asks for them: in the first layer of a network
    features are those of elements, and do not change with positions.
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
        where: Any = _sums_for(g, x, m, w)
        found: Tensors = where.gradients(g, (x, m, w), pairs, layout, of_features=of_features)
        return found

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensors) -> None:  # noqa: ARG004  # PyTorch passes it by name
        ctx.save_for_backward(*inputs[:4])
        ctx.pairs, ctx.layout = inputs[4:6]

    @staticmethod
    def backward(
        ctx: Any, m_bar: torch.Tensor, w_bar: torch.Tensor, x_bar: torch.Tensor | None = None
    ) -> tuple[torch.Tensor | None, ...]:
        g, *factors = ctx.saved_tensors
        # Whoever differentiates once more needs what PyTorch has written down.
        last = not torch.is_grad_enabled()
        bars = [each for each in (m_bar, w_bar, x_bar) if each is not None]
        where: Any = _sums_for(g, *factors, *bars) if last else edge_blocks
        by_g, by_m, by_w, *by_x = where.second_gradients(
            g, tuple(factors), (x_bar, m_bar, w_bar), ctx.pairs, ctx.layout
        )
        return (by_g, by_x[0] if by_x else None, by_m, by_w, None, None, None)


def _sums_for(*tensors: torch.Tensor) -> ModuleType:
    """Return the module that sums quickest: kernels take one precision, on a CPU, no batches."""
    dtype = tensors[0].dtype
    are_for_kernels = (
        dtype in {torch.float32, torch.float64}
        and all(each.device.type == "cpu" and each.dtype == dtype for each in tensors)
        and have_memory(*tensors)
    )
    return (_compiled_sums() if are_for_kernels else None) or edge_blocks


@cache
def _compiled_sums() -> ModuleType | None:
    """Return the module of compiled kernels; None without numba."""
    try:
        from nearsight.models.engines import edge_sums
    except InstallationError:
        logger.info(
            "numba is not installed: sums over pairs are PyTorch's, which takes two to four times "
            "as long; `pip install 'nearsight[hdnnp]'` installs it"
        )
        return None
    return edge_sums
