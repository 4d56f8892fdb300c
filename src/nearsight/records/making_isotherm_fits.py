"""What the record of isotherms has of their fits, and of heats by Clausius and Clapeyron."""

from collections.abc import Sequence
from typing import Any, cast

from nearsight.adsorption.gcmc.isosteric import NoHeats
from nearsight.adsorption.gcmc.isotherm import Isotherm
from nearsight.adsorption.henry import WithError
from nearsight.adsorption.isotherm_fit import IsothermFit
from nearsight.adsorption.isotherm_fits import NoFit
from nearsight.adsorption.isotherm_functions import FUNCTIONS, IsothermFunction
from nearsight.records.isotherm_fit_parts import FitPart, FunctionName, HeatPart, IsostericPart
from nearsight.records.isotherm_results import IsothermResults
from nearsight.units import EV_PER_CELL_IN_J_PER_MOL

_KJ = 1e-3 * EV_PER_CELL_IN_J_PER_MOL
_N_LOADINGS = 21


def fit_parts(isotherms: Sequence[Isotherm]) -> tuple[FitPart, ...]:
    """Return fits of all functions at each temperature, or why there is none."""
    return tuple(_fit(isotherm, function) for isotherm in isotherms for function in FUNCTIONS)


def isosteric_part(results: IsothermResults) -> IsostericPart | None:
    """Return heats over loading; None for one temperature."""
    if len(results.isotherms) < 2:
        return None
    heats = results.heats
    if isinstance(heats, NoHeats):
        return IsostericPart(temperature_K=None, heats=(), reason=heats.reason)
    loadings = heats.loadings(_N_LOADINGS)
    values_eV, errors_eV = heats.heats_eV(loadings)
    columns = (loadings.tolist(), (_KJ * values_eV).tolist(), (_KJ * errors_eV).tolist())
    return IsostericPart(
        temperature_K=heats.temperature_K,
        heats=tuple(
            HeatPart(loading_mol_per_kg=loading, heat_kJ_per_mol=heat, heat_error_kJ_per_mol=error)
            for loading, heat, error in zip(*columns, strict=True)
        ),
        reason=None,
    )


def _fit(isotherm: Isotherm, function: IsothermFunction) -> FitPart:
    fits = isotherm.fits
    every: tuple[IsothermFit | NoFit, ...] = (*fits.fits, *fits.left_out)
    [found] = [each for each in every if each.function == function]
    exponent = henry = None
    saturations: tuple[WithError, ...] = ()
    affinities: tuple[WithError, ...] = ()
    if isinstance(found, IsothermFit):
        saturations, affinities = found.saturations, found.affinities
        exponent, henry = found.exponent, found.henry
    return FitPart(
        temperature_K=isotherm.temperature_K,
        function=cast(FunctionName, function.name),
        chosen=found is fits.best,
        saturations_mol_per_kg=tuple(each.value for each in saturations),
        saturation_errors_mol_per_kg=tuple(each.error for each in saturations),
        affinities_per_Pa=tuple(each.value for each in affinities),
        affinity_errors_per_Pa=tuple(each.error for each in affinities),
        exponent=None if exponent is None else exponent.value,
        exponent_error=None if exponent is None else exponent.error,
        henry_coefficient_mol_per_kg_Pa=None if henry is None else henry.value,
        henry_coefficient_error_mol_per_kg_Pa=None if henry is None else henry.error,
        **_how_good(found),
    )


def _how_good(found: IsothermFit | NoFit) -> dict[str, Any]:
    if isinstance(found, NoFit):
        return {
            "reason": found.reason,
            "log_covariance": (),
            "chi_squared_per_degree": None,
            "aicc": None,
        }
    return {
        "reason": None,
        "log_covariance": tuple(map(tuple, found.covariance.tolist())),
        "chi_squared_per_degree": found.per_degree,
        "aicc": found.aicc,
    }
