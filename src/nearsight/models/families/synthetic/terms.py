"""The terms of a synthetic energy as differentiable functions of distances and cosines.

Where a term has ended it is 0 with all of its derivatives, to the bit.
"""

import torch

from nearsight.models.families.forcefield.ewald import COULOMB_EV_A

_UNDERFLOW = 1e-3
"""exp(1 - 1/u) is 0 in double precision for any u below this, and so are its derivatives."""
_RIPPLE_CENTRES = (1.2, 1.5, 1.8)
"""In bond lengths."""
_RIPPLE_WIDTH = 0.25
_DENSITY_DECAY = 2.0
_SOFTENING_A = 1.5


def window(distances_A: torch.Tensor, radius_A: float) -> torch.Tensor:
    """Return w(r) = exp(1 - 1/(1 - r²/r_c²)), which falls from 1 at r = 0 to 0 at r_c and is 0 on.

    All of its derivatives are continuous.
    """
    rest = 1 - (distances_A / radius_A).square()
    within = rest > _UNDERFLOW
    # A place where all is finite stands in for those whose value is not taken.
    safe = torch.where(within, rest, 1.0)
    return torch.where(within, torch.exp(1 - 1 / safe), 0.0)


def pair_energies(distances_A: torch.Tensor, parameters: torch.Tensor) -> torch.Tensor:
    """Return D (e^{-2α(r-L)} - 2 e^{-α(r-L)} + Σ_k a_k e^{-((r/L - c_k)/0.25)²}) in eV.

    Morse's function (P. M. Morse, Phys. Rev. 1929, 34, 57) with ripples at c_k = 1.2, 1.5, 1.8.
    With α L of at least 3.5, above ln 16, energies of any number of atoms are bounded below by a
    multiple of their number (D. Ruelle, Statistical Mechanics, 1969, section 3.2).

    Parameters
    ----------
    distances_A
        Shape ``(n_pairs,)``.
    parameters
        As in `Tables.pairs`, shape ``(n_pairs, n_parameters)``.
    """
    length_A, depth_eV, per_A = parameters[:, :3].unbind(1)
    attraction = torch.exp(-per_A * (distances_A - length_A))
    centres = distances_A.new_tensor(_RIPPLE_CENTRES)
    offsets = ((distances_A / length_A)[:, None] - centres) / _RIPPLE_WIDTH
    ripples = (parameters[:, 4:] * torch.exp(-offsets.square())).sum(1)
    return depth_eV * (attraction.square() - 2 * attraction + ripples)


def densities(distances_A: torch.Tensor, parameters: torch.Tensor) -> torch.Tensor:
    """Return what a neighbour adds to the density at an atom, p e^{-2(r/L - 1)}; without unit.

    Arguments are those of `pair_energies`.
    """
    length_A, share = parameters[:, 0], parameters[:, 3]
    return share * torch.exp(-_DENSITY_DECAY * (distances_A / length_A - 1))


def embedding_energies(density: torch.Tensor, strengths_eV: torch.Tensor) -> torch.Tensor:
    """Return -A (√(1 + ρ) - 1) in eV: smooth, and 0 for an atom alone.

    The square root is that of M. W. Finnis and J. E. Sinclair, Philos. Mag. A 1984, 50, 45.
    """
    return strengths_eV * (1 - torch.sqrt(1 + density))


def arms(distances_A: torch.Tensor, lengths_A: torch.Tensor, radius_A: float) -> torch.Tensor:
    """Return how much an arm of an angle counts, e^{-r²/L²} w(r), from 1 to 0."""
    decay = torch.exp(-(distances_A / lengths_A).square())
    return decay * window(distances_A, radius_A)


def angle_energies(cosines: torch.Tensor, parameters: torch.Tensor) -> torch.Tensor:
    """Return B (cos θ - c)² in eV, to be multiplied by both arms: never negative.

    The form is that of F. H. Stillinger and T. A. Weber, Phys. Rev. B 1985, 31, 5262.

    Parameters
    ----------
    cosines
        Shape ``(n_angles,)``.
    parameters
        As in `Tables.triples`, shape ``(n_angles, 2)``.
    """
    strengths_eV, preferred = parameters.unbind(1)
    return strengths_eV * (cosines - preferred).square()


def charge_energies(distances_A: torch.Tensor, range_A: float) -> torch.Tensor:
    """Return k_e ψ(r/R)/√(r² + a²) in eV/e², a = 1.5 Å, which ends at R.

    ψ(x) = (1 - x)⁸ (32x³ + 25x² + 8x + 1) has six continuous derivatives (H. Wendland, Adv. Comput.
    Math. 1995, 4, 389). Both factors are positive definite in three dimensions, and so is their
    product: charges of at most q have no energy below -k_e q²/2a = -4.8 eV (q/e)² for each atom,
    however close they come.
    """
    x = distances_A / range_A
    polynomial = ((32 * x + 25) * x + 8) * x + 1
    ending = (1 - x).clamp(min=0.0) ** 8 * polynomial
    energies: torch.Tensor = (
        COULOMB_EV_A * ending / torch.sqrt(distances_A.square() + _SOFTENING_A**2)
    )
    return energies
