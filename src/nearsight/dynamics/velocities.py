"""Velocities of Maxwell and Boltzmann, without the motion of the whole where it would stay."""

from typing import Any

import numpy as np
from ase import Atoms, units
from ase.constraints import FixBondLengths, FixCom, FixInternals, FixLinearTriatomic

from nearsight.arrays import FloatArray
from nearsight.errors import MethodError

_AMONG_ATOMS = (FixCom, FixBondLengths, FixInternals, FixLinearTriatomic)
"""Constraints that hold nothing in space."""


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
        drawn = stilled(drawn)
    kept: FloatArray = drawn.get_momenta()
    return kept


def degrees_of_freedom(atoms: Atoms, *, keeps_momentum: bool) -> int:
    """Return how many independent momenta move.

    Constraints take theirs, the momentum of the whole takes three where it is kept at zero, and the
    angular momentum of a molecule three, of two atoms two, and of one none. (A linear molecule of
    more atoms is linear at rest only: it bends, and then three.)

    Raises
    ------
    MethodError
        Of a constraint it is not known how many momenta it takes.
    """
    free = 3 * len(atoms) - sum(_removed(each, atoms) for each in atoms.constraints)
    if not keeps_momentum or held(atoms):
        return free
    if not any(isinstance(each, FixCom) for each in atoms.constraints):
        free -= 3
    rotations = (0, 2, 3)[min(len(atoms), 3) - 1]
    return free if atoms.pbc.any() else free - rotations


def held(atoms: Atoms) -> bool:
    """Tell whether a constraint holds atoms in space, so that the whole cannot drift."""
    return any(not isinstance(each, _AMONG_ATOMS) for each in atoms.constraints)


def stilled(atoms: Atoms) -> Atoms:
    """Return a copy without the motion of the whole: no momentum, a molecule no angular one."""
    still: Atoms = atoms.copy()
    masses = still.get_masses()[:, np.newaxis]
    momenta = still.get_momenta()
    still.set_momenta(momenta - masses * momenta.sum(axis=0) / masses.sum())
    if not still.pbc.any():
        _stop_rotation(still)
    return still


def _removed(constraint: Any, atoms: Atoms) -> int:
    try:
        return int(constraint.get_removed_dof(atoms))
    except (NotImplementedError, AttributeError) as error:
        raise MethodError(
            f"of the constraint {type(constraint).__name__} it is not known how many degrees of "
            f"freedom it takes, and so no temperature is; use another, or remove it with "
            f"atoms.set_constraint()."
        ) from error


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
