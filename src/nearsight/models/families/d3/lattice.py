"""Sums over all periodic images of each pair of atoms.

C6 coefficients depend on which atoms of the cell a pair is made of, and all else on the distance:
so the sums over lattice vectors come first, and what is left is algebra of one number per pair.
Distances and moments are matrix products with the lattice vectors; no list of neighbours is made.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from nearsight.models.families.d3.kernels import Array, Indices, Kernel
from nearsight.structures.strain import VOIGT

_ELEMENTS_AT_ONCE = 1 << 15
"""Distances in one block: its arrays of 256 kB stay in a core's cache."""


@dataclass(frozen=True)
class Pairs:
    """Every unordered pair of atoms of the cell, each atom with itself included, nearest first."""

    n_atoms: int
    first: Indices
    """Index of the first atom, shape ``(n_pairs,)``."""
    second: Indices
    """Index of the second atom; that of the first where an atom meets its own images."""
    vectors_A: Array
    """From the first atom to an image of the second near it, shape ``(n_pairs, 3)``."""
    weights: Array
    """How often a pair counts: 1, and 1/2 for an atom with itself."""
    translations_A: Array
    """Lattice vectors, shape ``(n_translations, 3)``, the shortest (zero) first."""

    def to_atoms(self, at_first: Array, at_second: Array) -> Array:
        """Sum what each pair adds to its atoms: from ``(n_pairs, ...)`` to ``(n_atoms, ...)``."""
        total = np.zeros((self.n_atoms, *at_first.shape[1:]))
        np.add.at(total, self.first, at_first)
        np.add.at(total, self.second, at_second)
        return total


@dataclass(frozen=True)
class PairSums:
    """Sums of a function φ(|v|) over the vectors v to all images of each pair."""

    value: Array
    """Σ φ, shape ``(n_pairs,)``."""
    gradient: Array
    """Σ ∂φ/∂v, shape ``(n_pairs, 3)``."""
    virial: Array
    """Σ ∂φ/∂v ⊗ v, shape ``(n_pairs, 3, 3)``."""
    curvature: Array | None
    """Σ ∂²φ/∂v∂v, shape ``(n_pairs, 3, 3)``; None unless asked for."""


def pairs_of(atoms: Atoms, cutoff_A: float) -> Pairs:
    """Return the pairs of a structure with the lattice vectors that reach `cutoff_A` Å."""
    lattice = atoms.cell.array[atoms.pbc]
    dual = np.linalg.pinv(lattice) if len(lattice) else np.zeros((3, 0))
    first, second = np.triu_indices(len(atoms))
    vectors = atoms.positions[second] - atoms.positions[first]
    vectors -= np.round(vectors @ dual) @ lattice
    lengths = np.linalg.norm(vectors, axis=1)
    order = np.argsort(lengths, kind="stable")
    first, second, vectors = first[order], second[order], vectors[order]
    return Pairs(
        n_atoms=len(atoms),
        first=first,
        second=second,
        vectors_A=vectors,
        weights=np.where(first == second, 0.5, 1.0),
        translations_A=_translations(lattice, dual, cutoff_A + float(lengths.max())),
    )


def pair_values(pairs: Pairs, kernel: Kernel) -> Array:
    """Sum `kernel` over the images of each pair, and no derivatives, shape ``(n_pairs,)``."""
    value = np.zeros(len(pairs.first))
    for rows, _, squares in _blocks(pairs, kernel.cutoff_A):
        (terms,) = kernel(squares, rows, 0)
        value[rows] = np.einsum("pt,pt->p", terms, squares <= kernel.cutoff_A**2)
    return value


def pair_sums(pairs: Pairs, kernel: Kernel, *, order: int) -> PairSums:
    """Sum `kernel` and its derivatives up to `order` (1 or 2) over the images of each pair."""
    n_pairs = len(pairs.first)
    value = np.zeros(n_pairs)
    first_moments = np.zeros((n_pairs, 10))
    second_moments = np.zeros((n_pairs, 10))
    monomials = _monomials(pairs.translations_A)
    for rows, translations, squares in _blocks(pairs, kernel.cutoff_A):
        inside = squares <= kernel.cutoff_A**2
        terms = kernel(squares, rows, order)
        value[rows] = np.einsum("pt,pt->p", terms[0], inside)
        first_moments[rows] = (terms[1] * inside) @ monomials[translations]
        if order == 2:
            second_moments[rows] = (terms[2] * inside) @ monomials[translations]
    gradient, virial = _moments_of_vectors(first_moments, pairs.vectors_A)
    curvature = None
    if order == 2:
        curvature = _moments_of_vectors(second_moments, pairs.vectors_A)[1]
        curvature += first_moments[:, 0, None, None] * np.eye(3)
    return PairSums(value, gradient, virial, curvature)


