"""How far each pair of elements interacts, by which symmetry functions can be left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nearsight.arrays import FloatArray

NEGLIGIBLE_EV_PER_A2 = 0.1
"""Interactions below it are left out of account, as in doi:10.1063/5.0082952."""


@dataclass(frozen=True)
class PairRange:
    """How far two elements feel each other, as far as the sites tell."""

    elements: tuple[str, str]
    range_A: float
    """Distance of the farthest pair whose interaction is not negligible; 0 if there is none."""
    strongest_eV_per_A2: float
    """Largest ‖h_AB‖ of any such pair."""

    def summary(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "elements": list(self.elements),
            "range_A": self.range_A,
            "strongest_eV_per_A2": self.strongest_eV_per_A2,
        }


def pair_ranges(
    site_symbols: Sequence[str],
    symbols: Sequence[str],
    norms_eV_per_A2: FloatArray,
    distances_A: FloatArray,
    negligible_eV_per_A2: float = NEGLIGIBLE_EV_PER_A2,
) -> list[PairRange]:
    """Return the range of every pair of elements that a site belongs to, in alphabetical order.

    Parameters
    ----------
    site_symbols, symbols
        Elements of the site A and of the atom B ≠ A of each pair of atoms.
    norms_eV_per_A2, distances_A
        ‖h_AB‖ and the distance of each pair of atoms, shape ``(n_pairs,)``.
    negligible_eV_per_A2
        Interactions below it do not count.
    """
    pairs = np.array([sorted(pair) for pair in zip(site_symbols, symbols, strict=True)])
    found = []
    for first, second in sorted({(str(one), str(other)) for one, other in pairs}):
        of_pair = (pairs[:, 0] == first) & (pairs[:, 1] == second)
        norms = norms_eV_per_A2[of_pair]
        reached = distances_A[of_pair][norms >= negligible_eV_per_A2]
        elements = (first, second)
        found.append(PairRange(elements, float(reached.max(initial=0.0)), float(norms.max())))
    return found
