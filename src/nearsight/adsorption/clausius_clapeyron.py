"""Isosteric heats from isotherms at several temperatures.

q(n) = k_B T² (d ln f/dT)_n of an ideal gas outside, at equal loadings n (R. Clausius, B. P. E.
Clapeyron; e.g. T. L. Hill, J. Chem. Phys. 1949, 17, 520, doi:10.1063/1.1747314). With classical
molecules ln(f/T) is nearly a line over 1/T, since the heat then changes with the temperature by
k_B T only: its slope is (k_B T - q)/k_B. So nothing is lost between temperatures that lie apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nearsight.adsorption.isotherm_fit import IsothermFit
from nearsight.arrays import FloatArray
from nearsight.errors import MethodError
from nearsight.notebooks import ShownInNotebooks
from nearsight.structures.naming import paragraph
from nearsight.units import BOLTZMANN_EV_PER_K

_ROUNDING = 1e-9
"""Error of a logarithm of a fugacity below which it is rounding."""


@dataclass(frozen=True, eq=False, repr=False)
class IsostericHeats(ShownInNotebooks):
    """Heats over the loadings that all isotherms have.

    Raises
    ------
    MethodError
        There are fewer than two temperatures, or some are the same, or no loading is in the range
        of all isotherms.
    """

    temperatures_K: Sequence[float]
    fits: Sequence[IsothermFit]
    """Of the loading over the fugacity, one for each temperature."""

    def __post_init__(self) -> None:
        n_temperatures = len(set(self.temperatures_K))
        if n_temperatures < 2 or not len(self.fits) == len(self.temperatures_K) == n_temperatures:
            raise MethodError(
                "heats need isotherms at two different temperatures or more, one at each."
            )
        low, high = self.loading_range
        if not low < high:
            raise MethodError(
                "no loading is in the range of the isotherms of all temperatures; choose pressures "
                "at which loadings overlap."
            )

    def __repr__(self) -> str:
        return paragraph(self, f"{len(self.fits)} isotherms", f"about {self.temperature_K:.4g} K")

    @property
    def temperature_K(self) -> float:
        """That of the heats: the harmonic mean, in the middle of 1/T."""
        return float(1 / np.mean(1 / np.array(self.temperatures_K)))

    @property
    def loading_range(self) -> tuple[float, float]:
        """The least and the most loading that all isotherms have."""
        ends = np.array([fit.loadings(np.array(fit.pressure_range)) for fit in self.fits])
        return float(ends[:, 0].max()), float(ends[:, 1].min())

    def loadings(self, n_loadings: int) -> FloatArray:
        """Return loadings that are evenly spread over the range with both its ends."""
        return np.linspace(*self.loading_range, n_loadings)

    def heats_eV(self, loadings: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the heat at each loading of the range and its standard error.

        A line is fitted with the errors of ln f; those follow from the covariances of the fits.
        """
        both = [fit.log_pressures(loadings) for fit in self.fits]
        errors = np.maximum([each for _, each in both], _ROUNDING)
        inverse = 1 / np.array(self.temperatures_K)[:, np.newaxis]
        ordinates = np.array([each for each, _ in both]) + np.log(inverse)
        weights = errors**-2.0
        total = weights.sum(axis=0)
        x = inverse - (weights * inverse).sum(axis=0) / total
        spread = (weights * x**2).sum(axis=0)
        slopes = (weights * x * ordinates).sum(axis=0) / spread
        heats: FloatArray = BOLTZMANN_EV_PER_K * (self.temperature_K - slopes)
        return heats, BOLTZMANN_EV_PER_K / np.sqrt(spread)
