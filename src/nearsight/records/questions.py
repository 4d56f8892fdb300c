"""The records: one class for each question that can be asked about a structure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from nearsight import errors
from nearsight.records.base import CalculatedRecord, DerivativesRecord, Record, RestingRecord
from nearsight.records.derivatives import ForceConstantsPart, HessianPart, StrainDerivativesPart
from nearsight.records.described import Says
from nearsight.records.elastic_parts import ElasticityPart
from nearsight.records.hdnnp_test_record import HdnnpTestRecord
from nearsight.records.isotherm_record import IsothermRecord
from nearsight.records.json_schema import DIALECT
from nearsight.records.learning_record import LearningRecord
from nearsight.records.locality_parts import (
    ComparisonPart,
    FragmentPart,
    RangePart,
    SitePart,
)
from nearsight.records.motion_records import DynamicsRecord, TrajectoryRecord
from nearsight.records.parts import ErrorPart, RelaxationPart, VerdictPart
from nearsight.records.spectra import (
    BandsPart,
    ConvergencePart,
    DenseSpectrum,
    DensityOfStatesPart,
    HeatCapacityRow,
    IdealGasPart,
    Mesh,
    MeshSpectrum,
    ModesPart,
    ProbedHeatCapacityRow,
    ProbedSpectrum,
    ThermodynamicsRow,
)
from nearsight.records.thermal_expansion_record import ThermalExpansionRecord
from nearsight.records.training_record import TrainingRecord
from nearsight.records.widom_record import WidomRecord

if TYPE_CHECKING:
    from nearsight.records.locality_results import LocalityResults
    from nearsight.records.results import (
        ElasticResults,
        EnergyResults,
        HarmonicResults,
        HessianResults,
        ProbedResults,
        RelaxationResults,
        ThermochemistryResults,
    )

FrequencyUnit = Literal["cm-1", "THz"]
AcousticWord = Literal["exclude", "classical", "as-computed"]


@dataclass(frozen=True, kw_only=True, repr=False)
class EnergyRecord(CalculatedRecord):
    """Energy, forces and stress of a structure as it is; the latter are those of the structure."""

    question: ClassVar[str] = "energy"

    energy_eV: Annotated[float, Says("Potential energy of the cell.", "eV")]
    energy_eV_per_atom: Annotated[float, Says("Potential energy per atom.", "eV/atom")]
    fmax_eV_per_A: Annotated[float, Says("Largest force on an atom.", "eV/Å")]
    max_stress_GPa: Annotated[
        float | None, Says("Largest component of the stress; null if nobody asked.", "GPa")
    ]
    n_extrapolating: Annotated[
        int | None,
        Says("Atoms outside of what the model was trained on; null if it does not know.", "1"),
    ]
    results: "EnergyResults | None" = field(default=None, repr=False, compare=False)

    def _said(self) -> list[str]:
        forces = f"forces up to {self.fmax_eV_per_A:.3g} eV/Å"
        return [*super()._said(), f"{self.energy_eV:.4f} eV", forces]


@dataclass(frozen=True, kw_only=True, repr=False)
class RelaxationRecord(RestingRecord):
    """A relaxed structure, and how far the relaxation got."""

    question: ClassVar[str] = "relax"

    relaxation: Annotated[RelaxationPart, Says("What relaxing did.")]
    results: "RelaxationResults | None" = field(default=None, repr=False, compare=False)

    def _answer(self) -> list[str]:
        change = self.relaxation.energy_change_eV_per_atom
        return [f"{1000 * change:+.2f} meV/atom to {self.relaxation.energy_after_eV:.4f} eV"]


@dataclass(frozen=True, kw_only=True, repr=False)
class HessianRecord(DerivativesRecord):
    """The Hessian of a cell, which is in a file of its own."""

    question: ClassVar[str] = "hessian"

    hessian: Annotated[HessianPart, Says("How it came about, and how exact it is.")]
    force_constants: Annotated[None, Says("Always null: there is no supercell of its own.")] = None
    file: Annotated[str | None, Says("Where it was saved; null if it was not.")]
    results: "HessianResults | None" = field(default=None, repr=False, compare=False)

    def _answer(self) -> list[str]:
        rows = f"{self.hessian.rows_needed} of {self.hessian.rows_total} rows"
        return [f"{rows} by {self.hessian.method}"]


@dataclass(frozen=True, kw_only=True, repr=False)
class VibrationsRecord(DerivativesRecord):
    """Normal modes of a cell at Γ."""

    question: ClassVar[str] = "vibrations"

    frequency_unit: Annotated[FrequencyUnit, Says("In which unit modes were shown.")]
    hessian: Annotated[HessianPart, Says("How the Hessian came about, and how exact it is.")]
    force_constants: Annotated[
        ForceConstantsPart | None, Says("Those of a supercell, where the Hessian is from them.")
    ]
    mesh: Annotated[None, Says("Always null: there are no other q-points than Γ.")] = None
    spectrum: Annotated[DenseSpectrum, Says("How many modes there are.")]
    modes: Annotated[ModesPart, Says("Their wavenumbers.")]
    zero_point_energy_eV: Annotated[float, Says("Zero-point energy of the cell.", "eV")]
    results: "HarmonicResults | None" = field(default=None, repr=False, compare=False)

    def _answer(self) -> list[str]:
        return [_modes_said(self.modes)]


@dataclass(frozen=True, kw_only=True, repr=False)
class ThermochemistryRecord(DerivativesRecord):
    """The thermodynamic functions of an ideal gas of a molecule."""

    question: ClassVar[str] = "thermochemistry"

    frequency_unit: Annotated[FrequencyUnit, Says("In which unit modes were shown.")]
    hessian: Annotated[HessianPart, Says("How the Hessian came about, and how exact it is.")]
    force_constants: Annotated[None, Says("Always null: a molecule has none.")] = None
    spectrum: Annotated[DenseSpectrum, Says("How many modes there are.")]
    modes: Annotated[ModesPart, Says("Their wavenumbers.")]
    ideal_gas: Annotated[IdealGasPart, Says("The gas.")]
    results: "ThermochemistryResults | None" = field(default=None, repr=False, compare=False)

    def _answer(self) -> list[str]:
        gas = self.ideal_gas
        first = gas.functions[0]
        energy = first.gibbs_energy_kJ_per_mol
        return [
            f"S {first.entropy_J_per_mol_K:.2f} J/(mol K) and G {energy:.2f} kJ/mol at "
            f"{first.temperature_K:g} K and {gas.pressure_bar:g} bar",
            f"point group {gas.point_group or 'unknown'}, symmetry number {gas.symmetry_number}",
        ]


@dataclass(frozen=True, kw_only=True, repr=False)
class _HeatRecord(DerivativesRecord):
    """A record with heat capacities."""

    frequency_unit: Annotated[FrequencyUnit, Says("In which unit modes were shown.")]
    mesh: Annotated[Mesh | None, Says("Points of the mesh; null where heat is not from one.", "1")]
    spectrum: Annotated[
        DenseSpectrum | MeshSpectrum | ProbedSpectrum, Says("What heat capacities are from.")
    ]
    convergence: Annotated[
        ConvergencePart | None, Says("Supercells of growing size; null where one was taken.")
    ]
    heat_capacity: Annotated[
        tuple[HeatCapacityRow | ProbedHeatCapacityRow, ...],
        Says("Heat capacities, one object a temperature."),
    ]
    acoustic: Annotated[AcousticWord, Says("What the rigid-body modes contribute.")]
    scale_factor: Annotated[float, Says("Factor on every frequency.", "1")]

    def _answer(self) -> list[str]:
        if not self.heat_capacity:
            return []
        row = self.heat_capacity[0]
        more = len(self.heat_capacity) - 1
        told = f"c_v {row.J_per_g_K:.4f} J/(g K) at {row.temperature_K:g} K"
        return [f"{told} and {more} more" if more else told, f"spectrum {self.spectrum.method}"]


@dataclass(frozen=True, kw_only=True, repr=False)
class HeatCapacityRecord(_HeatRecord):
    """The harmonic heat capacity at constant volume."""

    question: ClassVar[str] = "heat-capacity"

    hessian: Annotated[
        HessianPart | None, Says("How the Hessian came about; null where heat was probed.")
    ]
    force_constants: Annotated[
        ForceConstantsPart | None, Says("Those of a supercell; null where there are none.")
    ]
    modes: Annotated[ModesPart | None, Says("Modes at Γ; null where heat was probed.")]
    thermodynamics: Annotated[
        tuple[ThermodynamicsRow, ...] | None,
        Says("Functions, one object a temperature; null where heat was probed."),
    ]
    zero_point_energy_eV: Annotated[
        float | None, Says("Zero-point energy of the cell; null where heat was probed.", "eV")
    ]
    zero_point_energy_kJ_per_molformula: Annotated[
        float | None, Says("The same per mole of formula units.", "kJ/mol")
    ]
    atomic_heat_capacity_J_per_molatom_K: Annotated[
        tuple[tuple[float, ...], ...] | None,
        Says("The share of each atom at each temperature; null unless probed.", "J/(mol K)"),
    ]
    bands: Annotated[BandsPart | None, Says("Bands along a path; null unless asked for.")]
    results: "HarmonicResults | ProbedResults | None" = field(
        default=None, repr=False, compare=False
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class PhononsRecord(_HeatRecord):
    """Phonons of a crystal over the Brillouin zone, and what follows from them."""

    question: ClassVar[str] = "phonons"

    hessian: Annotated[HessianPart, Says("The Hessian of the primitive cell at Γ.")]
    force_constants: Annotated[ForceConstantsPart, Says("Force constants of a supercell.")]
    modes: Annotated[ModesPart, Says("Modes at Γ of the primitive cell.")]
    thermodynamics: Annotated[
        tuple[ThermodynamicsRow, ...], Says("Functions, one object a temperature.")
    ]
    zero_point_energy_eV: Annotated[float, Says("Zero-point energy of the cell.", "eV")]
    zero_point_energy_kJ_per_molformula: Annotated[
        float, Says("The same per mole of formula units.", "kJ/mol")
    ]
    bands: Annotated[BandsPart | None, Says("Bands along a path; null unless asked for.")]
    density_of_states: Annotated[
        DensityOfStatesPart | None, Says("By element and atom; null unless asked for.")
    ]
    results: "HarmonicResults | None" = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, kw_only=True, repr=False)
class ElasticRecord(DerivativesRecord):
    """The elastic tensor of a crystal, for clamped and for relaxed ions."""

    question: ClassVar[str] = "elastic"

    hessian: Annotated[HessianPart, Says("How the Hessian came about, and how exact it is.")]
    force_constants: Annotated[None, Says("Always null: there is no supercell of its own.")] = None
    strain_derivatives: Annotated[StrainDerivativesPart, Says("How derivatives by strain are.")]
    elasticity: Annotated[ElasticityPart, Says("The tensor and what follows from it.")]
    results: "ElasticResults | None" = field(default=None, repr=False, compare=False)

    def _answer(self) -> list[str]:
        moduli = self.elasticity.moduli
        if moduli is None:
            return [self.elasticity.stability]
        return [f"bulk modulus {moduli.bulk_GPa.hill:.2f} GPa (Hill)"]


@dataclass(frozen=True, kw_only=True, repr=False)
class LocalityRecord(CalculatedRecord):
    """How large fragments must be for right forces on the sites of a structure."""

    question: ClassVar[str] = "locality"

    method: Annotated[str, Says("The model, or the reference method, whose locality it is.")]
    threshold_eV_per_A2: Annotated[float, Says("Γ: largest ‖G'‖ of what is enough.", "eV/Å²")]
    reference_radius_A: Annotated[float, Says("Radius of the reference fragments.", "Å")]
    force_range_A: Annotated[float, Says("Range of forces: a radius that is enough.", "Å")]
    cutoff_A: Annotated[float, Says("Half of it: cutoff of an atom-centred potential.", "Å")]
    sites: Annotated[tuple[SitePart, ...], Says("The sites that were examined.")]
    ranges: Annotated[tuple[RangePart, ...], Says("How far pairs of elements interact.")]
    fragments: Annotated[tuple[FragmentPart, ...], Says("Fragments with the range as radius.")]
    comparison: Annotated[
        ComparisonPart | None, Says("A model beside its reference; null unless asked for.")
    ]
    verdict: Annotated[VerdictPart, Says("What speaks for and against the numbers.")]
    results: "LocalityResults | None" = field(default=None, repr=False, compare=False)

    def _said(self) -> list[str]:
        reach = f"range of forces {self.force_range_A:.2f} Å for {len(self.sites)} sites"
        return [*super()._said(), reach, self.verdict.short]


@dataclass(frozen=True, kw_only=True, repr=False)
class FailureRecord(Record):
    """A structure that gave no result, and why.

    Examples
    --------
    >>> from nearsight.errors import StructureError
    >>> from nearsight.records import FailureRecord
    >>> record = FailureRecord.from_error("a.cif", StructureError("two atoms are at one place"))
    >>> print(record.structure, "-", record.error.message)
    a.cif - two atoms are at one place
    """

    question: ClassVar[str] = "failure"

    error: Annotated[ErrorPart, Says("What was wrong.")]

    @classmethod
    def of(cls, name: str, error: str, message: str) -> "FailureRecord":
        """Return the record of a structure that failed with an error of the kind `error`."""
        return cls(structure=name, error=ErrorPart(type=error, message=message))

    @classmethod
    def from_error(cls, name: str, error: BaseException) -> "FailureRecord":
        """Return the record of a structure whose calculation raised `error`."""
        return cls.of(name, type(error).__name__, str(error))

    @property
    def is_defect(self) -> bool:
        """Whether the error is none that the user is meant to act on."""
        kind = getattr(errors, self.error.type, None)
        return not (isinstance(kind, type) and issubclass(kind, errors.NearsightError))

    def _said(self) -> list[str]:
        return [f"failed with {self.error.type}", f"{self.error.message:.160}"]


def _modes_said(modes: ModesPart) -> str:
    real = [value for value in modes.wavenumbers_per_cm if value > 0]
    highest = f", up to {max(real):.1f} cm⁻¹" if real else ""
    n_modes = len(modes.wavenumbers_per_cm) - modes.n_rigid_body
    plural = "" if n_modes == 1 else "s"
    return f"{n_modes} mode{plural}, {modes.n_imaginary} imaginary{highest}"


QUESTIONS: Mapping[str, type[Record]] = {
    kind.question: kind
    for kind in (
        EnergyRecord,
        RelaxationRecord,
        DynamicsRecord,
        TrajectoryRecord,
        HessianRecord,
        VibrationsRecord,
        ThermochemistryRecord,
        PhononsRecord,
        HeatCapacityRecord,
        ElasticRecord,
        ThermalExpansionRecord,
        LocalityRecord,
        WidomRecord,
        IsothermRecord,
        TrainingRecord,
        LearningRecord,
        HdnnpTestRecord,
        FailureRecord,
    )
}
"""The class of each question's records."""


def schema_of_all() -> dict[str, object]:
    """Return the schema of a record of any question, with one definition for each question."""
    definitions: dict[str, object] = {}
    for question, kind in QUESTIONS.items():
        schema = kind.json_schema()
        definitions |= schema.pop("$defs")
        del schema["$schema"]
        definitions[question] = schema
    return {
        "$schema": DIALECT,
        "title": "Nearsight record",
        "description": "One question about one structure, answered.",
        "anyOf": [{"$ref": f"#/$defs/{question}"} for question in QUESTIONS],
        "$defs": definitions,
    }
