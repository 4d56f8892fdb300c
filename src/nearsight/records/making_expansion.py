"""The record of heat and expansion at constant pressure, from the results of a run."""

from nearsight.hessian.reach import pieces_of
from nearsight.records.derivatives import ForceConstantsPart, HessianPart
from nearsight.records.expansion_results import ThermalExpansionResults
from nearsight.records.expansion_verdict import expansion_verdict
from nearsight.records.shared_fields import (
    UNKNOWN_RUN,
    Run,
    calculated_fields,
    formula_unit_fields,
    part_of,
    relaxation_fields,
)
from nearsight.records.thermal_expansion_record import (
    QuasiHarmonicPart,
    ThermalExpansionRecord,
    ThermalExpansionRow,
)


def thermal_expansion_record(
    results: ThermalExpansionResults, run: Run = UNKNOWN_RUN
) -> ThermalExpansionRecord:
    """Return the record of a thermal expansion."""
    expansion, hessian = results.expansion, results.hessian
    return ThermalExpansionRecord(
        **calculated_fields(
            results.name,
            results.atoms,
            expansion.provenance,
            results.settings,
            run,
            relaxation=results.relaxation,
        ),
        **relaxation_fields(results.relaxation),
        **formula_unit_fields(results.atoms, pieces_of(results.atoms, hessian.reach_A)),
        supercell=results.settings.get("supercell"),
        mesh=expansion.used[0].phonons.mesh,
        hessian=part_of(HessianPart, hessian.summary()),
        force_constants=part_of(ForceConstantsPart, results.force_constants.summary()),
        quasi_harmonic=part_of(QuasiHarmonicPart, expansion.summary()),
        thermal_expansion=tuple(
            part_of(ThermalExpansionRow, row) for row in expansion.rows_summary()
        ),
        warnings=results.warnings,
        verdict=expansion_verdict(results).part(),
        results=results,
    )
