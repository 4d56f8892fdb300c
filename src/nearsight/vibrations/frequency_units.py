"""Frequencies in the units in which they are shown."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearsight import units

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class FrequencyUnit:
    """A unit in which modes are shown."""

    name: str
    """As in settings."""
    symbol: str
    quantity: str
    """What is measured in it."""
    quantities: str
    """The plural of it."""
    of_eV: float
    """The value of a quantum of 1 eV."""
    digits: int
    """Decimal places that a list of modes has."""

    @property
    def axis(self) -> str:
        """What an axis is called."""
        return f"{self.quantity} / {self.symbol}"

    @property
    def density_axis(self) -> str:
        """What the axis of a density of states is called."""
        return f"modes per {self.symbol}"

    def of_eigenvalues(self, eigenvalues_eV_per_A2_amu: ArrayLike) -> FloatArray:
        """Return frequencies, imaginary ones negative, from eigenvalues in eV/(Å² amu)."""
        frequencies: FloatArray = units.mode_energies(eigenvalues_eV_per_A2_amu) * self.of_eV
        return frequencies

    def of_wavenumbers(self, wavenumbers_per_cm: ArrayLike) -> FloatArray:
        """Return frequencies from wavenumbers in cm⁻¹."""
        ratio = self.of_eV / units.EV_IN_PER_CM
        return np.asarray(wavenumbers_per_cm, dtype=np.float64) * ratio

    def of_THz(self, frequencies_THz: ArrayLike) -> FloatArray:
        """Return frequencies from those in THz."""
        ratio = self.of_eV / units.EV_IN_THZ
        return np.asarray(frequencies_THz, dtype=np.float64) * ratio

    def density_of_THz(self, states_per_THz: ArrayLike) -> FloatArray:
        """Return states per this unit from states per THz."""
        return np.asarray(states_per_THz, dtype=np.float64) / (self.of_eV / units.EV_IN_THZ)

    def density_of_cm(self, states_cm: ArrayLike) -> FloatArray:
        """Return states per this unit from states per cm⁻¹."""
        return np.asarray(states_cm, dtype=np.float64) / (self.of_eV / units.EV_IN_PER_CM)

    def text(self, wavenumber_per_cm: float) -> str:
        """Return one wavenumber in this unit, rounded."""
        return f"{self._rounded(wavenumber_per_cm)} {self.symbol}"

    def span(self, lowest_per_cm: float, highest_per_cm: float) -> str:
        """Return from where to where wavenumbers are, in this unit."""
        return f"{self._rounded(lowest_per_cm)} to {self.text(highest_per_cm)}"

    def _rounded(self, wavenumber_per_cm: float) -> str:
        """Return a value without the sign of a zero that is the noise of acoustic modes."""
        places = self.digits - 1
        value = round(float(self.of_wavenumbers(wavenumber_per_cm)), places) + 0.0
        return f"{value:.{places}f}"


WAVENUMBERS: Final = FrequencyUnit(
    "cm-1", "cm⁻¹", "wavenumber", "wavenumbers", units.EV_IN_PER_CM, 2
)
"""What modes are shown in unless another unit is asked for."""

FREQUENCY_UNITS: Final = {
    "cm-1": WAVENUMBERS,
    "THz": FrequencyUnit("THz", "THz", "frequency", "frequencies", units.EV_IN_THZ, 4),
}
