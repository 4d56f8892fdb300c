"""By which strains the cell of a crystal may change."""

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.structures.operations import Operations
from nearsight.structures.strain import strain_matrix

NO_STRAINS: FloatArray = np.zeros((0, 3, 3))
"""Those of a fixed cell."""
ALL_STRAINS: FloatArray = np.array([strain_matrix(unit) for unit in np.eye(6)])
"""Six components in Voigt order xx, yy, zz, yz, xz, xy, shears doubled."""
_SHAPE_STRAINS: FloatArray = np.array(
    [np.diag([1.0, -1.0, 0.0]) / 2, np.diag([1.0, 1.0, -2.0]) / np.sqrt(12), *ALL_STRAINS[3:]]
)
"""Those without a change of the volume to first order, all of one size."""

_KEEPS_THE_GROUP = 1e-8
"""Of the metric of the cell; what rounding makes of a strain that keeps it is 1e-16."""
_KEEPS_THE_VOLUME = 1e-12


def strains_of(kind: str, cell_A: FloatArray, operations: Operations | None = None) -> FloatArray:
    """Return the strains B of a kind of cell, shape ``(n_strains, 3, 3)``.

    A cell of rows then changes to ``cell_A @ (1 + Σ s B)``, and is scaled back to its volume where
    no B changes that (`keep_the_volume`).

    Parameters
    ----------
    kind
        One of `nearsight.relaxation.settings.CELLS`. ``isotropic`` has 1 itself, ``lengths`` one
        B for each cell vector, which it stretches along itself and leaves the others alone: all
        angles stay, whatever s. ``shape`` has the five that change no volume.
    cell_A
        The cell, rows. The strains of a cell that has changed by them are the same ones.
    operations
        A space group to be kept: of the lengths, those that it makes equal change together.
    """
    if kind == "fixed":
        return NO_STRAINS
    if kind == "isotropic":
        return np.eye(3)[np.newaxis]
    if kind == "free":
        return ALL_STRAINS
    if kind == "shape":
        return _SHAPE_STRAINS
    inverse = np.linalg.inv(cell_A)
    along = np.array([np.outer(inverse[:, i], cell_A[i]) for i in range(3)])
    if operations is None:
        return along
    kept: FloatArray = np.tensordot(_lengths_kept(cell_A, operations), along, axes=1)
    return kept


def keep_the_volume(strains: FloatArray) -> bool:
    """Tell whether no strain changes the volume: only the shape is relaxed by them."""
    traces = np.trace(strains, axis1=1, axis2=2)
    return len(strains) > 0 and bool(np.abs(traces).max() < _KEEPS_THE_VOLUME)


def without_pressure(virial_eV: FloatArray) -> FloatArray:
    """Return a virial, shape ``(3, 3)``, without the part that changes the volume."""
    shear: FloatArray = virial_eV - np.eye(3) * np.trace(virial_eV) / 3
    return shear


def strain_derivatives(virial_eV: FloatArray, strains: FloatArray) -> FloatArray:
    """Return tr(virial · B) for each strain B: what the energy changes by, in eV."""
    derivatives: FloatArray = np.einsum("ab,kba->k", virial_eV, strains)
    return derivatives


def _lengths_kept(cell_A: FloatArray, operations: Operations) -> FloatArray:
    """Return the changes of the three lengths that leave the group, shape ``(n, 3)``."""
    metric = cell_A @ cell_A.T
    to_primitive = operations.cell_in_lattice
    broken = []
    for length in np.eye(3):
        change = np.diag(length) @ metric
        primitive = to_primitive @ (change + change.T) @ to_primitive.T
        turned = np.swapaxes(operations.rotations, 1, 2) @ primitive @ operations.rotations
        broken.append((turned.mean(axis=0) - primitive).ravel() / np.trace(metric))
    _, sizes, directions = np.linalg.svd(np.transpose(broken))
    kept: FloatArray = directions[sizes < _KEEPS_THE_GROUP]
    return np.eye(3) if len(kept) == 3 else kept
