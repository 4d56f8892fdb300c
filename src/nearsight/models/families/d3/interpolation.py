"""C6 coefficients between those of reference pairs, as smooth functions of coordination numbers."""

from dataclasses import dataclass

import numpy as np

from nearsight.models.families.d3.kernels import Array, Indices
from nearsight.models.families.d3.lattice import Pairs
from nearsight.models.families.d3.parameters import INTERPOLATION_WIDTH, Reference

_PAIRS_AT_ONCE = 2048


@dataclass(frozen=True)
class Coefficients:
    """C6(a, b) of each pair with derivatives by the coordination numbers a and b of its atoms.

    Every array has the shape ``(n_pairs,)`` and is in eV Å⁶.
    """

    value: Array
    a: Array
    b: Array
    aa: Array
    ab: Array
    bb: Array


def interpolate(
    reference: Reference, numbers: Indices, pairs: Pairs, counts: Array
) -> Coefficients:
    """Interpolate C6 for every pair; Grimme et al. 2010, doi 10.1063/1.3382344, equation 16.

    The weights exp(-k3 [(x - a)² + (y - b)²]) of the reference pairs (x, y) are an exponential
    family in (a, b): with β = 2 k3 the derivatives of the weighted mean are its joint cumulants,
    ∂C6/∂a = β ⟨δC δx⟩ and ∂²C6/∂a∂b = β² ⟨δC δx δy⟩. The largest exponent is taken out of all, so
    that weights far from every reference pair do not vanish together.

    Parameters
    ----------
    reference
        The C6 of reference pairs.
    numbers
        Atomic numbers, shape ``(n_atoms,)``.
    pairs
        Which atoms make pairs.
    counts
        Coordination numbers, shape ``(n_atoms,)``.
    """
    result = np.empty((6, len(pairs.first)))
    for start in range(0, len(pairs.first), _PAIRS_AT_ONCE):
        rows = slice(start, start + _PAIRS_AT_ONCE)
        i, j = pairs.first[rows], pairs.second[rows]
        of_pair = (numbers[i], numbers[j])
        result[:, rows] = _interpolated(
            reference.c6_eV_A6[of_pair],
            reference.first_numbers[of_pair],
            reference.second_numbers[of_pair],
            counts[i, None],
            counts[j, None],
        )
    return Coefficients(*result)


def _interpolated(c6: Array, x: Array, y: Array, a: Array, b: Array) -> Array:
    exponents = -INTERPOLATION_WIDTH * ((x - a) ** 2 + (y - b) ** 2)
    exponents[c6 <= 0] = -np.inf
    weights = np.exp(exponents - exponents.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)

    def mean(values: Array) -> Array:
        averaged: Array = np.einsum("pk,pk->p", weights, values)
        return averaged

    value = mean(c6)
    dx = x - mean(x)[:, None]
    dy = y - mean(y)[:, None]
    weights *= c6 - value[:, None]
    beta = 2 * INTERPOLATION_WIDTH
    first = [beta * mean(dx), beta * mean(dy)]
    second = [beta**2 * mean(dx * dx), beta**2 * mean(dx * dy), beta**2 * mean(dy * dy)]
    return np.stack([value, *first, *second])
