"""Records of the results of a run."""

from typing import TYPE_CHECKING, Any

import numpy as np
from ase.calculators.singlepoint import SinglePointCalculator

from nearsight import units
from nearsight.models.contract import forces_of
from nearsight.models.extrapolation import n_extrapolating
from nearsight.records.derivatives import ForceConstantsPart, HessianPart, StrainDerivativesPart
from nearsight.records.dynamics_parts import DynamicsPart
from nearsight.records.elastic_parts import ElasticityPart
from nearsight.records.harmonic_verdict import harmonic_verdict
from nearsight.records.locality_parts import ComparisonPart, FragmentPart, RangePart, SitePart
from nearsight.records.locality_verdict import locality_verdict
from nearsight.records.motion_records import DynamicsRecord
from nearsight.records.plain_verdicts import elastic_verdict, hessian_verdict, relaxation_verdict
from nearsight.records.probed_verdict import probed_verdict
from nearsight.records.questions import (
    ElasticRecord,
    EnergyRecord,
    HeatCapacityRecord,
    HessianRecord,
    LocalityRecord,
    PhononsRecord,
    RelaxationRecord,
    ThermochemistryRecord,
    VibrationsRecord,
)
from nearsight.records.results import (
    DynamicsResults,
    ElasticResults,
    EnergyResults,
    HarmonicResults,
    HessianResults,
    ProbedResults,
    RelaxationResults,
    ThermochemistryResults,
)
from nearsight.records.shared_fields import (
    UNKNOWN_RUN,
    Run,
    calculated_fields,
    formula_unit_fields,
    part_of,
    relaxation_fields,
)
from nearsight.records.spectra import (
    BandsPart,
    ConvergencePart,
    DenseSpectrum,
    DensityOfStatesPart,
    HeatCapacityRow,
    IdealGasPart,
    MeshSpectrum,
    ModesPart,
    ProbedHeatCapacityRow,
    ProbedSpectrum,
    ThermodynamicsRow,
)
from nearsight.records.structure import structure_part

if TYPE_CHECKING:
    from nearsight.records.locality_results import LocalityResults
    from nearsight.vibrations.heat_capacity import HeatCapacity


def energy_record(results: EnergyResults, run: Run = UNKNOWN_RUN) -> EnergyRecord:
    """Return the record of an energy."""
    found = results.evaluation
    stress = found.stress_eV_per_A3
    fields = calculated_fields(
        results.name, results.atoms, results.provenance, results.settings, run
    )
    known = {"energy": found.energy_eV, "forces": forces_of(found), "stress": stress}
    atoms = results.atoms.copy()
    atoms.calc = SinglePointCalculator(atoms, **known)  # leaves out what is None
    largest = None if stress is None else float(np.abs(stress).max()) * units.EV_PER_A3_IN_GPA
    return EnergyRecord(
        **{**fields, "relaxed_structure": structure_part(atoms), "energy_eV": found.energy_eV},
        energy_eV_per_atom=found.energy_eV / len(atoms),
        fmax_eV_per_A=float(np.linalg.norm(forces_of(found), axis=1).max()),
        max_stress_GPa=largest,
        n_extrapolating=n_extrapolating(found),
        warnings=results.warnings,
        results=results,
    )


def relaxation_record(results: RelaxationResults, run: Run = UNKNOWN_RUN) -> RelaxationRecord:
    """Return the record of a relaxation."""
    relaxation = results.relaxation
    return RelaxationRecord(
        **calculated_fields(
            results.name,
            relaxation.atoms,
            relaxation.provenance,
            results.settings,
            run,
            relaxation=relaxation,
        ),
        **relaxation_fields(relaxation),
        warnings=results.warnings,
        verdict=relaxation_verdict(results).part(),
        results=results,
    )


