"""The record of an isotherm."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar

from nearsight.records.described import Says
from nearsight.records.isotherm_parts import ExchangePart, LoadingPart
from nearsight.records.widom_record import InsertionRecord

if TYPE_CHECKING:
    from nearsight.records.isotherm_results import IsothermResults


@dataclass(frozen=True, kw_only=True, repr=False)
class IsothermRecord(InsertionRecord):
    """An isotherm of a gas in a framework, with the insertions that certify the model."""

    question: ClassVar[str] = "isotherm"

    exchange: Annotated[ExchangePart, Says("How configurations were sampled.")]
    isotherm: Annotated[tuple[LoadingPart, ...], Says("Loadings, one object a pressure.")]
    results: "IsothermResults | None" = field(default=None, repr=False, compare=False)

    def _said(self) -> list[str]:
        last = self.isotherm[-1]
        return [
            *super()._said(),
            f"{last.loading_mol_per_kg:.3g} mol/kg of {self.gas.name} at {last.pressure_Pa:.4g} Pa "
            f"and {self.exchange.temperature_K:g} K",
            self.verdict.short,
        ]
