"""Quantum nuclei to second order: the effective potential of Feynman and Hibbs.

A nucleus of mass m at the temperature T is a Gaussian packet about its classical path, and feels
what lies around: u + (1/m₁ + 1/m₂) ħ²/(24 k_B T) ∇²u of each pair, with ∇²u = u'' + 2 u'/r (R. P.
Feynman, A. R. Hibbs, Quantum Mechanics and Path Integrals, 1965; L. M. Sesé, Mol. Phys. 1994, 81,
1297). 1/m₁ + 1/m₂ is that over the reduced mass of the pair.

What is a rigid molecule here moves as a whole: the mass of each of its sites is that of all of the
molecule. The sum over its sites is then the second order in ħ of its translation in whatever field,
and what is left out is that of its rotation, which matters for hydrogen with several sites. A rigid
framework does not move, and its mass counts as infinite. Coulomb interactions have no term, since
∇²(1/r) is zero where charges do not meet. Second order is good while the correction is small beside
k_B T: for H₂ above some 50 K.
"""

from typing import Final

import numpy as np

from nearsight.arrays import FloatArray, IntArray
from nearsight.structures.molecules import FRAMEWORK, SINGLE
from nearsight.units import AMU_IN_KG, ANGSTROM_IN_M, BOLTZMANN_J_PER_K, HBAR_J_S

_SPREAD_A2_AMU_K: Final = HBAR_J_S**2 / (24 * BOLTZMANN_J_PER_K * AMU_IN_KG) / ANGSTROM_IN_M**2
"""ħ²/(24 k_B) in Å² amu K."""


def spreads_A2(molecules: IntArray, masses_amu: FloatArray, temperature_K: float) -> FloatArray:
    """Return ħ²/(24 m k_B T) of each site in Å², shape ``(n_sites,)``.

    It is 0 in a rigid framework, and inf without any mass.

    Parameters
    ----------
    molecules
        As `nearsight.structures.molecules` numbers them, shape ``(n_sites,)``.
    masses_amu
        Of the sites, which may be 0 where a molecule has others; shape ``(n_sites,)``.
    temperature_K
        Above 0.
    """
    _, which = np.unique(molecules, return_inverse=True)
    of_molecules = np.bincount(which, weights=masses_amu)
    together = np.where(molecules > SINGLE, of_molecules[which], masses_amu)
    together = np.where(molecules == FRAMEWORK, np.inf, together)
    with np.errstate(divide="ignore"):
        spreads: FloatArray = _SPREAD_A2_AMU_K / temperature_K / together
    return spreads
