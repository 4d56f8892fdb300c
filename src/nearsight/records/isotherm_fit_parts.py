"""What records say of fits of isotherms, and of heats that follow from them."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from nearsight.records.described import Says

FunctionName = Literal["henry", "langmuir", "sips", "dual-site-langmuir"]
FUNCTION_WORDS: Final[dict[str, str]] = {
    "henry": "Henry's law",
    "langmuir": "Langmuir",
    "sips": "Sips",
    "dual-site-langmuir": "dual-site Langmuir",
}
Numbers = tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class FitPart:
    """A function that was fitted to the loadings at one temperature over the fugacity f.

    It is sum_j s_j (b_j f)^n/(1 + (b_j f)^n), or K f by Henry's law.
    """

    temperature_K: Annotated[float, Says("Temperature.", "K")]
    function: Annotated[FunctionName, Says("Which one.")]
    chosen: Annotated[bool, Says("Whether it has the lowest AICc at its temperature.")]
    reason: Annotated[str | None, Says("Why there is no such fit; null if there is one.")]
    saturations_mol_per_kg: Annotated[Numbers, Says("s of each kind of sites.", "mol/kg")]
    saturation_errors_mol_per_kg: Annotated[Numbers, Says("Their standard errors.", "mol/kg")]
    affinities_per_Pa: Annotated[
        Numbers, Says("b of each kind of sites, the largest first.", "1/Pa")
    ]
    affinity_errors_per_Pa: Annotated[Numbers, Says("Their standard errors.", "1/Pa")]
    exponent: Annotated[float | None, Says("n of Sips; null for all others, which have 1.", "1")]
    exponent_error: Annotated[float | None, Says("Its standard error.", "1")]
    henry_coefficient_mol_per_kg_Pa: Annotated[
        float | None,
        Says("Slope at zero; null for Sips, of which there is none.", "mol/(kg Pa)"),
    ]
    henry_coefficient_error_mol_per_kg_Pa: Annotated[
        float | None, Says("Its standard error.", "mol/(kg Pa)")
    ]
    log_covariance: Annotated[
        tuple[Numbers, ...],
        Says("Covariance of the logarithms of s, b and n in this order, or of K.", "1"),
    ]
    chi_squared_per_degree: Annotated[
        float | None,
        Says(
            "Mean square of residuals over errors, by degrees of freedom; null without errors. "
            "Above 1, errors of the fit are larger by its root.",
            "1",
        ),
    ]
    aicc: Annotated[
        float | None, Says("Corrected information criterion of Akaike; null without a fit.", "1")
    ]

    @property
    def word(self) -> str:
        """What people call the function."""
        return FUNCTION_WORDS[self.function]


@dataclass(frozen=True, kw_only=True)
class HeatPart:
    """The isosteric heat at one loading."""

    loading_mol_per_kg: Annotated[float, Says("Absolute loading.", "mol/kg")]
    heat_kJ_per_mol: Annotated[float, Says("Isosteric heat.", "kJ/mol")]
    heat_error_kJ_per_mol: Annotated[float, Says("Its standard error.", "kJ/mol")]


@dataclass(frozen=True, kw_only=True)
class IsostericPart:
    """Heats by Clausius and Clapeyron, from the chosen fits at all temperatures."""

    temperature_K: Annotated[
        float | None,
        Says("Harmonic mean of temperatures, at which heats are; null without heats.", "K"),
    ]
    heats: Annotated[tuple[HeatPart, ...], Says("Over loadings that all isotherms have.")]
    reason: Annotated[str | None, Says("Why there are none; null if there are.")]
