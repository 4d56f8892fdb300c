"""Heats of adsorption from how the energy goes with the number of molecules."""

from typing import Final

import numpy as np

from nearsight.adsorption.gcmc.samples import Samples
from nearsight.adsorption.henry import WithError
from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import MethodError

_PARTS: Final = 10
"""Of each chain: the error is that between parts, which are taken as independent."""


def fluctuation_heat_eV(samples: Samples, chains: IntArray, thermal_eV: float) -> WithError | None:
    """Return the isosteric heat k_B T - cov(U, N)/var(N) in eV, with its jackknife error.

    U is the interaction energy of all molecules, for an ideal gas outside (D. Nicholson, N. G.
    Parsonage, *Computer Simulation and the Statistical Mechanics of Adsorption*, 1982).

    Parameters
    ----------
    samples
        In equilibrium.
    chains
        Those at one fugacity.
    thermal_eV
        k_B T.

    Returns
    -------
    WithError or None
        None where the number of molecules hardly changes, so that there is none.

    Raises
    ------
    MethodError
        There are fewer samples than parts.
    """
    n_each = len(samples) // _PARTS
    if n_each < 1:
        raise MethodError(f"{len(samples)} samples give no heat; take {_PARTS} or more.")
    numbers = samples.counts[-n_each * _PARTS :, chains].astype(np.float64)
    energies = samples.energies_eV[-n_each * _PARTS :, chains]
    # About the means, so that products lose no digits.
    n, u = numbers - numbers.mean(), energies - energies.mean()
    sums = np.stack([_parts(each, n_each) for each in (np.ones_like(n), n, u, n * n, n * u)])
    without = sums.sum(axis=1, keepdims=True) - sums
    slope, slopes = _slope(sums.sum(axis=1)), _slope(without)
    if not (np.isfinite(slope) and np.isfinite(slopes).all()):
        return None
    n_parts = slopes.size
    error = np.sqrt((n_parts - 1) / n_parts * ((slopes - slopes.mean()) ** 2).sum())
    return WithError(thermal_eV - float(slope), float(error))


def _parts(values: FloatArray, n_each: int) -> FloatArray:
    """Return the sum over each part of each chain, shape ``(n_parts,)``."""
    sums: FloatArray = values.reshape(-1, n_each, values.shape[1]).sum(axis=1).ravel()
    return sums


def _slope(sums: FloatArray) -> FloatArray:
    """Return cov(U, N)/var(N), NaN where the number does not change."""
    count, n, u, nn, nu = sums
    variance = nn / count - (n / count) ** 2
    covariance = nu / count - n * u / count**2
    slope: FloatArray = np.full(np.shape(variance), np.nan)
    changes = variance > 1e-12
    np.divide(covariance, variance, out=slope, where=changes)
    return slope
