"""The record of insertions of a gas."""

import math
from typing import Any

import numpy as np

from nearsight.adsorption.henry import Henry
from nearsight.adsorption.offset import factor_of_offset
from nearsight.adsorption.result import FEWEST_SIGNIFICANT, Adsorption
from nearsight.adsorption.settings import InsertionSettings
from nearsight.arrays import FloatArray
from nearsight.records.adsorption_parts import (
    GasPart,
    HenryPart,
    InsertionPart,
    OffsetPart,
    PocketsPart,
    WellPart,
    WellsPart,
    ZeroPart,
)
from nearsight.records.adsorption_results import WidomResults
from nearsight.records.adsorption_verdict import adsorption_verdict
from nearsight.records.described import Vector
from nearsight.records.shared_fields import UNKNOWN_RUN, Run, calculated_fields
from nearsight.records.widom_record import WidomRecord
from nearsight.units import EV_PER_CELL_IN_J_PER_MOL

_MOST_WELLS = 20


def widom_record(results: WidomResults, run: Run = UNKNOWN_RUN) -> WidomRecord:
    """Return the record of insertions of a gas."""
    return WidomRecord(
        **calculated_fields(results.name, results.atoms, results.provenance, results.settings, run),
        **insertion_fields(results.adsorption),
        verdict=adsorption_verdict(results.adsorption, results.warnings).part(),
        warnings=results.warnings,
        results=results,
    )


def insertion_fields(adsorption: Adsorption) -> dict[str, Any]:
    """Return the fields of a record about insertions, without the verdict."""
    pockets = adsorption.pockets
    return {
        "gas": _gas(adsorption),
        "insertion": _insertion(adsorption),
        "henry": _henry(adsorption, adsorption.henry),
        "henry_without_wells": None
        if adsorption.henry_without_wells is None
        else _henry(adsorption, adsorption.henry_without_wells),
        "zero": _zero(adsorption),
        "wells": _wells(adsorption),
        "pockets": None
        if pockets is None
        else PocketsPart(
            method=pockets.method,
            barrier_eV=pockets.barrier_eV,
            spacing_A=pockets.spacing_A,
            n_channels=pockets.n_channels,
            n_pockets=pockets.n_pockets,
            share_blocked=pockets.share_blocked,
            blocked=pockets.is_blocked,
        ),
        "helium_void_fraction": adsorption.helium_void_fraction,
    }


def number_or_none(value: float | None) -> float | None:
    """Return a number that JSON has, or None."""
    return float(value) if value is not None and math.isfinite(value) else None


def _vector(values: FloatArray) -> Vector:
    x, y, z = values.tolist()
    return (x, y, z)


def _gas(adsorption: Adsorption) -> GasPart:
    gas = adsorption.gas
    return GasPart(
        name=gas.name,
        symbols=tuple(gas.atoms.get_chemical_symbols()),
        positions_A=tuple(_vector(site) for site in gas.sites_A),
        source=gas.source,
    )


def _insertion(adsorption: Adsorption) -> InsertionPart:
    trials, settings = adsorption.trials, adsorption.settings
    audited = trials.audited_eV[~np.isnan(trials.audited_eV)]
    return InsertionPart(
        supercell=adsorption.samplings[0].interaction.framework.repeats,
        n_frames=len(adsorption.samplings),
        drawn=_drawn(settings),
        n_insertions=len(trials),
        n_learnt=sum(each.n_learnt for each in adsorption.samplings),
        n_calls=adsorption.n_calls,
        n_overlapping=int(trials.overlapping.sum()),
        n_rejected=int(trials.rejected.sum()),
        n_audited=len(audited),
        lowest_audited_eV=number_or_none(audited.min()) if len(audited) else None,
        relative_error=number_or_none(adsorption.henry[0].log_weight.error),
        halves_sigmas=number_or_none(adsorption.precision.halves_sigmas),
        error_asked=settings.error,
    )


def _drawn(settings: InsertionSettings) -> str:
    """Return where places are drawn from, in words."""
    by = settings.propose_by
    if settings.learning:
        return "learnt" if by is None else f"learnt on top of {by}"
    return "uniform" if by is None else f"by {by}"


