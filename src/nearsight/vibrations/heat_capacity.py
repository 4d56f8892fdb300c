"""The heat capacity of a harmonic structure as a value, in the units of the field."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from nearsight import units
from nearsight.charts.chart import Axis, Chart, Line, Mark
from nearsight.charts.on_axes import draw
from nearsight.notebooks import ShownInNotebooks
from nearsight.provenance import Provenance
from nearsight.remarks import Remark
from nearsight.structures.naming import count_warnings, paragraph

if TYPE_CHECKING:
    from nearsight.charts.on_axes import Axes


@dataclass(frozen=True, kw_only=True)
class HeatCapacity(ShownInNotebooks):
    """Harmonic heat capacity at constant volume of a cell (or molecule).

    Arrays have the shape ``(n_temperatures,)``.
    """

    shown: ClassVar[tuple[str, ...]] = (
        "temperatures_K",
        "heat_capacity_J_per_g_K",
        "heat_capacity_J_per_molatom_K",
        "acoustic",
        "warnings",
    )

    temperatures_K: NDArray[np.float64]
    """Temperatures in K, in the order asked for."""
    heat_capacity_eV_per_K: NDArray[np.float64]
    """Heat capacity at constant volume in eV/K."""
    acoustic: str
    """``exclude``, ``classical`` or ``as-computed``: what the rigid-body modes contribute."""
    scale_factor: float
    """Factor on every frequency."""
    n_atoms: int
    """Number of atoms in the cell."""
    mass_amu: float
    """Mass of the cell in amu."""
    warnings: tuple[Remark, ...]
    """What makes it doubtful or was left out, in plain words; empty if nothing."""
    provenance: Provenance
    """Where the second derivatives come from."""

    def __repr__(self) -> str:
        of = f"{self.n_atoms} atom{'' if self.n_atoms == 1 else 's'} ({self.mass_amu:.2f} amu)"
        by = f"{of} by {self.provenance.model.name}"
        return paragraph(self, by, *self._said(), count_warnings(self.warnings))

    def _said(self) -> tuple[str, ...]:
        """Return what `repr` says of it, in a few words each."""
        if not len(self.temperatures_K):
            return ("no temperatures",)
        n_more = len(self.temperatures_K) - 1
        more = f" and {n_more} more temperature{'' if n_more == 1 else 's'}" if n_more else ""
        value, temperature = self.heat_capacity_J_per_g_K[0], self.temperatures_K[0]
        return (f"c_v {value:.4f} J/(g K) at {temperature:g} K{more}",)

    @property
    def heat_capacity_J_per_g_K(self) -> NDArray[np.float64]:
        """Heat capacity at constant volume in J/(g K)."""
        return self.heat_capacity_eV_per_K * self._eV_in_J_per_g

    @property
    def heat_capacity_J_per_molatom_K(self) -> NDArray[np.float64]:
        """Heat capacity at constant volume in J/K per mole of atoms; Dulong-Petit is 24.94."""
        return self.heat_capacity_eV_per_K * self._eV_in_J_per_molatom

    @property
    def heat_capacity_J_per_K_per_cell(self) -> NDArray[np.float64]:
        """Heat capacity at constant volume in J/K of one cell."""
        return self.heat_capacity_eV_per_K * units.EV_IN_JOULE

    def heat_capacity_summary(self) -> list[dict[str, float]]:
        """Return the ``heat_capacity`` list of the JSON output, one object per temperature."""
        columns = zip(
            self.temperatures_K,
            self.heat_capacity_J_per_g_K,
            self.heat_capacity_J_per_molatom_K,
            self.heat_capacity_J_per_K_per_cell,
            strict=True,
        )
        return [
            {
                "temperature_K": float(temperature),
                "J_per_g_K": float(per_gram),
                "J_per_molatom_K": float(per_molatom),
                "J_per_K_per_cell": float(per_cell),
            }
            for temperature, per_gram, per_molatom, per_cell in columns
        ]

    def plot(self, ax: "Axes") -> None:
        """Draw the heat capacity in J/(g K) over temperature into `ax`."""
        draw(self.chart(), ax)

    def chart(self, label: str = "") -> Chart:
        """Return the heat capacity in J/(g K) over the temperatures; `label` is for a legend."""
        order = np.argsort(self.temperatures_K)
        line = Line(self.temperatures_K[order], self.heat_capacity_J_per_g_K[order], label)
        return heat_capacity_axes(line.x, line.y, (line,))

    @property
    def _eV_in_J_per_g(self) -> float:
        return float(units.EV_IN_JOULE / (self.mass_amu * units.AMU_IN_GRAM))

    @property
    def _eV_in_J_per_molatom(self) -> float:
        return float(units.EV_PER_CELL_IN_J_PER_MOL / self.n_atoms)


def heat_capacity_axes(
    temperatures_K: NDArray[np.float64],
    values_J_per_g_K: NDArray[np.float64],
    marks: tuple[Mark, ...],
) -> Chart:
    """Return a chart of `marks` with room for heat capacities at these temperatures."""
    return Chart(
        "Heat capacity over temperature",
        Axis("temperature / K", 0.0, float(temperatures_K.max(initial=1.0))),
        Axis("cᵥ / J g⁻¹ K⁻¹", 0.0, 1.05 * float(values_J_per_g_K.max(initial=1e-9))),
        marks,
    )
