"""One harmonic oscillator in thermal equilibrium, in reduced units.

Everything is a function of x = ħω/(k_B T) alone; x = ∞ stands for T = 0. The formulas are those
of any text on statistical mechanics (D. A. McQuarrie, *Statistical Mechanics*, 2000, chapter 11),
written so that neither small nor large x overflows or cancels.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

# e^-x is below the smallest positive float64 from x = 746 on.
_LARGEST_EXPONENT = 800.0

_NUMBERS_AT_ONCE = 100_000  # which stay in the caches; all modes of a mesh at once took gigabytes


def heat_capacity(x: ArrayLike) -> NDArray[np.float64]:
    """Return the heat capacity x² eˣ/(eˣ-1)² in k_B: 1 at x = 0, 0 at x = ∞.

    Parameters
    ----------
    x
        ħω/(k_B T) ≥ 0, any shape.
    """
    x = _clipped(x)
    heat: NDArray[np.float64] = _x_over_one_minus_exp(x) ** 2 * np.exp(-x)
    return heat


def heat_capacity_of_square(x_squared: ArrayLike) -> NDArray[np.float64]:
    """Return the heat capacity in k_B as a function of x², continued smoothly below zero.

    (x/2)²/sinh²(x/2) is analytic in x²; below zero it is (y/2)²/sin²(y/2) with y² = -x².

    Parameters
    ----------
    x_squared
        (ħω/(k_B T))² > -4π², any shape; the nearest singularity is there.
    """
    squares = np.asarray(x_squared, dtype=np.float64)
    heat = heat_capacity(np.sqrt(np.maximum(squares, 0.0)))
    negative = squares < 0
    half = np.sqrt(-squares[negative]) / 2
    heat[negative] = (half / np.sin(half)) ** 2
    return heat


def thermal_energy(x: ArrayLike) -> NDArray[np.float64]:
    """Return the energy above the zero-point energy, x/(eˣ-1), in k_B T: 1 at x = 0, 0 at ∞.

    Parameters
    ----------
    x
        ħω/(k_B T) ≥ 0, any shape.
    """
    x = _clipped(x)
    energy: NDArray[np.float64] = _x_over_one_minus_exp(x) * np.exp(-x)
    return energy


def thermal_free_energy(x: ArrayLike) -> NDArray[np.float64]:
    """Return the free energy above the zero-point energy, ln(1-e⁻ˣ), in k_B T.

    It is 0 at x = ∞ and approaches ln x, so it diverges at x = 0.

    Parameters
    ----------
    x
        ħω/(k_B T) > 0, any shape.
    """
    x = _clipped(x)
    # log1p is exact where e^-x is small, log(-expm1) where x is.
    small = x < np.log(2.0)
    free_energy = np.empty_like(x)
    free_energy[small] = np.log(-np.expm1(-x[small]))
    free_energy[~small] = np.log1p(-np.exp(-x[~small]))
    return free_energy


@dataclass(frozen=True)
class Sums:
    """What weighted oscillators have together at some temperatures, shape ``(n_temperatures,)``."""

    heat_capacity: NDArray[np.float64]
    """In k_B."""
    thermal_energy: NDArray[np.float64]
    """Above the zero-point energy, in k_B T."""
    thermal_free_energy: NDArray[np.float64]
    """Above the zero-point energy, in k_B T."""

    @property
    def entropy(self) -> NDArray[np.float64]:
        """Entropy in k_B; both terms are positive, so that nothing cancels."""
        return self.thermal_energy - self.thermal_free_energy


def sum_oscillators(
    quanta_eV: NDArray[np.float64],
    weights: NDArray[np.float64],
    thermal_energies_eV: NDArray[np.float64],
) -> Sums:
    """Return sums over modes at every temperature; memory does not grow with modes × temperatures.

    Parameters
    ----------
    quanta_eV
        ħω > 0 in eV, shape ``(n_modes,)``.
    weights
        How often each mode counts, shape ``(n_modes,)``.
    thermal_energies_eV
        k_B T ≥ 0 in eV, shape ``(n_temperatures,)``.
    """
    sums = np.zeros((3, len(thermal_energies_eV)))
    at_once = max(_NUMBERS_AT_ONCE // max(len(thermal_energies_eV), 1), 1)
    for start in range(0, len(quanta_eV), at_once):
        block = slice(start, start + at_once)
        x = reduced_energies(quanta_eV[block], thermal_energies_eV)
        for row, function in enumerate((heat_capacity, thermal_energy, thermal_free_energy)):
            sums[row] += function(x) @ weights[block]
    return Sums(*sums)


def reduced_energies(quanta_eV: ArrayLike, thermal_energies_eV: ArrayLike) -> NDArray[np.float64]:
    """Return x = ħω/(k_B T) for every temperature (rows) and mode (columns).

    Parameters
    ----------
    quanta_eV
        ħω > 0 in eV, shape ``(n_modes,)``.
    thermal_energies_eV
        k_B T ≥ 0 in eV, shape ``(n_temperatures,)``; x = ∞ where it is zero.
    """
    quanta = np.asarray(quanta_eV, dtype=np.float64)
    thermal = np.asarray(thermal_energies_eV, dtype=np.float64)[:, np.newaxis]
    x = np.full((len(thermal), len(quanta)), np.inf)
    # A quotient too large for a float64 is as good as T = 0.
    with np.errstate(over="ignore"):
        np.divide(quanta, thermal, out=x, where=thermal > 0)
    return x


def _clipped(x: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(np.minimum(np.asarray(x, dtype=np.float64), _LARGEST_EXPONENT))


def _x_over_one_minus_exp(x: NDArray[np.float64]) -> NDArray[np.float64]:
    quotient = np.ones_like(x)
    np.divide(x, -np.expm1(-x), out=quotient, where=x > 0)
    return quotient
