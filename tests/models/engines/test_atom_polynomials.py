"""Sparse polynomials against dense ones, and their derivatives against differences."""

import numpy as np
import pytest
import torch

pytest.importorskip("numba")

from nearsight.models.engines.atom_polynomials import (
    Polynomial,
    evaluate_polynomials,
    polynomial_of,
)

N_ATOMS, N_ELEMENTS, CHANNELS, COMPONENTS, OUTPUTS = 20, 3, 5, 4, 2
WEIGHTS = (6, 3, 2)  # of the third, second and first order


@pytest.fixture(scope="module")
def couplings() -> list[np.ndarray]:
    """Coefficients of each order, most of them zero."""
    rng = np.random.default_rng(5)
    found = []
    for order, n_weights in zip((3, 2, 1), WEIGHTS, strict=True):
        shape = (OUTPUTS, *[COMPONENTS] * order, n_weights)
        found.append(rng.normal(size=shape) * (rng.random(shape) < 0.2))
    return found


@pytest.fixture(scope="module")
def polynomial(couplings: list[np.ndarray]) -> Polynomial:
    return polynomial_of(couplings)


@pytest.fixture
def arrays() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Features, elements and weights."""
    draw = torch.Generator().manual_seed(2)
    return (
        torch.randn(N_ATOMS, COMPONENTS, CHANNELS, generator=draw, dtype=torch.float64),
        torch.randint(N_ELEMENTS, (N_ATOMS,), generator=draw),
        torch.randn(N_ELEMENTS, sum(WEIGHTS), CHANNELS, generator=draw, dtype=torch.float64),
    )


def dense(x, elements, w, couplings):
    """Return the values by the whole matrices."""
    third, second, first = (torch.from_numpy(each) for each in couplings)
    of_orders = torch.split(w[elements], list(WEIGHTS), 1)
    return (
        torch.einsum("oijkp,npu,niu,nju,nku->nou", third, of_orders[0], x, x, x)
        + torch.einsum("oijp,npu,niu,nju->nou", second, of_orders[1], x, x)
        + torch.einsum("oip,npu,niu->nou", first, of_orders[2], x)
    )


def test_values_and_derivatives_are_those_of_whole_matrices(arrays, polynomial, couplings):
    x, elements, w = arrays
    found = []
    for values in (
        lambda x: evaluate_polynomials(x, elements, w, polynomial),
        lambda x: dense(x, elements, w, couplings),
    ):
        leaf = x.clone().requires_grad_()
        out = values(leaf)
        (slope,) = torch.autograd.grad(torch.tanh(out).sum(), leaf, create_graph=True)
        (curvature,) = torch.autograd.grad((slope**2).sum(), leaf)
        found.append((out, slope, curvature))
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-11, atol=1e-11)


def test_terms_of_exchanged_components_are_one(arrays):
    coupling = np.zeros((1, COMPONENTS, COMPONENTS, COMPONENTS, 1))
    coupling[0, 1, 2, 0, 0], coupling[0, 0, 1, 2, 0], coupling[0, 2, 2, 1, 0] = 0.5, 1.5, 1.0
    polynomial = polynomial_of([coupling])
    assert polynomial.monomials.tolist() == [[0, 1, 2], [1, 2, 2]]
    assert polynomial.factors.tolist() == [2.0, 1.0]


def test_derivatives_are_those_of_differences(arrays, polynomial):
    x, elements, w = arrays[0][:3], arrays[1][:3], arrays[2]
    x.requires_grad_()

    def energy(x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(evaluate_polynomials(x, elements, w, polynomial))

    def slope(x: torch.Tensor) -> torch.Tensor:
        (by_x,) = torch.autograd.grad(energy(x).sum(), x, create_graph=True)
        return by_x

    assert torch.autograd.gradcheck(energy, (x,), fast_mode=True)
    assert torch.autograd.gradgradcheck(energy, (x,), fast_mode=True)
    assert torch.autograd.gradgradcheck(slope, (x,), fast_mode=True)  # the third ones, too


def test_several_reverse_passes_at_a_time_are_each_alone(arrays, polynomial):
    x, elements, w = arrays
    x.requires_grad_()
    out = torch.tanh(evaluate_polynomials(x, elements, w, polynomial))
    (slope,) = torch.autograd.grad(out.sum(), x, create_graph=True)
    each = torch.eye(4, slope.numel(), dtype=torch.float64).reshape(4, *slope.shape)
    (together,) = torch.autograd.grad(slope, x, each, is_grads_batched=True, retain_graph=True)
    for one, row in zip(each, together, strict=True):
        (alone,) = torch.autograd.grad(slope, x, one, retain_graph=True)
        torch.testing.assert_close(row, alone, rtol=1e-12, atol=1e-12)


def test_threads_and_precision_change_rounding_only(arrays, polynomial):
    x, elements, w = arrays
    alone = evaluate_polynomials(x, elements, w, polynomial)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert torch.equal(evaluate_polynomials(x, elements, w, polynomial), alone)
    finally:
        torch.set_num_threads(before)
    single = evaluate_polynomials(x.float(), elements, w.float(), polynomial)
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), alone, rtol=1e-4, atol=1e-4)


def test_nothing_comes_of_no_atoms(arrays, polynomial):
    x, elements, w = arrays
    assert evaluate_polynomials(x[:0], elements[:0], w, polynomial).shape == (0, OUTPUTS, CHANNELS)
