"""The translations and rotations of a structure as directions in mass-weighted coordinates."""

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.errors import StructureError

_LINEAR_TOLERANCE = 1e-3
_ON_AXIS_A = 0.01


def rigid_body_basis(atoms: Atoms) -> NDArray[np.float64]:
    """Return orthonormal rigid-body directions of `atoms` in mass-weighted coordinates.

    Three translations, and the rotations that cost no energy. Without a periodic direction these
    are the rotations about the centre of mass: three, two for a linear molecule, none for an atom.
    With exactly one, as in a polymer or a nanotube, it is the rotation about that direction through
    the centre of mass, none if the atoms lie on this axis within 0.01 Å (root mean square, weighted
    by mass). With two or three there is none, since a crystal turns against its own lattice.
    Translations √m_A e_α and rotations
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
        There are no atoms, a mass is not positive, or a periodic direction has no cell vector.
    """
    masses = _positive_masses(atoms)
    roots = np.sqrt(masses)
    translations: NDArray[np.float64] = np.kron(roots[:, np.newaxis], np.eye(3)) / np.sqrt(
        masses.sum()
    )
    n_periodic = int(np.count_nonzero(atoms.pbc))
    if n_periodic > 1 or len(atoms) == 1:
        return translations
    if n_periodic == 1:
        return np.hstack([translations, _rotation_about_the_chain(atoms, masses)])
    return np.hstack([translations, _rotations(atoms.positions, masses)])


def _rotations(positions: NDArray[np.float64], masses: NDArray[np.float64]) -> NDArray[np.float64]:
    # About the centre of mass a rotation is orthogonal to every translation.
    centred = positions - masses @ positions / masses.sum()
    turned = np.cross(np.eye(3)[:, np.newaxis, :], centred) * np.sqrt(masses)[:, np.newaxis]
    left, singular_values, _ = np.linalg.svd(turned.reshape(3, -1).T, full_matrices=False)
    rank = int(np.count_nonzero(singular_values > _LINEAR_TOLERANCE * singular_values[0]))
    rotations: NDArray[np.float64] = left[:, :rank]
    return rotations


def _rotation_about_the_chain(atoms: Atoms, masses: NDArray[np.float64]) -> NDArray[np.float64]:
    axis: NDArray[np.float64] = atoms.cell.array[atoms.pbc][0]
    length = float(np.linalg.norm(axis))
    if length == 0.0:
        raise StructureError(
            "the periodic direction has no cell vector; set the cell, or pbc to False."
        )
    centred = atoms.positions - masses @ atoms.positions / masses.sum()
    turned = (np.cross(axis / length, centred) * np.sqrt(masses)[:, np.newaxis]).reshape(-1, 1)
    size = float(np.linalg.norm(turned))
    if size <= _ON_AXIS_A * np.sqrt(masses.sum()):
        return np.empty((turned.size, 0))
    rotation: NDArray[np.float64] = turned / size
    return rotation


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
