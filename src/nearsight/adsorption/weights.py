"""Boltzmann weights of insertions: their mean, its error, and whether few of them carry it.

Weights are kept as logarithms: those of a false well of a model, some eV deep, have no number.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from nearsight.arrays import FloatArray
from nearsight.errors import MethodError
from nearsight.notebooks import ShownInNotebooks
from nearsight.structures.naming import paragraph
from nearsight.units import BOLTZMANN_EV_PER_K

N_BLOCKS = 100
"""Blocks of the jackknife: its error has itself one of 1/sqrt(2 N_BLOCKS), and more where few
trials carry the weight."""


@dataclass(frozen=True, eq=False, repr=False)
class Weights(ShownInNotebooks):
    """Weights of all trials of one sampling at one temperature."""

    logarithms: FloatArray
    """ln(W / density) of each trial, -inf where nothing fits, shape ``(n_trials,)``."""
    energies_eV: FloatArray
    """Interaction energies, inf where nothing fits, shape ``(n_trials,)``."""
    temperature_K: float

    def __repr__(self) -> str:
        of = f"{len(self.logarithms)} insertions at {self.temperature_K:g} K"
        return paragraph(self, of, f"ln<W> = {self.log_mean:.3g}")

    @property
    def log_mean(self) -> float:
        """ln<W>; -inf if no trial has any weight."""
        return float(logsumexp(self.logarithms) - np.log(len(self.logarithms)))

    @property
    def n_effective(self) -> float:
        """Number of equal weights that would scatter as much: (sum W)²/sum W²."""
        if self.log_mean == -np.inf:
            return 0.0
        return float(np.exp(2 * logsumexp(self.logarithms) - logsumexp(2 * self.logarithms)))

    def heaviest_share(self, share: float = 0.01) -> float:
        """Return how much of all weight the heaviest trials have; 0 if there is none.

        Parameters
        ----------
        share
            Which of all trials count as the heaviest, at least one.
        """
        if self.log_mean == -np.inf:
            return 0.0
        n_heaviest = max(1, round(share * len(self.logarithms)))
        heaviest = np.sort(self.logarithms)[-n_heaviest:]
        return float(np.exp(logsumexp(heaviest) - logsumexp(self.logarithms)))

    @property
    def mean_energy_eV(self) -> float:
        """<dU W>/<W>: the mean energy of the molecules that are in; NaN if none is."""
        return _weighted_energy(self.logarithms, self.energies_eV)

    def jackknifed(self) -> tuple[FloatArray, FloatArray]:
        """Return ln<W> and the mean energy in eV without each block, each ``(n_blocks,)``.

        A block is every n-th trial, so that all have the same size and share drifts of the
        proposal.
        """
        n_blocks = min(N_BLOCKS, len(self.logarithms))
        block = np.arange(len(self.logarithms)) % n_blocks
        logs, energies = [], []
        for left_out in range(n_blocks):
            others = block != left_out
            log = self.logarithms[others]
            logs.append(logsumexp(log) - np.log(len(log)))
            energies.append(_weighted_energy(log, self.energies_eV[others]))
        return np.array(logs), np.array(energies)


def weights_of(
    energies_eV: FloatArray, temperature_K: float, densities: FloatArray | None = None
) -> Weights:
    """Return the weights exp(-dU/kT) of interaction energies.

    Parameters
    ----------
    energies_eV
        Of each trial in eV, inf where nothing fits, shape ``(n_trials,)``.
    temperature_K
        Above 0.
    densities
        See `Placements.densities`; None for uniform trials.

    Raises
    ------
    MethodError
        The temperature is not above 0, there are fewer than two trials, or an energy is NaN or
        -inf.
    """
    if not 0 < temperature_K < np.inf:
        raise MethodError(f"a temperature is above 0 K, not {temperature_K:g} K.")
    if len(energies_eV) < 2:
        raise MethodError(f"{len(energies_eV)} trials have no error; take some thousand.")
    if np.isnan(energies_eV).any() or (energies_eV == -np.inf).any():
        raise MethodError("an interaction energy is no number; reject such trials first.")
    logarithms = -energies_eV / (BOLTZMANN_EV_PER_K * temperature_K)
    if densities is not None:
        logarithms = logarithms - np.log(densities)
    return Weights(logarithms, energies_eV, temperature_K)


def jackknife_error(without: FloatArray) -> float:
    """Return the error of a value from its values without each block, shape ``(n_blocks,)``.

    NaN if one of these is no number.
    """
    if not np.isfinite(without).all():
        return float("nan")
    n_blocks = len(without)
    return float(np.sqrt((n_blocks - 1) / n_blocks * np.sum((without - without.mean()) ** 2)))


def _weighted_energy(logarithms: FloatArray, energies_eV: FloatArray) -> float:
    finite = logarithms > -np.inf
    if not finite.any():
        return float("nan")
    shares = np.exp(logarithms[finite] - logsumexp(logarithms[finite]))
    return float(np.sum(shares * energies_eV[finite]))
