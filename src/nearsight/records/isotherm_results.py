"""What an isotherm gave, with what made it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from ase import Atoms

from nearsight.adsorption.clausius_clapeyron import IsostericHeats
from nearsight.adsorption.gcmc.charts import isotherm_chart, numbers_charts
from nearsight.adsorption.gcmc.guest_atoms import (
    SPACING_A,
    DensityGrid,
    guest_atoms,
)
from nearsight.adsorption.gcmc.guest_charts import density_charts
from nearsight.adsorption.gcmc.heat_chart import heat_chart
from nearsight.adsorption.gcmc.isosteric import NoHeats, isosteric_heats
from nearsight.adsorption.gcmc.isotherm import Isotherm, henry_as_sampled
from nearsight.adsorption.result import Adsorption
from nearsight.charts.chart import Chart
from nearsight.notebooks import ShownInNotebooks
from nearsight.provenance import Provenance
from nearsight.records.isotherm_verdict import isotherm_checks
from nearsight.records.verdict import unsaid
from nearsight.remarks import Remark
from nearsight.structures.naming import paragraph


@dataclass(frozen=True, repr=False, eq=False)
class IsothermResults(ShownInNotebooks):
    """One framework, and what it takes up of a gas."""

    name: str
    """What the framework is called, such as the path of its file."""
    atoms: Atoms
    """Its cell."""
    adsorption: Adsorption
    """Insertions into the empty framework."""
    isotherms: tuple[Isotherm, ...]
    """One for each temperature."""
    provenance: Provenance
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What was asked for, by name."""
    structure_warnings: tuple[Remark, ...] = ()
    """What was remarked about the structure."""

    def __repr__(self) -> str:
        return paragraph(self, self.name, f"with {self.adsorption.gas.name}")

    @cached_property
    def heats(self) -> IsostericHeats | NoHeats:
        """By Clausius and Clapeyron, from the isotherms at all temperatures."""
        return isosteric_heats(self.isotherms)

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What must be known before the numbers are used."""
        checks = isotherm_checks(self.adsorption, self.isotherms, self.heats)
        return (*self.structure_warnings, *unsaid(checks))

    def charts(self) -> tuple[Chart, ...]:
        """Return what is drawn: isotherms, heats if any, numbers of molecules over samples."""
        empty = henry_as_sampled(self.adsorption.henry, self.isotherms)
        heats = heat_chart(self.isotherms, self.heats, empty)
        return (
            isotherm_chart(self.isotherms),
            *(() if heats is None else (heats,)),
            *numbers_charts(self.isotherms),
        )

    def densities(self, spacing_A: float = SPACING_A) -> tuple[DensityGrid, ...]:
        """Return the density of each kind of guest atom in the cell, by temperature and pressure.

        Parameters
        ----------
        spacing_A
            About how wide voxels are.

        Returns
        -------
        tuple[DensityGrid, ...]
            None of a run of fewer samples than one configuration is kept of.
        """
        gas = self.adsorption.gas
        every = (atoms for isotherm in self.isotherms for atoms in guest_atoms(isotherm, gas))
        return tuple(atoms.density(spacing_A) for atoms in every)

    def density_charts(self) -> tuple[Chart, ...]:
        """Return where atoms of the gas are at the first temperature, seen along an axis."""
        first = self.isotherms[0]
        axis = self.adsorption.settings.map_axis
        atoms = tuple(guest_atoms(first, self.adsorption.gas))
        charts = density_charts(atoms, first.framework.cell, axis)
        if len(self.isotherms) == 1:
            return charts
        at = f", {first.temperature_K:g} K"
        return tuple(replace(chart, title=f"{chart.title}{at}") for chart in charts)
