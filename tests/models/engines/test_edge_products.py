"""Convolutions in few operations against e3nn's own products, and their derivatives."""

import contextlib
from typing import Any

import pytest
import torch

from nearsight.models.engines.edge_layout import Group, Layout, Path
from nearsight.models.engines.edge_products import convolve

with contextlib.suppress(ImportError):  # e3nn 0.4 can be imported behind MACE only
    import nearsight.models.families.mace.importing  # noqa: F401
o3 = pytest.importorskip("e3nn.o3", reason="e3nn is not installed")

from nearsight.models.engines.e3nn_convolutions import (  # noqa: E402
    EdgeProduct,
    is_edge_product,
    replace_edge_products,
)

N_ATOMS, N_PAIRS = 5, 37
PATHS = [  # features, harmonics, output: out of order, and two of them added up
    (0, 0, 1, "uvu", True),
    (1, 1, 0, "uvu", True),
    (0, 1, 2, "uvu", True),
    (1, 0, 3, "uvu", True),
    (1, 2, 3, "uvu", True),
    (1, 1, 4, "uvu", True),
    (0, 0, 5, "uvu", True),
    (2, 1, 5, "uvu", True),  # from other features
]

OUTPUTS = "4x0e + 3x0e + 3x1o + 4x1o + 4x1e + 3x0e"


def product_of(outputs: str = OUTPUTS, paths: Any = PATHS, **kwargs: Any) -> Any:
    """Return a product of channels with harmonics, in double precision."""
    product = o3.TensorProduct(
        "3x0e + 4x1o + 3x1o", "0e + 1o + 2e", outputs, paths, internal_weights=False, **kwargs
    )
    return product.to(torch.float64)


@pytest.fixture(scope="module")
def product() -> Any:
    return product_of(shared_weights=False)


def arrays_for(product: Any, n_atoms: int = N_ATOMS, n_pairs: int = N_PAIRS) -> Any:
    """Return features of atoms, harmonics, weights and pairs."""
    draw = torch.Generator().manual_seed(7)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=draw, dtype=torch.float64)

    return (
        normal(n_atoms, product.irreps_in1.dim),
        normal(n_pairs, product.irreps_in2.dim),
        normal(n_pairs, product.weight_numel),
        torch.randint(n_atoms, (2, n_pairs), generator=draw),
    )


def summed_by_e3nn(product: Any, x: Any, y: Any, w: Any, pairs: Any) -> torch.Tensor:
    of_pairs = product(x[pairs[0]], y, w)
    return of_pairs.new_zeros(len(x), of_pairs.shape[1]).index_add(0, pairs[1], of_pairs)


def test_sums_are_those_of_e3nn(product: Any) -> None:
    arrays = arrays_for(product)
    ours, theirs = EdgeProduct(product)(*arrays), summed_by_e3nn(product, *arrays)
    torch.testing.assert_close(ours, theirs, rtol=1e-13, atol=1e-13)


def test_products_of_pairs_are_those_of_e3nn(product: Any) -> None:
    x, y, w, pairs = arrays_for(product)
    ours = EdgeProduct(product)(x[pairs[0]], y, w)
    torch.testing.assert_close(ours, product(x[pairs[0]], y, w), rtol=1e-13, atol=1e-13)


def test_a_rotation_turns_what_comes_out(product: Any) -> None:
    convolution, (x, y, w, pairs) = EdgeProduct(product), arrays_for(product)
    rotation = o3.rand_matrix().to(torch.float64)
    turned = [
        each.D_from_matrix(rotation)
        for each in (product.irreps_in1, product.irreps_in2, product.irreps_out)
    ]
    before = convolution(x, y, w, pairs) @ turned[2].mT
    after = convolution(x @ turned[0].mT, y @ turned[1].mT, w, pairs)
    torch.testing.assert_close(after, before, rtol=1e-5, atol=1e-5)  # e3nn's constants are single


