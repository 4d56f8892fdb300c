"""The record of isotherms."""

from typing import Any

import numpy as np

from nearsight.adsorption.gcmc.isotherm import CM3_STP_PER_MOL, Isotherm, IsothermPressure
from nearsight.adsorption.gcmc.moves import NAMES
from nearsight.adsorption.gcmc.results import LevelAgreement
from nearsight.adsorption.gcmc.settings import ExchangeSettings
from nearsight.adsorption.offset import factor_of_offset
from nearsight.adsorption.result import Adsorption
from nearsight.records.isotherm_parts import (
    AgreementPart,
    ExchangePart,
    LoadingPart,
    MovePart,
    SampledPart,
)
from nearsight.records.isotherm_record import IsothermRecord
from nearsight.records.isotherm_results import IsothermResults
from nearsight.records.isotherm_verdict import isotherm_verdict
from nearsight.records.making_isotherm_fits import fit_parts, isosteric_part
from nearsight.records.making_widom import insertion_fields, number_or_none
from nearsight.records.shared_fields import UNKNOWN_RUN, Run, calculated_fields
from nearsight.units import EV_PER_CELL_IN_J_PER_MOL

_AVOGADRO_A3_PER_M3 = 6.02214076e23 * 1e-30
_KJ = 1e-3 * EV_PER_CELL_IN_J_PER_MOL


def isotherm_record(
    results: IsothermResults, asked: ExchangeSettings, run: Run = UNKNOWN_RUN
) -> IsothermRecord:
    """Return the record of isotherms.

    Parameters
    ----------
    results
        What the run gave.
    asked
        What it was asked for.
    run
        What else is known of it.
    """
    adsorption, isotherms = results.adsorption, results.isotherms
    return IsothermRecord(
        **calculated_fields(results.name, results.atoms, results.provenance, results.settings, run),
        **insertion_fields(adsorption),
        exchange=_exchange(isotherms, asked),
        isotherm=tuple(
            _loading(each, isotherm, adsorption)
            for isotherm in isotherms
            for each in isotherm.points
        ),
        fits=fit_parts(isotherms),
        isosteric=isosteric_part(results),
        verdict=isotherm_verdict(adsorption, isotherms, results.heats, results.warnings).part(),
        warnings=results.warnings,
        results=results,
    )


def _exchange(isotherms: tuple[Isotherm, ...], asked: ExchangeSettings) -> ExchangePart:
    return ExchangePart(
        equation=asked.equation,
        supercell=isotherms[0].framework.repeats,
        chains=asked.chains,
        n_samples=len(isotherms[0].sampled.production),
        cheap=asked.proposing,
        surrogate=asked.surrogate,
        removed_offset_eV=isotherms[0].removed_offset_eV,
        runs=tuple(_sampled(each) for each in isotherms),
    )


def _sampled(isotherm: Isotherm) -> SampledPart:
    sampled = isotherm.sampled
    tried, accepted = (
        each.sum(axis=0).tolist() for each in (sampled.counts.tried, sampled.counts.accepted)
    )
    return SampledPart(
        temperature_K=isotherm.temperature_K,
        moves=sampled.steps,
        n_calls=isotherm.n_calls,
        n_cheap_calls=isotherm.n_cheap_calls,
        cheap_scale=sampled.scale,
        cheap_constant_eV=sampled.per_molecule_eV,
        drift_eV=sampled.drift_eV,
        move_kinds=tuple(
            MovePart(kind=kind, n_tried=n_tried, n_accepted=n_accepted)
            for kind, n_tried, n_accepted in zip(NAMES, tried, accepted, strict=True)
            if n_tried
        ),
    )


def _loading(point: IsothermPressure, isotherm: Isotherm, adsorption: Adsorption) -> LoadingPart:
    loading, bulk, measured, heat = point.loading, point.bulk, point.measured_Pa, point.heat_eV
    molecules = loading.molecules
    each = isotherm.mol_per_kg
    low, high = molecules.interval
    n_cells = isotherm.framework.n_cells
    levels = loading.levels
    return LoadingPart(
        temperature_K=isotherm.temperature_K,
        pressure_Pa=bulk.pressure_Pa,
        fugacity_Pa=bulk.fugacity_Pa,
        measured_fugacity_Pa=None if measured is None else number_or_none(measured.value),
        measured_fugacity_error_Pa=None if measured is None else number_or_none(measured.error),
        fugacity_without_offset_Pa=_without_offset_Pa(bulk.fugacity_Pa, isotherm, adsorption),
        molecules_per_cell=molecules.value / n_cells,
        molecules_per_cell_error=molecules.error / n_cells,
        molecules_per_cell_interval=(low / n_cells, high / n_cells),
        loading_mol_per_kg=molecules.value * each,
        loading_error_mol_per_kg=molecules.error * each,
        loading_interval_mol_per_kg=(low * each, high * each),
        loading_cm3_STP_per_g=molecules.value * each * 1e-3 * CM3_STP_PER_MOL,
        excess_mol_per_kg=_excess(point, isotherm, adsorption.helium_void_fraction),
        heat_kJ_per_mol=None if heat is None else number_or_none(heat.value * _KJ),
        heat_error_kJ_per_mol=None if heat is None else number_or_none(heat.error * _KJ),
        interaction_energy_eV=loading.energy_eV.value / n_cells,
        n_effective=molecules.n_effective,
        n_left_out=loading.n_left_out,
        equilibrated=loading.is_equilibrated,
        agreement=None if levels is None else AgreementPart(**_agreement(levels)),
    )


def _agreement(levels: LevelAgreement) -> dict[str, Any]:
    return {
        "acceptance": levels.acceptance,
        "sigma_kT": levels.sigma,
        "sigma_per_molecule_kT": number_or_none(levels.sigma_per_molecule),
        "effective_per_call": number_or_none(levels.effective_per_call),
    }


def _excess(point: IsothermPressure, isotherm: Isotherm, void: float | None) -> float | None:
    """Return the loading less what the gas outside would have in the void by helium."""
    if void is None:
        return None
    per_A3 = point.bulk.density_mol_per_m3 * _AVOGADRO_A3_PER_M3
    outside = per_A3 * void * isotherm.ensemble.volume_A3
    return (point.loading.molecules.value - outside) * isotherm.mol_per_kg


def _without_offset_Pa(
    fugacity_Pa: float, isotherm: Isotherm, adsorption: Adsorption
) -> float | None:
    """Return the fugacity to which a loading belongs when the offset of the model is taken off.

    An energy that is the same for each molecule changes nothing but that: exp(-N offset/k_B T) is
    a factor of f^N.
    """
    if adsorption.offset is None:
        return None
    left_eV = adsorption.offset.offset_eV - isotherm.removed_offset_eV
    with np.errstate(over="ignore", under="ignore"):
        factor = factor_of_offset(left_eV, isotherm.ensemble.temperature_K)
    return number_or_none(fugacity_Pa * factor)
