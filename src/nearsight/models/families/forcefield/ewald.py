"""Coulomb energies of point charges by Ewald's method (Ann. Phys. 1921, 369, 253).

Written here rather than taken from a library, because what a rigid molecule or framework must not
have with itself is left out exactly, because the wave vectors are chosen once for a structure, so
that derivatives by strain are those of the energy itself, and because a framework's part of the
sum over wave vectors is what a guest's energy is made of (`host_field`).

With the splitting α and δ the accuracy, erfc(α r_c) ≈ exp(-α² r_c²) = δ at the cutoff r_c, and
exp(-k²/4α²) = δ at the longest wave vector: α = √(-ln δ)/r_c, k_max = 2 α √(-ln δ).
"""

from dataclasses import dataclass

import numpy as np
import torch

from nearsight.arrays import FloatArray, IntArray
from nearsight.units import ANGSTROM_IN_M, EV_IN_JOULE, VACUUM_PERMITTIVITY_F_PER_M

COULOMB_EV_A = EV_IN_JOULE / (4 * np.pi * VACUUM_PERMITTIVITY_F_PER_M * ANGSTROM_IN_M)
"""Energy in eV of two elementary charges 1 Å apart."""


@dataclass(frozen=True)
class Splitting:
    """How Ewald's method splits 1/r."""

    alpha_per_A: float
    k_max_per_A: float

    @classmethod
    def of(cls, cutoff_A: float, accuracy: float) -> "Splitting":
        """Return that by which both sums leave out the same share at their ends."""
        digits = float(np.sqrt(-np.log(accuracy)))
        alpha = digits / cutoff_A
        return cls(alpha, 2 * alpha * digits)


def wave_indices(cell_A: FloatArray, k_max_per_A: float) -> IntArray:
    """Return the indices of wave vectors no longer than `k_max_per_A`, half of them: one of ±k.

    Parameters
    ----------
    cell_A
        Cell vectors (rows), shape ``(3, 3)``.
    k_max_per_A
        Longest wave vector, with its factor 2π.

    Returns
    -------
    IntArray
        Shape ``(n_waves, 3)``.
    """
    reciprocal = 2 * np.pi * np.linalg.inv(cell_A).T
    extents = np.floor(k_max_per_A * np.linalg.norm(cell_A, axis=1) / (2 * np.pi)).astype(int)
    ranges = [np.arange(-extent, extent + 1) for extent in extents]
    indices = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, 3)
    # The half behind the origin, in the order of the grid.
    indices = indices[len(indices) // 2 + 1 :]
    near = np.linalg.norm(indices @ reciprocal, axis=1) <= k_max_per_A
    chosen: IntArray = indices[near].astype(np.int64)
    return chosen


def weights_eV(
    waves: torch.Tensor, cell: torch.Tensor, splitting: Splitting
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return 4π k_e/V exp(-k²/4α²)/k² of each wave vector in eV/e², and the volume in Å³.

    Parameters
    ----------
    waves
        Indices, shape ``(n_waves, 3)``.
    cell
        Cell vectors (rows) in Å, shape ``(3, 3)``.
    splitting
        How 1/r is split.
    """
    volume = torch.linalg.det(cell).abs()
    k = 2 * np.pi * waves @ torch.linalg.inv(cell).T
    squared = k.square().sum(-1)
    decay = torch.exp(-squared / (4 * splitting.alpha_per_A**2))
    return 4 * np.pi * COULOMB_EV_A / volume * decay / squared, volume


def structure_factors(
    fractions: torch.Tensor, charges: torch.Tensor, waves: torch.Tensor
) -> torch.Tensor:
    """Return Σ q exp(i k·r) of each wave vector, complex, shape ``(n_waves,)``.

    The exponential is a product over the three indices, so that the sum over atoms is one of
    matrices, over all indices of a box around the waves.

    Parameters
    ----------
    fractions
        Fractional coordinates, shape ``(n_atoms, 3)``.
    charges
        In e, shape ``(n_atoms,)``.
    waves
        Indices, shape ``(n_waves, 3)``.
    """
    if not len(waves):
        return charges.new_zeros(0, dtype=torch.complex128)
    indices = waves.round().long()
    lowest, highest = indices.amin(0).tolist(), indices.amax(0).tolist()
    x, y, z = (
        torch.exp(2j * np.pi * fractions[:, axis, None] * torch.arange(low, high + 1).to(fractions))
        for axis, (low, high) in enumerate(zip(lowest, highest, strict=True))
    )
    planes = (charges[:, None] * x)[:, :, None] * y[:, None, :]
    box = planes.flatten(1).T @ z
    i, j, k = (indices - indices.amin(0)).unbind(1)
    return box[i * y.shape[1] + j, k]


@dataclass(frozen=True)
class Charges:
    """The charges of one crystal."""

    fractions: torch.Tensor
    """Fractional coordinates, shape ``(n_atoms, 3)``."""
    charges: torch.Tensor
    """In e, shape ``(n_atoms,)``."""
    rigid: torch.Tensor
    """Which are of the rigid framework, whose energy with itself is left out, bool."""


def reciprocal_energy(
    sites: Charges, cell: torch.Tensor, waves: torch.Tensor, splitting: Splitting
) -> torch.Tensor:
    """Return the energy in eV of all waves, of the background and of each charge with itself.

    Parameters
    ----------
    sites
        The charges.
    cell, waves, splitting
        As in `weights_eV`.
    """
    weights, volume = weights_eV(waves, cell, splitting)
    free = ~sites.rigid
    of_free = structure_factors(sites.fractions[free], sites.charges[free], waves)
    powers = _square(of_free)
    total, rigid = sites.charges.sum(), sites.charges[sites.rigid].sum()
    if sites.rigid.any():
        of_rigid = structure_factors(
            sites.fractions[sites.rigid], sites.charges[sites.rigid], waves
        )
        # |S_free + S_rigid|² - |S_rigid|², without what cancels
        powers = powers + 2 * (of_free * of_rigid.conj()).real
    alpha = splitting.alpha_per_A
    background = (total.square() - rigid.square()) / volume * (np.pi / (2 * alpha**2))
    itself = sites.charges[free].square().sum() * (alpha / np.sqrt(np.pi))
    # One of ±k is here, and each pair of charges counts once: 2 and 1/2 cancel.
    energy: torch.Tensor = (weights * powers).sum() - (background + itself) * COULOMB_EV_A
    return energy


def _square(numbers: torch.Tensor) -> torch.Tensor:
    return numbers.real.square() + numbers.imag.square()
