"""The record of insertions of a gas."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar

from nearsight.records.adsorption_parts import (
    GasPart,
    HenryPart,
    InsertionPart,
    PocketsPart,
    WellsPart,
    ZeroPart,
)
from nearsight.records.base import CalculatedRecord
from nearsight.records.described import Says
from nearsight.records.parts import VerdictPart

if TYPE_CHECKING:
    from nearsight.records.adsorption_results import WidomResults


@dataclass(frozen=True, kw_only=True, repr=False)
class InsertionRecord(CalculatedRecord):
    """A record of what begins with insertions of a gas into a framework."""

    gas: Annotated[GasPart, Says("The molecule.")]
    insertion: Annotated[InsertionPart, Says("How it was inserted.")]
    henry: Annotated[tuple[HenryPart, ...], Says("What the model says, one object a temperature.")]
    henry_without_wells: Annotated[
        tuple[HenryPart, ...] | None,
        Says("The same without suspected insertions; null if there are none."),
    ]
    zero: Annotated[ZeroPart, Says("Where the zero of energies is, and whether it is right.")]
    wells: Annotated[WellsPart, Says("Whether what carries the weight can be true.")]
    pockets: Annotated[
        PocketsPart | None, Says("Where the gas cannot come to; null if nobody has looked.")
    ]
    helium_void_fraction: Annotated[
        float | None, Says("Helium void fraction at 298 K by UFF; null if not computed.", "1")
    ]
    verdict: Annotated[VerdictPart, Says("The certificate: what speaks for and against.")]


@dataclass(frozen=True, kw_only=True, repr=False)
class WidomRecord(InsertionRecord):
    """Insertions of a gas into a framework: Henry coefficients with their certificate."""

    question: ClassVar[str] = "widom"

    results: "WidomResults | None" = field(default=None, repr=False, compare=False)

    def _said(self) -> list[str]:
        first = self.henry[0]
        value = first.coefficient_mol_per_kg_Pa
        known = first.significant and value is not None
        said = f"K_H {value:.3g} mol/(kg Pa)" if known else "no Henry coefficient"
        return [
            *super()._said(),
            f"{said} of {self.gas.name} at {first.temperature_K:g} K",
            self.verdict.short,
        ]
