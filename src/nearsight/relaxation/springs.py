"""Springs between near atoms, as strong as a few products with the Hessian say that they are.

A network of springs is a poor model of a solid and a good preconditioner: it knows which motions
are stiff, and how the cell goes with the atoms. Pair functions in the place of bonds and angles
precondition geometry optimisation since D. Packwood et al., J. Chem. Phys. 2016, 144, 164109,
DOI 10.1063/1.4947024; here their constants are not tables or guesses, but those with which the
network comes closest to the model at hand.
"""

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import nnls

from nearsight.arrays import FloatArray
from nearsight.structures.neighbours import neighbour_pairs

Label = tuple[str, str]
"""The kind of a pair of atoms, and ``along`` or ``across`` it."""
Constants = dict[Label, float]
"""Spring constants in eV/Å²."""

_REACH_A = 5.0
_FADING_A = 0.5
_BOND, _NO_BOND = 1.2, 1.45
"""Over the sum of the covalent radii: pairs are bonds up to the first, and none from the second."""
_NODES = (1.45, 1.8, 2.3, 3.0, 4.0)
"""Where the constants of pairs without a bond are given, over the sum of the radii."""


class SpringNetwork:
    """Springs along each pair of atoms and across it, with one constant for each kind.

    The energy is Σ (k∥ |n·Δ|² + k⊥ |Δ - n (n·Δ)|²)/2 over pairs, where Δ is how the distance vector
    d = n |d| changes: u_j - u_i + d Σ s B, where s is how much there is of a strain B. Constants
    are continuous functions of the distance, so that a symmetric structure has a symmetric network.

    Parameters
    ----------
    atoms
        The structure.
    strains
        Those B whose amounts are variables as well, shape ``(n_strains, 3, 3)``.
    """

    def __init__(self, atoms: Atoms, strains: FloatArray) -> None:
        i, j, shifts = neighbour_pairs(atoms, _REACH_A)
        d = atoms.positions[j] + shifts - atoms.positions[i]
        lengths = np.linalg.norm(d, axis=1)
        self._changes = _changes(i, j, d, len(atoms), strains)
        self._directions = d / lengths[:, np.newaxis]
        self._kinds = _kinds(atoms.numbers, i, j, lengths)

    @property
    def labels(self) -> list[Label]:
        """Name of each constant: the kind of pair, and ``along`` or ``across`` it."""
        return [(name, kind) for name in self._kinds for kind in ("along", "across")]

    def fit(self, vectors: FloatArray, products: FloatArray) -> Constants:
        """Return the constants in eV/Å², none negative, that come closest to products H·v.

        Parameters
        ----------
        vectors, products
            Displacements and their products, shape ``(n_vectors, n_atoms, 3)``.
        """
        size = vectors[0].size
        columns = [
            np.concatenate([(matrix @ vector.ravel())[:size] for vector in vectors])
            for matrix in (self._part(label)[:, :size] for label in self.labels)
        ]
        if not columns:
            return {}
        constants, _ = nnls(np.stack(columns, axis=1), products.ravel())
        return dict(zip(self.labels, map(float, constants), strict=True))

    def matrix(self, constants: Constants) -> sparse.csr_matrix:
        """Return the second derivatives by displacements and strain, in eV/Å², eV/Å and eV.

        Springs of a kind without a constant are left out.
        """
        size = self._changes.shape[1]
        total = sparse.csr_matrix((size, size))
        for label in self.labels:
            if constants.get(label, 0.0) > 0:
                total = total + constants[label] * self._part(label)
        return total

    def _part(self, label: Label) -> sparse.csr_matrix:
        """Return the second derivatives of all springs of one kind with the constant 1."""
        name, kind = label
        along = np.einsum("pa,pb->pab", self._directions, self._directions)
        blocks = along if kind == "along" else np.eye(3) - along
        # Every pair is listed from both of its ends.
        weights = self._kinds[name][:, np.newaxis, np.newaxis] * blocks / 2
        n_pairs = len(weights)
        diagonal = sparse.bsr_matrix((weights, np.arange(n_pairs), np.arange(n_pairs + 1)))
        return (self._changes.T @ diagonal @ self._changes).tocsr()


def is_bond(label: Label) -> bool:
    """Tell whether springs of this kind are bonds, named by two elements."""
    return "-" in label[0]


def _changes(
    i: NDArray[np.int64], j: NDArray[np.int64], d: FloatArray, n_atoms: int, strains: FloatArray
) -> sparse.csr_matrix:
    """Return the matrix that takes displacements and strain to the change of every d."""
    pair = np.arange(len(d))
    rows, columns, values = [], [], []
    for axis in range(3):
        for atoms, sign in ((j, 1.0), (i, -1.0)):
            rows.append(3 * pair + axis)
            columns.append(3 * atoms + axis)
            values.append(np.full(len(d), sign))
    for number, strain in enumerate(strains):
        for axis in range(3):
            rows.append(3 * pair + axis)
            columns.append(np.full(len(d), 3 * n_atoms + number))
            values.append(d @ strain[:, axis])
    shape = (3 * len(d), 3 * n_atoms + len(strains))
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    changes = sparse.csr_matrix(entries, shape=shape)
    changes.eliminate_zeros()
    return changes


def _kinds(
    numbers: NDArray[np.int64], i: NDArray[np.int64], j: NDArray[np.int64], lengths: FloatArray
) -> dict[str, FloatArray]:
    """Return how much each pair is of each kind: bonds by their elements, others by length."""
    ratio = lengths / (covalent_radii[numbers[i]] + covalent_radii[numbers[j]])
    bond = np.clip((_NO_BOND - ratio) / (_NO_BOND - _BOND), 0.0, 1.0)
    kinds: dict[str, FloatArray] = {}
    low, high = np.minimum(numbers[i], numbers[j]), np.maximum(numbers[i], numbers[j])
    for first, second in sorted(set(zip(low[bond > 0], high[bond > 0], strict=True))):
        kinds[f"{first}-{second}"] = bond * ((low == first) & (high == second))
    others = (1 - bond) * np.clip((_REACH_A - lengths) / _FADING_A, 0.0, 1.0)
    for node, values in zip(_NODES, np.eye(len(_NODES)), strict=True):
        share = others * np.interp(ratio, _NODES, values)
        if share.any():
            kinds[f"{node:g}"] = share
    return kinds
