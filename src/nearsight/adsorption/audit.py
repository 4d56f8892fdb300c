"""What overlapping trials would add to the mean weight, by those of them that were computed."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import logsumexp

from nearsight.adsorption.trials import Trials

_LEAST_LOG: Final = -50.0
"""Below exp(-50) of what an ideal gas has is nothing, also where the rest has even less."""


@dataclass(frozen=True)
class Audit:
    """Overlapping trials, a random share of which was computed nevertheless."""

    n_overlapping: int
    n_audited: int
    lowest_eV: float
    """Lowest energy of those that were computed; inf if none has a number."""
    log_weight: float
    """ln of what all overlapping trials would add to <W>; -inf if nothing, NaN if none was
    computed."""
    relative_error: float
    """Standard error of what they would add over itself; NaN where that is nothing."""

    def share_of(self, log_mean: float) -> float:
        """Return what they would add as a share of <W>, of which `log_mean` is the logarithm."""
        if self.log_weight < _LEAST_LOG:
            return 0.0
        with np.errstate(over="ignore"):
            return float(np.exp(self.log_weight - log_mean))


def audit_of(trials: Trials, temperature_K: float) -> Audit:
    """Return what overlapping trials would add to <W>.

    Those that were computed are a random sample of all that overlap. Each stands for as many as
    were not computed, with its own weight exp(-dU/kT) over the density from which it was drawn.

    Parameters
    ----------
    trials
        Of a sampling.
    temperature_K
        In K.
    """
    audited = trials.audited
    n_overlapping, n_audited = int(trials.overlapping.sum()), int(audited.sum())
    if not n_audited:
        nothing = float("nan")
        return Audit(n_overlapping, 0, np.inf, nothing, nothing)
    energies_eV = np.where(audited, trials.audited_eV, np.inf)
    logs = trials.with_energies(energies_eV).weights(temperature_K).logarithms[audited]
    lowest_eV = float(energies_eV.min())
    if not (logs > -np.inf).any():
        return Audit(n_overlapping, n_audited, lowest_eV, -np.inf, float("nan"))
    log_mean = float(logsumexp(logs) - np.log(n_audited))
    # Of the mean over those that overlap, and of how many do.
    variance = np.exp(logs - log_mean).var() / n_audited
    variance += (1 - n_overlapping / len(trials)) / n_overlapping
    return Audit(
        n_overlapping,
        n_audited,
        lowest_eV,
        log_mean + float(np.log(n_overlapping / len(trials))),
        float(np.sqrt(variance)),
    )
