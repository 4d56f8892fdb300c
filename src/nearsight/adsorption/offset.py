"""Interaction energies of a model beside reference ones, and where its zero lies.

A model that never saw a molecule alone may be wrong there, and then every interaction energy is off
by the same: a Henry coefficient by the factor exp(-offset/kT).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.errors import MethodError
from nearsight.units import BOLTZMANN_EV_PER_K

KINDS: Final = ("repulsive", "equilibrium", "weak")
_FEWEST: Final = 5


@dataclass(frozen=True, eq=False)
class InteractionErrors:
    """Errors of interaction energies of one gas by kind of place."""

    gas: str
    kinds: tuple[str, ...]
    """One of `KINDS` for each configuration."""
    references_eV: FloatArray
    """Interaction energies of the reference, shape ``(n_configurations,)``."""
    errors_eV: FloatArray
    """Model minus reference, shape ``(n_configurations,)``."""

    def of(self, kind: str) -> FloatArray:
        """Return the errors of one kind in eV."""
        chosen: FloatArray = self.errors_eV[np.array(self.kinds) == kind]
        return chosen

    @property
    def offset_eV(self) -> float:
        """The offset: the median error at weak attraction, where little else can go wrong.

        Raises
        ------
        MethodError
            There are too few of them.
        """
        weak = self.of("weak")
        if len(weak) < _FEWEST:
            raise MethodError(
                f"{len(weak)} configurations of {self.gas} at weak attraction say nothing of an "
                f"offset; give {_FEWEST} or more."
            )
        return float(np.median(weak))


def quartiles(values_eV: FloatArray) -> tuple[float, float, float]:
    """Return the lower quartile, the median and the upper quartile; NaN of nothing."""
    if not len(values_eV):
        return (float("nan"),) * 3
    low, middle, high = np.quantile(values_eV, [0.25, 0.5, 0.75])
    return float(low), float(middle), float(high)


def factor_of_offset(offset_eV: float, temperature_K: float) -> float:
    """Return by what a Henry coefficient is too large for an offset: exp(-offset/kT)."""
    return float(np.exp(-offset_eV / (BOLTZMANN_EV_PER_K * temperature_K)))
