"""What takes the steps of a descent: our own optimizer or one of ASE's, by one face."""

import contextlib
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np
from ase import Atoms

from nearsight.arrays import FloatArray
from nearsight.hessian.products.strategies import ProductMethod
from nearsight.relaxation.curvature import FittedSprings, StructureProducts
from nearsight.relaxation.newton import Newton
from nearsight.relaxation.settings import RelaxationSettings

_SHORTEST_STEP_A = 1e-8


class Optimizer(Protocol):
    """Steps of atoms downhill, and what is to be said once they have ended."""

    @property
    def taken(self) -> int:
        """Steps taken so far, those that were taken back included."""
        ...

    @property
    def stalled(self) -> bool:
        """Whether no lower energy was found."""
        ...

    @property
    def methods(self) -> Sequence[ProductMethod]:
        """How products with the Hessian were computed, each time that there were any."""
        ...

    @property
    def negative_curvature_eV_per_A2(self) -> float | None:
        """The curvature along a step near the end, if it is known and was negative."""
        ...

    def steps(self, most: int) -> Iterator[None]:
        """Yield before the first step and after each; end where it cannot go on."""
        ...


def optimizer_of(
    atoms: Atoms,
    settings: RelaxationSettings,
    strains: FloatArray,
    products_of: Callable[[Atoms], StructureProducts],
) -> Optimizer:
    """Return the optimizer that settings name, for the present cell.

    Parameters
    ----------
    atoms
        With a calculator; moved in place.
    settings
        With an optimizer.
    strains
        By which the cell may change, shape ``(n_strains, 3, 3)``.
    products_of
        Makes what computes products with the Hessian of a structure.
    """
    if settings.optimizer != "newton":
        return AseOptimizer(atoms, str(settings.optimizer), strains, settings.fmax_eV_per_A)
    return Newton(atoms, FittedSprings(atoms, products_of, strains))


class AseOptimizer:
    """An optimizer of ASE, which measures forces in the frame of the cell that it began with.

    Parameters
    ----------
    atoms
        With a calculator; moved in place.
    name
        Of a class of `ase.optimize`.
    strains
        By which the cell may change, shape ``(n_strains, 3, 3)``.
    fmax_eV_per_A
        Where it ends by itself.
    """

    methods: Sequence[ProductMethod] = ()
    negative_curvature_eV_per_A2: float | None = None

    def __init__(self, atoms: Atoms, name: str, strains: FloatArray, fmax_eV_per_A: float) -> None:
        import ase.optimize

        from nearsight.relaxation.filters import movable

        self.stalled = False
        """Whether a line search found no lower energy, or only steps of no length."""
        self._atoms = atoms
        self._fmax_eV_per_A = fmax_eV_per_A
        self._crawls = name == "BFGSLineSearch"  # without end, where no energy is lower
        self._optimizer = getattr(ase.optimize, name)(movable(atoms, strains), logfile=None)

    @property
    def taken(self) -> int:
        """Steps taken so far."""
        return int(self._optimizer.nsteps)

    def steps(self, most: int) -> Iterator[None]:
        """Yield before the first step and after each; end where it cannot go on."""
        ase_steps = self._optimizer.irun(fmax=self._fmax_eV_per_A, steps=max(most, 0))
        before = self._place()
        while self._advance(ase_steps):
            place = self._place()
            if self._crawls and self.taken > 0:
                self.stalled = bool(np.abs(place - before).max() < _SHORTEST_STEP_A)
            before = place
            yield
            if self.stalled:
                return
        if self.stalled:
            self._atoms.cell, self._atoms.positions = before[:3], before[3:]

    def _advance(self, ase_steps: Iterator[object]) -> bool:
        """Let ASE take a step; tell whether it took one."""
        # ASE's line search prints remarks, which must not end up in piped output.
        with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
            # SciPy says so of the cell filter's matrix logarithm from an error of 2e-13 on.
            warnings.filterwarnings("ignore", "logm result may be inaccurate", RuntimeWarning)
            try:
                next(ase_steps)
            except StopIteration:
                return False
            except RuntimeError as error:
                # ASE's line search has no exception of its own.
                if "LineSearch failed" not in str(error):
                    raise
                self.stalled = True
                return False
        return True

    def _place(self) -> FloatArray:
        """Return cell and positions, one above the other."""
        return np.concatenate([self._atoms.cell.array, self._atoms.positions])
