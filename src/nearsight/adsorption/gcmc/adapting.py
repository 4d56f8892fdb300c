"""What equilibration adapts to what it saw: the cheap level, and for how long it proposes."""

from collections.abc import Sequence

import numpy as np

from nearsight.adsorption.gcmc.samples import Samples

_FEWEST = 20
_LARGEST_SCALE = 4.0
"""What would have to be scaled by more, or less than its inverse, is no guess of the other."""
_NEARLY_BEST = 0.9


def fitted_to(samples: Samples) -> tuple[float, float] | None:
    """Return the scale and the constant per molecule in eV with which C is most like E.

    Least squares of E - scale C - constant N over all samples with molecules.

    Returns
    -------
    tuple of float, or None
        None where samples do not tell both.
    """
    some = samples.counts > 0
    if some.sum() < _FEWEST:
        return None
    terms = np.stack([samples.cheap_eV[some], samples.counts[some].astype(np.float64)], axis=1)
    if np.linalg.matrix_rank(terms, tol=1e-8 * float(np.abs(terms).max())) < 2:
        return None
    scale, constant = np.linalg.lstsq(terms, samples.energies_eV[some], rcond=None)[0]
    if not 1 / _LARGEST_SCALE <= scale <= _LARGEST_SCALE:
        rest = samples.energies_eV[some] - samples.cheap_eV[some]
        scale, constant = 1.0, float((rest @ terms[:, 1]) / (terms[:, 1] @ terms[:, 1]))
    return float(scale), float(constant)


def best_steps(samples: Samples, candidates: Sequence[int]) -> int:
    """Return the number of moves of a proposal that is worth most for each call of the model.

    That is the one with the largest squared jump of number and energy for each call, over twice
    their variances (C. Pasarica, A. Gelman, Stat. Sinica 2010, 20, 343); the smallest one that
    comes near to it. The jump from one proposal to the next is 1 for independent ones. Proposals
    that changed nothing had none, and cost none.

    Parameters
    ----------
    samples
        With all candidates, some successive ones with each.
    candidates
        In any order.
    """
    worths = [_jump(samples, steps) / _calls(samples, steps) for steps in candidates]
    enough = [
        steps
        for steps, worth in zip(candidates, worths, strict=True)
        if worth >= _NEARLY_BEST * max(worths)
    ]
    return min(enough)


def _calls(samples: Samples, steps: int) -> float:
    """Return the calls of a proposal; one more, lest the first that is accepted decides alone."""
    calls = samples.calls[samples.steps == steps]
    n_proposals = len(calls) * samples.counts.shape[1]
    return float((calls.sum() + 1) / max(n_proposals, 1))


def _jump(samples: Samples, steps: int) -> float:
    """Return the mean squared jump, over twice the variance of each chain."""
    which = samples.steps == steps
    together = which[1:] & which[:-1]
    shares = []
    for values in (samples.counts.astype(np.float64), samples.energies_eV):
        variances = values.var(axis=0)
        moving = variances > 0
        if moving.any() and together.any():
            squares = (np.diff(values, axis=0)[together] ** 2).mean(axis=0)
            shares.append(float((squares[moving] / (2 * variances[moving])).mean()))
    return float(np.mean(shares)) if shares else 0.0
