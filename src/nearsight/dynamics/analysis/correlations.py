"""Correlations over all time origins, by fast Fourier transforms.

The Wiener-Khinchin theorem gives sum_i a(i)·a(i+m) for all lags m at once, and the mean squared
displacement is two sums of squares less twice such a correlation (the fast correlation algorithm:
V. Calandrini et al., Éc. thém. Neutron. 12, 201 (2011), doi:10.1051/sfn/201112010; P. de Buyl,
J. Open Source Softw. 3, 877 (2018), doi:10.21105/joss.00877).
"""

import numpy as np

from nearsight.arrays import FloatArray

_NUMBERS_AT_ONCE = 4_000_000  # 32 MB, and a few times that while they are transformed


def autocorrelations(series: FloatArray, n_lags: int) -> FloatArray:
    """Return the mean over all origins of the product of values that are some lags apart.

    Parameters
    ----------
    series
        Shape ``(n_frames, n_series)``.
    n_lags
        For how many lags, beginning with 0; at most ``n_frames``.

    Returns
    -------
    ndarray
        Shape ``(n_lags, n_series)``.
    """
    n_frames, n_series = series.shape
    products = np.empty((n_lags, n_series))
    at_once = max(_NUMBERS_AT_ONCE // (2 * n_frames), 1)
    for begin in range(0, n_series, at_once):
        part = series[:, begin : begin + at_once]
        products[:, begin : begin + at_once] = _products(part)[:n_lags]
    products /= np.arange(n_frames, n_frames - n_lags, -1)[:, np.newaxis]
    return products


def squared_displacements(paths: FloatArray, n_lags: int) -> FloatArray:
    """Return the mean over all origins of squared differences of values some lags apart.

    Parameters
    ----------
    paths
        Shape ``(n_frames, n_series)``.
    n_lags
        For how many lags, beginning with 0; at most ``n_frames``.

    Returns
    -------
    ndarray
        Shape ``(n_lags, n_series)``.
    """
    # Around their mean, so that little of the digits is lost when large sums are subtracted.
    centred = paths - paths.mean(axis=0)
    squares = np.cumsum(centred**2, axis=0)
    n_frames = len(paths)
    counts = np.arange(n_frames, n_frames - n_lags, -1)
    # Squares of all values that have a later one at each lag, and of all that have an earlier one.
    early = squares[counts - 1]
    late = squares[-1] - np.vstack([np.zeros((1, paths.shape[1])), squares[: n_lags - 1]])
    both = (early + late) / counts[:, np.newaxis]
    displacements: FloatArray = both - 2 * autocorrelations(centred, n_lags)
    displacements[0] = 0.0
    return displacements


def _products(series: FloatArray) -> FloatArray:
    """Return sums of products for all lags, padded so that the end does not meet the beginning."""
    from scipy.fft import irfft, next_fast_len, rfft

    n_frames = len(series)
    length = next_fast_len(2 * n_frames, real=True)
    transformed = rfft(series, length, axis=0)
    power = transformed.real**2 + transformed.imag**2
    products: FloatArray = irfft(power, length, axis=0)[:n_frames]
    return products
