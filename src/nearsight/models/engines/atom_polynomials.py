"""Polynomials of atoms' features, the same for each channel but for weights of elements.

    out[n, o, u] = Σ_t a[t] w[e(n), p(t), u] x[n, i(t), u] x[n, j(t), u] x[n, k(t), u]

over terms t, to the third order at most; lower ones have a component that is one. As matrices of
all monomials the coefficients of an equivariant network are zero but for one in some 200 (MACE,
Batatia et al., arXiv 2206.07697, eq. 10): only these are gone over, by compiled kernels on a CPU.
First and second derivatives are written out. Weights are constants.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from nearsight.arrays import FloatArray, IntArray
from nearsight.models.engines import polynomial_kernels
from nearsight.models.engines.shares import Array, array_of, have_memory, run_shares, shares_of

_LEAST_ATOMS = 8
"""For which another thread is worth while."""


@dataclass(frozen=True)
class Polynomial:
    """Monomials of the components of features, and the terms in which each is."""

    n_components: int
    n_outputs: int
    monomials: IntArray
    """Three components each, shape ``(n_monomials, 3)``; `n_components` stands for one."""
    starts: IntArray
    """Where the terms of each monomial begin, shape ``(n_monomials + 1,)``."""
    places: IntArray
    """Output and weight of each term, shape ``(n_terms, 2)``."""
    factors: FloatArray
    """Of each term."""

    @property
    def of_terms(self) -> IntArray:
        """The monomial of each term."""
        return np.repeat(np.arange(len(self.monomials)), np.diff(self.starts))


def polynomial_of(couplings: Sequence[FloatArray]) -> Polynomial:
    """Return the polynomial of dense coefficients.

    Parameters
    ----------
    couplings
        Of each order, three at most, shape ``(n_outputs, n_components, ..., n_weights)``; weights
        of one order come behind those of the orders before it in the list.
    """
    n_components = couplings[0].shape[1]
    terms: dict[tuple[int, ...], float] = {}
    first_weight = 0
    for dense in couplings:
        for output, *components, weight in np.argwhere(dense):
            filled = sorted([*components, *[n_components] * (3 - len(components))])
            key = (*map(int, filled), int(output), first_weight + int(weight))
            terms[key] = terms.get(key, 0.0) + float(dense[(output, *components, weight)])
        first_weight += dense.shape[-1]
    keys = np.array(sorted(terms), dtype=np.int64).reshape(-1, 5)
    monomials, counts = np.unique(keys[:, :3], axis=0, return_counts=True)
    return Polynomial(
        n_components,
        couplings[0].shape[0],
        monomials,
        np.concatenate([[0], np.cumsum(counts)]),
        np.ascontiguousarray(keys[:, 3:]),
        np.array([terms[key] for key in sorted(terms)]),
    )


def evaluate_polynomials(
    x: torch.Tensor, elements: torch.Tensor, w: torch.Tensor, polynomial: Polynomial
) -> torch.Tensor:
    """Return the values, shape ``(n_atoms, n_outputs, channels)``.

    Parameters
    ----------
    x
        Features, shape ``(n_atoms, n_components, channels)``, on a CPU.
    elements
        Number of each atom's element among those of the weights, shape ``(n_atoms,)``.
    w
        Weights, shape ``(n_elements, n_weights, channels)``, of the precision of x.
    polynomial
        What is evaluated.

    Raises
    ------
    ValueError
        Weights ask for derivatives, which there are none of, or have another precision, or arrays
        do not belong together: kernels would read beyond them.
    """
    n_weights = int(polynomial.places[:, 1].max(initial=-1)) + 1
    if w.requires_grad or w.dtype != x.dtype:
        raise ValueError("weights are constants, of the precision of the features.")
    if (
        x.shape[1] != polynomial.n_components
        or (w.shape[1] < n_weights or w.shape[2] != x.shape[2])
        or len(elements) != len(x)
        or (len(x) and not 0 <= int(elements.min()) <= int(elements.max()) < len(w))
    ):
        raise ValueError(
            f"features {tuple(x.shape)}, weights {tuple(w.shape)} and {len(elements)} elements do "
            f"not belong to {polynomial.n_components} components and {n_weights} weights."
        )
    result: torch.Tensor = _Values.apply(x, elements, w, polynomial)
    return result


def prepare_polynomials(dtype: torch.dtype) -> None:
    """Compile values and derivatives; see `edge_products.prepare_sums`."""
    x = torch.ones((1, 1, 1), dtype=dtype, requires_grad=True)
    elements = torch.zeros(1, dtype=torch.int64)
    with torch.enable_grad():
        squares = polynomial_of([np.ones((1, 1, 1, 1))])
        value = evaluate_polynomials(x, elements, torch.ones_like(x.detach()), squares).sum()
        (slope,) = torch.autograd.grad(value, x, create_graph=True)
        torch.autograd.grad(slope.sum(), x)


class _Values(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(
        x: torch.Tensor, elements: torch.Tensor, w: torch.Tensor, polynomial: Polynomial
    ) -> torch.Tensor:
        return _Loops(elements, w, polynomial).values(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:  # noqa: ARG004  # PyTorch passes it by name
        ctx.save_for_backward(*inputs[:3])
        ctx.polynomial = inputs[3]

    @staticmethod
    def backward(ctx: Any, g: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        return _Gradients.apply(g, *ctx.saved_tensors, ctx.polynomial), None, None, None


class _Gradients(torch.autograd.Function):
    """The derivatives of g · values by x, which are linear in g."""

    generate_vmap_rule = True

    @staticmethod
    def forward(
        g: torch.Tensor,
        x: torch.Tensor,
        elements: torch.Tensor,
        w: torch.Tensor,
        polynomial: Polynomial,
    ) -> torch.Tensor:
        if have_memory(g, x):
            return _Loops(elements, w, polynomial).gradients(g, x)
        return _gradients(g, x, w[elements], polynomial)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:  # noqa: ARG004  # PyTorch passes it by name
        ctx.save_for_backward(*inputs[:4])
        ctx.polynomial = inputs[4]

    @staticmethod
    def backward(ctx: Any, x_bar: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        g, x, elements, w = ctx.saved_tensors
        # Whoever differentiates once more needs what PyTorch writes down.
        if not torch.is_grad_enabled() and have_memory(g, x, x_bar):
            by_g, by_x = _Loops(elements, w, ctx.polynomial).second_gradients(g, x, x_bar)
        else:
            by_g, by_x = _second_gradients(g, x, x_bar, w[elements], ctx.polynomial)
        return by_g, by_x, None, None, None


class _Loops:
    """Compiled loops over atoms."""

    def __init__(self, elements: torch.Tensor, w: torch.Tensor, polynomial: Polynomial) -> None:
        self._polynomial = polynomial
        self._weights = array_of(w)
        self._tables = (
            array_of(elements),
            polynomial.monomials,
            polynomial.starts,
            polynomial.places,
            polynomial.factors.astype(self._weights.dtype),
        )

    def values(self, x: torch.Tensor) -> torch.Tensor:
        """Return the values of the polynomials."""
        out = np.zeros((len(x), self._polynomial.n_outputs, x.shape[2]), self._weights.dtype)
        self._run(polynomial_kernels.values, _with_last(x, 1.0), self._weights, out)
        return torch.from_numpy(out)

    def gradients(self, g: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Return the derivatives of g · values by x."""
        features = _with_last(x, 1.0)
        by_x = np.zeros_like(features)
        self._run(polynomial_kernels.gradients, array_of(g), features, self._weights, by_x)
        return torch.from_numpy(by_x)[:, :-1]

    def second_gradients(
        self, g: torch.Tensor, x: torch.Tensor, x_bar: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the derivatives of x̄ · gradients by g and x."""
        features, outputs = _with_last(x, 1.0), array_of(g)
        by_g, by_x = np.zeros_like(outputs), np.zeros_like(features)
        self._run(
            polynomial_kernels.second_gradients,
            outputs,
            features,
            self._weights,
            _with_last(x_bar, 0.0),
            by_g,
            by_x,
        )
        return torch.from_numpy(by_g), torch.from_numpy(by_x)[:, :-1]

    def _run(self, kernel: Any, *arrays: Array) -> None:
        shares = shares_of(len(self._tables[0]), _LEAST_ATOMS)
        run_shares(lambda n: kernel(*shares[n], *self._tables, *arrays), len(shares))


def _with_last(x: torch.Tensor, value: float) -> Array:
    """Return features with one more component."""
    return array_of(_extended(x.detach(), value))


def _extended(x: torch.Tensor, value: float) -> torch.Tensor:
    return torch.cat([x, torch.full_like(x[:, :1], value)], 1)


# The same by operations of PyTorch: for batches, and for whoever differentiates more than twice.


def _gradients(
    g: torch.Tensor, x: torch.Tensor, weights: torch.Tensor, polynomial: Polynomial
) -> torch.Tensor:
    of_monomials = _Monomials(x, polynomial)
    scale = _summed(
        _index(polynomial.of_terms),
        len(polynomial.monomials),
        _terms(weights, polynomial) * g.index_select(1, _index(polynomial.places[:, 0])),
    )
    return of_monomials.gradients([scale * each for each in of_monomials.others])


def _second_gradients(
    g: torch.Tensor,
    x: torch.Tensor,
    x_bar: torch.Tensor,
    weights: torch.Tensor,
    polynomial: Polynomial,
) -> tuple[torch.Tensor, torch.Tensor]:
    outputs, monomials = _index(polynomial.places[:, 0]), _index(polynomial.of_terms)
    of_monomials, bars = _Monomials(x, polynomial), _Monomials(x_bar, polynomial, last=0.0)
    terms = _terms(weights, polynomial)
    (a, b, c), (a_bar, b_bar, c_bar) = of_monomials.factors, bars.factors
    along = a_bar * b * c + a * b_bar * c + a * b * c_bar
    by_g = _summed(outputs, polynomial.n_outputs, terms * along.index_select(1, monomials))
    scale = _summed(monomials, len(polynomial.monomials), terms * g.index_select(1, outputs))
    others = [b_bar * c + b * c_bar, a_bar * c + a * c_bar, a_bar * b + a * b_bar]
    return by_g, of_monomials.gradients([scale * each for each in others])


class _Monomials:
    """The three factors of each monomial."""

    def __init__(self, x: torch.Tensor, polynomial: Polynomial, *, last: float = 1.0) -> None:
        self._columns = [_index(each) for each in polynomial.monomials.T]
        extended = _extended(x, last)
        self._n = extended.shape[1]
        self.factors = [extended.index_select(1, column) for column in self._columns]

    @property
    def others(self) -> list[torch.Tensor]:
        """The product of the other two, for each of the three."""
        a, b, c = self.factors
        return [b * c, a * c, a * b]

    def gradients(self, of_factors: list[torch.Tensor]) -> torch.Tensor:
        """Return what belongs to components from what belongs to factors."""
        a, b, c = (
            _summed(column, self._n, each)
            for column, each in zip(self._columns, of_factors, strict=True)
        )
        return (a + b + c)[:, :-1]


def _terms(weights: torch.Tensor, polynomial: Polynomial) -> torch.Tensor:
    factors = torch.from_numpy(polynomial.factors).to(weights.dtype)
    return weights.index_select(1, _index(polynomial.places[:, 1])) * factors[:, None]


def _summed(places: torch.Tensor, n: int, each: torch.Tensor) -> torch.Tensor:
    return each.new_zeros(each.shape[0], n, each.shape[2]).index_add(1, places, each)


def _index(places: IntArray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(places))
