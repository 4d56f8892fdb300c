"""Means of correlated series: when equilibrium begins, how many values count, which interval.

Where a series is cut is decided by MSER-5: its values are averaged in fives, and the cut is where
the estimated variance of the mean of what is left, s²/n, is smallest; a cut in the second half says
that the series has not come to an end of its beginning (K. P. White, Simulation 1997, 69, 323;
K. P. White, M. J. Cobb, S. C. Spratt, Proc. Winter Simulation Conf. 2000, 755). How many values
count as one is the integrated autocorrelation, summed over a window of a few times itself
(A. D. Sokal, in *Functional Integration*, 1997, doi:10.1007/978-1-4899-0319-8_6).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from nearsight.arrays import FloatArray
from nearsight.errors import MethodError

_BATCH = 5
_FEWEST_BATCHES = 4
_WINDOW = 5.0
"""Times the integrated autocorrelation time over which it is summed."""
FEWEST_EFFECTIVE = 20.0
"""Of fewer effective values an error is itself off by more than a sixth."""


@dataclass(frozen=True)
class Mean:
    """The mean of series that are in equilibrium."""

    value: float
    error: float
    """Standard error."""
    n_values: int
    n_effective: float
    """How many independent values have the same error."""
    interval: tuple[float, float]
    """The mean lies in there with a probability of 95 %, by Student's distribution."""

    @property
    def inefficiency(self) -> float:
        """How many values count as one."""
        return self.n_values / self.n_effective


def equilibrium_begin(series: FloatArray) -> int:
    """Return where a series is in equilibrium, by MSER-5.

    Parameters
    ----------
    series
        In the order of time, shape ``(n_values,)``.

    Returns
    -------
    int
        Number of values to leave out; ``n_values`` if that is never, the smallest variance being
        in the second half, or if there are fewer than 20 values.
    """
    n_batches = len(series) // _BATCH
    if n_batches < _FEWEST_BATCHES:
        return len(series)
    means = series[: n_batches * _BATCH].reshape(n_batches, _BATCH).mean(axis=1)
    # Sums from each batch to the end, about the last value, so that squares lose no digits.
    backwards = means[::-1] - means[-1]
    n_left = np.arange(1, n_batches + 1)
    sums, squares = np.cumsum(backwards), np.cumsum(backwards**2)
    variances = np.maximum(squares / n_left - (sums / n_left) ** 2, 0.0) / n_left
    # Of few values at the end the variance means nothing.
    least = int(np.argmin(variances[_FEWEST_BATCHES - 1 :][::-1]))
    return len(series) if least > n_batches // 2 else least * _BATCH


def mean_of(series: FloatArray) -> Mean:
    """Return the mean of several independent series of the same thing.

    Correlations are taken about the mean of all, so that series which stay apart count as what
    they are: few values. Series that never change are one value each: how long they stay as they
    are is not known.

    Parameters
    ----------
    series
        In the order of time, shape ``(n_series, n_values)``.

    Raises
    ------
    MethodError
        There are fewer than two values, or some are no number.
    """
    n_series, n_values = series.shape
    if n_series < 1 or n_values < 2:
        raise MethodError(f"{n_values} values have no error; sample longer.")
    if not np.isfinite(series).all():
        raise MethodError("a value of the series is no number.")
    mean = float(series.mean())
    centred = series - mean
    variance = float((centred**2).mean())
    total = n_series * n_values
    # A constant does not tell how long it stays: a chain that never moves is one value.
    inefficiency = float(n_values) if variance == 0 else _inefficiency(centred, variance)
    n_effective = min(max(total / inefficiency, 1.0), float(total))
    # A variance about the mean of so many effective values is too small by one of them.
    error = float(np.sqrt(variance / max(n_effective - 1, 0.5)))
    half = error * float(stdtrit(max(n_effective - 1, 1.0), 0.975))
    return Mean(mean, error, total, n_effective, (mean - half, mean + half))


def _inefficiency(centred: FloatArray, variance: float) -> float:
    n_values = centred.shape[1]
    transformed = np.fft.rfft(centred, 2 * n_values, axis=1)
    products = np.fft.irfft(np.abs(transformed) ** 2, axis=1)[:, :n_values].mean(axis=0)
    # Divided by all values, not by the pairs of each lag: few of them must not weigh much.
    correlations = products / (n_values * variance)
    sums = 1.0 + 2.0 * np.cumsum(correlations[1:])
    lags = np.arange(1, n_values)
    enough = lags >= _WINDOW * np.maximum(sums, 1.0) / 2
    end = int(np.argmax(enough)) if enough.any() else len(sums) - 1
    return max(float(sums[end]), 1.0)
