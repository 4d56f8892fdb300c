"""What isotherms are fitted to, in units of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nearsight.adsorption.isotherm_functions import IsothermFunction
from nearsight.arrays import FloatArray
from nearsight.errors import MethodError

_ROUNDING = 1e-12
"""Share of the largest loading that no error is below."""


@dataclass(frozen=True, eq=False)
class IsothermData:
    """Loadings by pressure, over the largest of them, at pressures over their geometric mean."""

    pressures: FloatArray
    """By size, shape ``(n_points,)``."""
    loadings: FloatArray
    errors: FloatArray
    """All of them 1 where they are not known."""
    knows_errors: bool
    pressure_unit: float
    loading_unit: float

    @property
    def n_points(self) -> int:
        """How many points there are."""
        return len(self.pressures)

    @property
    def n_pressures(self) -> int:
        """How many pressures differ."""
        return len(np.unique(self.pressures))

    @property
    def pressure_range(self) -> tuple[float, float]:
        """The lowest and the highest pressure in their unit."""
        low, high = self.pressures[[0, -1]] * self.pressure_unit
        return float(low), float(high)

    def in_their_units(self, function: IsothermFunction, logs: FloatArray) -> FloatArray:
        """Return logarithms of parameters in the units that the data came in."""
        log_loading, log_pressure = np.log(self.loading_unit), np.log(self.pressure_unit)
        if not function.n_sites:
            return np.asarray(logs + log_loading - log_pressure)
        shifted = logs.copy()
        shifted[: function.n_sites] += log_loading
        shifted[function.n_sites : 2 * function.n_sites] -= log_pressure
        return shifted


def isotherm_data(
    pressures: Sequence[float] | FloatArray,
    loadings: Sequence[float] | FloatArray,
    errors: Sequence[float] | FloatArray | None,
) -> IsothermData:
    """Return what is fitted to, as `nearsight.adsorption.isotherm_fits.fit_isotherm` has it.

    Raises
    ------
    MethodError
        Something is wrong with it.
    """
    p, q = _numbers(pressures, "pressures"), _numbers(loadings, "loadings")
    sigma = np.zeros(len(q)) if errors is None else _numbers(errors, "errors")
    if not len(p) == len(q) == len(sigma):
        raise MethodError(
            f"there are {len(p)} pressures, {len(q)} loadings and {len(sigma)} errors; give as "
            f"many of each."
        )
    if not len(p) or not (p > 0).all():
        raise MethodError("pressures are above 0; give at least one, and leave 0 out.")
    if (sigma < 0).any():
        raise MethodError("standard errors are not below 0; give 0 for those not known.")
    order = np.lexsort((q, p))
    p, q, sigma = p[order], q[order], sigma[order]
    pressure_unit = float(np.exp(np.log(p).mean()))
    loading_unit = float(np.abs(q).max()) or 1.0
    knows_errors = bool(sigma.any())
    known = np.where(sigma > 0, sigma, sigma.max()) / loading_unit if knows_errors else 1.0
    known = np.maximum(known, _ROUNDING)  # squares of residuals stay numbers
    return IsothermData(
        p / pressure_unit,
        q / loading_unit,
        np.ones(len(p)) * known,
        knows_errors,
        pressure_unit,
        loading_unit,
    )


def _numbers(values: Sequence[float] | FloatArray, what: str) -> FloatArray:
    numbers: FloatArray = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1 or not np.isfinite(numbers).all():
        raise MethodError(f"{what} are one row of numbers; give a finite number for each point.")
    return numbers
