"""The two functions of distance that D3(BJ) is made of, with their derivatives.

Derivatives of φ(|v|) by the vector v need two scalars only: ∂φ/∂v_i = φ₁ v_i and
∂²φ/∂v_i∂v_j = φ₁ δ_ij + φ₂ v_i v_j, where φ₁ = φ'/r and φ₂ = (φ'' - φ'/r)/r².
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nearsight.models.families.d3.parameters import COUNTING_STEEPNESS, Damping, Reference

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

_SMALLEST_SQUARE_A2 = 1e-20


class Kernel(Protocol):
    """A function of the distance of two atoms, with constants for each pair of atoms."""

    @property
    def cutoff_A(self) -> float:
        """Distance beyond which the function is taken to be zero."""
        ...

    def __call__(self, squares: Array, pairs: slice, order: int) -> tuple[Array, ...]:
        """Return φ and as many of φ₁ and φ₂ as `order` says, at squared distances in Å².

        Parameters
        ----------
        squares
            Shape ``(n_pairs, n_translations)``.
        pairs
            Which pairs the rows of `squares` belong to.
        order
            The highest derivative that is needed: 0, 1 or 2.
        """
        ...


@dataclass(frozen=True)
class BeckeJohnson:
    """s6/(r⁶ + f⁶) + s8 (C8/C6)/(r⁸ + f⁸): what -C6/2 is multiplied with.

    Grimme, Ehrlich, Goerigk, J. Comput. Chem. 2011, 32, 1456, doi 10.1002/jcc.21759, equation 2
    with 6: f = a1 √(C8/C6) + a2. C8/C6 does not depend on the coordination numbers.
    """

    cutoff_A: float
    s6: float
    s8_ratio_A2: Array
    """s8 C8/C6 of each pair, shape ``(n_pairs,)``."""
    radii_A: Array
    """f of each pair, shape ``(n_pairs,)``."""

    @classmethod
    def of(
        cls,
        damping: Damping,
        reference: Reference,
        first: Indices,
        second: Indices,
        cutoff_A: float,
    ) -> "BeckeJohnson":
        """Return the function for pairs of the elements `first` and `second`."""
        ratio = 3 * reference.moment_ratios_A[first] * reference.moment_ratios_A[second]
        return cls(
            cutoff_A=cutoff_A,
            s6=damping.s6,
            s8_ratio_A2=damping.s8 * ratio,
            radii_A=damping.a1 * np.sqrt(ratio) + damping.a2_A,
        )

    def __call__(self, squares: Array, pairs: slice, order: int) -> tuple[Array, ...]:
        """Return φ, φ₁ and φ₂ up to an order; see `Kernel`."""
        radii = self.radii_A[pairs, None]
        s8 = self.s8_ratio_A2[pairs, None]
        fourth = squares * squares
        sixth = fourth * squares
        by_6 = 1 / (sixth + radii**6)
        by_8 = 1 / (fourth * fourth + radii**8)
        value = self.s6 * by_6 + s8 * by_8
        if order == 0:
            return (value,)
        slope_6 = fourth * by_6
        slope_6 *= by_6
        slope_8 = sixth * by_8
        slope_8 *= by_8
        first = (-6 * self.s6) * slope_6 + (-8 * s8) * slope_8
        if order == 1:
            return value, first
        # d/dx of x²/(x³ + f⁶)² and x³/(x⁴ + f⁸)², where x = r²; φ₂ = 2 dφ₁/dx
        bend_6 = slope_6 * (2 / squares.clip(_SMALLEST_SQUARE_A2) - 6 * fourth * by_6)
        bend_8 = slope_8 * (3 / squares.clip(_SMALLEST_SQUARE_A2) - 8 * sixth * by_8)
        return value, first, (-12 * self.s6) * bend_6 + (-16 * s8) * bend_8


@dataclass(frozen=True)
class Counting:
    """1/(1 + exp(-k1 (R/r - 1))): how much an atom counts as a neighbour.

    Grimme, Antony, Ehrlich, Krieg, J. Chem. Phys. 2010, 132, 154104, doi 10.1063/1.3382344,
    equation 15; R is the sum of the scaled covalent radii.
    """

    cutoff_A: float
    radii_A: Array
    """R of each pair, shape ``(n_pairs,)``."""

    @classmethod
    def of(
        cls, reference: Reference, first: Indices, second: Indices, cutoff_A: float
    ) -> "Counting":
        """Return the function for pairs of the elements `first` and `second`."""
        radii = reference.covalent_radii_A[first] + reference.covalent_radii_A[second]
        return cls(cutoff_A, radii)

    def __call__(self, squares: Array, pairs: slice, order: int) -> tuple[Array, ...]:
        """Return φ, φ₁ and φ₂ up to an order; see `Kernel`."""
        squares = squares.clip(_SMALLEST_SQUARE_A2)
        scaled = (COUNTING_STEEPNESS * self.radii_A[pairs, None]) / np.sqrt(squares)
        value = 1 / (1 + np.exp(COUNTING_STEEPNESS - scaled))
        if order == 0:
            return (value,)
        steepness = value * (1 - value)
        steepness /= squares
        first = -steepness * scaled
        if order == 1:
            return value, first
        second = steepness * scaled
        second *= (1 - 2 * value) * scaled + 3
        second /= squares
        return value, first, second
