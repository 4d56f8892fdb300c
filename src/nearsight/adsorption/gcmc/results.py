"""What a run says: loadings with their intervals, and how well two levels went together."""

from dataclasses import dataclass

import numpy as np

from nearsight.adsorption.gcmc.ensemble import Ensemble
from nearsight.adsorption.gcmc.samples import Sampled, Samples
from nearsight.adsorption.gcmc.series import FEWEST_EFFECTIVE, Mean, equilibrium_begin, mean_of
from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import MethodError
from nearsight.structures.naming import paragraph


@dataclass(frozen=True, eq=False, repr=False)
class Loading:
    """How much is adsorbed at one fugacity, from all chains that have it."""

    fugacity_Pa: float
    chains: IntArray
    """Indices of the chains."""
    molecules: Mean
    """In the cell that is sampled."""
    energy_eV: Mean
    """Interaction energy of all molecules in it."""
    n_left_out: int
    """First samples of each chain that MSER-5 leaves out of these means."""
    is_equilibrated: bool
    """Whether MSER-5 cuts in the first half; if not, the second half is what means are over."""
    levels: "LevelAgreement | None"
    """How two levels went together; None for one."""

    def __repr__(self) -> str:
        low, high = self.molecules.interval
        return paragraph(
            self,
            f"{self.fugacity_Pa:.4g} Pa",
            f"{self.molecules.value:.4g} molecules ({low:.4g} to {high:.4g})",
            "" if self.is_trusted else "not enough samples",
        )

    @property
    def is_trusted(self) -> bool:
        """Whether it is in equilibrium and its error can be believed."""
        return self.is_equilibrated and self.molecules.n_effective >= FEWEST_EFFECTIVE


@dataclass(frozen=True)
class LevelAgreement:
    """How alike two levels are where chains have been, and what that is worth."""

    acceptance: float
    """Share of the proposals that were accepted."""
    sigma: float
    """Standard deviation of E - C in k_B T within a chain, C as it proposes."""
    sigma_per_molecule: float
    """The same over the square root of the mean number of molecules, as if these were independent;
    NaN where there are none."""
    effective_per_call: float
    """Effective samples of the loading for each energy of the costly level."""
    steps: int
    """Moves of a proposal."""


def loadings(sampled: Sampled, ensemble: Ensemble) -> tuple[Loading, ...]:
    """Return the loading at each fugacity, in the order in which chains have them first.

    Raises
    ------
    MethodError
        There are no samples of production yet.
    """
    if len(sampled.production) < 2:
        raise MethodError("there are no samples of production yet; go on with the run.")
    fugacities = dict.fromkeys(ensemble.fugacities_Pa.tolist())
    return tuple(_loading(sampled, ensemble, fugacity) for fugacity in fugacities)


def _loading(sampled: Sampled, ensemble: Ensemble, fugacity_Pa: float) -> Loading:
    chains = np.flatnonzero(ensemble.fugacities_Pa == fugacity_Pa)
    production = sampled.production
    numbers = production.counts[:, chains].astype(np.float64)
    energies = production.energies_eV[:, chains]
    begin = max(equilibrium_begin(series.mean(axis=1)) for series in (numbers, energies))
    is_equilibrated = begin < len(production)
    begin = begin if is_equilibrated else len(production) // 2
    molecules = mean_of(numbers[begin:].T)
    return Loading(
        fugacity_Pa,
        chains,
        molecules,
        mean_of(energies[begin:].T),
        begin,
        is_equilibrated,
        _agreement(sampled, production.part(slice(begin, None)), chains, ensemble, molecules),
    )


def _agreement(
    sampled: Sampled, samples: Samples, chains: IntArray, ensemble: Ensemble, molecules: Mean
) -> LevelAgreement | None:
    composites = sampled.composites
    if composites is None:
        return None
    counts = samples.counts[:, chains]
    proposing = sampled.scale * samples.cheap_eV[:, chains] + sampled.per_molecule_eV * counts
    difference: FloatArray = (samples.energies_eV[:, chains] - proposing) / ensemble.thermal_eV
    sigma = float(np.sqrt(difference.var(axis=0).mean()))
    mean = float(counts.mean())
    # Calls of what was left out by MSER are not counted, as its samples are not.
    share = len(samples) / len(sampled.production)
    calls = share * float(composites.computed[chains].sum())
    tried = max(int(composites.tried[chains].sum()), 1)
    return LevelAgreement(
        acceptance=float(composites.accepted[chains].sum()) / tried,
        sigma=sigma,
        sigma_per_molecule=sigma / mean**0.5 if mean else float("nan"),
        effective_per_call=molecules.n_effective / calls if calls else float("nan"),
        steps=sampled.steps,
    )
