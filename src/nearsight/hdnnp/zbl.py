"""The universal repulsion of screened nuclei, which networks can be added to.

J. F. Ziegler, J. P. Biersack, U. Littmark, The Stopping and Range of Ions in Matter, Pergamon 1985:
V(r) = e²/(4 pi eps0) Z1 Z2 / r phi(r/a) with a = 0.46850 Å / (Z1^0.23 + Z2^0.23). It is brought to
zero as LAMMPS does it (``pair_style zbl``): a constant is added up to an inner radius, and a
polynomial of fourth order from there to an outer one, so that energy, force and curvature are
continuous at both and zero beyond.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import units as ase_units
from ase.data import atomic_numbers

from nearsight.arrays import FloatArray
from nearsight.errors import MethodError

COULOMB_eV_A = ase_units.Hartree * ase_units.Bohr
"""e²/(4 pi eps0)."""
SHARES = (0.18175, 0.50986, 0.28022, 0.02817)
"""Of the exponentials that screen the nuclei."""
RATES = (3.19980, 0.94229, 0.40290, 0.20162)
"""How fast they fall, in 1/a."""
_LENGTH_A, _POWER = 0.46850, 0.23


@dataclass(frozen=True)
class ZBL:
    """Repulsion between all pairs of atoms.

    Raises
    ------
    MethodError
        The radii are not 0 < inner < outer.
    """

    inner_A: float
    """Up to here it is that of screened nuclei, and a constant."""
    outer_A: float
    """From here on it is zero."""

    kind = "zbl"

    def __post_init__(self) -> None:
        if not 0 < self.inner_A < self.outer_A < float("inf"):
            raise MethodError(
                f"the repulsion of screened nuclei ends between two radii, the inner one above 0 "
                f"and below the outer one, not {self.inner_A:g} and {self.outer_A:g} Å."
            )

    def table(self, symbols: Sequence[str]) -> FloatArray:
        """Return the parameters of each two elements, shape ``(n_elements, n_elements, 5)``.

        Strength e²/(4 pi eps0) Z1 Z2 in eV Å, 1/a in 1/Å, and of the polynomial
        A (r - inner)³ + B (r - inner)⁴ + C these in eV/Å³, eV/Å⁴ and eV.
        """
        numbers = np.array([atomic_numbers[symbol] for symbol in symbols], dtype=np.float64)
        table = np.empty((len(numbers), len(numbers), 5))
        table[..., 0] = COULOMB_eV_A * np.outer(numbers, numbers)
        table[..., 1] = np.add.outer(numbers**_POWER, numbers**_POWER) / _LENGTH_A
        width = self.outer_A - self.inner_A
        for first, second in np.ndindex(len(numbers), len(numbers)):
            strength, rate = table[first, second, :2]
            value, slope, curvature = screened(strength, rate, np.array([self.outer_A]))[:, 0]
            table[first, second, 2] = (width * curvature - 3 * slope) / (3 * width**2)
            table[first, second, 3] = (2 * slope - width * curvature) / (4 * width**3)
            table[first, second, 4] = -value + width * slope / 2 - width**2 * curvature / 12
        return table


def screened(strength_eV_A: float, rate_per_A: float, distances_A: FloatArray) -> FloatArray:
    """Return energy, first and second derivative of two screened nuclei, shape ``(3, n)``.

    In eV, eV/Å and eV/Å².
    """
    r = distances_A
    total = np.zeros((3, len(r)))
    for share, of_length in zip(SHARES, RATES, strict=True):
        rate = of_length * rate_per_A
        term = strength_eV_A * share * np.exp(-rate * r) / r
        total += term * np.array(
            [np.ones_like(r), -1 / r - rate, 2 / r**2 + 2 * rate / r + rate**2]
        )
    return total
