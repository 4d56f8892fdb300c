"""The fugacity that configurations have, measured by insertions into them.

In the grand canonical ensemble <z V W/(N + 1)> over configurations and uniform insertions, with
W = exp(-ΔU/k_B T), is the probability that there is any molecule: the sum over N of the left-hand
side is that over N + 1 of the weights themselves. The fugacity with which this holds is measured
(B. Widom, J. Chem. Phys. 1963, 39, 2808, for each number of molecules).
"""

from collections.abc import Sequence

import numpy as np

from nearsight.adsorption.gcmc.chains import Walk, begin
from nearsight.adsorption.gcmc.ensemble import Ensemble
from nearsight.adsorption.gcmc.levels import Level
from nearsight.adsorption.gcmc.moves import INSERTION, Probabilities, StepSizes, draw, propose
from nearsight.adsorption.gcmc.rules import Rule
from nearsight.adsorption.gcmc.samples import KeptConfiguration, Sampled
from nearsight.adsorption.gcmc.series import mean_of
from nearsight.adsorption.henry import WithError
from nearsight.arrays import FloatArray
from nearsight.errors import MethodError

_ONLY_INSERTIONS = Probabilities(0.5, 0.5, 0.0, 0.0, 0.0)
_FEWEST = 20


def measured_fugacity(
    sampled: Sampled,
    ensemble: Ensemble,
    level: Level,
    rule: Rule,
    molecule_A: FloatArray,
    *,
    n_insertions: int = 20,
    seed: int = 0,
) -> tuple[WithError, ...]:
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
    n_insertions
        Into each configuration.
    seed
        Of the random numbers.

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
    walk = Walk(level, rule, ensemble, StepSizes.first(ensemble.n_chains))
    rng = np.random.default_rng(seed)
    weights = np.stack(
        [_weights(kept, walk, molecule_A, n_insertions, rng) for kept in by_sample.values()],
        axis=1,
    )
    filled = np.stack(
        [[len(each.configuration) > 0 for each in kept] for kept in by_sample.values()], axis=1
    )
    imposed = dict.fromkeys(ensemble.fugacities_Pa.tolist())
    return tuple(
        _ratio(
            filled[ensemble.fugacities_Pa == each], weights[ensemble.fugacities_Pa == each], each
        )
        for each in imposed
    )


def _weights(
    kept: Sequence[KeptConfiguration],
    walk: Walk,
    molecule_A: FloatArray,
    n_insertions: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Return the mean of z V W/(N + 1) of each chain, shape ``(n_chains,)``."""
    ensemble = walk.ensemble
    chains = begin([each.configuration for each in kept], molecule_A, walk.level)
    guests = chains.guests.with_room()
    memory = chains.memory.with_room(guests)
    draws = draw([rng] * ensemble.n_chains, n_insertions, _ONLY_INSERTIONS, ensemble.cell_A)
    draws.kinds[:] = INSERTION
    weights = np.zeros(ensemble.n_chains)
    for step in range(n_insertions):
        proposals = propose(guests, draws, step, walk.sizes)
        allowed = walk.rule.allows(guests, proposals, proposals.possible)
        changes = walk.level.changes_eV(guests, memory, proposals, allowed)
        counted = allowed & (changes > -np.inf)  # NaN is not counted, as it is never accepted
        weights[counted] += np.exp(-changes[counted] / ensemble.thermal_eV)
    means: FloatArray = (
        weights / n_insertions * np.exp(ensemble.log_activities) / (guests.counts + 1)
    )
    return means


def _ratio(filled: FloatArray, weights: FloatArray, imposed_Pa: float) -> WithError:
    """Return the imposed fugacity times <filled>/<weights>, and its error."""
    mean = float(weights.mean())
    if not mean > 0:
        raise MethodError("no insertion has any weight; make more, or sample a lower pressure.")
    ratio = float(filled.mean()) / mean
    rest = mean_of(filled - ratio * weights)
    return WithError(imposed_Pa * ratio, imposed_Pa * rest.error / mean)
