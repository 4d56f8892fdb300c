"""Symmetry functions that leave the range which they had over the training data, counted."""

from dataclasses import dataclass, replace

import numpy as np

from nearsight.hdnnp.kernels.evaluation import Extrapolations
from nearsight.hdnnp.potential import ElementPotential
from nearsight.hdnnp.symmetry_functions import SymmetryFunction, function_name


@dataclass(frozen=True)
class ExtrapolationCounts:
    """How many structures and atoms are beyond what was learnt."""

    n_structures: int = 0
    """Of all that were looked at."""
    n_atoms: int = 0
    n_structures_beyond: int = 0
    """Those with an atom that is."""
    n_atoms_beyond: int = 0
    """Atoms with a symmetry function that is out of its range."""
    n_functions_beyond: int = 0
    """Symmetry functions of all atoms that are; n2p2's number of extrapolation warnings."""

    def plus(self, n_atoms: int, beyond: Extrapolations) -> "ExtrapolationCounts":
        """Return the counts with one more structure."""
        return ExtrapolationCounts(
            self.n_structures + 1,
            self.n_atoms + n_atoms,
            self.n_structures_beyond + (len(beyond) > 0),
            self.n_atoms_beyond + len(np.unique(beyond.atoms)),
            self.n_functions_beyond + len(beyond),
        )


@dataclass(frozen=True)
class ExtrapolatedFunction:
    """A symmetry function that leaves its range."""

    element: str
    index: int
    """In the functions of its element, from 0."""
    function: SymmetryFunction
    smallest: float
    """Over the training data."""
    largest: float
    n_atoms: int = 0
    """For how many atoms it is out of its range."""
    farthest: float = 0.0
    """How far it leaves it at most, over the width of its range."""

    @classmethod
    def of(cls, element: ElementPotential, index: int) -> "ExtrapolatedFunction":
        """Return a function of which nothing was counted yet."""
        return cls(
            element.symbol,
            index,
            element.functions[index],
            float(element.statistics.smallest[index]),
            float(element.statistics.largest[index]),
        )

    def plus(self, value: float) -> "ExtrapolatedFunction":
        """Return it with one more atom, for which it has a value out of its range."""
        width = max(self.largest - self.smallest, np.finfo(np.float64).tiny)
        beyond = max(self.smallest - value, value - self.largest) / width
        return replace(self, n_atoms=self.n_atoms + 1, farthest=max(self.farthest, beyond))

    def __str__(self) -> str:
        return function_name(self.function)
