"""A sum over pairs in place of a model: cheap enough to be asked of any number of candidates.

It is fitted to the first trials of the model itself. Some hundred suffice, since energies tell of
all places alike, while weights tell only of those few that have some.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from nearsight.adsorption.gases import Gas
from nearsight.adsorption.overlaps import Overlaps
from nearsight.adsorption.pair_functions import CUTOFF_A, TABLE_STEP_A, functions, table_distances_A
from nearsight.adsorption.placements import PlacementEnergies, Placements
from nearsight.adsorption.trials import Trials
from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import MethodError
from nearsight.structures.host_pairs import HostPairs
from nearsight.units import BOLTZMANN_EV_PER_K

FEWEST_FITTED = 30
"""Trials with an energy that a fit takes, at least."""
_AT_ONCE = 2000
"""Placements whose pairs are in memory at once."""
_LOWEST_EV, _HIGHEST_EV = -3.0, 1.0
"""Of a base: energies above are all alike, as nothing is there, and those below are false wells."""
_DEEPEST = 20.0
"""Of what is fitted in kT below the low energies: false wells must not bend all else."""
_LOW_QUANTILE = 0.05
_FITTED_WITHIN = 4.0
"""kT by which what is low in energy counts e times more in the fit than what is above it."""
_LEAST_COUNT = 1e-2
_PENALTIES = 10.0 ** np.arange(-7, 2)


class Pairing:
    """Distances of a molecule's atoms to those of a framework, by the elements of both.

    Parameters
    ----------
    host
        The framework.
    gas
        The molecule, as the model has it.
    """

    def __init__(self, host: Atoms, gas: Gas) -> None:
        self.molecule_A = gas.sites_A
        self._pairs = HostPairs(host, CUTOFF_A)
        of_host, self._host_kinds = np.unique(host.numbers, return_inverse=True)
        of_guest, self._guest_kinds = np.unique(gas.atoms.numbers, return_inverse=True)
        self._n_host_kinds = len(of_host)
        self.n_kinds = len(of_host) * len(of_guest)

    def pairs_of(self, sites_A: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
        """Return trial, kind and distance in Å of each pair nearer than 6 Å.

        Parameters
        ----------
        sites_A
            Atoms of each trial, shape ``(n_trials, n_atoms, 3)``.
        """
        n_atoms = sites_A.shape[1]
        site, atom, distances_A = self._pairs.neighbours(sites_A.reshape(-1, 3))
        kinds = self._guest_kinds[site % n_atoms] * self._n_host_kinds + self._host_kinds[atom]
        return site // n_atoms, kinds, distances_A


@dataclass(frozen=True, eq=False)
class PairSurrogate:
    """Energies of a base, if there is one, and of pairs by a table for each two elements."""

    pairing: Pairing
    overlaps: Overlaps
    tables_eV: FloatArray
    """At distances of steps of 0.005 Å, shape ``(n_kinds, n_distances)``."""
    constant_eV: float
    lowest_eV: float
    """Nothing is deeper than what was learnt from: there the fit is wrong."""
    base: PlacementEnergies | None

    def __call__(self, placements: Placements) -> FloatArray:
        """Return the energies of placements in eV, inf for those that overlap."""
        sites_A = placements.sites_A(self.pairing.molecule_A)
        energies_eV = np.full(len(placements), np.inf)
        fits = ~self.overlaps.of(sites_A)
        energies_eV[fits] = self.constant_eV + np.concatenate(
            [self._of_pairs(part) for part in _parts(sites_A[fits])] or [np.zeros(0)]
        )
        return np.maximum(energies_eV + _of_base(self.base, placements), self.lowest_eV)

    def _of_pairs(self, sites_A: FloatArray) -> FloatArray:
        trials, kinds, distances_A = self.pairing.pairs_of(sites_A)
        steps = distances_A / TABLE_STEP_A
        below = steps.astype(int)
        here, next_ = self.tables_eV[kinds, below], self.tables_eV[kinds, below + 1]
        energies_eV = here + (steps - below) * (next_ - here)
        summed: FloatArray = np.bincount(trials, energies_eV, len(sites_A)).astype(np.float64)
        return summed


def fit_pairs(
    trials: Trials,
    pairing: Pairing,
    overlaps: Overlaps,
    temperature_K: float,
    base: PlacementEnergies | None = None,
) -> PairSurrogate:
    """Fit a sum over pairs to the energies of trials, by ridge regression.

    What is low in energy counts most, as it is what has weight. The penalty is that of the least
    generalised cross-validation (G. H. Golub et al., Technometrics 1979, 21, 215).

    Parameters
    ----------
    trials
        Those that are learnt from.
    pairing
        Of one cell of the framework with the molecule.
    overlaps
        What has no weight in any case.
    temperature_K
        At which weight counts.
    base
        A cheap energy, to which the fit is what it lacks.

    Raises
    ------
    MethodError
        Too few trials have an energy.
    """
    sites_A = trials.placements.sites_A(pairing.molecule_A)
    energies_eV = np.array(trials.energies_eV)
    fitted = np.isfinite(energies_eV)
    if fitted.sum() < FEWEST_FITTED:
        raise MethodError(
            f"{int(fitted.sum())} of {len(trials)} insertions that were to be learnt from have an "
            f"energy, the others overlap with the framework; `learning` takes at least "
            f"{FEWEST_FITTED} with one."
        )
    thermal_eV = BOLTZMANN_EV_PER_K * temperature_K
    low_eV = float(np.quantile(energies_eV[fitted], _LOW_QUANTILE))
    clipped = np.clip(energies_eV[fitted], low_eV - _DEEPEST * thermal_eV, _HIGHEST_EV)
    above = np.maximum(clipped - low_eV, 0.0) / thermal_eV
    counts = np.exp(-above / _FITTED_WITHIN) + _LEAST_COUNT
    lacking = clipped - _of_base(base, trials.placements)[fitted]
    features = np.concatenate([_features(pairing, part) for part in _parts(sites_A[fitted])])
    constant_eV, coefficients = _ridge(features, lacking, counts)
    tables_eV = coefficients.reshape(pairing.n_kinds, -1) @ functions(table_distances_A()).T
    return PairSurrogate(pairing, overlaps, tables_eV, constant_eV, float(clipped.min()), base)


def _of_base(base: PlacementEnergies | None, placements: Placements) -> FloatArray:
    if base is None:
        return np.zeros(len(placements))
    return np.clip(base(placements), _LOWEST_EV, _HIGHEST_EV)


def _parts(sites_A: FloatArray) -> Iterator[FloatArray]:
    return (sites_A[start : start + _AT_ONCE] for start in range(0, len(sites_A), _AT_ONCE))


def _features(pairing: Pairing, sites_A: FloatArray) -> FloatArray:
    """Return the sums of all functions over the pairs of each kind, one row for each trial."""
    trials, kinds, distances_A = pairing.pairs_of(sites_A)
    rows = trials * pairing.n_kinds + kinds
    n_rows = len(sites_A) * pairing.n_kinds
    sums = [np.bincount(rows, each, n_rows) for each in functions(distances_A).T]
    features: FloatArray = np.stack(sums, axis=1).reshape(len(sites_A), -1).astype(np.float64)
    return features


def _ridge(
    features: FloatArray, values: FloatArray, counts: FloatArray
) -> tuple[float, FloatArray]:
    """Return the constant, which no penalty holds, and the coefficients."""
    means = np.average(features, axis=0, weights=counts)
    mean = float(np.average(values, weights=counts))
    roots = np.sqrt(counts)
    left, singular, right = np.linalg.svd(
        (features - means) * roots[:, np.newaxis], full_matrices=False
    )
    projected = left.T @ ((values - mean) * roots)
    outside = float(np.sum(((values - mean) * roots) ** 2) - np.sum(projected**2))
    tried = []
    for penalty in _PENALTIES * singular[0] ** 2:
        shrunk = singular**2 / (singular**2 + penalty)
        residual = np.sum(((1 - shrunk) * projected) ** 2) + outside
        tried.append((residual / (len(values) - 1 - shrunk.sum()) ** 2, penalty))
    penalty = min(tried)[1]
    coefficients: FloatArray = right.T @ (singular / (singular**2 + penalty) * projected)
    return mean - float(means @ coefficients), coefficients
