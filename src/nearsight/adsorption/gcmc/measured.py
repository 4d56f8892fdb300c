"""The fugacity that configurations have, measured by insertions into them.

In the grand canonical ensemble <z V W/(N + 1)> over configurations and uniform insertions, with
W = exp(-ΔU/k_B T), is the probability that there is any molecule: the sum over N of the left-hand
side is that over N + 1 of the weights themselves. The fugacity with which this holds is measured
(B. Widom, J. Chem. Phys. 1963, 39, 2808, for each number of molecules).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nearsight.adsorption.gcmc.ensemble import Ensemble
from nearsight.adsorption.gcmc.guests import Guests
from nearsight.adsorption.gcmc.levels import Level
from nearsight.adsorption.gcmc.moves import INSERTION, Probabilities, StepSizes, draw, propose
from nearsight.adsorption.gcmc.rules import Rule
from nearsight.adsorption.gcmc.samples import KeptConfiguration, Sampled
from nearsight.adsorption.gcmc.series import mean_of
from nearsight.adsorption.henry import WithError
from nearsight.arrays import FloatArray
from nearsight.errors import MethodError
from nearsight.progress import Progress, as_progress

_ONLY_INSERTIONS = Probabilities(0.5, 0.5, 0.0, 0.0, 0.0)
_FEWEST = 20
_USUAL = 20


@dataclass(frozen=True)
class MeasuredFugacity:
    """What configurations say of the gas that they are in equilibrium with."""

    fugacities_Pa: tuple[WithError, ...]
    """For each that was imposed."""
    n_calls: int
    """Energies that it took: of insertions that do not overlap, and of the configurations."""


def measured_fugacity(
    sampled: Sampled,
    ensemble: Ensemble,
    level: Level,
    rule: Rule,
    molecule_A: FloatArray,
    *,
    most_insertions: int | None = None,
    seed: int = 0,
    progress: Progress | bool | None = None,
) -> MeasuredFugacity:
    """Return the fugacity in Pa that kept configurations have, for each that was imposed.

    Parameters
    ----------
    sampled
        A run.
    ensemble
        That was sampled.
    level
        The one that was sampled: the costly one, if there are two.
    rule
        Which configurations have any weight.
    molecule_A
        Atoms of a molecule about its centre of mass in Å.
    most_insertions
        At each fugacity, into configurations that are evenly spread; None for 20 into each that
        is kept.
    seed
        Of the random numbers.
    progress
        Where progress goes; True for a bar.

    Raises
    ------
    MethodError
        There are too few kept configurations, or no insertion has any weight.
    """
    by_sample: dict[int, list[KeptConfiguration]] = {}
    for each in sampled.kept:
        by_sample.setdefault(each.sample, []).append(each)
    if len(by_sample) < _FEWEST:
        raise MethodError(
            f"{len(by_sample)} kept samples measure no fugacity; keep at least {_FEWEST} "
            f"(kept_every)."
        )
    imposed = dict.fromkeys(ensemble.fugacities_Pa.tolist())
    chosen, n_each = list(by_sample.values()), _USUAL
    if most_insertions is not None:
        of_chain = most_insertions * len(imposed) // ensemble.n_chains
        n_each = max(min(_USUAL, of_chain // _FEWEST), of_chain // len(chosen), 1)
        n_samples = min(max(of_chain // n_each, _FEWEST), len(chosen))
        chosen = [chosen[i] for i in np.linspace(0, len(chosen) - 1, n_samples).round().astype(int)]
    system = _Inserted(level, rule, ensemble, molecule_A, n_each)
    rng = np.random.default_rng(seed)
    of_samples, n_calls = [], 0
    with as_progress(progress).task("insertions into samples", len(chosen), 0) as tell:
        for number, kept in enumerate(chosen, start=1):
            means, n_computed = _weights(kept, system, rng)
            of_samples.append(means)
            n_calls += n_computed
            tell(number, "")
    weights = np.stack(of_samples, axis=1)
    filled = np.stack([[len(each.configuration) > 0 for each in kept] for kept in chosen], axis=1)
    at = [ensemble.fugacities_Pa == each for each in imposed]
    ratios = [_ratio(filled[w], weights[w], f) for w, f in zip(at, imposed, strict=True)]
    return MeasuredFugacity(tuple(ratios), n_calls)


@dataclass(frozen=True, eq=False)
class _Inserted:
    """By what is inserted, and how often into each configuration."""

    level: Level
    rule: Rule
    ensemble: Ensemble
    molecule_A: FloatArray
    n_insertions: int


def _weights(
    kept: Sequence[KeptConfiguration], system: _Inserted, rng: np.random.Generator
) -> tuple[FloatArray, int]:
    """Return the mean of z V W/(N + 1) of each chain, ``(n_chains,)``, and energies it took."""
    ensemble, n_insertions = system.ensemble, system.n_insertions
    sizes = StepSizes.first(ensemble.n_chains)
    guests = Guests.of([each.configuration for each in kept], system.molecule_A).with_room()
    memory = system.level.memory(guests).with_room(guests)
    n_computed = int((guests.counts > 0).sum())
    draws = draw([rng] * ensemble.n_chains, n_insertions, _ONLY_INSERTIONS, ensemble.cell_A)
    draws.kinds[:] = INSERTION
    weights = np.zeros(ensemble.n_chains)
    for step in range(n_insertions):
        proposals = propose(guests, draws, step, sizes)
        allowed = system.rule.allows(guests, proposals, proposals.possible)
        n_computed += int(allowed.sum())
        changes = system.level.changes_eV(guests, memory, proposals, allowed)
        counted = allowed & (changes > -np.inf)  # NaN is not counted, as it is never accepted
        weights[counted] += np.exp(-changes[counted] / ensemble.thermal_eV)
    means: FloatArray = (
        weights / n_insertions * np.exp(ensemble.log_activities) / (guests.counts + 1)
    )
    return means, n_computed


def _ratio(filled: FloatArray, weights: FloatArray, imposed_Pa: float) -> WithError:
    """Return the imposed fugacity times <filled>/<weights>, and its error."""
    mean = float(weights.mean())
    if not mean > 0:
        raise MethodError("no insertion has any weight; make more, or sample a lower pressure.")
    ratio = float(filled.mean()) / mean
    rest = mean_of(filled - ratio * weights)
    return WithError(imposed_Pa * ratio, imposed_Pa * rest.error / mean)
