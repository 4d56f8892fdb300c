"""The record of an isotherm."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar

from nearsight.records.described import Says
from nearsight.records.isotherm_fit_parts import FitPart, IsostericPart
from nearsight.records.isotherm_parts import ExchangePart, LoadingPart
from nearsight.records.widom_record import InsertionRecord

if TYPE_CHECKING:
    from nearsight.records.isotherm_results import IsothermResults


@dataclass(frozen=True, kw_only=True, repr=False)
class IsothermRecord(InsertionRecord):
    """Isotherms of a gas in a framework, with the insertions that certify the model."""

    question: ClassVar[str] = "isotherm"

    exchange: Annotated[ExchangePart, Says("How configurations were sampled.")]
    isotherm: Annotated[
        tuple[LoadingPart, ...],
        Says("Loadings, one object a pressure, and those of one temperature after another."),
    ]
    fits: Annotated[
        tuple[FitPart, ...],
        Says("Fits of loadings over the fugacity, one object for a temperature and a function."),
    ]
    isosteric: Annotated[
        IsostericPart | None,
        Says("Heats by Clausius and Clapeyron; null for one temperature."),
    ]
    results: "IsothermResults | None" = field(default=None, repr=False, compare=False)

    @property
    def at_first_temperature(self) -> tuple[LoadingPart, ...]:
        """Loadings at the temperature that was asked for first."""
        first_K = self.isotherm[0].temperature_K
        return tuple(row for row in self.isotherm if row.temperature_K == first_K)

    def _said(self) -> list[str]:
        last = self.at_first_temperature[-1]
        return [
            *super()._said(),
            f"{last.loading_mol_per_kg:.3g} mol/kg of {self.gas.name} at {last.pressure_Pa:.4g} Pa "
            f"and {last.temperature_K:g} K",
            self.verdict.short,
        ]
