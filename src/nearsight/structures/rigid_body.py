"""The translations and rotations of a structure as directions in mass-weighted coordinates."""

from collections.abc import Iterable

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.errors import StructureError
from nearsight.structures.pieces import Pieces
from nearsight.structures.reduced_cell import periodic_cell

_LINEAR_TOLERANCE = 1e-3
_ON_AXIS_A = 0.01
_WHOLE = 1e-6
"""Of a wave along a lattice vector of a piece, in wavelengths."""


def rigid_body_basis(atoms: Atoms, pieces: Pieces) -> NDArray[np.float64]:
    """Return orthonormal rigid-body directions of `atoms` in mass-weighted coordinates.

    For each piece three translations, and the rotations that cost no energy. Of a molecule these
    are the rotations about the centre of mass: three, two if it is linear, none for an atom.
    Of a chain, such as a polymer or a nanotube, it is the rotation about its direction through
    the centre of mass, none if the atoms lie on this axis within 0.01 Å (root mean square, weighted
    by mass). Of a layer or crystal there is none, since it turns against its own lattice.
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
    pieces
        What pairs of its atoms hold together.

    Returns
    -------
    NDArray[np.float64]
        Orthonormal columns, shape ``(3 n_atoms, n_rigid_body)``, without unit.

    Raises
    ------
    StructureError
        There are no atoms, a mass is not positive, or a periodic direction has no cell vector.
    """
    return _basis(atoms, pieces, range(len(pieces.lattices)))


def rigid_body_waves(
    atoms: Atoms, pieces: Pieces, qpoint: NDArray[np.float64]
) -> NDArray[np.complex128]:
    """Return the rigid-body directions that a wave with a wave vector has, each piece by itself.

    A wave that does not run along a piece, such as any wave in a molecule, moves it rigidly: its
    images follow with other phases, which it does not feel.

    Parameters
    ----------
    atoms, pieces
        As for `rigid_body_basis`.
    qpoint
        In units of the reciprocal vectors of the cell, shape ``(3,)``.

    Returns
    -------
    NDArray[np.complex128]
        Orthonormal columns, shape ``(3 n_atoms, n)``, for dynamical matrices with the phases
        exp(2πi q·(r_B - r_A)) of the positions of the atoms.
    """
    still = [
        piece
        for piece, lattice in enumerate(pieces.lattices)
        if np.allclose(lattice @ qpoint, np.round(lattice @ qpoint), atol=_WHOLE, rtol=0.0)
    ]
    scaled = pieces.whole_positions_A(atoms) @ np.linalg.inv(periodic_cell(atoms))
    phases = np.repeat(np.exp(-2j * np.pi * (scaled @ qpoint)), 3)[:, np.newaxis]
    return np.asarray(phases * _basis(atoms, pieces, still), dtype=np.complex128)


def _basis(atoms: Atoms, pieces: Pieces, chosen: Iterable[int]) -> NDArray[np.float64]:
    """Return the rigid-body directions of some pieces, which share no atom."""
    masses = _positive_masses(atoms)
    _require_cell(atoms)
    positions = pieces.whole_positions_A(atoms)
    cell = periodic_cell(atoms)
    columns = [np.empty((3 * len(atoms), 0))]
    for piece in chosen:
        members = np.flatnonzero(pieces.of_atom == piece)
        of_piece = _of_piece(positions[members], masses[members], pieces.lattices[piece] @ cell)
        everywhere = np.zeros((len(atoms), 3, of_piece.shape[1]))
        everywhere[members] = of_piece.reshape(len(members), 3, -1)
        columns.append(everywhere.reshape(3 * len(atoms), -1))
    return np.hstack(columns)


def _of_piece(
    positions: NDArray[np.float64], masses: NDArray[np.float64], lattice_A: NDArray[np.float64]
) -> NDArray[np.float64]:
    shares = np.sqrt(masses / masses.sum())
    translations: NDArray[np.float64] = np.kron(shares[:, np.newaxis], np.eye(3))
    if len(lattice_A) > 1 or (len(masses) == 1 and len(lattice_A) == 0):
        return translations
    if len(lattice_A) == 1:
        return np.hstack([translations, _rotation_about_the_chain(positions, masses, lattice_A[0])])
    return np.hstack([translations, _rotations(positions, masses)])


def _rotations(positions: NDArray[np.float64], masses: NDArray[np.float64]) -> NDArray[np.float64]:
    # About the centre of mass a rotation is orthogonal to every translation.
    centred = positions - masses @ positions / masses.sum()
    turned = np.cross(np.eye(3)[:, np.newaxis, :], centred) * np.sqrt(masses)[:, np.newaxis]
    left, singular_values, _ = np.linalg.svd(turned.reshape(3, -1).T, full_matrices=False)
    rank = int(np.count_nonzero(singular_values > _LINEAR_TOLERANCE * singular_values[0]))
    rotations: NDArray[np.float64] = left[:, :rank]
    return rotations


def _rotation_about_the_chain(
    positions: NDArray[np.float64], masses: NDArray[np.float64], axis: NDArray[np.float64]
) -> NDArray[np.float64]:
    centred = positions - masses @ positions / masses.sum()
    along = axis / float(np.linalg.norm(axis))
    turned = (np.cross(along, centred) * np.sqrt(masses)[:, np.newaxis]).reshape(-1, 1)
    size = float(np.linalg.norm(turned))
    if size <= _ON_AXIS_A * np.sqrt(masses.sum()):
        return np.empty((turned.size, 0))
    rotation: NDArray[np.float64] = turned / size
    return rotation


def _require_cell(atoms: Atoms) -> None:
    if (np.linalg.norm(atoms.cell.array[atoms.pbc], axis=1) == 0.0).any():
        raise StructureError(
            "the periodic direction has no cell vector; set the cell, or pbc to False."
        )


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
