"""Where fits of isotherms begin: affinities on a grid, and the saturations that follow."""

from itertools import combinations, product

import numpy as np
from scipy.optimize import nnls

from nearsight.adsorption.isotherm_data import IsothermData
from nearsight.adsorption.isotherm_functions import IsothermFunction
from nearsight.arrays import FloatArray

_N_AFFINITIES = 9
_EXPONENTS = (0.5, 1.0, 2.0)
_BEST = 3
"""Of the starts of the grid so many are gone on from."""
_LEAST_SHARE = 1e-2
"""Of the largest loading: sites that have no saturation at the start still get some."""


def starts_of(function: IsothermFunction, data: IsothermData) -> list[FloatArray]:
    """Return logarithms of parameters from which a fit begins, the best first.

    For given affinities and exponent loadings are linear in the saturations.
    """
    if not function.n_sites:
        slope = max(_linear(data.pressures[:, np.newaxis], data)[0][0], 1e-12)
        return [np.log([slope])]
    # Half a site is filled at a pressure of the data, a little below, or some way above.
    grid = np.linspace(
        -np.log(data.pressures[-1]) - 3.0, -np.log(data.pressures[0]) + 1.0, _N_AFFINITIES
    )
    exponents = _EXPONENTS if function.has_exponent else (1.0,)
    found = []
    for affinities, exponent in product(combinations(grid[::-1], function.n_sites), exponents):
        logs = np.concatenate(
            [np.zeros(function.n_sites), affinities, np.log([exponent] * function.has_exponent)]
        )
        filled = function.gradients(logs, data.pressures)[:, : function.n_sites]
        saturations, residual = _linear(filled, data)
        logs[: function.n_sites] = np.log(np.maximum(saturations, _LEAST_SHARE))
        found.append((residual, logs))
    found.sort(key=lambda each: each[0])
    return [logs for _, logs in found[:_BEST]]


def _linear(columns: FloatArray, data: IsothermData) -> tuple[FloatArray, float]:
    """Return the best amounts of columns, none below zero, and the norm of what is left."""
    amounts, residual = nnls(columns / data.errors[:, np.newaxis], data.loadings / data.errors)
    return amounts, float(residual)
