"""Heat capacity and compressibility from how much energy and volume fluctuate."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from nearsight import units
from nearsight.announcing import announces
from nearsight.arrays import FloatArray
from nearsight.dynamics.analysis.block_averages import (
    checked_series,
    few_independent,
    jackknife,
    number_of_blocks,
    statistical_inefficiency,
)
from nearsight.errors import MethodError
from nearsight.remarks import Remark
from nearsight.structures.naming import count_warnings, paragraph

_DRIFTS = 0.25
"""Share of a variance that a straight line explains: of eight independent values seldom more."""


@dataclass(frozen=True)
class HeatCapacity:
    """Classical heat capacity at constant volume of the whole system."""

    value_eV_per_K: float
    error_eV_per_K: float
    """Standard error, by leaving out blocks."""
    temperature_K: float
    n_blocks: int
    n_independent: float
    """Independent values that the fluctuations have."""
    warnings: tuple[Remark, ...] = ()
    """What must be known of it."""

    def __repr__(self) -> str:
        value, error = self.in_boltzmann
        return paragraph(
            self,
            "the system",
            f"{value:.4g} ± {error:.2g} k_B at {self.temperature_K:g} K",
            count_warnings(self.warnings),
        )

    @property
    def in_boltzmann(self) -> tuple[float, float]:
        """Value and error in units of k_B: 3 N of a harmonic crystal with its momenta."""
        scale = 1 / units.BOLTZMANN_EV_PER_K
        return self.value_eV_per_K * scale, self.error_eV_per_K * scale

    def per_gram(self, mass_amu: float) -> tuple[float, float]:
        """Return value and error in J/(g K).

        Parameters
        ----------
        mass_amu
            Of the whole system in amu.
        """
        scale = units.EV_IN_JOULE / (mass_amu * units.AMU_IN_GRAM)
        return self.value_eV_per_K * scale, self.error_eV_per_K * scale


@dataclass(frozen=True)
class Compressibility:
    """Isothermal compressibility κ = -(∂V/∂p)/V, and the bulk modulus, its inverse."""

    value_per_GPa: float
    error_per_GPa: float
    """Standard error, by leaving out blocks."""
    bulk_modulus_GPa: float
    bulk_modulus_error_GPa: float
    volume_A3: float
    """The mean."""
    temperature_K: float
    n_blocks: int
    n_independent: float
    """Independent values that the fluctuations have."""
    warnings: tuple[Remark, ...] = ()
    """What must be known of it."""

    def __repr__(self) -> str:
        return paragraph(
            self,
            "the system",
            f"bulk modulus {self.bulk_modulus_GPa:.4g} ± {self.bulk_modulus_error_GPa:.2g} GPa",
            count_warnings(self.warnings),
        )


@announces
def heat_capacity_of_fluctuations(energies_eV: ArrayLike, temperature_K: float) -> HeatCapacity:
    """Return C_V = (<E²> - <E>²)/(k_B T²) of a system at constant volume and temperature.

    D. Frenkel and B. Smit, *Understanding Molecular Simulation*, 2nd ed. 2002, section 4.4. Atoms
    are classical: below their Debye temperature real ones have less.

    Parameters
    ----------
    energies_eV
        Total energies in eV, potential and kinetic, evenly spaced in time, of an nvt run in
        equilibrium, shape ``(n_values,)``. Of potential energies alone it is the heat capacity
        beyond that of an ideal gas, 3/2 k_B for each atom.
    temperature_K
        That of the thermostat in K.

    Raises
    ------
    MethodError
        There are fewer than four values, some are not finite, or the temperature is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from nearsight.dynamics.analysis import heat_capacity_of_fluctuations
    >>> energies_eV = np.random.default_rng(1).normal(-10.0, 0.2, 2000)
    >>> heat = heat_capacity_of_fluctuations(energies_eV, 300.0)
    >>> print(f"{1000 * heat.value_eV_per_K:.1f} ± {1000 * heat.error_eV_per_K:.1f} meV/K")
    5.2 ± 0.2 meV/K
    """
    series = checked_series(energies_eV)
    _require_temperature(temperature_K)
    scale = 1 / (units.BOLTZMANN_EV_PER_K * temperature_K**2)
    value, error, n_blocks, n_independent = _of_variance(series, lambda part: scale * part.var())
    return HeatCapacity(
        value_eV_per_K=value,
        error_eV_per_K=error,
        temperature_K=temperature_K,
        n_blocks=n_blocks,
        n_independent=n_independent,
        warnings=(*few_independent("the energy", n_independent), *_drifting("the energy", series)),
    )


@announces
def compressibility_of_fluctuations(volumes_A3: ArrayLike, temperature_K: float) -> Compressibility:
    """Return κ_T = (<V²> - <V>²)/(k_B T <V>) of a system at constant pressure and temperature.

    M. P. Allen and D. J. Tildesley, *Computer Simulation of Liquids*, 2nd ed. 2017, section 2.5.

    Parameters
    ----------
    volumes_A3
        Volumes in Å³, evenly spaced in time, of an npt run in equilibrium, shape ``(n_values,)``.
    temperature_K
        That of the thermostat in K.

    Raises
    ------
    MethodError
        There are fewer than four values, some are not finite, none differ, or the temperature is
        not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from nearsight.dynamics.analysis import compressibility_of_fluctuations
    >>> volumes_A3 = np.random.default_rng(1).normal(1000.0, 10.0, 2000)
    >>> found = compressibility_of_fluctuations(volumes_A3, 300.0)
    >>> print(f"{found.bulk_modulus_GPa:.0f} ± {found.bulk_modulus_error_GPa:.0f} GPa")
    41 ± 1 GPa
    """
    series = checked_series(volumes_A3)
    _require_temperature(temperature_K)
    if not series.var() > 0:
        raise MethodError("all volumes are the same; a compressibility needs an npt run.")
    scale = units.EV_PER_A3_IN_GPA * units.BOLTZMANN_EV_PER_K * temperature_K
    value, error, n_blocks, n_independent = _of_variance(
        series, lambda part: part.var() / part.mean() / scale
    )
    modulus, modulus_error, _, _ = _of_variance(
        series, lambda part: scale * part.mean() / part.var()
    )
    return Compressibility(
        value_per_GPa=value,
        error_per_GPa=error,
        bulk_modulus_GPa=modulus,
        bulk_modulus_error_GPa=modulus_error,
        volume_A3=float(series.mean()),
        temperature_K=temperature_K,
        n_blocks=n_blocks,
        n_independent=n_independent,
        warnings=(*few_independent("the volume", n_independent), *_drifting("the volume", series)),
    )


def _of_variance(
    series: FloatArray, estimate: Callable[[FloatArray], float]
) -> tuple[float, float, int, float]:
    """Return an estimate of fluctuations, its error, number of blocks, and independent values.

    A variance is a mean of squares, which remember about half as long as the series itself; the
    slower of both decides.
    """
    squares = (series - series.mean()) ** 2
    slower = max(series, squares, key=statistical_inefficiency)
    n_blocks = number_of_blocks(slower)
    value, error = jackknife(series, estimate, n_blocks)
    return value, error, n_blocks, len(series) / statistical_inefficiency(slower)


def _drifting(what: str, series: FloatArray) -> Iterator[Remark]:
    """Yield a remark where a straight line explains much of a variance, as before equilibrium."""
    share = float(np.corrcoef(np.arange(len(series)), series)[0, 1]) ** 2 if series.var() else 0.0
    if share > _DRIFTS:
        yield Remark(
            "drifting",
            f"{100 * share:.0f} % of how much {what} fluctuates is a drift over the run, which is "
            f"not in equilibrium, or short: leave the beginning out (`skip_ps`), or take a longer "
            f"run at constant temperature and pressure.",
        )


def _require_temperature(temperature_K: float) -> None:
    if not 0 < temperature_K < np.inf:
        raise MethodError(f"a temperature is above 0 K, such as 300, not {temperature_K}.")
