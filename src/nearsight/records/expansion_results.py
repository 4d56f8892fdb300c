"""Results of a crystal at constant pressure, with what made them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ase import Atoms

from nearsight.notebooks import ShownInNotebooks
from nearsight.records.expansion_verdict import expansion_checks
from nearsight.records.verdict import unsaid
from nearsight.remarks import Remark
from nearsight.structures.naming import paragraph

if TYPE_CHECKING:
    from nearsight.charts.chart import Chart
    from nearsight.hessian.force_constants import ForceConstants
    from nearsight.hessian.matrix import Hessian
    from nearsight.relaxation.result import Relaxation
    from nearsight.vibrations.thermal_expansion_functions import ThermalExpansion


@dataclass(frozen=True)
class AtVolume:
    """How the crystal came to rest at one volume, and its force constants."""

    relaxation: "Relaxation"
    force_constants: "ForceConstants"


@dataclass(frozen=True, repr=False)
class ThermalExpansionResults(ShownInNotebooks):
    """One crystal, its phonons at several volumes, and what follows at constant pressure."""

    name: str
    """What the structure is called, such as the path of its file."""
    expansion: "ThermalExpansion"
    relaxation: "Relaxation"
    """That from which all volumes were made."""
    at_volumes: tuple[AtVolume, ...]
    """In the order of the volumes."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What was asked for, by name."""
    structure_warnings: tuple[Remark, ...] = ()
    """What was remarked about the structure and its relaxation."""

    def __repr__(self) -> str:
        return paragraph(self, self.name, "with expansion, relaxation, at volumes")

    @property
    def atoms(self) -> Atoms:
        """The relaxed crystal, to which quantities per cell refer."""
        return self.relaxation.atoms

    @property
    def force_constants(self) -> "ForceConstants":
        """Those at the volume that is nearest to that of the relaxed crystal."""
        volume_A3 = self.atoms.cell.volume
        nearest = min(
            self.at_volumes,
            key=lambda each: abs(each.force_constants.unit_cell.cell.volume - volume_A3),
        )
        return nearest.force_constants

    @property
    def hessian(self) -> "Hessian":
        """Of the primitive cell at Γ, from those force constants."""
        return self.force_constants.at_gamma()

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What must be known before the numbers are used."""
        of_results = (*self.structure_warnings, *self._of_volumes(), *self.expansion.warnings)
        return (*of_results, *unsaid(expansion_checks(self)))

    def charts(self) -> "tuple[Chart, ...]":
        """Return what is drawn of them."""
        from nearsight.vibrations.thermal_expansion_charts import thermal_expansion_charts

        return thermal_expansion_charts(self.expansion)

    def _of_volumes(self) -> tuple[Remark, ...]:
        """Return what was remarked at volumes only, once for each kind, with the first of them."""
        known = {remark.code for remark in self.structure_warnings}
        first: dict[str, Remark] = {}
        for each in self.at_volumes:
            volume_A3 = each.force_constants.unit_cell.cell.volume
            for remark in each.force_constants.warnings:
                said = f"at {volume_A3:.3f} Å³: {remark}"
                first.setdefault(remark.code, Remark(remark.code, said, remark.severity))
        return tuple(remark for code, remark in first.items() if code not in known)
