"""What a cheap level learns in equilibration: weighted sums over observations, and fits to them.

Energies are linear in what is fitted. Sums of products are all that a fit needs, so that a run that
goes on learns on as the unbroken one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from nearsight.adsorption.gcmc.guests import Guests
from nearsight.adsorption.gcmc.levels import Energies, Level
from nearsight.arrays import FloatArray

_PENALTIES = 10.0 ** np.arange(-9, 2)


@dataclass(frozen=True, eq=False)
class Sums:
    """Weighted sums over observations of features x and energies y in eV."""

    products: FloatArray
    """Of x with x, shape ``(n_features + 1, n_features + 1)``."""
    with_energy: FloatArray
    """Of x with y, shape ``(n_features + 1,)``."""
    squared: FloatArray
    """Of y with y, shape ``()``."""
    number: FloatArray
    """Of observations, unweighted, shape ``()``."""

    @classmethod
    def none(cls, n_columns: int) -> "Sums":
        """Return those before the first."""
        square = np.zeros((n_columns, n_columns))
        return cls(square, np.zeros(n_columns), np.zeros(()), np.zeros(()))

    @classmethod
    def of(cls, features: FloatArray, energies_eV: FloatArray, weights: FloatArray) -> "Sums":
        """Return those of some observations, of shape ``(n_observations, n_features + 1)``."""
        weighted = features * weights[:, np.newaxis]
        return cls(
            weighted.T @ features,
            weighted.T @ energies_eV,
            np.array(weights @ energies_eV**2),
            np.array(float(len(weights))),
        )

    def __add__(self, others: "Sums") -> "Sums":
        pairs = zip(vars(self).values(), vars(others).values(), strict=True)
        return Sums(*(mine + theirs for mine, theirs in pairs))

    def times(self, factor: float) -> "Sums":
        """Return all of them times a factor."""
        return Sums(*(factor * each for each in vars(self).values()))


@dataclass(frozen=True, eq=False)
class Learnt:
    """What a run has learnt so far."""

    coefficients_eV: FloatArray
    """Shape ``(n_features + 1,)``: the last is the constant of a molecule."""
    lowest_eV: FloatArray
    """No molecule has less by its pairs with the framework than insertions had, shape ``()``."""
    sums: Sums
    """Of proposals, without the insertions."""


class Training(Protocol):
    """What makes a cheap level better."""

    def start(self) -> Learnt:
        """Return what is known before the first proposal."""
        ...

    def level(self, learnt: Learnt) -> Level:
        """Return the cheap level by what was learnt."""
        ...

    def seen(self, learnt: Learnt, guests: Guests, energies_eV: FloatArray) -> Sums:
        """Return the sums of configurations whose energies the model gave, shape ``(n_chains,)``.

        Parameters
        ----------
        learnt
            By what they were proposed.
        guests
            The configurations.
        energies_eV
            NaN or infinite where there is nothing to learn.
        """
        ...

    def fitted(self, learnt: Learnt) -> Learnt:
        """Return what is learnt from all that was seen."""
        ...


class Watched:
    """Energies whose configurations are learnt from as they are asked for."""

    def __init__(self, energies: Energies, see: Callable[[Guests, FloatArray], Sums]) -> None:
        self._energies, self._see = energies, see
        self.sums: Sums | None = None

    def energies_eV(self, guests: Guests) -> FloatArray:
        """Return the energy of each chain in eV, shape ``(n_chains,)``."""
        energies = self._energies.energies_eV(guests)
        seen = self._see(guests, energies)
        self.sums = seen if self.sums is None else self.sums + seen
        return energies


def ridge(sums: Sums) -> FloatArray:
    """Return the coefficients, of which no penalty holds that of the number of molecules.

    The penalty is that of the least generalised cross-validation (G. H. Golub et al., Technometrics
    1979, 21, 215).
    """
    of_number, number = sums.products[-1, :-1], sums.products[-1, -1]
    products = sums.products[:-1, :-1] - np.outer(of_number, of_number) / number
    with_energy = sums.with_energy[:-1] - of_number * sums.with_energy[-1] / number
    squared = float(sums.squared - sums.with_energy[-1] ** 2 / number)
    values, vectors = np.linalg.eigh(products)
    known = values > 1e-12 * values[-1]
    values, vectors = values[known], vectors[:, known]
    projected = vectors.T @ with_energy / np.sqrt(values)
    outside = max(squared - float(projected @ projected), 0.0)
    tried = []
    for penalty in _PENALTIES * values[-1]:
        shrunk = values / (values + penalty)
        residual = float((((1 - shrunk) * projected) ** 2).sum()) + outside
        freedom = max(float(sums.number) - 1 - shrunk.sum(), 1.0)
        tried.append((residual / freedom**2, penalty))
    penalty = min(tried)[1]
    coefficients = vectors @ (np.sqrt(values) / (values + penalty) * projected)
    constant = (sums.with_energy[-1] - of_number @ coefficients) / number
    return np.append(coefficients, constant)
