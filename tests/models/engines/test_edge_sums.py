"""Compiled sums over pairs against those of PyTorch, which are those of e3nn."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("numba")

from nearsight.models.engines import edge_blocks, edge_sums
from nearsight.models.engines.edge_layout import Group, Layout, Path

# 5, 4 and 3 channels of 1, 3 and 7 components; two paths are added up.
LAYOUT = Layout(
    (
        Group(0, 5, 1, 0, (Path(1, 5, 0), Path(3, 0, 2))),
        Group(5, 4, 3, 4, (Path(3, 10, 1), Path(1, 14, 3), Path(5, 18, 4), Path(3, 22, 1))),
        Group(17, 3, 7, 40, (Path(7, 26, 5),)),
    ),
    ((5, 1), (4, 3), (5, 3), (4, 1), (4, 5), (3, 7)),
)
N_FEATURES, N_COUPLINGS, N_WEIGHTS, N_OUTPUTS = 38, 89, 29, 77
N_ATOMS, N_PAIRS = 6, 900

WITHOUT_JIT = "import os; os.environ['NUMBA_DISABLE_JIT'] = '1'"
A_SUM = """
import torch
from nearsight.models.engines.edge_layout import Group, Layout, Path
from nearsight.models.engines.edge_products import convolve

draw = torch.Generator().manual_seed(1)
layout = Layout((Group(0, 2, 3, 0, (Path(3, 0, 0),)),), ((2, 3),))
x, m, w = (
    torch.randn(*shape, generator=draw, dtype=torch.float64, requires_grad=True)
    for shape in ((3, 6), (9, 9), (9, 2))
)
out = convolve(x, m, w, torch.randint(3, (2, 9), generator=draw), layout)
slopes = torch.autograd.grad((out**2).sum(), (x, m, w), create_graph=True)
(curvature,) = torch.autograd.grad(sum((each**2).sum() for each in slopes), w)
print(*out.flatten().tolist(), *curvature.flatten().tolist())
"""

Arrays = dict[str, torch.Tensor]


@pytest.fixture
def arrays() -> Arrays:
    """Features, matrices, weights and what derivatives are contracted with."""
    draw = torch.Generator().manual_seed(3)
    shapes = {
        "x": (N_ATOMS, N_FEATURES),
        "m": (N_PAIRS, N_COUPLINGS),
        "w": (N_PAIRS, N_WEIGHTS),
        "g": (N_ATOMS, N_OUTPUTS),
    }
    found = {
        name: torch.randn(*shape, generator=draw, dtype=torch.float64)
        for name, shape in shapes.items()
    }
    bars = {
        f"{name}_bar": torch.randn(*shapes[name], generator=draw, dtype=torch.float64)
        for name in ("x", "m", "w")
    }
    return found | bars | {"pairs": torch.randint(N_ATOMS, (2, N_PAIRS), generator=draw)}


@pytest.fixture(params=[1, 3])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    """Compute with as many threads as that."""
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def all_sums(where: Any, each: Arrays, *, of_features: bool = True) -> list[torch.Tensor]:
    """Return sums, first and second derivatives by one of the two modules."""
    pairs, factors = each.get("pairs"), (each["x"], each["m"], each["w"])
    bars = (each["x_bar"] if of_features else None, each["m_bar"], each["w_bar"])
    return [
        where.convolutions(*factors, pairs, LAYOUT),
        *where.gradients(each["g"], factors, pairs, LAYOUT, of_features=of_features),
        *where.second_gradients(each["g"], factors, bars, pairs, LAYOUT),
    ]


@pytest.mark.parametrize("of_features", [True, False])
def test_sums_and_derivatives_are_those_of_pytorch(
    arrays: Arrays, threads: int, of_features: bool
) -> None:
    ours = all_sums(edge_sums, arrays, of_features=of_features)
    theirs = all_sums(edge_blocks, arrays, of_features=of_features)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-11)


def test_so_are_those_of_each_pair(arrays: Arrays, threads: int) -> None:
    pairs = arrays.pop("pairs")
    arrays |= {name: arrays[name][pairs[0]] for name in ("x", "x_bar", "g")}
    for one, other in zip(all_sums(edge_sums, arrays), all_sums(edge_blocks, arrays), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "wrong",
    [
        {"w": torch.ones(1, N_WEIGHTS, dtype=torch.float64)},
        {"w": torch.ones(N_PAIRS, N_WEIGHTS - 1, dtype=torch.float64)},
        {"pairs": torch.full((2, N_PAIRS), -1)},
        {"pairs": torch.full((2, N_PAIRS), N_ATOMS)},
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(
    arrays: Arrays, wrong: dict[str, torch.Tensor]
) -> None:
    with pytest.raises(ValueError, match="do not belong to each other"):
        all_sums(edge_sums, arrays | wrong)


@pytest.mark.parametrize("lacking", ["import sys; sys.modules['numba'] = None", WITHOUT_JIT])
def test_without_compiled_kernels_sums_are_the_same(lacking: str) -> None:
    found = [
        subprocess.run(
            [sys.executable, "-c", f"{before}\n{A_SUM}"], capture_output=True, text=True, check=True
        ).stdout.split()
        for before in ("", lacking)
    ]
    assert np.array(found[0], float) == pytest.approx(np.array(found[1], float), rel=1e-12)


def test_single_precision_is_kept(arrays: Arrays) -> None:
    singly = {
        name: each if name == "pairs" else each.to(torch.float32) for name, each in arrays.items()
    }
    for one, other in zip(all_sums(edge_sums, singly), all_sums(edge_blocks, arrays), strict=True):
        assert one.dtype == torch.float32
        torch.testing.assert_close(one.double(), other, rtol=1e-4, atol=2e-4)


def test_they_are_the_same_to_the_bit_each_time(arrays: Arrays, threads: int) -> None:
    for one, other in zip(all_sums(edge_sums, arrays), all_sums(edge_sums, arrays), strict=True):
        assert torch.equal(one, other)


def test_a_number_that_is_none_stays_so(arrays: Arrays) -> None:
    arrays["w"][7, 12] = torch.nan
    summed = edge_sums.convolutions(*(arrays[name] for name in ("x", "m", "w", "pairs")), LAYOUT)
    assert summed[arrays["pairs"][1, 7]].isnan().any()
    assert not summed[arrays["pairs"][1, 7] - 1].isnan().any()


def test_tensors_that_are_views_are_read_as_such(arrays: Arrays) -> None:
    once = torch.ones((), dtype=torch.float64)
    views = arrays | {
        "w": arrays["w"].mT.contiguous().mT,
        "m_bar": once.expand_as(arrays["m"]),
    }
    whole = views | {"m_bar": torch.ones_like(arrays["m"])}
    for one, other in zip(all_sums(edge_sums, views), all_sums(edge_sums, whole), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)
