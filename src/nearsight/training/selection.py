"""Which components of forces an update learns from."""

import numpy as np

from nearsight.arrays import FloatArray, IntArray
from nearsight.training.settings import OptimizerSettings


def select_components(
    errors: FloatArray,
    force_RMSE: float,
    settings: OptimizerSettings,
    random: np.random.Generator,
) -> IntArray:
    """Return different components of the forces of a structure, by index in the flat array.

    With ``threshold`` each is the first of `threshold_trials` random ones whose error is large;
    where none of these is, the one with the largest error. (n2p2's selection mode 2 means to do so,
    and takes the last one.)

    Parameters
    ----------
    errors
        Of all components, shape ``(3 n_atoms,)``.
    force_RMSE
        That of the last epoch, in the unit of the errors.
    settings
        How many, and how they are chosen; there are no more than the structure has.
    random
        Decides.
    """
    n = min(settings.n_force_components, len(errors))
    order = random.permutation(len(errors))
    if settings.selection == "random" or n == 0:
        return order[:n]
    n_trials = min(settings.threshold_trials, len(errors) // n)
    tried = order[: n * n_trials].reshape(n, n_trials)
    sizes = np.abs(errors[tried])
    large = sizes > settings.force_threshold * force_RMSE
    place = np.where(large.any(axis=1), large.argmax(axis=1), sizes.argmax(axis=1))
    chosen: IntArray = tried[np.arange(n), place]
    return chosen
