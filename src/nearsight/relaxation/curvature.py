"""Springs that follow a structure on its way: where they are laid out, and when they are fitted."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from ase import Atoms
from scipy import sparse
from scipy.sparse.linalg import cg

from nearsight.arrays import FloatArray
from nearsight.errors import StructureError
from nearsight.hessian.products.strategies import ProductMethod
from nearsight.relaxation.frame import Frame
from nearsight.relaxation.springs import Constants, SpringNetwork, is_bond

_N_PRODUCTS = 4
_SOFTEST_STRAIN = 4.0
"""What is added to those of strain over what is to those of atoms, times their number."""
_SOLVED = 1e-8

_FAILURES, _PATIENCE = 3, 15
"""After so many failed steps, and so many steps in all, the springs are fitted again."""


@dataclass(frozen=True)
class Limits:
    """How soft springs may be, and how long they last."""

    softest_eV_per_A2: float = 0.5
    """Added to the springs: the softest motions are left to the updates."""
    largest_strain: float = 0.1
    farthest_A: float = 1.0
    """Where the springs were laid out is left behind beyond these."""
    most_fits: int = 6
    """Springs that fail are fitted again until there were so many fits."""


USUAL_LIMITS = Limits()


class StructureProducts(Protocol):
    """Products with the Hessian of one structure, as of a `HessianOperator`."""

    @property
    def method(self) -> ProductMethod:
        """How they were computed."""
        ...

    def products(self, vectors: FloatArray) -> FloatArray:
        """Return products with vectors, both ``(n_vectors, n_atoms, 3)``."""
        ...


class FittedSprings:
    """Springs laid out where a structure was, with constants fitted to products taken there.

    Parameters
    ----------
    atoms
        The structure, which is moved from outside.
    products_of
        Makes what computes products of the Hessian of a structure.
    strains
        Those that are among the coordinates, shape ``(n_strains, 3, 3)``.
    limits
        How soft the springs may be, and how long they last.
    """

    frame: Frame
    """Where the springs are laid out."""

    def __init__(
        self,
        atoms: Atoms,
        products_of: Callable[[Atoms], StructureProducts],
        strains: FloatArray,
        limits: Limits = USUAL_LIMITS,
    ) -> None:
        self.methods: list[ProductMethod] = []
        """How the products of each fit were computed."""
        self._atoms = atoms
        self._products_of = products_of
        self._strains = strains
        self._limits = limits
        self._constants_eV_per_A2: Constants = {}
        self._n_fits = self._steps_of_fit = self._failures_of_fit = 0
        self._lay_out()

    def fit(self) -> None:
        """Fit the constants to products at the present structure.

        Raises
        ------
        StructureError
            Atoms are too close for products; the constants stay as they were.
        MemoryBudgetError
            Not even a force call fits into the memory.
        """
        # A fit that fails counts as well: it is not tried again at once.
        seed = self._n_fits
        self._n_fits += 1
        self._steps_of_fit = self._failures_of_fit = 0
        vectors = np.random.default_rng(seed).normal(size=(_N_PRODUCTS, len(self._atoms), 3))
        operator = self._products_of(self._atoms)
        self._constants_eV_per_A2 = self._network.fit(vectors, operator.products(vectors))
        self.methods.append(operator.method)
        self._stiffen()

    def solve(self, gradient: FloatArray) -> FloatArray:
        """Return how far the springs are moved by a gradient."""
        diagonal = self._stiffness.diagonal()
        jacobi = sparse.diags(1 / diagonal)
        solution: FloatArray
        solution, _ = cg(self._stiffness, gradient, rtol=_SOLVED, atol=0.0, M=jacobi)
        return solution

    def count(self, *, failed: bool) -> None:
        """Count a step that was taken, and whether it led higher."""
        self._steps_of_fit += 1
        self._failures_of_fit += failed

    def outdated(self, x: FloatArray) -> bool:
        """Tell whether the springs failed, or x is too far from where they were laid out."""
        strain = np.abs(self.frame.strain(x)).max(initial=0.0)
        far = np.abs(self.frame.displacements(x)).max(initial=0.0)
        left = strain >= self._limits.largest_strain or far >= self._limits.farthest_A
        return self._failed or bool(left)

    def renew(self) -> bool:
        """Lay the springs out anew; fit them if they failed or bonds are new.

        Returns
        -------
        bool
            Whether they were fitted.
        """
        failed = self._failed
        self._lay_out()
        new = [label for label in self._network.labels if label not in self._constants_eV_per_A2]
        if failed or any(is_bond(label) for label in new):
            # Atoms that are too close for products on their way are not the end of it.
            with contextlib.suppress(StructureError):
                self.fit()
                return True
        self._stiffen()
        return False

    @property
    def _failed(self) -> bool:
        enough = self._failures_of_fit >= _FAILURES and self._steps_of_fit >= _PATIENCE
        return enough and self._n_fits < self._limits.most_fits

    def _lay_out(self) -> None:
        self.frame = Frame(
            self._atoms.positions.copy(), self._atoms.cell.array.copy(), self._strains
        )
        self._network = SpringNetwork(self._atoms, self._strains)

    def _stiffen(self) -> None:
        softest = np.full(self.frame.size, self._limits.softest_eV_per_A2)
        softest[self.frame.positions_A.size :] *= _SOFTEST_STRAIN * len(self._atoms)
        springs = self._network.matrix(self._constants_eV_per_A2)
        self._stiffness = (springs + sparse.diags(softest)).tocsr()
