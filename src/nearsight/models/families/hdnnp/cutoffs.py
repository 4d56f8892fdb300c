"""Cutoff functions as differentiable functions of distances.

Beyond their radius they are 0 together with all derivatives: what would be infinite there is never
computed, so that no derivative of any order is NaN.
"""

import math

import torch

from nearsight.hdnnp.cutoff_functions import (
    COSINE,
    EXPONENTIAL,
    HARD,
    TANH_CUBED,
    TANH_CUBED_SCALED,
    CutoffFunction,
)

_POLYNOMIALS = {
    5: (1, 0, -3, 2),
    6: (1, 0, 0, -10, 15, -6),
    7: (1, 0, 0, 0, -35, 84, -70, 20),
    8: (1, 0, 0, 0, 0, -126, 420, -540, 315, -70),
}
"""Coefficients of 1, x, x², ... of the smoothstep functions that fall from 1 to 0."""

_UNDERFLOW = 1e-3
"""exp(1 - 1/u) is 0 in double precision for any u below this, and so are its derivatives."""


def cutoff_values(function: CutoffFunction, distances: torch.Tensor) -> torch.Tensor:
    """Return f(r), of the shape of `distances`, which are in the potential's unit of length."""
    within = distances < function.radius
    if function.kind == HARD:
        return within.to(distances.dtype)
    if function.kind in {TANH_CUBED, TANH_CUBED_SCALED}:
        values = torch.tanh(1 - distances / function.radius) ** 3
        if function.kind == TANH_CUBED_SCALED:
            values = values / math.tanh(1) ** 3
        return torch.where(within, values, 0.0)
    x = (distances - function.start) / (function.radius - function.start)
    falls = within & (x > 0)
    if function.kind == EXPONENTIAL:
        falls, within = _before_underflow(falls, within, x)
    # A place where all is finite stands in for those whose value is not taken.
    return torch.where(falls, _falling(function.kind, torch.where(falls, x, 0.5)), within.to(x))


def _before_underflow(
    falls: torch.Tensor, within: torch.Tensor, x: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    near = 1 - x.square() > _UNDERFLOW
    return falls & near, within & (near | ~falls)


def _falling(kind: int, x: torch.Tensor) -> torch.Tensor:
    """Return what falls from 1 at x = 0 to 0 at x = 1."""
    if kind == COSINE:
        return (torch.cos(math.pi * x) + 1) / 2
    if kind == EXPONENTIAL:
        return torch.exp(1 - 1 / (1 - x.square()))
    value = torch.zeros_like(x)
    for coefficient in reversed(_POLYNOMIALS[kind]):
        value = value * x + coefficient
    return value
