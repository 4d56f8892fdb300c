"""A box of carbon dioxide, and how fast its molecules diffuse where they are far apart."""

import numpy as np
from ase import Atoms
from ase.build import molecule

from nearsight.adsorption.orientations import rotation_matrices, uniform_quaternions
from nearsight.units import AMU_IN_KG, ANGSTROM_IN_M, BOLTZMANN_J_PER_K

FULL_BOX_A, FULL_BOX_MOLECULES = 25.0, 50
"""As in the thesis; 234 kg/m³, which is some 65 bar at 300 K."""
MASS_U = 44.009
"""Of a molecule."""
_CLOSEST_A = 3.8
"""Of two carbon atoms at the start."""
_TRIALS = 100_000

_SIGMA_A, _EPSILON_K = 3.941, 195.2
"""Lennard-Jones parameters of carbon dioxide: R. C. Reid, J. M. Prausnitz and B. E. Poling, *The
Properties of Gases and Liquids*, 4th ed. 1987, appendix B."""


def carbon_dioxide(n_molecules: int, seed: int) -> Atoms:
    """Return molecules in a periodic cube, at random places and turned at random, without overlap.

    The density is always that of 50 molecules in 25 Å. Each molecule is C, O, O.
    """
    rng = np.random.default_rng(seed)
    edge_A = FULL_BOX_A * (n_molecules / FULL_BOX_MOLECULES) ** (1 / 3)
    centres: list[np.ndarray] = []
    for _ in range(_TRIALS):
        place = rng.uniform(0.0, edge_A, 3)
        apart = np.array(centres).reshape(-1, 3) - place
        apart -= edge_A * np.round(apart / edge_A)
        if (np.linalg.norm(apart, axis=1) > _CLOSEST_A).all():
            centres.append(place)
        if len(centres) == n_molecules:
            break
    else:
        raise ValueError(f"{n_molecules} molecules do not find room in {edge_A:.3g} Å.")
    single = molecule("CO2")
    turns = rotation_matrices(uniform_quaternions(n_molecules, rng))
    gas = Atoms(cell=[edge_A] * 3, pbc=True)
    for place, turn in zip(centres, turns, strict=True):
        gas += Atoms(single.numbers, single.positions @ turn.T + place)
    return gas


def density_kg_per_m3(n_molecules: int, volume_A3: float) -> float:
    """Return the density of so many molecules."""
    mass_kg = n_molecules * MASS_U * AMU_IN_KG
    return float(mass_kg / (volume_A3 * ANGSTROM_IN_M**3))


def dilute_density_times_diffusion(temperature_K: float) -> float:
    """Return the density times the coefficient of self-diffusion of the dilute gas, in kg/(m s).

    The first approximation of Chapman and Enskog, (3/8) √(m k T/π) / (σ² Ω), with the collision
    integral of P. D. Neufeld, A. R. Janzen and R. A. Aziz, J. Chem. Phys. 57, 1100 (1972),
    doi:10.1063/1.1678363. It does not depend on the density.
    """
    reduced = temperature_K / _EPSILON_K
    collision_integral = (
        1.06036 / reduced**0.15610
        + 0.19300 * np.exp(-0.47635 * reduced)
        + 1.03587 * np.exp(-1.52996 * reduced)
        + 1.76474 * np.exp(-3.89411 * reduced)
    )
    thermal = BOLTZMANN_J_PER_K * temperature_K * MASS_U * AMU_IN_KG
    sigma_m = _SIGMA_A * ANGSTROM_IN_M
    return float(3 / 8 * np.sqrt(thermal / np.pi) / (sigma_m**2 * collision_integral))
