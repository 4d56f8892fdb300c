"""Velocities of Maxwell and Boltzmann, without the motion of the whole where it would stay."""

import numpy as np
from ase import Atoms, units
from ase.constraints import FixCom

from nearsight.arrays import FloatArray

_LINEAR_A = 1e-3
"""How far atoms may be from the line of a linear molecule."""


def initial_momenta(
    atoms: Atoms, temperature_K: float, rng: np.random.Generator, *, keeps_momentum: bool
) -> FloatArray:
    """Return momenta drawn at a temperature, in ASE's units, shape ``(n_atoms, 3)``.

    Where the dynamics keep the momentum of the whole, it is zero, and of a molecule the angular
    momentum too; what is left is not scaled: each degree of freedom that there is has k T / 2 on
    average.

    Parameters
    ----------
    atoms
        The structure, whose constraints hold.
    temperature_K
        Temperature in K.
    rng
        Random numbers.
    keeps_momentum
        Whether the dynamics keep the momentum.
    """
    drawn = atoms.copy()
    masses = drawn.get_masses()[:, np.newaxis]
    drawn.set_momenta(
        rng.standard_normal((len(drawn), 3)) * np.sqrt(masses * units.kB * temperature_K)
    )
    if keeps_momentum and not held(atoms):
        momenta = drawn.get_momenta()
        drawn.set_momenta(momenta - masses * momenta.sum(axis=0) / masses.sum())
        if not atoms.pbc.any():
            _stop_rotation(drawn)
    kept: FloatArray = drawn.get_momenta()
    return kept


def degrees_of_freedom(atoms: Atoms, *, keeps_momentum: bool) -> int:
    """Return how many independent momenta move.

    Constraints take theirs, the momentum of the whole takes three where it is kept at zero, and the
    angular momentum of a molecule three, or two if it is linear, one atom none.
    """
    free = 3 * len(atoms) - sum(each.get_removed_dof(atoms) for each in atoms.constraints)
    if not keeps_momentum or held(atoms):
        return int(free)
    if not any(isinstance(each, FixCom) for each in atoms.constraints):
        free -= 3
    return int(free) if atoms.pbc.any() else int(free) - _rotations(atoms)


def held(atoms: Atoms) -> bool:
    """Tell whether a constraint holds atoms in space, so that the whole cannot drift."""
    return any(not isinstance(each, FixCom) for each in atoms.constraints)


def _rotations(atoms: Atoms) -> int:
    """Return about how many axes a molecule can turn: none, two of a linear one, three."""
    centred = atoms.positions - atoms.get_center_of_mass()
    dimensions = int(np.linalg.matrix_rank(centred, tol=_LINEAR_A))
    return (0, 2, 3, 3)[dimensions]


def _stop_rotation(atoms: Atoms) -> None:
    """Take a rigid rotation off the momenta of a molecule, so that L is zero."""
    positions = atoms.positions - atoms.get_center_of_mass()
    masses, momenta = atoms.get_masses(), atoms.get_momenta()
    angular = np.cross(positions, momenta).sum(axis=0)
    squares = np.einsum("a,ai,ai->", masses, positions, positions)
    inertia = squares * np.eye(3) - np.einsum("a,ai,aj->ij", masses, positions, positions)
    # Of a linear molecule the axis has no inertia, and no angular momentum either.
    rate = np.linalg.lstsq(inertia, angular, rcond=1e-6)[0]
    atoms.set_momenta(momenta - masses[:, np.newaxis] * np.cross(rate, positions))
