"""Which components of forces an update learns from."""

import numpy as np

from nearsight.arrays import FloatArray, IntArray
from nearsight.training.settings import OptimizerSettings


def random_components(
    n_components: int, settings: OptimizerSettings, random: np.random.Generator
) -> IntArray:
    """Return different components of the forces of a structure, by index in the flat array.

    Parameters
    ----------
    n_components
        Of the structure.
    settings
        How many; there are no more than the structure has.
    random
        Decides.
    """
    return random.permutation(n_components)[: settings.n_force_components]


def large_components(
    errors: FloatArray,
    force_RMSE: float,
    settings: OptimizerSettings,
    random: np.random.Generator,
) -> IntArray:
    """Return different components whose errors are rather large.

    Each is the first of `threshold_trials` random ones whose error is large; where none of these
    is, the one with the largest error. (n2p2's selection mode 2 means to do so, and takes the last
    one.)

    Parameters
    ----------
    errors
        Of all components, shape ``(3 n_atoms,)``.
    force_RMSE
        That of the last epoch, in the unit of the errors.
    settings, random
        As for `random_components`.
    """
    n = min(settings.n_force_components, len(errors))
    if n == 0:
        return np.zeros(0, dtype=np.int64)
    n_trials = min(settings.threshold_trials, len(errors) // n)
    tried = random.permutation(len(errors))[: n * n_trials].reshape(n, n_trials)
    sizes = np.abs(errors[tried])
    large = sizes > settings.force_threshold * force_RMSE
    place = np.where(large.any(axis=1), large.argmax(axis=1), sizes.argmax(axis=1))
    chosen: IntArray = tried[np.arange(n), place]
    return chosen
