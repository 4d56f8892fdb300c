"""What an isotherm gave, with what made it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ase import Atoms

from nearsight.adsorption.gcmc.charts import isotherm_chart, numbers_charts
from nearsight.adsorption.gcmc.guest_atoms import (
    SPACING_A,
    DensityGrid,
    GuestAtoms,
    guest_atoms,
)
from nearsight.adsorption.gcmc.guest_charts import density_charts
from nearsight.adsorption.gcmc.isotherm import Isotherm
from nearsight.adsorption.result import Adsorption
from nearsight.charts.chart import Chart
from nearsight.provenance import Provenance
from nearsight.records.isotherm_verdict import isotherm_checks
from nearsight.records.verdict import unsaid
from nearsight.remarks import Remark
from nearsight.structures.naming import paragraph


@dataclass(frozen=True, repr=False, eq=False)
class IsothermResults:
    """One framework, and what it takes up of a gas."""

    name: str
    """What the framework is called, such as the path of its file."""
    atoms: Atoms
    """Its cell."""
    adsorption: Adsorption
    """Insertions into the empty framework."""
    isotherm: Isotherm
    provenance: Provenance
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What was asked for, by name."""
    structure_warnings: tuple[Remark, ...] = ()
    """What was remarked about the structure."""

    def __repr__(self) -> str:
        return paragraph(self, self.name, f"with {self.adsorption.gas.name}")

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What must be known before the numbers are used."""
        checks = isotherm_checks(self.adsorption, self.isotherm)
        return (*self.structure_warnings, *unsaid(checks))

    def charts(self) -> tuple[Chart, ...]:
        """Return what is drawn: the isotherm, and numbers of molecules over samples."""
        return (isotherm_chart(self.isotherm), *numbers_charts(self.isotherm))

    def densities(self, spacing_A: float = SPACING_A) -> tuple[DensityGrid, ...]:
        """Return the density of each kind of guest atom in the cell, by pressure.

        Parameters
        ----------
        spacing_A
            About how wide voxels are.

        Returns
        -------
        tuple[DensityGrid, ...]
            None of a run of fewer samples than one configuration is kept of.
        """
        return tuple(each.density(spacing_A) for each in self._guest_atoms())

    def density_charts(self) -> tuple[Chart, ...]:
        """Return where atoms of the gas are, as it is seen along an axis of the cell."""
        axis = self.adsorption.settings.map_axis
        return density_charts(tuple(self._guest_atoms()), self.isotherm.framework.cell, axis)

    def _guest_atoms(self) -> Iterator[GuestAtoms]:
        return guest_atoms(self.isotherm, self.adsorption.gas)