def _henry(adsorption: Adsorption, rows: tuple[Henry, ...]) -> tuple[HenryPart, ...]:
    return tuple(
        HenryPart(
            temperature_K=row.temperature_K,
            coefficient_mol_per_kg_Pa=number_or_none(row.coefficient_mol_per_kg_Pa.value),
            coefficient_error_mol_per_kg_Pa=number_or_none(row.coefficient_mol_per_kg_Pa.error),
            coefficient_per_cell_Pa=number_or_none(row.coefficient_per_cell_Pa.value),
            coefficient_error_per_cell_Pa=number_or_none(row.coefficient_per_cell_Pa.error),
            log_mean_weight=number_or_none(row.log_weight.value),
            log_mean_weight_error=number_or_none(row.log_weight.error),
            excess_chemical_potential_kJ_per_mol=number_or_none(
                row.excess_chemical_potential_kJ_per_mol.value
            ),
            excess_chemical_potential_error_kJ_per_mol=number_or_none(
                row.excess_chemical_potential_kJ_per_mol.error
            ),
            heat_kJ_per_mol=number_or_none(row.heat_kJ_per_mol.value),
            heat_error_kJ_per_mol=number_or_none(row.heat_kJ_per_mol.error),
            n_effective=row.n_effective,
            heaviest_share=row.heaviest_share,
            significant=row.n_effective >= FEWEST_SIGNIFICANT,
            thermal_wavelength_A=wavelength_A,
        )
        for row, wavelength_A in zip(rows, adsorption.wavelengths_A, strict=True)
    )


def _zero(adsorption: Adsorption) -> ZeroPart:
    zero, known, beside = adsorption.zero, adsorption.offset, adsorption.beside
    offset = None
    if known is not None:
        # A coefficient without the offset is exp(offset/kT) times as large.
        with np.errstate(over="ignore", under="ignore"):
            factors = [
                factor_of_offset(known.offset_eV, row.temperature_K) for row in adsorption.henry
            ]
            coefficients = [
                row.coefficient_mol_per_kg_Pa.value / factor
                for row, factor in zip(adsorption.henry, factors, strict=True)
            ]
        change_kJ = 1e-3 * known.offset_eV * EV_PER_CELL_IN_J_PER_MOL
        offset = OffsetPart(
            offset_eV=known.offset_eV,
            source=known.source,
            factors=tuple(map(number_or_none, factors)),
            coefficients_mol_per_kg_Pa=tuple(map(number_or_none, coefficients)),
            heats_kJ_per_mol=tuple(
                number_or_none(row.heat_kJ_per_mol.value + change_kJ) for row in adsorption.henry
            ),
        )
    return ZeroPart(
        alone_eV=zero.alone_eV,
        in_box_eV=zero.in_box_eV,
        widest_place_A=zero.place_A,
        widest_distance_A=zero.distance_A,
        widest_eV=number_or_none(zero.widest_eV),
        widest_spread_eV=number_or_none(zero.widest_spread_eV),
        widest_uff_eV=number_or_none(zero.widest_uff_eV),
        difference_from_uff_eV=None if beside is None else beside.median_eV,
        difference_error_eV=None if beside is None else beside.error_eV,
        by_construction=adsorption.is_pairwise,
        offset=offset,
    )


def _wells(adsorption: Adsorption) -> WellsPart:
    suspected = []
    for frame, (sampling, cleaned) in enumerate(
        zip(adsorption.samplings, adsorption.cleaned, strict=True)
    ):
        wells = cleaned.examined
        for place in np.flatnonzero(wells.suspected):
            trial = int(wells.trials[place])
            suspected.append(
                WellPart(
                    frame=frame,
                    insertion=trial,
                    centre_A=_vector(sampling.trials.placements.centres_A[trial]),
                    energy_eV=float(sampling.trials.energies_eV[trial]),
                    contact=number_or_none(float(wells.contacts[place])),
                    force_eV_per_A=number_or_none(float(wells.forces_eV_per_A[place])),
                    reasons=wells.reasons(int(place)),
                )
            )
    return WellsPart(
        n_examined=sum(len(each.examined.trials) for each in adsorption.cleaned),
        n_suspected=len(suspected),
        change_sigmas=number_or_none(adsorption.wells_sigmas),
        share_examined=min(each.share_examined for each in adsorption.cleaned),
        clean=all(each.is_clean for each in adsorption.cleaned),
        suspected=tuple(suspected[:_MOST_WELLS]),
    )
