"""What removing a group of atoms does to the force on a site, by second derivatives.

M. Herbold, J. Behler, J. Chem. Phys. 2022, 156, 114106, doi:10.1063/5.0082952. The force on A
changes by Δf_A when a group g is taken away and the bonds are capped; the norms of these matrices
tell how much, without a reference force.
"""

import numpy as np
from ase import Atoms
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree

from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import StructureError

_SAME_PLACE_A = 1e-4


def group_matrix(rows: FloatArray, group: ArrayLike) -> FloatArray:
    """Return G_A^g = Σ_{B∈g} h_AB, shape ``(3, 3)``, eV/Å².

    Parameters
    ----------
    rows
        h_AB of the site A, shape ``(3, n_atoms, 3)`` in eV/Å².
    group
        Indices of the atoms of g.

    Examples
    --------
    >>> from ase.build import molecule
    >>> from nearsight.locality import group_matrix, interactions
    >>> from nearsight.models import load_model
    >>> rows = interactions(molecule("CO2"), load_model("ase:emt"), sites=[0]).blocks_eV_per_A2[0]
    >>> print(f"{group_matrix(rows, [1, 2])[2, 2]:.1f} eV/Å² along the molecule")
    -25.4 eV/Å² along the molecule
    """
    indices = np.asarray(group, dtype=np.int64)
    total: FloatArray = rows[:, indices].sum(axis=1)
    return total


def effective_group_matrix(
    reference_rows: FloatArray, removed: ArrayLike, fragment_rows: FloatArray, caps: ArrayLike
) -> FloatArray:
    """Return G'_A^g = Σ_{B∈g} h_AB - Σ_{b∈caps} h_Ab, shape ``(3, 3)``, eV/Å².

    By the translational sum rule it is Σ_{B kept} (h_AB of the fragment - h_AB of the reference),
    the site A among the kept atoms.

    Parameters
    ----------
    reference_rows
        h_AB in the reference, shape ``(3, n_atoms, 3)`` in eV/Å².
    removed
        Indices in the reference of the atoms of g that the fragment does not have.
    fragment_rows
        h_Ab in the capped fragment, shape ``(3, n_fragment_atoms, 3)`` in eV/Å².
    caps
        Indices in the fragment of the atoms that the reference does not have.

    Examples
    --------
    >>> import numpy as np
    >>> from nearsight.locality import effective_group_matrix
    >>> reference, fragment = np.zeros((3, 2, 3)), np.zeros((3, 2, 3))
    >>> reference[0, 1, 0], fragment[0, 1, 0] = -3.0, -2.5  # eV/Å²
    >>> print(f"{effective_group_matrix(reference, [1], fragment, [1])[0, 0]:.1f} eV/Å²")
    -0.5 eV/Å²
    """
    return group_matrix(reference_rows, removed) - group_matrix(fragment_rows, caps)


def atoms_not_shared(reference: Atoms, fragment: Atoms) -> tuple[IntArray, IntArray]:
    """Return the atoms of the reference that a fragment lacks, and the caps that it has instead.

    Both are in the same coordinates. A cap that both have at the same place is shared.

    Returns
    -------
    tuple
        Ascending indices in `reference`, and in `fragment`.

    Raises
    ------
    StructureError
        An atom that is shared by its place has another element, or nothing is shared.
    """
    distances, nearest = cKDTree(reference.positions).query(fragment.positions)
    shared = distances < _SAME_PLACE_A
    if not shared.any():
        raise StructureError(
            "the fragment and its reference share no atom; both must be in the same coordinates."
        )
    if (fragment.numbers[shared] != reference.numbers[nearest[shared]]).any():
        raise StructureError(
            "the fragment has another element at the place of an atom of its reference."
        )
    removed = np.setdiff1d(np.arange(len(reference)), nearest[shared])
    return removed.astype(np.int64), np.flatnonzero(~shared)
