"""Quasi-Newton steps of atoms and cell that start from what products with the Hessian say.

Limited-memory BFGS (J. Nocedal and S. J. Wright, *Numerical Optimization*, 2006, algorithm 7.4,
DOI 10.1007/978-0-387-40065-5) preconditioned by a network of springs whose constants are fitted to
a few products with the Hessian. Network and updates are positive definite: every step goes
downhill, and one that ends higher is taken back and shortened.
"""

import contextlib
from collections.abc import Iterator

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import cg

from nearsight.errors import StructureError
from nearsight.hessian.operator import HessianOperator
from nearsight.models.contract import Model
from nearsight.relaxation.frame import Frame
from nearsight.relaxation.springs import SpringNetwork, is_bond

FloatArray = NDArray[np.float64]

_N_PRODUCTS = 4
_SOFTEST_eV_per_A2 = 0.5
"""Added to the springs: the softest motions are left to the updates."""
_SOFTEST_STRAIN = 4.0
"""The same for strain, times the number of atoms."""

_LONGEST_A = 0.2
_SHORTEST_A = 1e-3
_SHORTER, _LONGER = 0.3, 1.5
_RISE_eV_PER_ATOM = 1e-6
"""An energy that rises by less has not risen: rounding in single precision is about that."""

_MEMORY = 30
_LEAST_CURVATURE_eV = 1e-8
_SOLVED = 1e-8
_LARGEST_STRAIN = 0.1
_FARTHEST_A = 1.0
"""Where the springs were laid out is left behind beyond these."""
_FAILURES, _PATIENCE, _MOST_FITS = 3, 15, 6
"""After so many failed steps, and so many steps in all, the springs are fitted again."""
_GIVE_UP = 12
"""Failed steps in a row after which no lower energy is to be found along the forces."""


class Newton:
    """Steps of atoms with a calculator, in the manner of ASE's optimizers: `irun` and `nsteps`.

    Parameters
    ----------
    atoms
        Moved in place; its calculator gives what is minimised.
    model
        Gives the products to which springs are fitted.
    cell
        Whether the cell is relaxed.
    """

    def __init__(self, atoms: Atoms, model: Model, *, cell: bool) -> None:
        self.nsteps = 0
        """Energies and gradients computed after the first."""
        self.stalled = False
        """Whether the energy did not fall however short the steps became."""
        self._atoms = atoms
        self._model = model
        self._cell = cell
        self._trust_A = _LONGEST_A
        self._n_fits = self._steps_of_fit = self._failures_of_fit = 0
        self._x: FloatArray = np.zeros(0)
        self._updates: list[tuple[FloatArray, FloatArray]] = []
        self._lay_out()

    def irun(self, fmax: float, steps: int) -> Iterator[bool]:  # noqa: ARG002  # ASE's signature
        """Yield before the first step and after each that went downhill, until none does."""
        failures = 0
        gradient = self._frame.gradient(self._x, self._atoms)
        energy = self._atoms.get_potential_energy()
        yield False
        if steps > 0:  # a structure that is at rest needs no springs
            self._fit()
            self._stiffen()
        while self.nsteps < steps:
            step = self._step(gradient)
            self._frame.apply(self._x + step, self._atoms)
            change = self._frame.gradient(self._x + step, self._atoms) - gradient
            found = self._atoms.get_potential_energy()
            self.nsteps += 1
            self._steps_of_fit += 1
            if step @ change > _LEAST_CURVATURE_eV:
                self._updates = [*self._updates, (step, change)][-_MEMORY:]
            if found > energy + _RISE_eV_PER_ATOM * len(self._atoms):
                self._failures_of_fit += 1
                failures += 1
                if failures == _GIVE_UP:
                    self.stalled = True
                    self._frame.apply(self._x, self._atoms)
                    return
                self._trust_A = max(_SHORTER * self._length_A(step), _SHORTEST_A)
                self._frame.apply(self._x, self._atoms)
                continue
            if self._length_A(step) > 0.99 * self._trust_A:
                self._trust_A = min(_LONGER * self._trust_A, _LONGEST_A)
            failures = 0
            self._x = self._x + step
            energy = found
            self._renew()
            gradient = self._frame.gradient(self._x, self._atoms)
            yield False

    def _step(self, gradient: FloatArray) -> FloatArray:
        rest = gradient
        shares = []
        for step, change in reversed(self._updates):
            shares.append((step @ rest) / (step @ change))
            rest = rest - shares[-1] * change
        descent = self._solve(rest)
        if self._updates:  # the springs may be too stiff or too soft as a whole
            step, change = self._updates[-1]
            descent = descent * (step @ change) / (change @ self._solve(change))
        for (step, change), share in zip(self._updates, reversed(shares), strict=True):
            descent = descent + step * (share - (change @ descent) / (step @ change))
        length = self._length_A(descent)
        return -descent * min(1.0, self._trust_A / length if length > 0 else 1.0)

    def _solve(self, gradient: FloatArray) -> FloatArray:
        diagonal = self._stiffness.diagonal()
        jacobi = sparse.diags(1 / diagonal)
        solution, _ = cg(self._stiffness, gradient, rtol=_SOLVED, atol=0.0, M=jacobi)
        found: FloatArray = solution
        return found

    def _length_A(self, step: FloatArray) -> float:
        """Return how far a step moves the atom that moves most, or half a cell's width."""
        moved = np.linalg.norm(self._frame.displacements(step), axis=1).max(initial=0.0)
        strain = np.abs(self._frame.strain(step)).max(initial=0.0)
        return float(max(moved, strain * np.cbrt(self._atoms.cell.volume) / 2))

    def _renew(self) -> None:
        """Lay the springs out anew where they do not fit any more, and fit them if they failed."""
        failed = self._failures_of_fit >= _FAILURES and self._steps_of_fit >= _PATIENCE
        strain = np.abs(self._frame.strain(self._x)).max(initial=0.0)
        far = np.abs(self._frame.displacements(self._x)).max(initial=0.0)
        refit = failed and self._n_fits < _MOST_FITS
        if not refit and strain < _LARGEST_STRAIN and far < _FARTHEST_A:
            return
        self._updates = [self._frame.carried(*pair, self._x) for pair in self._updates]
        self._lay_out()
        new = [label for label in self._springs.labels if label not in self._constants_eV_per_A2]
        if refit or any(is_bond(label) for label in new):
            # Atoms that are too close for products on their way are not the end of it.
            with contextlib.suppress(StructureError):
                self._fit()
        self._stiffen()

    def _lay_out(self) -> None:
        self._frame = Frame(
            self._atoms.positions.copy(), self._atoms.cell.array.copy(), cell=self._cell
        )
        self._x = np.zeros(self._frame.size)
        self._springs = SpringNetwork(self._atoms, cell=self._cell)

    def _fit(self) -> None:
        shape = (_N_PRODUCTS, len(self._atoms), 3)
        vectors = np.random.default_rng(self._n_fits).normal(size=shape)
        products = HessianOperator(self._atoms, self._model).products(vectors)
        self._constants_eV_per_A2 = self._springs.fit(vectors, products)
        self._updates = []
        self._trust_A = max(self._trust_A, _LONGEST_A / 2)
        self._n_fits += 1
        self._steps_of_fit = self._failures_of_fit = 0

    def _stiffen(self) -> None:
        softest = np.full(self._frame.size, _SOFTEST_eV_per_A2)
        softest[self._frame.positions_A.size :] *= _SOFTEST_STRAIN * len(self._atoms)
        springs = self._springs.matrix(self._constants_eV_per_A2)
        self._stiffness = (springs + sparse.diags(softest)).tocsr()
