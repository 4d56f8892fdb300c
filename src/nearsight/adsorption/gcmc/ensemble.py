"""The grand canonical ensembles of many chains: one cell and temperature, a fugacity for each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.errors import MethodError
from nearsight.notebooks import ShownInNotebooks
from nearsight.structures.naming import paragraph
from nearsight.units import BOLTZMANN_EV_PER_K, EV_IN_JOULE


@dataclass(frozen=True, eq=False, repr=False)
class Ensemble(ShownInNotebooks):
    """Where chains are, how warm, and in exchange with which gas.

    Raises
    ------
    MethodError
        The temperature or a fugacity is not above 0, or the cell has no volume.
    """

    cell_A: FloatArray
    """Vectors in Å of the cell that the molecules are in, shape ``(3, 3)``."""
    temperature_K: float
    fugacities_Pa: FloatArray
    """Of each chain, shape ``(n_chains,)``."""

    def __post_init__(self) -> None:
        if not 0 < self.temperature_K < np.inf:
            raise MethodError(f"temperature_K is above 0, not {self.temperature_K:g}.")
        fugacities = np.asarray(self.fugacities_Pa, dtype=np.float64)
        if fugacities.ndim != 1 or not len(fugacities):
            raise MethodError("fugacities_Pa has one number for each chain; give at least one.")
        if not ((fugacities > 0) & np.isfinite(fugacities)).all():
            raise MethodError(
                f"fugacities_Pa are above 0 Pa, and {fugacities.tolist()} are not; leave out a "
                f"pressure of 0, at which there is no gas."
            )
        object.__setattr__(self, "fugacities_Pa", fugacities)
        if not 0 < self.volume_A3 < np.inf:
            raise MethodError("the cell has no volume; give three independent vectors.")

    def __repr__(self) -> str:
        return paragraph(self, f"{self.n_chains} chains", f"{self.temperature_K:g} K")

    @classmethod
    def repeated(
        cls, cell_A: FloatArray, temperature_K: float, fugacities_Pa: Sequence[float], chains: int
    ) -> "Ensemble":
        """Return the ensembles with so many chains at each fugacity."""
        return cls(cell_A, temperature_K, np.repeat(np.array(fugacities_Pa), chains))

    @property
    def n_chains(self) -> int:
        """How many chains there are."""
        return len(self.fugacities_Pa)

    @property
    def volume_A3(self) -> float:
        """Volume of the cell in Å³."""
        return float(abs(np.linalg.det(self.cell_A)))

    @property
    def thermal_eV(self) -> float:
        """k_B T."""
        return BOLTZMANN_EV_PER_K * self.temperature_K

    @property
    def log_activities(self) -> FloatArray:
        """ln(z V) of each chain, z = f/(k_B T): an ideal gas has N = z V; shape ``(n_chains,)``."""
        per_A3 = self.fugacities_Pa * 1e-30 / (self.thermal_eV * EV_IN_JOULE)
        logarithms: FloatArray = np.log(per_A3 * self.volume_A3)
        return logarithms
