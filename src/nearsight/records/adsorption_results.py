"""What insertions of a gas gave, with what made it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ase import Atoms

from nearsight.adsorption.charts import convergence_chart, weights_chart
from nearsight.adsorption.maps import map_along
from nearsight.adsorption.result import Adsorption
from nearsight.charts.chart import Chart
from nearsight.notebooks import ShownInNotebooks
from nearsight.provenance import Provenance
from nearsight.records.adsorption_verdict import adsorption_checks
from nearsight.records.verdict import unsaid
from nearsight.remarks import Remark
from nearsight.structures.naming import paragraph


@dataclass(frozen=True, repr=False, eq=False)
class WidomResults(ShownInNotebooks):
    """One framework, and what insertions of a gas say of it."""

    name: str
    """What the framework is called, such as the path of its file."""
    atoms: Atoms
    """Its cell; of several snapshots the first one."""
    adsorption: Adsorption
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
        return (*self.structure_warnings, *unsaid(adsorption_checks(self.adsorption)))

    def charts(self) -> tuple[Chart, ...]:
        """Return what is drawn: convergence, what carries the weight, and where the gas is."""
        sampling = self.adsorption.samplings[0]
        seen = map_along(
            sampling.trials,
            sampling.interaction.framework.cell.cell.array,
            self.adsorption.henry[0].temperature_K,
            self.adsorption.settings.map_axis,
        )
        weights = weights_chart(self.adsorption)
        return (convergence_chart(self.adsorption), *((weights, seen) if weights else ()))