@pytest.mark.parametrize("summed", [True, False])
def test_derivatives_are_those_of_differences(product: Any, summed: bool) -> None:
    convolution, (x, y, w, pairs) = EdgeProduct(product), arrays_for(product, 3, 4)
    x = x if summed else x[pairs[0] % 3]
    leaves = [each.requires_grad_() for each in (x, y, w)]

    def energy(x: torch.Tensor, y: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        return torch.tanh(convolution(x, y, w, pairs if summed else None))

    def slope(x: torch.Tensor, y: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        (by_y,) = torch.autograd.grad(energy(x, y, w).sum(), y, create_graph=True)
        return by_y

    assert torch.autograd.gradcheck(energy, leaves, fast_mode=True)
    assert torch.autograd.gradgradcheck(energy, leaves, fast_mode=True)
    assert torch.autograd.gradgradcheck(slope, leaves, fast_mode=True)  # the third ones, too


def test_second_derivatives_are_those_of_e3nn_over_several_blocks() -> None:
    paths = [(0, 0, 0, "uvu", True), (0, 1, 1, "uvu", True), (0, 2, 2, "uvu", True)]
    product = o3.TensorProduct(
        "64x1o",
        "0e + 1o + 2e",
        "64x1o + 64x1e + 64x1o",
        paths,
        shared_weights=False,
        internal_weights=False,
    ).to(torch.float64)
    x, y, w, pairs = arrays_for(product, 9, 500)  # some 110 pairs a block
    found = []
    for summed in (EdgeProduct(product), lambda *arrays: summed_by_e3nn(product, *arrays)):
        leaves = [each.clone().requires_grad_() for each in (x, y, w)]
        first = torch.autograd.grad(
            torch.tanh(summed(*leaves, pairs)).sum(), leaves, create_graph=True
        )
        found.append(torch.autograd.grad(sum((each**2).sum() for each in first), leaves))
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-11, atol=1e-10)


def test_several_reverse_passes_at_a_time_are_each_alone(product: Any) -> None:
    convolution, (x, y, w, pairs) = EdgeProduct(product), arrays_for(product)
    y.requires_grad_()
    (slope,) = torch.autograd.grad(
        torch.tanh(convolution(x, y, w, pairs)).sum(), y, create_graph=True
    )
    each = torch.eye(6, slope.numel(), dtype=torch.float64).reshape(6, *slope.shape)
    (together,) = torch.autograd.grad(slope, y, each, is_grads_batched=True, retain_graph=True)
    for one, row in zip(each, together, strict=True):
        (alone,) = torch.autograd.grad(slope, y, one, retain_graph=True)
        torch.testing.assert_close(row, alone, rtol=1e-12, atol=1e-12)


def test_atoms_without_pairs_get_zeros(product: Any) -> None:
    arrays = arrays_for(product, n_pairs=0)
    assert not EdgeProduct(product)(*arrays).any()
    x = arrays[0].requires_grad_()
    (slope,) = torch.autograd.grad(EdgeProduct(product)(x, *arrays[1:]).sum(), x)
    assert slope.shape == x.shape
    assert not slope.any()


def test_arrays_of_pairs_times_components_are_not_kept_for_reverse_passes() -> None:
    layout = Layout((Group(0, 64, 3, 0, (Path(5, 0, 0),)),), ((64, 5),))
    draw = torch.Generator().manual_seed(1)
    x, m, w = (
        torch.randn(*shape, generator=draw, requires_grad=True)
        for shape in ((7, 192), (100, 15), (100, 64))
    )
    kept: list[int] = []

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        kept.append(tensor.numel())
        return tensor

    pairs = torch.randint(7, (2, 100), generator=draw)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        out = convolve(x, m, w, pairs, layout)
        torch.autograd.grad(out.sum(), (x, m, w), create_graph=True)
    assert kept
    assert max(kept) == w.numel()


@pytest.mark.parametrize(
    "other",
    [
        product_of(shared_weights=True),
        product_of(shared_weights=False),
        product_of("3x0e", [(0, 0, 0, "uvu", True)], shared_weights=False),
        product_of("3x0e + 4x1o", [(0, 0, 0, "uvw", True), (1, 0, 1, "uvu", True)],
                   shared_weights=False),
        o3.TensorProduct("2x0e", "2x0e", "2x0e", [(0, 0, 0, "uvu", True)], shared_weights=False,
                         internal_weights=False),
        torch.nn.Linear(2, 2),
    ],
    ids=["shared weights", "all used", "features unused", "other modes", "several", "no product"],
)  # fmt: skip
def test_what_is_no_such_product_is_left_alone(other: Any, request: pytest.FixtureRequest) -> None:
    parent = torch.nn.Sequential(other)
    replace_edge_products(parent)
    expected = "all used" in request.node.name
    assert is_edge_product(other) is expected
    assert isinstance(parent[0], EdgeProduct) is expected