def dynamics_record(results: DynamicsResults, run: Run = UNKNOWN_RUN) -> DynamicsRecord:
    """Return the record of a run of molecular dynamics."""
    dynamics = results.dynamics
    settings = dynamics.provenance.settings
    half = dynamics.samples[len(dynamics.samples) // 2 :]

    def mean(quantity: str) -> float | None:
        value = float(np.mean([getattr(sample, quantity) for sample in half]))
        return None if np.isnan(value) else value

    part = {
        "ensemble": settings["ensemble"],
        "engine": settings["engine"],
        "thermostat": dynamics.thermostat,
        "n_steps": dynamics.n_steps,
        "timestep_fs": dynamics.timestep_fs,
        "n_samples": len(dynamics.samples),
        "temperature_K": mean("temperature_K"),
        "potential_energy_eV": mean("potential_energy_eV"),
        "volume_A3": mean("volume_A3"),
        "pressure_bar": mean("pressure_bar"),
        "drift_eV_per_atom_ps": _number(dynamics.drift_eV_per_atom_ps),
        "resumed_step": dynamics.resumed_step,
        "n_searches": dynamics.n_searches,
        "n_extrapolated_steps": None
        if dynamics.extrapolated is None
        else dynamics.extrapolated.n_steps,
        "dynamics_seconds": dynamics.seconds,
        "ns_per_day": _number(dynamics.ns_per_day),
    }
    return DynamicsRecord(
        **calculated_fields(
            results.name, dynamics.atoms, dynamics.provenance, results.settings, run
        ),
        dynamics=part_of(DynamicsPart, part),
        warnings=results.warnings,
        results=results,
    )


def _number(value: float) -> float | None:
    """Return a number as JSON has it, in which there is no NaN."""
    return None if np.isnan(value) else value


def hessian_record(results: HessianResults, run: Run = UNKNOWN_RUN) -> HessianRecord:
    """Return the record of a Hessian."""
    hessian = results.hessian
    return HessianRecord(
        **calculated_fields(
            results.name,
            results.atoms,
            hessian.provenance,
            results.settings,
            run,
            relaxation=results.relaxation,
        ),
        **relaxation_fields(results.relaxation),
        **formula_unit_fields(results.atoms, hessian.pieces),
        supercell=results.settings.get("supercell"),
        hessian=part_of(HessianPart, hessian.summary()),
        file=results.file,
        warnings=results.warnings,
        verdict=hessian_verdict(results).part(),
        results=results,
    )


def vibrations_record(results: HarmonicResults, run: Run = UNKNOWN_RUN) -> VibrationsRecord:
    """Return the record of normal modes at Γ."""
    modes = results.vibrations
    real = modes.eigenvalues_eV_per_A2_amu[modes.eigenvalues_eV_per_A2_amu > 0]
    return VibrationsRecord(
        **_harmonic(results, run),
        **_modes_of(results),
        zero_point_energy_eV=float(units.mode_energies(real).sum()) / 2,
    )


def thermochemistry_record(
    results: ThermochemistryResults, run: Run = UNKNOWN_RUN
) -> ThermochemistryRecord:
    """Return the record of an ideal gas."""
    fields = {
        **_harmonic(results.modes, run),
        **_modes_of(results.modes),
        "warnings": results.warnings,
        "results": results,
    }
    return ThermochemistryRecord(**fields, ideal_gas=part_of(IdealGasPart, results.gas.summary()))


def _modes_of(results: HarmonicResults) -> dict[str, Any]:
    """Return the fields of a record about modes at Γ and nothing else."""
    modes = results.vibrations
    return {
        "spectrum": part_of(DenseSpectrum, {**modes.spectrum_summary(), "reason": None}),
        "modes": part_of(ModesPart, modes.summary()),
    }


def phonons_record(results: HarmonicResults, run: Run = UNKNOWN_RUN) -> PhononsRecord:
    """Return the record of phonons over the Brillouin zone."""
    projected = results.projected
    density = None if projected is None else part_of(DensityOfStatesPart, projected.summary())
    return PhononsRecord(**_harmonic(results, run), **_heat_of(results), density_of_states=density)


def heat_capacity_record(
    results: HarmonicResults | ProbedResults, run: Run = UNKNOWN_RUN
) -> HeatCapacityRecord:
    """Return the record of a heat capacity."""
    if isinstance(results, HarmonicResults):
        return HeatCapacityRecord(
            **_harmonic(results, run),
            **_heat_of(results),
            atomic_heat_capacity_J_per_molatom_K=None,
        )
    heat = results.heat
    shares = heat.atomic_heat_capacities_J_per_molatom_K
    spectrum = {**heat.spectrum_summary(), "reason": results.spectrum_reason}
    return HeatCapacityRecord(
        **calculated_fields(
            results.name,
            results.atoms,
            heat.provenance,
            results.settings,
            run,
            relaxation=results.relaxation,
        ),
        **relaxation_fields(results.relaxation),
        **formula_unit_fields(results.atoms, heat.pieces),
        supercell=results.settings.get("supercell"),
        frequency_unit="cm-1",
        hessian=None,
        force_constants=None,
        mesh=None,
        modes=None,
        thermodynamics=None,
        zero_point_energy_eV=None,
        zero_point_energy_kJ_per_molformula=None,
        bands=None,
        convergence=None,
        spectrum=part_of(ProbedSpectrum, spectrum),
        **_heat(heat, ProbedHeatCapacityRow),
        atomic_heat_capacity_J_per_molatom_K=tuple(map(tuple, shares.tolist())),
        warnings=results.warnings,
        verdict=probed_verdict(results).part(),
        results=results,
    )


def elastic_record(results: ElasticResults, run: Run = UNKNOWN_RUN) -> ElasticRecord:
    """Return the record of an elastic tensor."""
    hessian = results.hessian
    elasticity = {**results.tensor.summary(), "conventional_axes": results.conventional_axes}
    return ElasticRecord(
        **calculated_fields(
            results.name,
            results.atoms,
            hessian.provenance,
            results.settings,
            run,
            relaxation=results.relaxation,
        ),
        **relaxation_fields(results.relaxation),
        **formula_unit_fields(results.atoms, hessian.pieces),
        supercell=results.settings.get("supercell"),
        hessian=part_of(HessianPart, hessian.summary()),
        strain_derivatives=part_of(StrainDerivativesPart, results.generalised.summary()),
        elasticity=part_of(ElasticityPart, elasticity),
        warnings=results.warnings,
        verdict=elastic_verdict(results).part(),
        results=results,
    )


def locality_record(results: "LocalityResults", run: Run = UNKNOWN_RUN) -> LocalityRecord:
    """Return the record of how far the sites of a structure see."""
    locality = results.locality
    summary = locality.summary()
    fragments = [
        part_of(FragmentPart, {"file": file, **fragment.summary()})
        for file, fragment in zip(results.files, locality.fragments, strict=True)
    ]
    comparison = results.comparison
    return LocalityRecord(
        **calculated_fields(
            results.name, results.atoms, locality.provenance, results.settings, run
        ),
        **{name: value for name, value in summary.items() if name not in {"sites", "ranges"}},
        sites=tuple(part_of(SitePart, site) for site in summary["sites"]),
        ranges=tuple(part_of(RangePart, each) for each in summary["ranges"]),
        fragments=tuple(fragments),
        comparison=None if comparison is None else part_of(ComparisonPart, comparison.summary()),
        warnings=results.warnings,
        verdict=locality_verdict(results).part(),
        results=results,
    )


def _harmonic(results: HarmonicResults, run: Run) -> dict[str, Any]:
    """Return the fields that all records of modes have in common."""
    from nearsight.hessian.reach import pieces_of  # takes its time

    hessian, constants = results.hessian, results.force_constants
    atoms = results.atoms
    return {
        **calculated_fields(
            results.name,
            atoms,
            hessian.provenance,
            results.settings,
            run,
            relaxation=results.relaxation,
        ),
        **relaxation_fields(results.relaxation),
        **formula_unit_fields(atoms, pieces_of(atoms, hessian.reach_A)),
        "supercell": results.settings.get("supercell"),
        "frequency_unit": results.presentation.frequency_unit,
        "hessian": part_of(HessianPart, hessian.summary()),
        "force_constants": None
        if constants is None
        else part_of(ForceConstantsPart, constants.summary()),
        "warnings": results.warnings,
        "verdict": harmonic_verdict(results).part(),
        "results": results,
    }


def _heat_of(results: HarmonicResults) -> dict[str, Any]:
    """Return the fields of a record of heat from modes or phonons."""
    thermal, phonons = results.thermodynamics, results.phonons
    if thermal is None:
        raise TypeError(f"{results.name} has no thermodynamic functions")
    kind: type[Any] = MeshSpectrum if phonons else DenseSpectrum
    spectrum = {**results.spectrum.spectrum_summary(), "reason": results.spectrum_reason}
    return {
        "mesh": tuple(phonons.mesh) if phonons else None,
        "spectrum": part_of(kind, spectrum),
        "modes": part_of(ModesPart, results.vibrations.summary()),
        "bands": part_of(BandsPart, results.bands.summary()) if results.bands else None,
        "convergence": part_of(ConvergencePart, results.convergence.summary())
        if results.convergence
        else None,
        "thermodynamics": tuple(
            part_of(ThermodynamicsRow, row) for row in thermal.functions_summary()
        ),
        "zero_point_energy_eV": thermal.zero_point_energy_eV,
        "zero_point_energy_kJ_per_molformula": thermal.zero_point_energy_kJ_per_molformula,
        **_heat(thermal, HeatCapacityRow),
    }


def _heat(heat: "HeatCapacity", row_kind: type[HeatCapacityRow]) -> dict[str, Any]:
    """Return the fields of a record about heat capacities."""
    return {
        "heat_capacity": tuple(part_of(row_kind, row) for row in heat.heat_capacity_summary()),
        "acoustic": heat.acoustic,
        "scale_factor": float(heat.scale_factor),
    }
