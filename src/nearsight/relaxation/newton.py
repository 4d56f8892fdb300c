"""Quasi-Newton steps of atoms and cell that start from what products with the Hessian say.

Limited-memory BFGS (J. Nocedal and S. J. Wright, *Numerical Optimization*, 2006, algorithm 7.4,
DOI 10.1007/978-0-387-40065-5) preconditioned by a network of springs whose constants are fitted to
a few products with the Hessian. Network and updates are positive definite: every step goes
downhill, and one that ends higher is taken back and shortened.

Downhill is no way out of a saddle point on which the forces vanish: a start of higher symmetry than
the minimum has no force that breaks it, and no step does. Where a step shows that the energy curves
down along it, that is remembered (`Newton.negative_curvature_eV_per_A2`); no products are spent on
looking for more, as `nearsight.vibrations.minimum.relax_to_minimum` does.
"""

from collections.abc import Iterator

import numpy as np
from ase import Atoms

from nearsight.arrays import FloatArray
from nearsight.hessian.products.strategies import ProductMethod
from nearsight.relaxation.curvature import FittedSprings

_LONGEST_A = 0.2
_SHORTEST_A = 1e-3
_SHORTER, _LONGER = 0.3, 1.5
_RISE_eV_PER_ATOM = 1e-6
"""An energy that rises by less has not risen: rounding in single precision is about that."""

_MEMORY = 30
_LEAST_CURVATURE_eV = 1e-8
_NEGATIVE_eV_per_A2 = -0.05
"""Above it is what rounding of forces in single precision makes of steps of 1e-3 Å."""
_NEAR_A = 0.02
"""After a way that long the curvature may be another: that of the minimum below a saddle."""
_GIVE_UP = 12
"""Failed steps in a row after which no lower energy is to be found along the forces."""


class Newton:
    """Steps of atoms with a calculator, an `Optimizer` of `nearsight.relaxation.optimizers`.

    Parameters
    ----------
    atoms
        Moved in place; its calculator gives what is minimised.
    springs
        Laid out at the present structure; they say by which strains the cell may change.
    longest_A
        How far a step moves an atom at most.
    """

    def __init__(
        self, atoms: Atoms, springs: FittedSprings, *, longest_A: float = _LONGEST_A
    ) -> None:
        self.taken = 0
        """Energies and gradients computed after the first."""
        self.stalled = False
        """Whether the energy did not fall however short the steps became."""
        self._atoms = atoms
        self._longest_A = self._trust_A = longest_A
        self._springs = springs
        self._x: FloatArray = np.zeros(self._springs.frame.size)
        self._updates: list[tuple[FloatArray, FloatArray]] = []
        self._negative_eV_per_A2: float | None = None
        self._since_negative_A = 0.0

    @property
    def negative_curvature_eV_per_A2(self) -> float | None:
        """The mean curvature along the last step that had a negative one, if that is near."""
        return self._negative_eV_per_A2 if self._since_negative_A < _NEAR_A else None

    @property
    def methods(self) -> list[ProductMethod]:
        """How the products of each fit of springs were computed."""
        return self._springs.methods

    def steps(self, most: int) -> Iterator[None]:
        """Yield before the first step and after each that went downhill, until none does."""
        failures = 0
        gradient = self._springs.frame.gradient(self._x, self._atoms)
        energy = self._atoms.get_potential_energy()
        yield
        if most > 0:  # a structure that is at rest needs no springs
            self._springs.fit()
        while self.taken < most:
            step = self._step(gradient)
            self._springs.frame.apply(self._x + step, self._atoms)
            change = self._springs.frame.gradient(self._x + step, self._atoms) - gradient
            reached = self._atoms.get_potential_energy()
            self.taken += 1
            rose = reached > energy + _RISE_eV_PER_ATOM * len(self._atoms)
            self._springs.count(failed=rose)
            self._look_at(step, change, rose=rose)
            if step @ change > _LEAST_CURVATURE_eV:
                self._updates = [*self._updates, (step, change)][-_MEMORY:]
            if rose:
                failures += 1
                if failures == _GIVE_UP:
                    self.stalled = True
                    self._springs.frame.apply(self._x, self._atoms)
                    return
                self._trust_A = max(_SHORTER * self._length_A(step), _SHORTEST_A)
                self._springs.frame.apply(self._x, self._atoms)
                continue
            if self._length_A(step) > 0.99 * self._trust_A:
                self._trust_A = min(_LONGER * self._trust_A, self._longest_A)
            failures = 0
            self._x = self._x + step
            energy = reached
            self._renew()
            gradient = self._springs.frame.gradient(self._x, self._atoms)
            yield

    def _step(self, gradient: FloatArray) -> FloatArray:
        rest = gradient
        shares = []
        for step, change in reversed(self._updates):
            shares.append((step @ rest) / (step @ change))
            rest = rest - shares[-1] * change
        descent = self._springs.solve(rest)
        if self._updates:  # the springs may be too stiff or too soft as a whole
            step, change = self._updates[-1]
            descent = descent * (step @ change) / (change @ self._springs.solve(change))
        for (step, change), share in zip(self._updates, reversed(shares), strict=True):
            descent = descent + step * (share - (change @ descent) / (step @ change))
        length = self._length_A(descent)
        return -descent * min(1.0, self._trust_A / length if length > 0 else 1.0)

    def _look_at(self, step: FloatArray, change: FloatArray, *, rose: bool) -> None:
        """Remember a negative curvature, and how far the way has led from it since."""
        moved, strain = self._springs.frame.displacements(step), self._springs.frame.strain(step)
        # by strain, atoms spread evenly in a cube move by its width times strain / √12 each
        width = np.cbrt(self._atoms.cell.volume)
        square_A2 = np.sum(moved**2) + len(moved) * np.sum((width * strain) ** 2) / 12
        curvature = float(step @ change / square_A2) if square_A2 > 0 else 0.0
        if curvature < _NEGATIVE_eV_per_A2:
            self._negative_eV_per_A2, self._since_negative_A = curvature, 0.0
        elif not rose:
            self._since_negative_A += self._length_A(step)

    def _length_A(self, step: FloatArray) -> float:
        """Return how far a step moves the atom that moves most, or half a cell's width."""
        moved = np.linalg.norm(self._springs.frame.displacements(step), axis=1).max(initial=0.0)
        strain = np.abs(self._springs.frame.strain(step)).max(initial=0.0)
        return float(max(moved, strain * np.cbrt(self._atoms.cell.volume) / 2))

    def _renew(self) -> None:
        """Begin anew at the present structure where the springs are outdated."""
        if not self._springs.outdated(self._x):
            return
        left = self._springs.frame
        self._updates = [left.carried(*pair, self._x) for pair in self._updates]
        if self._springs.renew():
            self._updates = []
            self._trust_A = max(self._trust_A, self._longest_A / 2)
        self._x = np.zeros(self._springs.frame.size)
