"""Second derivatives of the D3(BJ) energy, as products with vectors."""

import numpy as np
from numpy.typing import ArrayLike

from nearsight.models.families.d3.energy import Dispersion
from nearsight.models.families.d3.kernels import Array
from nearsight.models.families.d3.lattice import Pairs, PairSums, strain_sums
from nearsight.structures.strain import VOIGT


class Curvature:
    """The Hessian of a `Dispersion` of order 2 over displacements and, if asked for, strain.

    With J = ∂n/∂x, K = ∂(∂E/∂n)/∂x at constant n, and W = ∂²E/∂n∂n, the chain rule gives
    H = P + Jᵀ K + Kᵀ J + Jᵀ W J, where P holds the second derivatives of each pair's lattice sums
    with the weights that these sums have in the energy.

    Parameters
    ----------
    energy
        The sums of one structure.
    strain
        Whether the variables x are the displacements alone, or these and the six strain components
        of `nearsight.models.contract.Model.linearize`.
    """

    def __init__(self, energy: Dispersion, *, strain: bool = False) -> None:
        pairs, c6 = energy.pairs, energy.c6
        self._J = _by_positions(pairs, energy.n.gradient, 1.0, 1.0)
        self._K = _by_positions(pairs, energy.g.gradient, -c6.a, -c6.b)
        self._W = _by_counts(energy)
        self._P = _of_pairs(energy)
        if strain:
            self._J = np.hstack([self._J, _by_strain(pairs, energy.n, 1.0, 1.0)])
            self._K = np.hstack([self._K, _by_strain(pairs, energy.g, -c6.a, -c6.b)])
            mixed, pure = _of_pairs_by_strain(energy)
            self._P = np.block([[self._P, mixed], [mixed.T, pure]])

    def products(self, vectors: Array) -> Array:
        """Return H·v for vectors of shape ``(n_vectors, n_variables)``, same shape."""
        in_counts = vectors @ self._J.T
        in_slopes = vectors @ self._K.T + in_counts @ self._W
        result: Array = vectors @ self._P + in_slopes @ self._J + in_counts @ self._K
        return result


def _by_positions(
    pairs: Pairs, gradient: Array, of_first: ArrayLike, of_second: ArrayLike
) -> Array:
    """Return the derivatives by positions of sums that each atom makes over its pairs.

    Parameters
    ----------
    pairs
        The pairs.
    gradient
        Derivative of each pair's term by the vector from its first to its second atom.
    of_first, of_second
        Factor of the term in the sum of the first and of the second atom.

    Returns
    -------
    numpy.ndarray
        Shape ``(n_atoms, 3 n_atoms)``.
    """
    n_atoms = pairs.n_atoms
    matrix = np.zeros((n_atoms, n_atoms, 3))
    matrix[pairs.first, pairs.second] = np.reshape(of_first, (-1, 1)) * gradient
    matrix[pairs.second, pairs.first] = np.reshape(of_second, (-1, 1)) * -gradient
    _close(matrix)
    return matrix.reshape(n_atoms, 3 * n_atoms)


def _by_strain(pairs: Pairs, sums: PairSums, of_first: ArrayLike, of_second: ArrayLike) -> Array:
    """Return the derivatives by strain of the same sums, shape ``(n_atoms, 6)``."""
    virial = pairs.weights[:, None] * _voigt(sums.virial)
    return pairs.to_atoms(
        np.reshape(of_first, (-1, 1)) * virial, np.reshape(of_second, (-1, 1)) * virial
    )


def _by_counts(energy: Dispersion) -> Array:
    """Return W = ∂²E/∂n_A∂n_B in eV, shape ``(n_atoms, n_atoms)``."""
    pairs, c6, g = energy.pairs, energy.c6, energy.g.value
    matrix = np.zeros((pairs.n_atoms, pairs.n_atoms))
    matrix[pairs.first, pairs.second] = -c6.ab * g
    matrix[pairs.second, pairs.first] = -c6.ab * g
    weighted = pairs.weights * g
    matrix -= np.diag(pairs.to_atoms(c6.aa * weighted, c6.bb * weighted))
    return matrix


def _of_pairs(energy: Dispersion) -> Array:
    """Return P over displacements in eV/Å², shape ``(3 n_atoms, 3 n_atoms)``."""
    pairs = energy.pairs
    if energy.g.curvature is None or energy.n.curvature is None:
        raise ValueError("second derivatives need a Dispersion of order 2")
    w_g, w_n = energy.weights
    blocks = w_g[:, None, None] * energy.g.curvature + w_n[:, None, None] * energy.n.curvature
    matrix = np.zeros((pairs.n_atoms, pairs.n_atoms, 3, 3))
    matrix[pairs.first, pairs.second] = -blocks
    matrix[pairs.second, pairs.first] = -blocks
    _close(matrix)
    return matrix.transpose(0, 2, 1, 3).reshape(3 * pairs.n_atoms, 3 * pairs.n_atoms)


def _of_pairs_by_strain(energy: Dispersion) -> tuple[Array, Array]:
    """Return P between displacements and strain, ``(3 n_atoms, 6)`` in eV/Å, and over strain in eV.

    For v = (1 + ε)(v⁰ + u) and with E_c the symmetric matrix of strain component c,
    ∂²φ/∂u∂ε_c = 2 φ₁ E_c v + φ₂ v (vᵀ E_c v) and
    ∂²φ/∂ε_c∂ε_d = φ₁ (E_c v)·(E_d v) + φ₂ (vᵀ E_c v)(vᵀ E_d v).
    """
    pairs = energy.pairs
    unit = _strain_components()
    at_pairs = np.zeros((len(pairs.first), 3, 6))
    over_strain = np.zeros((6, 6))
    for weights, sums, kernel in zip(
        energy.weights, (energy.g, energy.n), energy.kernels, strict=True
    ):
        mixed, pure = strain_sums(pairs, kernel, weights)
        mixed += 2 * np.einsum("cij,pj->pic", unit, sums.gradient)
        at_pairs += weights[:, None, None] * mixed
        virial = np.tensordot(weights, sums.virial, 1)
        over_strain += pure + np.einsum("cij,djk,ik->cd", unit, unit, virial)
    mixed_at_atoms = pairs.to_atoms(-at_pairs, at_pairs)
    return mixed_at_atoms.reshape(3 * pairs.n_atoms, 6), over_strain


def _close(matrix: Array) -> None:
    """Fill the diagonal so that moving all atoms together changes nothing."""
    diagonal = np.arange(len(matrix))
    matrix[diagonal, diagonal] = 0.0
    matrix[diagonal, diagonal] = -matrix.sum(axis=1)


def _voigt(matrices: Array) -> Array:
    """Return symmetric matrices ``(..., 3, 3)`` in Voigt order ``(..., 6)``, shears not doubled."""
    return np.stack([matrices[..., a, b] for a, b in VOIGT], axis=-1)


def _strain_components() -> Array:
    """Return ∂ε/∂(each Voigt component with doubled shears), shape ``(6, 3, 3)``."""
    unit = np.zeros((6, 3, 3))
    for component, (a, b) in enumerate(VOIGT):
        unit[component, a, b] += 0.5
        unit[component, b, a] += 0.5
    return unit
