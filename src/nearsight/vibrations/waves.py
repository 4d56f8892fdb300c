"""Eigenvalues of dynamical matrices, with what moves rigidly taken out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nearsight.hessian.force_constants import ForceConstants
from nearsight.hessian.phonopy_io import find_order
from nearsight.structures.rigid_body import rigid_body_waves

if TYPE_CHECKING:
    from phonopy import Phonopy

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


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
    primitive = force_constants.primitive_cell
    own = find_order(force_constants.supercell, force_constants.primitive_atoms, phonon).own
    matrices = found.dynamical_matrices
    assert matrices is not None
    projected = computed.copy()
    for number, (qpoint, matrix) in enumerate(zip(qpoints, matrices, strict=True)):
        waves = rigid_body_waves(primitive, pieces, qpoint)
        rigid[number] = waves.shape[1]
        theirs = waves.reshape(len(primitive), 3, -1)[own].reshape(waves.shape)
        complement = np.linalg.qr(theirs, mode="complete")[0][:, waves.shape[1] :]
        vibrating = np.linalg.eigvalsh(complement.conj().T @ matrix @ complement)
        projected[number] = np.sort(np.append(vibrating, np.zeros(waves.shape[1])))
    return Waves(projected, computed, rigid)
