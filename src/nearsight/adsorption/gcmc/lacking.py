"""What a cheap level lacks of the model, by insertions into the empty framework.

What is low in energy counts most, as it is what has weight.
"""

from dataclasses import dataclass

import numpy as np

from nearsight.adsorption.gcmc.guests import Configuration, Guests
from nearsight.adsorption.gcmc.levels import Energies
from nearsight.adsorption.trials import Trials
from nearsight.arrays import FloatArray

FEWEST_TAUGHT = 30
DEEPEST = 20.0
"""kT by which energies may be off from what is expected: false wells must not bend all else."""
FITTED_WITHIN = 4.0
"""kT by which an energy that is lower counts e times more."""
LEAST_COUNT = 1e-2
_HIGHEST_EV = 1.0
"""Energies above are all alike, and where the cheap level has more, nothing is learnt."""
_LOW_QUANTILE = 0.05


@dataclass(frozen=True, eq=False)
class Lacking:
    """What is lacking at the insertions that tell something."""

    configurations: tuple[Configuration, ...]
    """Of one molecule each."""
    energies_eV: FloatArray
    """Of the model without those of the cheap level, shape ``(n_insertions,)``."""
    weights: FloatArray
    """Shape ``(n_insertions,)``."""

    @property
    def is_enough(self) -> bool:
        """Whether anything can be learnt from so many."""
        return len(self.energies_eV) >= FEWEST_TAUGHT

    @property
    def mean_eV(self) -> float:
        """The weighted mean; 0 for too few."""
        if not self.is_enough:
            return 0.0
        return float(np.average(self.energies_eV, weights=self.weights))


def lacking(
    cheap: Energies,
    trials: Trials,
    molecule_A: FloatArray,
    thermal_eV: float,
    *,
    offset_eV: float = 0.0,
    most: int | None = None,
) -> Lacking:
    """Return what a cheap level lacks of the model.

    Parameters
    ----------
    cheap
        The level.
    trials
        The insertions, with energies of the model.
    molecule_A
        Atoms of the molecule about its centre of mass in Å.
    thermal_eV
        k_B T.
    offset_eV
        What is taken off the energy of each molecule by the model.
    most
        Energies of the cheap level that this may cost, evenly over all insertions; None for all.
    """
    placements, energies_eV = trials.placements, trials.energies_eV - offset_eV
    which = np.flatnonzero(np.isfinite(energies_eV))
    if most is not None and len(which) > most:
        which = which[np.linspace(0, len(which) - 1, most).round().astype(int)]
    ones = [
        Configuration(placements.centres_A[[trial]], placements.quaternions[[trial]])
        for trial in which
    ]
    computed = energies_eV[which]
    of_cheap = cheap.energies_eV(Guests.of(ones, molecule_A)) if ones else np.zeros(0)
    used = np.flatnonzero(of_cheap < _HIGHEST_EV)
    if len(used) == 0:
        return Lacking((), np.zeros(0), np.zeros(0))
    low_eV = float(np.quantile(computed[used], _LOW_QUANTILE))
    clipped = np.clip(computed[used], low_eV - DEEPEST * thermal_eV, _HIGHEST_EV)
    above = np.maximum(clipped - low_eV, 0.0) / thermal_eV
    weights = np.exp(-above / FITTED_WITHIN) + LEAST_COUNT
    configurations = tuple(ones[place] for place in used)
    return Lacking(configurations, clipped - of_cheap[used], weights)
