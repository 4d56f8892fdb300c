"""The translations and rotations of a structure as directions in mass-weighted coordinates."""

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.errors import StructureError

_LINEAR_TOLERANCE = 1e-3


def rigid_body_basis(atoms: Atoms) -> NDArray[np.float64]:
    """Return orthonormal rigid-body directions of `atoms` in mass-weighted coordinates.

    Three translations if any direction is periodic, since turning a crystal against its own
    lattice costs energy. Otherwise three translations and the rotations about the centre of mass:
    three, two for a linear molecule, none for an atom. Translations √m_A e_α and rotations
    √m_A e_α × (r_A - r_com) are those of C. Eckart, Phys. Rev. 1935, 47, 552,
    DOI 10.1103/PhysRev.47.552.

    A rotation counts if its singular value, the square root of a principal moment of inertia,
    exceeds 10⁻³ of the largest one: a molecule is linear if its atoms lie within about a
    thousandth of its length from one axis. A smaller tolerance would take the bending vibration
    of an imperfectly relaxed CO₂ for a rotation and remove it.

    Parameters
    ----------
    atoms
        Structure with masses in amu.

    Returns
    -------
    NDArray[np.float64]
        Orthonormal columns, shape ``(3 n_atoms, n_rigid_body)``, without unit.

    Raises
    ------
    StructureError
        There are no atoms, or a mass is not positive.
    """
    masses = _positive_masses(atoms)
    roots = np.sqrt(masses)
    translations: NDArray[np.float64] = np.kron(roots[:, np.newaxis], np.eye(3)) / np.sqrt(
        masses.sum()
    )
    if atoms.pbc.any() or len(atoms) == 1:
        return translations
    return np.hstack([translations, _rotations(atoms.positions, masses)])


def _rotations(positions: NDArray[np.float64], masses: NDArray[np.float64]) -> NDArray[np.float64]:
    # About the centre of mass a rotation is orthogonal to every translation.
    centred = positions - masses @ positions / masses.sum()
    turned = np.cross(np.eye(3)[:, np.newaxis, :], centred) * np.sqrt(masses)[:, np.newaxis]
    left, singular_values, _ = np.linalg.svd(turned.reshape(3, -1).T, full_matrices=False)
    rank = int(np.count_nonzero(singular_values > _LINEAR_TOLERANCE * singular_values[0]))
    rotations: NDArray[np.float64] = left[:, :rank]
    return rotations


def _positive_masses(atoms: Atoms) -> NDArray[np.float64]:
    if len(atoms) == 0:
        raise StructureError("the structure has no atoms; vibrations need at least one.")
    masses: NDArray[np.float64] = atoms.get_masses()
    if not np.all(masses > 0):
        worst = int(np.argmin(masses))
        raise StructureError(
            f"atom {worst} ({atoms.symbols[worst]}) has the mass {masses[worst]} amu; "
            f"vibrations need positive masses: set them with atoms.set_masses()."
        )
    return masses
