"""Records of the results of a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from nearsight import units
from nearsight.hessian.reach import pieces_of
from nearsight.provenance import Provenance
from nearsight.records.base import described
from nearsight.records.codec import FieldError, decoder
from nearsight.records.derivatives import ForceConstantsPart, HessianPart, StrainDerivativesPart
from nearsight.records.described import Plain, plain
from nearsight.records.elastic_parts import ElasticityPart
from nearsight.records.harmonic_verdict import harmonic_verdict
from nearsight.records.locality_parts import ComparisonPart, FragmentPart, RangePart, SitePart
from nearsight.records.locality_results import LocalityResults
from nearsight.records.locality_verdict import locality_verdict
from nearsight.records.parts import ModelPart, ProvenancePart, RelaxationPart, SymmetrizationPart
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
    ElasticResults,
    EnergyResults,
    HarmonicResults,
    HessianResults,
    ProbedResults,
    RelaxationResults,
    ThermochemistryResults,
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
from nearsight.relaxation.result import Relaxation
from nearsight.settings import Settings
from nearsight.structures.formula_unit import formula_unit
from nearsight.structures.pieces import Pieces
from nearsight.vibrations.heat_capacity import HeatCapacity
from nearsight.vibrations.probed_heat_capacity import ProbedHeatCapacity

Part = TypeVar("Part")


@dataclass(frozen=True)
class Run:
    """What is known of the run that made results, beside the results."""

    seconds: float | None = None
    """Wall time of all of it."""
    peak_memory_bytes: int | None = None
    """Largest memory on top of what was in use before."""
    asked: Settings | Mapping[str, Plain] | None = None
    """All settings of the question, in groups."""


UNKNOWN_RUN = Run()


def energy_record(results: EnergyResults, run: Run = UNKNOWN_RUN) -> EnergyRecord:
    """Return the record of an energy."""
    found = results.evaluation
    stress = found.stress_eV_per_A3
    fields = _calculated(results.name, results.atoms, results.provenance, results.settings, run)
    known = {"energy": found.energy_eV, "forces": found.forces_eV_per_A, "stress": stress}
    atoms = results.atoms.copy()
    atoms.calc = SinglePointCalculator(atoms, **known)  # leaves out what is None
    largest = None if stress is None else float(np.abs(stress).max()) * units.EV_PER_A3_IN_GPA
    return EnergyRecord(
        **{**fields, "relaxed_structure": structure_part(atoms), "energy_eV": found.energy_eV},
        energy_eV_per_atom=found.energy_eV / len(atoms),
        fmax_eV_per_A=float(np.linalg.norm(found.forces_eV_per_A, axis=1).max()),
        max_stress_GPa=largest,
        warnings=results.warnings,
        results=results,
    )


def relaxation_record(results: RelaxationResults, run: Run = UNKNOWN_RUN) -> RelaxationRecord:
    """Return the record of a relaxation."""
    relaxation = results.relaxation
    return RelaxationRecord(
        **_calculated(
            results.name,
            relaxation.atoms,
            relaxation.provenance,
            results.settings,
            run,
            relaxation=relaxation,
        ),
        **_relaxed(relaxation),
        warnings=results.warnings,
        verdict=relaxation_verdict(results).part(),
        results=results,
    )


def hessian_record(results: HessianResults, run: Run = UNKNOWN_RUN) -> HessianRecord:
    """Return the record of a Hessian."""
    hessian = results.hessian
    return HessianRecord(
        **_calculated(
            results.name,
            results.atoms,
            hessian.provenance,
            results.settings,
            run,
            relaxation=results.relaxation,
        ),
        **_relaxed(results.relaxation),
        **_formula_unit(results.atoms, hessian.pieces),
        supercell=results.settings.get("supercell"),
        hessian=_part(HessianPart, hessian.summary()),
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
    return ThermochemistryRecord(**fields, ideal_gas=_part(IdealGasPart, results.gas.summary()))


def _modes_of(results: HarmonicResults) -> dict[str, Any]:
    """Return the fields of a record about modes at Γ and nothing else."""
    modes = results.vibrations
    return {
        "spectrum": _part(DenseSpectrum, {**modes.spectrum_summary(), "reason": None}),
        "modes": _part(ModesPart, modes.summary()),
    }


def phonons_record(results: HarmonicResults, run: Run = UNKNOWN_RUN) -> PhononsRecord:
    """Return the record of phonons over the Brillouin zone."""
    projected = results.projected
    density = None if projected is None else _part(DensityOfStatesPart, projected.summary())
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
        **_calculated(
            results.name,
            results.atoms,
            heat.provenance,
            results.settings,
            run,
            relaxation=results.relaxation,
        ),
        **_relaxed(results.relaxation),
        **_formula_unit(results.atoms, heat.pieces),
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
        spectrum=_part(ProbedSpectrum, spectrum),
        **_heat(heat),
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
        **_calculated(
            results.name,
            results.atoms,
            hessian.provenance,
            results.settings,
            run,
            relaxation=results.relaxation,
        ),
        **_relaxed(results.relaxation),
        **_formula_unit(results.atoms, hessian.pieces),
        supercell=results.settings.get("supercell"),
        hessian=_part(HessianPart, hessian.summary()),
        strain_derivatives=_part(StrainDerivativesPart, results.generalised.summary()),
        elasticity=_part(ElasticityPart, elasticity),
        warnings=results.warnings,
        verdict=elastic_verdict(results).part(),
        results=results,
    )


def locality_record(results: LocalityResults, run: Run = UNKNOWN_RUN) -> LocalityRecord:
    """Return the record of how far the sites of a structure see."""
    locality = results.locality
    summary = locality.summary()
    fragments = [
        _part(FragmentPart, {"file": file, **fragment.summary()})
        for file, fragment in zip(results.files, locality.fragments, strict=True)
    ]
    comparison = results.comparison
    return LocalityRecord(
        **_calculated(results.name, results.atoms, locality.provenance, results.settings, run),
        **{name: value for name, value in summary.items() if name not in {"sites", "ranges"}},
        sites=tuple(_part(SitePart, site) for site in summary["sites"]),
        ranges=tuple(_part(RangePart, each) for each in summary["ranges"]),
        fragments=tuple(fragments),
        comparison=None if comparison is None else _part(ComparisonPart, comparison.summary()),
        warnings=results.warnings,
        verdict=locality_verdict(results).part(),
        results=results,
    )


def _part(kind: type[Part], summary: Mapping[str, Any]) -> Part:
    """Return a part of a record from what a result says of itself."""
    try:
        return cast(Part, decoder(kind)(plain(summary)))
    except FieldError as error:
        raise ValueError(f"{kind.__name__}: {described(error)}.") from error


def _calculated(
    name: str,
    atoms: Atoms,
    provenance: Provenance,
    settings: Mapping[str, Any],
    run: Run,
    *,
    relaxation: Relaxation | None = None,
) -> dict[str, Any]:
    """Return the fields of a record of what a model said, without its warnings."""
    identity = provenance.model
    structure = structure_part(atoms, relaxation.atoms if relaxation else None)
    asked = run.asked.to_json() if isinstance(run.asked, Settings) else run.asked
    return {
        "structure": name,
        "formula": str(atoms.get_chemical_formula()),
        "n_atoms": len(atoms),
        "model": ModelPart(
            name=identity.name,
            checkpoint_sha256=identity.checkpoint_sha256,
            dtype=identity.dtype,
            device=identity.device,
            family=identity.family,
            options=plain(identity.options),
        ),
        "versions": dict(provenance.versions),
        "settings": plain(settings),
        "energy_eV": structure.energy_eV,
        "volume_A3": float(atoms.cell.volume) if atoms.pbc.all() else None,
        "seconds": None if run.seconds is None else float(run.seconds),
        "peak_memory_bytes": run.peak_memory_bytes,
        "relaxed_structure": structure,
        "provenance": ProvenancePart(computation=plain(provenance.settings), asked=plain(asked)),
    }


def _relaxed(relaxation: Relaxation | None) -> dict[str, Any]:
    """Return the fields of a record about how a structure came to rest."""
    symmetry = relaxation.symmetry if relaxation else None
    return {
        "relaxation": None if relaxation is None else _part(RelaxationPart, relaxation.summary()),
        "symmetrization": None
        if symmetry is None
        else SymmetrizationPart(
            tolerance_A=symmetry.tolerance_A,
            space_group=symmetry.symbol_after,
            space_group_before=symmetry.symbol_before,
            space_group_imposed=symmetry.symbol_imposed,
            max_displacement_A=symmetry.max_displacement_A,
            max_strain=symmetry.max_strain,
            energy_change_eV_per_atom=symmetry.energy_change_eV_per_atom,
        ),
    }


def _formula_unit(atoms: Atoms, pieces: Pieces) -> dict[str, Any]:
    formula, n_formulas = formula_unit(atoms, pieces)
    return {"formula_unit": formula, "formula_units_per_cell": n_formulas}


def _harmonic(results: HarmonicResults, run: Run) -> dict[str, Any]:
    """Return the fields that all records of modes have in common."""
    hessian, constants = results.hessian, results.force_constants
    atoms = results.atoms
    return {
        **_calculated(
            results.name,
            atoms,
            hessian.provenance,
            results.settings,
            run,
            relaxation=results.relaxation,
        ),
        **_relaxed(results.relaxation),
        **_formula_unit(atoms, pieces_of(atoms, hessian.reach_A)),
        "supercell": results.settings.get("supercell"),
        "frequency_unit": results.presentation.frequency_unit,
        "hessian": _part(HessianPart, hessian.summary()),
        "force_constants": None
        if constants is None
        else _part(ForceConstantsPart, constants.summary()),
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
        "spectrum": _part(kind, spectrum),
        "modes": _part(ModesPart, results.vibrations.summary()),
        "bands": _part(BandsPart, results.bands.summary()) if results.bands else None,
        "convergence": _part(ConvergencePart, results.convergence.summary())
        if results.convergence
        else None,
        "thermodynamics": tuple(
            _part(ThermodynamicsRow, row) for row in thermal.functions_summary()
        ),
        "zero_point_energy_eV": thermal.zero_point_energy_eV,
        "zero_point_energy_kJ_per_molformula": thermal.zero_point_energy_kJ_per_molformula,
        **_heat(thermal),
    }


def _heat(heat: HeatCapacity) -> dict[str, Any]:
    """Return the fields of a record about heat capacities."""
    probed = isinstance(heat, ProbedHeatCapacity)
    row_kind: type[HeatCapacityRow] = ProbedHeatCapacityRow if probed else HeatCapacityRow
    return {
        "heat_capacity": tuple(_part(row_kind, row) for row in heat.heat_capacity_summary()),
        "acoustic": heat.acoustic,
        "scale_factor": float(heat.scale_factor),
    }
