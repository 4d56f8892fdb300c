"""A fitted isotherm: its curve, its parameters and what follows, with their errors."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from nearsight.adsorption.henry import WithError
from nearsight.adsorption.isotherm_functions import IsothermFunction
from nearsight.arrays import FloatArray
from nearsight.notebooks import ShownInNotebooks
from nearsight.structures.naming import paragraph

_NORMAL_95: Final = 1.959963984540054
_BISECTIONS: Final = 60


@dataclass(frozen=True, eq=False, repr=False)
class IsothermFit(ShownInNotebooks):
    """A function with the parameters that fit loadings best, in the units of the data."""

    function: IsothermFunction
    logs: FloatArray
    """Logarithms of parameters, in the order that `isotherm_functions` has them."""
    covariance: FloatArray
    """Of these logarithms, shape ``(n_parameters, n_parameters)``."""
    pressure_range: tuple[float, float]
    """The lowest and the highest pressure of the data."""
    n_points: int
    chi_squared: float | None
    """Sum of squares of residuals over errors; None where these are not known."""
    aicc: float

    def __repr__(self) -> str:
        return paragraph(self, self.function.name, f"{self.n_points} points, AICc {self.aicc:.4g}")

    @property
    def per_degree(self) -> float | None:
        """chi² for each degree of freedom; None where errors are not known."""
        n_degrees = self.n_points - self.function.n_parameters
        return None if self.chi_squared is None else self.chi_squared / n_degrees

    @property
    def saturations(self) -> tuple[WithError, ...]:
        """Loading of each kind of sites when all of them are filled; none of Henry's law."""
        return tuple(self._parameter(site) for site in range(self.function.n_sites))

    @property
    def affinities(self) -> tuple[WithError, ...]:
        """Over the pressure at which half of each kind of sites is filled; none of Henry's law."""
        n = self.function.n_sites
        return tuple(self._parameter(n + site) for site in range(n))

    @property
    def exponent(self) -> WithError | None:
        """That of Sips; None for others."""
        return self._parameter(len(self.logs) - 1) if self.function.has_exponent else None

    @property
    def henry(self) -> WithError | None:
        """Slope of the loading at zero; None with an exponent: then it is zero or has no end."""
        n = self.function.n_sites
        if self.function.has_exponent:
            return None
        if not n:
            return self._parameter(0)
        slopes = np.exp(self.logs[:n] + self.logs[n : 2 * n])
        by_logs = np.concatenate([slopes, slopes])
        return WithError(float(slopes.sum()), float(np.sqrt(by_logs @ self.covariance @ by_logs)))

    def loadings(self, pressures: FloatArray) -> FloatArray:
        """Return the curve, shape ``(n_pressures,)``."""
        return self.function.loadings(self.logs, pressures)

    def loading_errors(self, pressures: FloatArray) -> FloatArray:
        """Return the standard error of the curve at each pressure, to first order."""
        gradients = self.function.gradients(self.logs, pressures)
        return self._errors(gradients)

    def band(self, pressures: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return between what the curve lies with a probability of 95 %, at each pressure."""
        curve, halves = self.loadings(pressures), _NORMAL_95 * self.loading_errors(pressures)
        return curve - halves, curve + halves

    def log_pressures(self, loadings: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return ln p of loadings within the range of the data, and its standard error.

        Parameters
        ----------
        loadings
            Those outside of the range of the curve have its ends, shape ``(n_loadings,)``.
        """
        low, high = (np.full(len(loadings), end) for end in np.log(self.pressure_range))
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            is_below = self.loadings(np.exp(middle)) < loadings
            low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
        middle = (low + high) / 2
        pressures = np.exp(middle)
        slopes = self.function.slopes(self.logs, pressures)[:, np.newaxis]
        return middle, self._errors(self.function.gradients(self.logs, pressures) / slopes)

    def _parameter(self, place: int) -> WithError:
        value = float(np.exp(self.logs[place]))
        return WithError(value, value * float(np.sqrt(self.covariance[place, place])))

    def _errors(self, gradients: FloatArray) -> FloatArray:
        """Return standard errors of what has these derivatives by logarithms."""
        variances = np.einsum("pi,ij,pj->p", gradients, self.covariance, gradients)
        errors: FloatArray = np.sqrt(np.maximum(variances, 0.0))
        return errors