def strain_sums(pairs: Pairs, kernel: Kernel, weights: Array) -> tuple[Array, Array]:
    """Sum what second derivatives by strain need beside the `PairSums`.

    Parameters
    ----------
    pairs
        The pairs.
    kernel
        The function φ, with the second-derivative part φ₂.
    weights
        Factor of each pair in the second sum, shape ``(n_pairs,)``.

    Returns
    -------
    numpy.ndarray
        Σ φ₂ v_i (v⊗v)_c for each pair, c in Voigt order, shape ``(n_pairs, 3, 6)``.
    numpy.ndarray
        Σ weight φ₂ (v⊗v)_c (v⊗v)_d over all pairs, shape ``(6, 6)``.
    """
    mixed = np.zeros((len(pairs.first), 3, 6))
    pure = np.zeros((6, 6))
    for rows, translations, squares in _blocks(pairs, kernel.cutoff_A):
        factor = kernel(squares, rows, 2)[2] * (squares <= kernel.cutoff_A**2)
        vectors = pairs.vectors_A[rows, None, :] + pairs.translations_A[translations]
        products = np.stack([vectors[..., a] * vectors[..., b] for a, b in VOIGT], axis=-1)
        weighted = factor[..., None] * products
        mixed[rows] = vectors.transpose(0, 2, 1) @ weighted
        weighted *= weights[rows, None, None]
        pure += products.reshape(-1, 6).T @ weighted.reshape(-1, 6)
    return mixed, pure


def _translations(lattice: Array, dual: Array, reach_A: float) -> Array:
    """Return the lattice vectors no longer than `reach_A` Å, the shortest first."""
    extents = np.floor(reach_A * np.linalg.norm(dual, axis=0)).astype(int)
    counts = [np.arange(-extent, extent + 1) for extent in extents]
    grid = np.stack(np.meshgrid(*counts, indexing="ij"), axis=-1) if counts else np.zeros((1, 0))
    translations = grid.reshape(int(np.prod(2 * extents + 1)), -1) @ lattice
    lengths = np.linalg.norm(translations, axis=1)
    order = np.argsort(lengths, kind="stable")
    shortest: Array = translations[order[: np.count_nonzero(lengths <= reach_A)]]
    return shortest


def _blocks(pairs: Pairs, cutoff_A: float) -> Iterator[tuple[slice, slice, Array]]:
    """Yield pairs, translations, and the squared distances in Å² between them, block by block.

    An atom is no image of itself: there the distance is set to beyond the cutoff.
    """
    translations = pairs.translations_A
    lengths = np.linalg.norm(pairs.vectors_A, axis=1)
    reach = np.linalg.norm(translations, axis=1)
    # |d + T|² as one matrix product
    left = np.column_stack([2 * pairs.vectors_A, lengths**2, np.ones(len(lengths))])
    right = np.column_stack([translations, np.ones(len(reach)), reach**2]).T
    start = 0
    while start < len(lengths):
        count = int(np.searchsorted(reach, cutoff_A + lengths[start], side="right"))
        rows = slice(start, min(start + max(1, _ELEMENTS_AT_ONCE // count), len(lengths)))
        count = int(np.searchsorted(reach, cutoff_A + lengths[rows.stop - 1], side="right"))
        squares = left[rows] @ right[:, :count]
        itself = pairs.first[rows] == pairs.second[rows]
        squares[itself, 0] = 2 * cutoff_A**2
        np.maximum(squares, 0.0, out=squares)
        yield rows, slice(count), squares
        start = rows.stop


def _monomials(translations: Array) -> Array:
    """Return 1, T and T⊗T in Voigt order, shape ``(n_translations, 10)``."""
    products = [translations[:, a] * translations[:, b] for a, b in VOIGT]
    return np.column_stack([np.ones(len(translations)), translations, *products])


def _moments_of_vectors(moments: Array, vectors: Array) -> tuple[Array, Array]:
    """Return Σ w v and Σ w v⊗v for v = d + T from Σ w, Σ w T and Σ w T⊗T."""
    total, linear = moments[:, 0], moments[:, 1:4]
    quadratic = np.empty((len(moments), 3, 3))
    for component, (a, b) in enumerate(VOIGT):
        quadratic[:, a, b] = quadratic[:, b, a] = moments[:, 4 + component]
    mixed = vectors[:, :, None] * linear[:, None, :]
    quadratic += mixed + mixed.transpose(0, 2, 1)
    quadratic += total[:, None, None] * vectors[:, :, None] * vectors[:, None, :]
    return linear + total[:, None] * vectors, quadratic
