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
from scipy import sparse
from scipy.optimize import nnls

from nearsight.arrays import FloatArray, IntArray
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

_BOND_eV_per_A2, _DECAY, _FAR_A = 40.0, 6.0, 6.0
_ACROSS = 0.1
"""Springs of one law for all: as stiff along a bond, less beyond, and so much of it across."""


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
        return _assembled(self._changes, self._kinds[name][:, np.newaxis, np.newaxis] * blocks)


def unfitted_springs(atoms: Atoms) -> sparse.csr_matrix:
    """Return the second derivatives of springs by one law, exponential in the distance, in eV/Å².

    A rough model of any solid that only has to tell stiff motions from soft ones. For that it is a
    better one than `SpringNetwork` with constants that nobody has fitted.
    """
    i, j, shifts = neighbour_pairs(atoms, _FAR_A)
    d = atoms.positions[j] + shifts - atoms.positions[i]
    lengths = np.linalg.norm(d, axis=1)
    ratio = _over_radii(atoms.numbers, i, j, lengths)
    constants = _BOND_eV_per_A2 * np.exp(-_DECAY * (ratio - 1))[:, np.newaxis, np.newaxis]
    along = np.einsum("pa,pb->pab", d, d) / lengths[:, np.newaxis, np.newaxis] ** 2
    blocks = constants * ((1 - _ACROSS) * along + _ACROSS * np.eye(3))
    return _assembled(_changes(i, j, d, len(atoms), np.zeros((0, 3, 3))), blocks)


def _assembled(changes: sparse.csr_matrix, blocks: FloatArray) -> sparse.csr_matrix:
    """Return the second derivatives of springs with these blocks, for each pair from both ends."""
    n_pairs = len(blocks)
    diagonal = sparse.bsr_matrix((blocks / 2, np.arange(n_pairs), np.arange(n_pairs + 1)))
    return (changes.T @ diagonal @ changes).tocsr()


def _over_radii(numbers: IntArray, i: IntArray, j: IntArray, lengths: FloatArray) -> FloatArray:
    """Return distances over the sums of covalent radii."""
    radii: FloatArray = covalent_radii
    return lengths / (radii[numbers[i]] + radii[numbers[j]])


def is_bond(label: Label) -> bool:
    """Tell whether springs of this kind are bonds, named by two elements."""
    return "-" in label[0]


def _changes(
    i: IntArray, j: IntArray, d: FloatArray, n_atoms: int, strains: FloatArray
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
    numbers: IntArray, i: IntArray, j: IntArray, lengths: FloatArray
) -> dict[str, FloatArray]:
    """Return how much each pair is of each kind: bonds by their elements, others by length."""
    ratio = _over_radii(numbers, i, j, lengths)
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
