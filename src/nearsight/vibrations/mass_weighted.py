"""The mass-weighted Hessian as a linear operator, with the rigid-body motions projected out."""

import numpy as np
from scipy.sparse.linalg import LinearOperator

from nearsight.arrays import FloatArray
from nearsight.hessian.products.operator import HessianOperator
from nearsight.structures.rigid_body import rigid_body_basis


class MassWeightedOperator(LinearOperator):  # type: ignore[misc]  # SciPy has no annotations
    """Q D Q with D = M^(-1/2) H M^(-1/2) and Q = 1 - R Rᵀ, in eV/(Å² amu).

    R are the rigid-body motions of `rigid_body_basis`, whose eigenvalue is exactly zero here. The
    other eigenvalues are those of `nearsight.vibrations.vibrations`.
    """

    def __init__(self, hessian: HessianOperator) -> None:
        super().__init__(dtype=np.dtype(np.float64), shape=hessian.shape)
        self.hessian = hessian
        self.rigid_body: FloatArray = rigid_body_basis(hessian.atoms, hessian.pieces)
        """R, orthonormal columns, shape ``(3 n_atoms, n_rigid_body)``."""
        self._roots = np.repeat(np.sqrt(hessian.atoms.get_masses()), 3)

    def products(self, vectors: FloatArray) -> FloatArray:
        """Return Q D Q v for each vector, both ``(n_vectors, 3 n_atoms)``."""
        return self._without_rigid_body(self._weighted(self._without_rigid_body(vectors)))

    def rigid_body_eigenvalues(self) -> FloatArray:
        """Return the eigenvalues of Rᵀ D R, ascending, at the cost of a product each."""
        within = self._weighted(self.rigid_body.T) @ self.rigid_body
        return np.asarray(np.linalg.eigvalsh(within), dtype=np.float64)

    def _weighted(self, vectors: FloatArray) -> FloatArray:
        displacements = (vectors / self._roots).reshape(len(vectors), -1, 3)
        found: FloatArray = self.hessian.products(displacements).reshape(vectors.shape)
        weighted: FloatArray = found / self._roots
        return weighted

    def _without_rigid_body(self, vectors: FloatArray) -> FloatArray:
        kept: FloatArray = vectors - (vectors @ self.rigid_body) @ self.rigid_body.T
        return kept

    def _matvec(self, x: FloatArray) -> FloatArray:
        found: FloatArray = self.products(x.reshape(1, -1)).reshape(x.shape)
        return found

    def _matmat(self, X: FloatArray) -> FloatArray:
        return self.products(X.T).T

    def _adjoint(self) -> "MassWeightedOperator":
        return self
