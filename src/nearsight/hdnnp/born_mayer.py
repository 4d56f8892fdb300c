"""Walls below the closest distances of data, which networks can be added to.

The repulsion of two closed shells falls exponentially (M. Born, J. E. Mayer, Z. Phys. 1932, 75, 1;
A. A. Abrahamson, Phys. Rev. 1969, 178, 76, for neutral atoms). Here it is B exp(bx), where x is by
how much two atoms are closer than an onset, less its first three terms:
V(x) = B (exp(bx) - 1 - bx - (bx)²/2). Value, slope and curvature begin at zero, so that second
derivatives are continuous; beyond the onset there is nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase.data import atomic_numbers

from nearsight.arrays import FloatArray
from nearsight.errors import MethodError
from nearsight.hdnnp.zbl import ZBL


@dataclass(frozen=True)
class Wall:
    """Repulsion of two elements that come closer than an onset.

    Raises
    ------
    MethodError
        Its elements are none, or a parameter is not above 0.
    """

    elements: tuple[str, str]
    """In the order of their atomic numbers."""
    onset_A: float
    strength_eV: float
    """B."""
    rate_per_A: float
    """b."""

    def __post_init__(self) -> None:
        numbers = [atomic_numbers.get(symbol, 0) for symbol in self.elements]
        if len(numbers) != 2 or 0 in numbers or numbers != sorted(numbers):
            raise MethodError(
                f"a wall is that of two elements in the order of their atomic numbers, not of "
                f"{', '.join(map(str, self.elements))!s:.40}."
            )
        parameters = (self.onset_A, self.strength_eV, self.rate_per_A)
        if not all(0 < each < float("inf") for each in parameters):
            raise MethodError(
                f"onset, strength and rate of the wall {'-'.join(self.elements)} are above 0, not "
                f"{self.onset_A:g} Å, {self.strength_eV:g} eV and {self.rate_per_A:g} 1/Å."
            )


@dataclass(frozen=True)
class BornMayer:
    """Walls for pairs of elements that data have, and screened nuclei for those that they lack.

    Raises
    ------
    MethodError
        Two elements have more than one wall.
    """

    walls: tuple[Wall, ...]
    nuclei: ZBL
    """Of pairs of elements without a wall."""

    kind = "repulsion"

    def __post_init__(self) -> None:
        pairs = [wall.elements for wall in self.walls]
        twice = sorted({"-".join(pair) for pair in pairs if pairs.count(pair) > 1})
        if twice:
            raise MethodError(f"there is more than one wall of {', '.join(twice)}; leave one.")

    @property
    def inner_A(self) -> float:
        """Up to here screened nuclei are that, and a constant."""
        return self.nuclei.inner_A

    @property
    def outer_A(self) -> float:
        """From here on all of it is zero."""
        return max(self.nuclei.outer_A, *(wall.onset_A for wall in self.walls), 0.0)

    def table(self, symbols: Sequence[str]) -> FloatArray:
        """Return the parameters of screened nuclei of each two elements; 0 for those with a wall.

        See `ZBL.table`.
        """
        table = self.nuclei.table(symbols)
        table[self.wall_table(symbols)[..., 1] > 0] = 0.0
        return table

    def wall_table(self, symbols: Sequence[str]) -> FloatArray:
        """Return onset in Å, strength in eV and rate in 1/Å of the walls of each two elements.

        Shape ``(n_elements, n_elements, 3)``; 0 for those without.
        """
        table = np.zeros((len(symbols), len(symbols), 3))
        for wall in self.walls:
            if set(wall.elements) <= set(symbols):
                first, second = map(list(symbols).index, wall.elements)
                parameters = (wall.onset_A, wall.strength_eV, wall.rate_per_A)
                table[first, second] = table[second, first] = parameters
        return table


def wall_eV(wall: Wall, distances_A: FloatArray) -> FloatArray:
    """Return energy, first and second derivative of two atoms, shape ``(3, n)``.

    In eV, eV/Å and eV/Å².
    """
    b = wall.rate_per_A
    y = b * np.clip(wall.onset_A - distances_A, 0.0, None)
    value = np.exp(y) - 1.0 - y - y**2 / 2
    slope = -b * (np.exp(y) - 1.0 - y)
    curvature = b**2 * (np.exp(y) - 1.0)
    return wall.strength_eV * np.stack([value, slope, curvature])
