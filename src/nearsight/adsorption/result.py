"""What insertions of a gas into a framework gave, with what speaks for and against it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from nearsight.adsorption.flexible import henry_of_frames
from nearsight.adsorption.gases import Gas
from nearsight.adsorption.henry import Henry, henry
from nearsight.adsorption.known_offsets import KnownOffset
from nearsight.adsorption.sampling import Sampling
from nearsight.adsorption.settings import InsertionSettings
from nearsight.adsorption.trials import Trials, joined
from nearsight.adsorption.weights import Weights
from nearsight.adsorption.wells import Cleaned
from nearsight.adsorption.widom import Precision
from nearsight.adsorption.zero import BesideForceField, Zero
from nearsight.arrays import FloatArray
from nearsight.notebooks import ShownInNotebooks
from nearsight.structures.naming import paragraph
from nearsight.units import BOLTZMANN_EV_PER_K

HEAVY_SHARE = 0.8
"""Where the heaviest 1 % of the trials have more of the weight, few decide."""
_BIN_EV = 0.01
_NEGLIGIBLE = 1e-12
"""Weight beside the mean below which what an insertion has is in no digit of it."""
FEWEST_SIGNIFICANT = 20.0
"""With fewer effective trials a Henry coefficient is an anecdote, and is said to be one."""


@dataclass(frozen=True)
class PocketReport:
    """Which part of the pore a gas cannot come to."""

    method: str
    """By what energies."""
    barrier_eV: float
    """What a molecule is taken to overcome."""
    spacing_A: float
    n_channels: int
    n_pockets: int
    share_blocked: float
    """Of <W>, what lies in pockets, at the first temperature."""
    is_blocked: bool
    """Whether places in pockets were given no weight."""


@dataclass(frozen=True, eq=False, repr=False)
class Adsorption(ShownInNotebooks):
    """A gas in a framework, or in snapshots of one."""

    gas: Gas
    samplings: tuple[Sampling, ...]
    """One for each snapshot."""
    henry: tuple[Henry, ...]
    """One for each temperature; insertions were made for the first."""
    precision: Precision
    """Of <W> at the first temperature, from the trials of all snapshots."""
    settings: InsertionSettings
    zero: Zero
    beside: BesideForceField | None
    """How the model differs from UFF where attraction is weak; None where it was not compared."""
    offset: KnownOffset | None
    cleaned: tuple[Cleaned, ...]
    """Trials of each snapshot without suspected ones."""
    henry_without_wells: tuple[Henry, ...] | None
    """The same without suspected trials; None if there are none."""
    pockets: PocketReport | None
    no_pockets: str | None
    """Why pockets were not looked for."""
    helium_void_fraction: float | None
    wavelengths_A: tuple[float, ...]
    """Thermal wavelength of the gas at each temperature."""

    def __repr__(self) -> str:
        framework = self.samplings[0].interaction.framework
        of = f"{self.gas.name} in {framework.cell.get_chemical_formula()}"
        return paragraph(self, of, f"ln<W> = {self.henry[0].log_weight.value:.3g}")

    @property
    def trials(self) -> Trials:
        """The trials of all snapshots."""
        return joined([each.trials for each in self.samplings])

    @property
    def is_pairwise(self) -> bool:
        """Whether the model is a sum over pairs, which has its zero by construction."""
        return self.samplings[0].interaction.model.capabilities.pairwise

    @property
    def wells_change(self) -> float | None:
        """Change of ln<W> at the first temperature if suspected trials have no weight.

        None without suspected ones, or where nothing has weight anyway.
        """
        if self.henry_without_wells is None or self.henry[0].log_weight.value == -np.inf:
            return None
        return self.henry_without_wells[0].log_weight.value - self.henry[0].log_weight.value

    @property
    def wells_sigmas(self) -> float | None:
        """The same over the standard error of ln<W> without them: that of the honest number.

        None if either has no number.
        """
        change = self.wells_change
        if change is None or self.henry_without_wells is None:
            return None
        error = self.henry_without_wells[0].log_weight.error
        if not np.isfinite([change, error]).all() or error == 0:
            return None
        return abs(change) / error

    @property
    def n_calls(self) -> int:
        """Structures that the model was asked for."""
        return sum(each.interaction.n_calls for each in self.samplings)


def henry_at(
    samplings: Sequence[Sampling], trials: Sequence[Trials], temperature_K: float
) -> Henry:
    """Return the Henry coefficient of one framework, or over its snapshots.

    Parameters
    ----------
    samplings
        One for each snapshot.
    trials
        Those of each snapshot, perhaps without some.
    temperature_K
        In K.
    """
    framework = samplings[0].interaction.framework
    weights = [
        _weights(sampling, each, temperature_K)
        for sampling, each in zip(samplings, trials, strict=True)
    ]
    if len(samplings) == 1:
        return henry(weights[0], framework.volume_A3, framework.mass_amu)
    return henry_of_frames(
        weights,
        np.array([each.interaction.framework.volume_A3 for each in samplings]),
        np.array([each.interaction.cell_eV for each in samplings]),
        framework.mass_amu,
    )


def _weights(sampling: Sampling, trials: Trials, temperature_K: float) -> Weights:
    """Return weights with the energies of which the heat is a mean."""
    weights = trials.weights(temperature_K)
    interaction = sampling.interaction
    if interaction.model.capabilities.temperature_K is None:
        return weights
    counted = weights.logarithms > weights.log_mean + np.log(_NEGLIGIBLE)
    sites_A = trials.placements.sites_A(interaction.gas.sites_A)[counted]
    energies_eV = weights.energies_eV.copy()
    energies_eV[counted] = interaction.slopes_eV(sites_A)
    return replace(weights, energies_eV=energies_eV)


def running_means(
    trials: Trials, temperature_K: float, n_points: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return how ln<W> went as trials were added, and its error.

    Parameters
    ----------
    trials
        In their order.
    temperature_K
        In K.
    n_points
        After how many numbers of trials, at most.

    Returns
    -------
    tuple of arrays
        Numbers of trials, ln<W> and its standard error, each ``(n_points,)``.
    """
    numbers = np.unique(np.linspace(0, len(trials), n_points + 1).round().astype(int)[1:])
    numbers = numbers[numbers >= 2]
    whole = trials.weights(temperature_K)
    logs, errors = [], []
    for number in numbers:
        part = Weights(whole.logarithms[:number], whole.energies_eV[:number], temperature_K)
        logs.append(part.log_mean)
        finite = part.logarithms > -np.inf
        spread = np.exp(np.where(finite, part.logarithms - part.log_mean, -np.inf)).std()
        errors.append(spread / np.sqrt(number) if finite.any() else np.nan)
    return numbers.astype(float), np.array(logs), np.array(errors)


