"""Insertions until enough is known."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nearsight.adsorption.insertion import BATCH, Insertion, require_numbers
from nearsight.adsorption.kept_trials import KeptTrials
from nearsight.adsorption.trials import Trials, joined
from nearsight.adsorption.weights import jackknife_error
from nearsight.progress import Progress, as_progress

FEWEST_TRIALS, FEWEST_CHOSEN_TRIALS = 2000, 1000
FEWEST_EFFECTIVE = 100.0
"""Below either an error is not believed. Fewer trials suffice where their places are chosen: then
many of them carry the weight."""
_AGREEING_SIGMAS = 3.0
_KEPT_EVERY_S = 10.0
_LOOKS_APART = 1.25
"""How many times more trials there are when precision is looked at again."""


@dataclass(frozen=True)
class Precision:
    """What is known of <W> so far."""

    relative_error: float
    """Standard error of <W> over <W>; NaN where there is no weight."""
    n_effective: float
    halves_sigmas: float
    """Difference of ln<W> of two independent halves over its error; NaN where one is empty."""

    @property
    def halves_agree(self) -> bool:
        """Whether the halves differ by no more than their errors say."""
        return self.halves_sigmas <= _AGREEING_SIGMAS


def precision_of(trials: Trials, temperature_K: float) -> Precision:
    """Return how well <W> is known; batches of even and of odd numbers are the halves."""
    odd = (np.arange(len(trials)) // BATCH) % 2 == 1
    halves = [trials.part(chosen).weights(temperature_K) for chosen in (~odd, odd)]
    whole = trials.weights(temperature_K)
    logs = [half.log_mean for half in halves]
    errors = [jackknife_error(half.jackknifed()[0]) for half in halves]
    sigmas = float("nan")
    if np.isfinite([*logs, *errors]).all() and any(errors):
        sigmas = abs(logs[0] - logs[1]) / math.hypot(*errors)
    return Precision(jackknife_error(whole.jackknifed()[0]), whole.n_effective, sigmas)


def insert(
    insertion: Insertion,
    temperature_K: float,
    most_trials: int,
    *,
    relative_error: float | None = None,
    checkpoint: KeptTrials | None = None,
    progress: Progress | bool | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Trials:
    """Return trials: as many as may be, or until <W> is known well enough.

    Parameters
    ----------
    insertion
        How trials are drawn and computed.
    temperature_K
        At which precision counts.
    most_trials
        After how many to stop in any case; whole batches are taken.
    relative_error
        Stop when the standard error of <W> is at most this share of it, two independent halves
        agree, and there are enough trials and effective ones; None to take all.
    checkpoint
        Where trials are kept, and taken up from: whatever is there, and however it was cut, what
        comes out is the unbroken run.
    progress
        Where progress goes; True for a bar.
    clock
        Tells the time in seconds, by which is decided when to keep trials.

    Raises
    ------
    ModelError
        The model has no number for too many trials.
    CheckpointError
        The checkpoint is damaged, or of another sampling.
    StorageError
        Trials cannot be kept.
    """
    checkpoint = checkpoint or KeptTrials(None, {}, {})
    interaction = insertion.interaction
    n_batches = -(-most_trials // BATCH)
    before = _cut(checkpoint.resume(), n_batches, temperature_K, relative_error)
    parts = [] if before is None else [before]
    number = 0 if before is None else len(before) // BATCH
    if before is not None:
        interaction.n_calls += before.n_calls
        if _ends_at(number, before, temperature_K, relative_error):
            n_batches = number
    written = clock()
    try:
        with as_progress(progress).task("insertions", n_batches * BATCH, number * BATCH) as advance:
            while number < n_batches:
                parts.append(insertion.batch(number))
                number += 1
                if clock() - written >= _KEPT_EVERY_S:
                    parts = [joined(parts)]
                    checkpoint.write(parts[0])
                    written = clock()
                advance(number * BATCH, "")
                if _is_look(number):
                    parts = [joined(parts)]
                    require_numbers(parts[0], interaction)
                    if _is_enough(parts[0], temperature_K, relative_error):
                        break
    finally:  # an interruption, too
        if parts:
            checkpoint.write(joined(parts))
    trials = joined(parts)
    require_numbers(trials, interaction)
    return trials


def _cut(
    trials: Trials | None, n_batches: int, temperature_K: float, relative_error: float | None
) -> Trials | None:
    """Return as many of the trials of an earlier run as the unbroken one would have."""
    if trials is None:
        return None
    n_before = min(n_batches, len(trials) // BATCH)
    if relative_error is not None:  # the earlier run may have been asked for a smaller one
        for number in filter(_is_look, range(1, n_before)):
            if _ends_at(number, trials, temperature_K, relative_error):
                n_before = number
                break
    return trials.part(np.arange(len(trials)) < n_before * BATCH) if n_before else None


def _ends_at(
    number: int, trials: Trials, temperature_K: float, relative_error: float | None
) -> bool:
    """Tell whether a run ends after so many batches because <W> is known well enough."""
    if not _is_look(number):
        return False
    first = trials.part(np.arange(len(trials)) < number * BATCH)
    return _is_enough(first, temperature_K, relative_error)


def _is_look(number: int) -> bool:
    """Tell whether precision is looked at after so many batches.

    Seldom: whoever looks often enough stops by chance. And wherever a run was interrupted, at the
    same numbers.
    """
    look = FEWEST_CHOSEN_TRIALS // BATCH + 1
    while look < number:
        look = math.ceil(look * _LOOKS_APART)
    return look == number


def _is_enough(trials: Trials, temperature_K: float, relative_error: float | None) -> bool:
    if relative_error is None:
        return False
    is_uniform = bool((trials.placements.densities == 1).all())
    precision = precision_of(trials, temperature_K)
    return (
        len(trials) >= (FEWEST_TRIALS if is_uniform else FEWEST_CHOSEN_TRIALS)
        and precision.relative_error <= relative_error
        and precision.n_effective >= FEWEST_EFFECTIVE
        and precision.halves_agree
    )
