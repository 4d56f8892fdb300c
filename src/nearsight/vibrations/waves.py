"""Eigenvalues of dynamical matrices, with what moves rigidly taken out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nearsight.arrays import FloatArray, IntArray
from nearsight.hessian.files.phonopy_objects import find_order
from nearsight.hessian.force_constants import ForceConstants
from nearsight.structures.rigid_body import rigid_body_waves

if TYPE_CHECKING:
    from phonopy import Phonopy


@dataclass(frozen=True)
class Waves:
    """Eigenvalues λ = ω² at some q-points, in eV/(Å² amu)."""

    eigenvalues_eV_per_A2_amu: FloatArray
    """Ascending, shape ``(n_q, n_branches)``; exactly zero where pieces move rigidly."""
    unprojected_eigenvalues_eV_per_A2_amu: FloatArray
    """As computed, ascending, of the same shape."""
    n_rigid_body: IntArray
    """How many of each q-point are exactly zero, shape ``(n_q,)``."""


def waves_at(force_constants: ForceConstants, phonon: "Phonopy", qpoints: FloatArray) -> Waves:
    """Return the eigenvalues of dynamical matrices that phonopy interpolates.

    In a crystal that pairs hold together all of them are as computed. A molecule in a box moves
    rigidly at every q-point, chains and layers at those whose wave does not run along them: these
    motions are identified by projection, as those of `nearsight.vibrations.vibrations` are at Γ,
    so that neither the mesh nor the sign of rounding decides about their heat.

    Parameters
    ----------
    force_constants
        Of a crystal.
    phonon
        phonopy's object with them.
    qpoints
        In units of the reciprocal vectors of the primitive cell, shape ``(n_q, 3)``.
    """
    pieces = force_constants.pieces
    found = phonon.run_qpoints(qpoints, with_dynamical_matrices=not pieces.connected)
    scaled = found.frequencies / phonon.unit_conversion_factor
    computed = np.sign(scaled) * scaled**2
    rigid = np.zeros(len(qpoints), dtype=np.int64)
    if pieces.connected:
        return Waves(computed, computed, rigid)
    matrices = found.dynamical_matrices
    assert matrices is not None
    projected = computed.copy()
    order = _order(force_constants, phonon)
    for number, (qpoint, matrix) in enumerate(zip(qpoints, matrices, strict=True)):
        vibrating = _complement(force_constants, order, qpoint)
        rigid[number] = vibrating.shape[0] - vibrating.shape[1]
        values = np.linalg.eigvalsh(vibrating.conj().T @ matrix @ vibrating)
        projected[number] = np.sort(np.append(values, np.zeros(rigid[number])))
    return Waves(projected, computed, rigid)


def shares_of_atoms(
    force_constants: ForceConstants, phonon: "Phonopy", qpoints: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return eigenvalues, and what each atom has of each wave.

    Parameters
    ----------
    force_constants, phonon, qpoints
        As for `waves_at`.

    Returns
    -------
    FloatArray, FloatArray
        λ in eV/(Å² amu), ascending, shape ``(n_q, n_branches)``, zero where pieces move rigidly;
        and |e_A|² of the normalised mass-weighted wave e, shape ``(n_q, n_branches, n_atoms)``, in
        the order of `force_constants.primitive_atoms`; all of a wave make 1, those of rigid
        motions are zero.
    """
    order = _order(force_constants, phonon)
    matrices = phonon.run_qpoints(qpoints, with_dynamical_matrices=True).dynamical_matrices
    assert matrices is not None
    n_branches = matrices.shape[1]
    eigenvalues = np.zeros((len(qpoints), n_branches))
    shares = np.zeros((len(qpoints), n_branches, n_branches // 3))
    whole = np.eye(n_branches, dtype=np.complex128)
    connected = force_constants.pieces.connected
    for number, (qpoint, matrix) in enumerate(zip(qpoints, matrices, strict=True)):
        vibrating = whole if connected else _complement(force_constants, order, qpoint)
        values, vectors = np.linalg.eigh(vibrating.conj().T @ matrix @ vibrating)
        waves = (vibrating @ vectors).T.reshape(len(values), -1, 3)
        left_out = n_branches - len(values)
        sorting = np.argsort(np.append(np.zeros(left_out), values), kind="stable")
        eigenvalues[number] = np.append(np.zeros(left_out), values)[sorting]
        of_atoms = np.zeros((n_branches, n_branches // 3))
        of_atoms[left_out:, order] = np.sum(np.abs(waves) ** 2, axis=2)
        shares[number] = of_atoms[sorting]
    return eigenvalues, shares


def _order(force_constants: ForceConstants, phonon: "Phonopy") -> IntArray:
    """Return which of the atoms of the primitive cell each one of phonopy's is."""
    own: IntArray = find_order(
        force_constants.supercell, force_constants.primitive_atoms, phonon
    ).own
    return own


def _complement(
    force_constants: ForceConstants, order: IntArray, qpoint: FloatArray
) -> NDArray[np.complex128]:
    """Return orthonormal columns beside the rigid motions, in phonopy's order of the atoms."""
    primitive = force_constants.primitive_cell
    waves = rigid_body_waves(primitive, force_constants.pieces, qpoint)
    theirs = waves.reshape(len(primitive), 3, -1)[order].reshape(waves.shape)
    complement: NDArray[np.complex128] = np.linalg.qr(theirs, mode="complete")[0][
        :, waves.shape[1] :
    ]
    return complement