def weight_by_energy(
    trials: Trials, temperature_K: float, width_eV: float | None = None
) -> tuple[FloatArray, FloatArray]:
    """Return which share of <W> lies at which interaction energy.

    Parameters
    ----------
    trials
        Those of a sampling.
    temperature_K
        In K.
    width_eV
        Of a bin; by default 10 meV, and 0.4 k_B T in the cold, where these are more.

    Returns
    -------
    tuple of arrays
        Lower ends of the bins in eV with the upper end of the last, ``(n_bins + 1,)``, and shares,
        which sum to 1, ``(n_bins,)``; empty if nothing has weight.
    """
    if width_eV is None:
        width_eV = min(_BIN_EV, 0.4 * BOLTZMANN_EV_PER_K * temperature_K)
    weights = trials.weights(temperature_K)
    shares = np.exp(weights.logarithms - np.logaddexp.reduce(weights.logarithms))
    # What has no part in the mean would make the axis as long as the highest wall.
    counted = shares > 1e-9
    if not counted.any():
        return np.zeros(0), np.zeros(0)
    energies = trials.energies_eV[counted]
    low = np.floor(energies.min() / width_eV)
    high = np.floor(energies.max() / width_eV) + 1
    ends = np.arange(low, high + 1) * width_eV
    summed, _ = np.histogram(energies, ends, weights=shares[counted])
    return ends, summed
