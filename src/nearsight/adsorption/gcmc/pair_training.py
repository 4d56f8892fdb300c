"""A cheap level that is made: what a base lacks of the model, as a sum over pairs of elements.

It is fitted by ridge regression to energies of the model: of insertions into the empty framework,
and of the configurations that were proposed to it in equilibration. Of both only weighted sums of
products are kept, which is all that a fit needs, so that a run which goes on learns on as the
unbroken one.
"""

from dataclasses import dataclass, replace

import numpy as np

from nearsight.adsorption.gcmc.guest_pairs import GuestPairs
from nearsight.adsorption.gcmc.guests import Guests
from nearsight.adsorption.gcmc.lacking import DEEPEST, FITTED_WITHIN, LEAST_COUNT, lacking
from nearsight.adsorption.gcmc.learning import Learnt, Sums, ridge
from nearsight.adsorption.gcmc.levels import Level
from nearsight.adsorption.gcmc.local_level import LocalLevel
from nearsight.adsorption.gcmc.summed import Summed
from nearsight.adsorption.trials import Trials
from nearsight.arrays import FloatArray
from nearsight.errors import MethodError

_FORGOTTEN = 0.5
"""What earlier proposals still count at each fit: they were made by a worse level."""


@dataclass(frozen=True, eq=False)
class PairTraining:
    """What is learnt, on top of what, and from which insertions."""

    pairs: GuestPairs
    base: Level
    insertions: Sums
    lowest_eV: float
    thermal_eV: float

    def start(self) -> Learnt:
        """Return what insertions alone teach."""
        none = Sums.none(self.pairs.n_features + 1)
        return self._fitted(none)

    def level(self, learnt: Learnt) -> Level:
        """Return the base with what was learnt added to it."""
        return trained_level(self.pairs, self.base, learnt)

    def fitted(self, learnt: Learnt) -> Learnt:
        """Return what is learnt from all that was seen."""
        fitted = self._fitted(learnt.sums)
        return replace(fitted, sums=learnt.sums.times(_FORGOTTEN))

    def seen(self, learnt: Learnt, guests: Guests, energies_eV: FloatArray) -> Sums:
        """Return the sums of configurations whose energies the model gave, shape ``(n_chains,)``.

        Energies that are far from those expected by what was learnt count as less far; those that
        are higher, and ones of many molecules, count less.
        """
        features = self.pairs.features(guests)
        lacking = energies_eV - self.base.energies_eV(guests)
        used = np.isfinite(lacking) & (guests.counts > 0)
        if not used.any():
            return Sums.none(features.shape[1])
        features, lacking, counts = features[used], lacking[used], guests.counts[used]
        expected = features @ learnt.coefficients_eV
        difference = (lacking - expected) / self.thermal_eV
        clipped = expected + self.thermal_eV * np.clip(difference, -DEEPEST, DEEPEST)
        weights = np.exp(-np.maximum(difference, 0.0) / FITTED_WITHIN) + LEAST_COUNT
        return Sums.of(features, clipped, weights / counts)

    def _fitted(self, sums: Sums) -> Learnt:
        coefficients = ridge(self.insertions + sums)
        return Learnt(coefficients, np.array(self.lowest_eV - coefficients[-1]), sums)


def trained_level(pairs: GuestPairs, base: Level, learnt: Learnt) -> Level:
    """Return a base with what was learnt added to it."""
    tabulated = pairs.energies(learnt.coefficients_eV, float(learnt.lowest_eV))
    return Summed(base, LocalLevel(tabulated))


def pair_training(
    pairs: GuestPairs,
    base: Level,
    trials: Trials,
    molecule_A: FloatArray,
    thermal_eV: float,
    *,
    offset_eV: float = 0.0,
) -> PairTraining:
    """Return a training that begins with insertions into the empty framework.

    Parameters
    ----------
    pairs
        What is summed over.
    base
        What the fit is added to.
    trials
        The insertions.
    molecule_A
        Atoms of the molecule about its centre of mass in Å.
    thermal_eV
        k_B T.
    offset_eV
        What is taken off the energy of each molecule.

    Raises
    ------
    MethodError
        Too few insertions have an energy.
    """
    lacks = lacking(base, trials, molecule_A, thermal_eV, offset_eV=offset_eV)
    if not lacks.is_enough:
        raise MethodError(
            f"{len(lacks.energies_eV)} of {len(trials)} insertions have an energy that a cheap "
            f"level can be trained by, the others overlap with the framework; make more "
            f"`insertions`, or leave `surrogate` out."
        )
    features = pairs.features(Guests.of(lacks.configurations, molecule_A))
    insertions = Sums.of(features, lacks.energies_eV, lacks.weights)
    return PairTraining(pairs, base, insertions, float(lacks.energies_eV.min()), thermal_eV)
