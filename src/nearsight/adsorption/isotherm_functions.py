"""Functions that isotherms are fitted by, with their derivatives.

All but Henry's law are sums over sites, q = sum_j s_j x_j/(1 + x_j) with x_j = (b_j p)^n: those of
I. Langmuir (J. Am. Chem. Soc. 1918, 40, 1361, doi:10.1021/ja02242a004) have n = 1 and one kind of
sites, or two; that of R. Sips (J. Chem. Phys. 1948, 16, 490, doi:10.1063/1.1746922) has an exponent
n of its own. Parameters are logarithms, so that each is positive: first those of the saturation
loadings s_j, then of the affinities b_j, then of n; or that of Henry's coefficient alone.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit

from nearsight.arrays import FloatArray

_LEAST = 1e-300
"""Stands for a pressure of zero, which has no logarithm: no loading is left there."""


@dataclass(frozen=True)
class IsothermFunction:
    """A loading as a function of the pressure, or of the fugacity."""

    name: str
    n_sites: int
    """Kinds of sites; 0 for Henry's law."""
    has_exponent: bool = False

    @property
    def n_parameters(self) -> int:
        """How many parameters it has."""
        return 2 * self.n_sites + self.has_exponent if self.n_sites else 1

    def loadings(self, logs: FloatArray, pressures: FloatArray) -> FloatArray:
        """Return the loading at each pressure, shape ``(n_pressures,)``.

        Parameters
        ----------
        logs
            Logarithms of the parameters, shape ``(n_parameters,)``.
        pressures
            Not below 0, shape ``(n_pressures,)``.
        """
        log_p = np.log(np.maximum(pressures, _LEAST))
        if not self.n_sites:
            proportional: FloatArray = np.exp(logs[0] + log_p)
            return proportional
        saturations, exponents = self._sites(logs, log_p)
        sums: FloatArray = expit(exponents) @ saturations
        return sums

    def gradients(self, logs: FloatArray, pressures: FloatArray) -> FloatArray:
        """Return derivatives by the logarithms of parameters, ``(n_pressures, n_parameters)``."""
        if not self.n_sites:
            return self.loadings(logs, pressures)[:, np.newaxis]
        saturations, exponents = self._sites(logs, np.log(np.maximum(pressures, _LEAST)))
        filled = saturations * expit(exponents)
        steep = filled * expit(-exponents)  # dq/dlog(x) of each kind of sites
        by_exponent = [(steep * exponents).sum(axis=1, keepdims=True)] * self.has_exponent
        gradients: FloatArray = np.hstack([filled, self._exponent(logs) * steep, *by_exponent])
        return gradients

    def slopes(self, logs: FloatArray, pressures: FloatArray) -> FloatArray:
        """Return the derivative of the loading by the logarithm of the pressure."""
        if not self.n_sites:
            return self.loadings(logs, pressures)
        by_affinity = slice(self.n_sites, 2 * self.n_sites)
        slopes: FloatArray = self.gradients(logs, pressures)[:, by_affinity].sum(axis=1)
        return slopes

    def _exponent(self, logs: FloatArray) -> float:
        return float(np.exp(logs[-1])) if self.has_exponent else 1.0

    def _sites(self, logs: FloatArray, log_p: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return saturation loadings ``(n_sites,)`` and log(x) ``(n_pressures, n_sites)``."""
        affinities = logs[self.n_sites : 2 * self.n_sites]
        exponents: FloatArray = self._exponent(logs) * (affinities + log_p[:, np.newaxis])
        return np.exp(logs[: self.n_sites]), exponents


HENRY: Final = IsothermFunction("henry", 0)
LANGMUIR: Final = IsothermFunction("langmuir", 1)
SIPS: Final = IsothermFunction("sips", 1, has_exponent=True)
DUAL_SITE_LANGMUIR: Final = IsothermFunction("dual-site-langmuir", 2)
FUNCTIONS: Final = (HENRY, LANGMUIR, SIPS, DUAL_SITE_LANGMUIR)
