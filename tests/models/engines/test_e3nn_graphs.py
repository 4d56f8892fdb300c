"""Rewritten tensor products: another graph, the same numbers."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from torch import fx

from nearsight.models.contract import Model
from nearsight.models.engines.e3nn_graphs import concatenate, simplify_products
from nearsight.models.families import FAMILIES
from nearsight.models.registry import load_model

SEEDS = [(0, np.array([1.0, 0.0, 0.0])), (4, np.array([0.0, 0.6, 0.8]))]


def tensors() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    shapes = ((3, 2), (3, 1), (3, 4))
    return [
        torch.randn(s, generator=generator, dtype=torch.float64).requires_grad_() for s in shapes
    ]


def _nothing(module: object) -> bool:
    return False


def load_as_it_was(model: Model, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Load a model once more, with the products that e3nn wrote."""
    module = FAMILIES[model.identity.family].module
    monkeypatch.setattr(f"{module}.simplify_products", lambda model: None)
    monkeypatch.setattr("nearsight.models.engines.e3nn_convolutions.is_edge_product", _nothing)
    monkeypatch.setattr(f"{module}.is_edge_product", _nothing, raising=False)
    return load_model(model.identity.name, device="cpu", trust=True)


@pytest.mark.parametrize("name", ["sevennet_0", "tiny_sevennet", "tiny_mace"])
def test_numbers_stay_the_same(
    name: str,
    request: pytest.FixtureRequest,
    displaced_quartz: Atoms,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    simplified: Model = request.getfixturevalue(name)
    original = load_as_it_was(simplified, monkeypatch)
    [expected] = original.evaluate([displaced_quartz], stress=True)
    [found] = simplified.evaluate([displaced_quartz], stress=True)
    assert found.energy_eV == pytest.approx(expected.energy_eV, abs=1e-11)
    np.testing.assert_allclose(found.forces_eV_per_A, expected.forces_eV_per_A, atol=1e-11)
    np.testing.assert_allclose(found.stress_eV_per_A3, expected.stress_eV_per_A3, atol=1e-12)
    for batch_size in (1, 2):
        rows = np.stack(list(simplified.rows(displaced_quartz, SEEDS, batch_size=batch_size)))
        same = np.stack(list(original.rows(displaced_quartz, SEEDS, batch_size=batch_size)))
        assert np.abs(same).max() > 1e-3
        np.testing.assert_allclose(rows, same, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", ["tiny_sevennet", "tiny_mace"])
def test_slices_become_splits(
    name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    energy = load_as_it_was(request.getfixturevalue(name), monkeypatch)._energy

    def calls(target: Any) -> int:
        graphs = [m.graph for m in energy._model.modules() if isinstance(m, fx.GraphModule)]
        return sum(node.target is target for graph in graphs for node in graph.nodes)

    slices = sum(
        isinstance(node.args[1], tuple) and isinstance(node.args[1][-1], slice)
        for module in energy._model.modules()
        if isinstance(module, fx.GraphModule)
        for node in module.graph.nodes
        if getattr(node.target, "__name__", "") == "getitem"
    )
    nodes = sum(
        len(m.graph.nodes) for m in energy._model.modules() if isinstance(m, fx.GraphModule)
    )
    assert (calls(torch.split), slices > 10) == (0, True)
    simplify_products(energy._model)
    assert calls(torch.split) > 0
    assert calls(torch.cat) == 0
    after = sum(
        len(m.graph.nodes) for m in energy._model.modules() if isinstance(m, fx.GraphModule)
    )
    assert after < nodes + calls(torch.split)


class Slices(torch.nn.Module):
    """Slices of a reshaped tensor that are no pieces of a split, or leave gaps."""

    def __init__(self, intervals: list[tuple[int, int]]) -> None:
        super().__init__()
        self.intervals = intervals

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        y = x.reshape(-1, 6)
        return [
            y[:, start:stop] * (index + 1) for index, (start, stop) in enumerate(self.intervals)
        ]


@pytest.mark.parametrize(
    ("intervals", "splits"),
    [
        ([(0, 2), (2, 6)], 1),
        ([(1, 2), (4, 5)], 1),
        ([(4, 6), (0, 3)], 1),
        ([(0, 3), (2, 6)], 0),
        ([(0, 3), (0, 3)], 0),
        ([(2, 4)], 0),
        ([(0, -1), (5, 6)], 0),
        ([(4, 2), (4, 6)], 0),
        ([(-6, -3), (3, 6)], 0),
        ([(0, 3), (3, 9)], 0),
        ([(3, 3), (3, 6)], 0),
        ([(0, 2), (0, -1), (2, 6)], 1),
    ],
    ids=[
        "whole",
        "gaps",
        "other order",
        "overlap",
        "twice",
        "one",
        "from the end",
        "backwards",
        "both from the end",
        "too wide",
        "empty",
        "from the end beside pieces",
    ],
)
def test_only_pieces_of_a_split_are_split(intervals: list[tuple[int, int]], splits: int) -> None:
    module = Slices(intervals)
    traced = fx.symbolic_trace(module)
    x = torch.arange(24.0).reshape(4, 6).requires_grad_()
    simplify_products(torch.nn.Sequential(traced))
    assert sum(node.target is torch.split for node in traced.graph.nodes) == splits
    for found, expected in zip(traced(x), module(x), strict=True):
        assert torch.equal(found, expected)
    weights = [
        torch.full_like(part, 1.0 + start)
        for part, (start, _) in zip(module(x), intervals, strict=True)
    ]
    gradients = [
        torch.autograd.grad(sum((w * y).sum() for w, y in zip(weights, f(x), strict=True)), x)[0]
        for f in (traced, module)
    ]
    assert torch.equal(*gradients)


def test_operations_that_change_something_are_kept() -> None:
    def function(x: torch.Tensor) -> torch.Tensor:
        y = x.clone()
        y.add_(1.0)
        return y

    traced = fx.symbolic_trace(function)
    simplify_products(torch.nn.Sequential(traced))
    assert torch.equal(traced(torch.zeros(2)), torch.ones(2))


@pytest.mark.parametrize("order", [1, 2, 3])
def test_concatenation_has_the_derivatives_of_torch_cat(order: int) -> None:
    def derivative(join: Any) -> list[torch.Tensor]:
        inputs = tensors()
        value = join(inputs, 1)
        weight = torch.linspace(0.5, 1.5, 21, dtype=torch.float64).reshape(3, 7)
        result = [(weight * value.sin() * value.roll(1, 1).exp()).sum()]
        for _ in range(order):
            result = list(
                torch.autograd.grad(
                    sum(r.square().sum() for r in result), inputs, create_graph=True
                )
            )
        return result

    for found, expected in zip(derivative(concatenate), derivative(torch.cat), strict=True):
        assert expected.abs().max() > 1e-3
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_concatenation_has_them_under_vmap_too() -> None:
    def batched(join: Any) -> tuple[torch.Tensor, ...]:
        inputs = tensors()
        value = join([tensor.square() for tensor in inputs], -1).sin()
        slopes = torch.autograd.grad(value.square().sum(), inputs, create_graph=True)
        seeds = torch.eye(3, dtype=torch.float64)[:, :, None].expand(3, 3, 4)
        return torch.autograd.grad(
            slopes[2], inputs, seeds, is_grads_batched=True, materialize_grads=True
        )

    for found, expected in zip(batched(concatenate), batched(torch.cat), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    mapped = torch.func.vmap(lambda x: concatenate([x, 2 * x], 0))(torch.arange(6.0).reshape(3, 2))
    assert mapped.tolist() == [[0, 1, 0, 2], [2, 3, 4, 6], [4, 5, 8, 10]]


def in_place_method(x: torch.Tensor) -> torch.Tensor:
    y = x.clone()
    y.relu_()
    return y


def in_place_function(x: torch.Tensor) -> torch.Tensor:
    y = x.clone()
    torch.relu_(y)
    return y


def given_output(x: torch.Tensor) -> torch.Tensor:
    y = x.clone()
    torch.mul(x, 2.0, out=y)
    return y


def given_output_of_a_concatenation(x: torch.Tensor) -> torch.Tensor:
    y = x.clone().repeat(2, 1)
    torch.cat([2 * x, x], out=y)
    return y


@pytest.mark.parametrize(
    "function",
    [
        in_place_method,
        in_place_function,
        given_output,
        given_output_of_a_concatenation,
    ],
)
def test_whatever_changes_a_tensor_is_kept(
    function: Callable[[torch.Tensor], torch.Tensor],
) -> None:
    traced = fx.symbolic_trace(function)
    simplify_products(torch.nn.Sequential(traced))
    x = torch.linspace(-1.0, 1.0, 6).reshape(2, 3)
    assert torch.equal(traced(x), function(x))
    assert not torch.equal(function(x)[:2], x)


def test_an_operator_that_changes_a_tensor_is_kept() -> None:
    # Tracing never gives this node, but other tools that write graphs do.
    graph = fx.Graph()
    y = graph.call_method("clone", (graph.placeholder("x"),))
    graph.call_function(operator.iadd, (y, 1.0))
    graph.output(y)
    traced = fx.GraphModule(torch.nn.Module(), graph)
    simplify_products(torch.nn.Sequential(traced))
    assert torch.equal(traced(torch.zeros(2)), torch.ones(2))


def test_unused_outer_products_go_with_what_fed_them() -> None:
    def function(x: torch.Tensor) -> torch.Tensor:
        torch.einsum("zu,zv->zuv", x.reshape(-1, 3), x.narrow(1, 0, 2))
        return torch.einsum("zu,zu->z", x, x)

    traced = fx.symbolic_trace(function)
    simplify_products(torch.nn.Sequential(traced))
    x = torch.linspace(-1.0, 1.0, 6).reshape(2, 3)
    assert torch.equal(traced(x), function(x))
    assert [node.op for node in traced.graph.nodes] == ["placeholder", "call_function", "output"]


def test_a_concatenation_without_dimension_is_along_the_first() -> None:
    def function(x: torch.Tensor) -> torch.Tensor:
        return torch.cat([x, 2 * x])

    traced = fx.symbolic_trace(function)
    simplify_products(torch.nn.Sequential(traced))
    assert any(node.target is concatenate for node in traced.graph.nodes)
    x = torch.linspace(-1.0, 1.0, 6).reshape(2, 3)
    assert torch.equal(traced(x), function(x))
