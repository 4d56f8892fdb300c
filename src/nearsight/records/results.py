"""Results of one structure, with what made them: its relaxation, its settings, its warnings."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from ase import Atoms

from nearsight.notebooks import ShownInNotebooks
from nearsight.provenance import Provenance
from nearsight.records.harmonic_verdict import harmonic_checks
from nearsight.records.plain_verdicts import elastic_checks, hessian_checks
from nearsight.records.probed_verdict import probed_checks
from nearsight.records.verdict import unsaid
from nearsight.remarks import Remark
from nearsight.structures.naming import paragraph
from nearsight.vibrations.presentation_settings import PresentationSettings

if TYPE_CHECKING:
    from nearsight.dynamics.result import Dynamics
    from nearsight.elasticity.result import ElasticTensor
    from nearsight.hessian.force_constants import ForceConstants
    from nearsight.hessian.matrix import Hessian
    from nearsight.hessian.strain import GeneralisedHessian
    from nearsight.models.contract import Evaluation
    from nearsight.relaxation.result import Relaxation
    from nearsight.vibrations.band_structure import BandStructure
    from nearsight.vibrations.modes import Vibrations
    from nearsight.vibrations.molecules import MolecularThermochemistry
    from nearsight.vibrations.phonon_mesh import PhononMesh
    from nearsight.vibrations.probed_heat_capacity import ProbedHeatCapacity
    from nearsight.vibrations.projected_density_of_states import ProjectedDensityOfStates
    from nearsight.vibrations.spectrum import Spectrum
    from nearsight.vibrations.supercell_convergence import SupercellConvergence
    from nearsight.vibrations.thermodynamic_functions import Thermodynamics


class _Results(ShownInNotebooks):
    """What results have in common: that `repr` says in a line what they are of."""

    name: str

    def __repr__(self) -> str:
        have = [
            each.name.replace("_", " ")
            for each in fields(self)  # type: ignore[arg-type]  # all of them are dataclasses
            if each.name not in {"name", "settings", "presentation"}
            and getattr(self, each.name) not in (None, ())
        ]
        return paragraph(self, self.name, f"with {', '.join(have)}")


@dataclass(frozen=True, repr=False)
class EnergyResults(_Results):
    """One structure, and the energy that a model gives it."""

    name: str
    """What the structure is called, such as the path of its file."""
    atoms: Atoms
    evaluation: "Evaluation"
    provenance: Provenance
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What was asked for, by name."""
    warnings: tuple[Remark, ...] = ()
    """What was remarked about the structure, and of what the model says of it."""


@dataclass(frozen=True, repr=False)
class RelaxationResults(_Results):
    """One structure, and its relaxation."""

    name: str
    """What the structure is called, such as the path of its file."""
    relaxation: "Relaxation"
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What was asked for, by name."""
    structure_warnings: tuple[Remark, ...] = ()
    """What was remarked about the structure."""

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What must be known before the structure is used."""
        return (*self.structure_warnings, *self.relaxation.warnings)


@dataclass(frozen=True, repr=False)
class DynamicsResults(_Results):
    """One structure, and how it moved."""

    name: str
    """What the structure is called, such as the path of its file."""
    dynamics: "Dynamics"
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What was asked for, by name."""
    structure_warnings: tuple[Remark, ...] = ()
    """What was remarked about the structure."""

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What must be known before the numbers are used."""
        return (*self.structure_warnings, *self.dynamics.warnings)


@dataclass(frozen=True, repr=False)
class HessianResults(_Results):
    """One structure and its Hessian."""

    name: str
    """What the structure is called, such as the path of its file."""
    hessian: "Hessian"
    """Its warnings are also those about the structure and its relaxation."""
    relaxation: "Relaxation | None" = None
    """None if the structure was not relaxed, or nothing is known about it."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What was asked for, by name; ``relax: False`` says that there was no relaxation."""
    file: str | None = None
    """Where the Hessian was saved."""

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What must be known before the Hessian is used."""
        return (*self.hessian.warnings, *unsaid(hessian_checks(self)))

    @property
    def atoms(self) -> Atoms:
        """The structure."""
        return self.hessian.atoms


@dataclass(frozen=True, repr=False)
class HarmonicResults(_Results):
    """One structure: its Hessian, and what follows from it."""

    name: str
    """What the structure is called, such as the path of its file."""
    hessian: "Hessian"
    """Its warnings are also those about the structure and its relaxation."""
    vibrations: "Vibrations"
    thermodynamics: "Thermodynamics | None" = None
    """None where only the vibrations were asked for."""
    relaxation: "Relaxation | None" = None
    """None if the structure was not relaxed, or nothing is known about it."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What was asked for, by name; ``relax: False`` says that there was no relaxation."""
    force_constants: "ForceConstants | None" = None
    """Those of a supercell; `hessian` and `vibrations` are then of the primitive cell at Γ."""
    phonons: "PhononMesh | None" = None
    """Phonons over the Brillouin zone, from which heat capacities are then."""
    spectrum_reason: str | None = None
    """Why heat capacities are from this spectrum, where that was a choice."""
    convergence: "SupercellConvergence | None" = None
    """How the heat capacity moved with the supercell, where several were tried."""
    bands: "BandStructure | None" = None
    """Bands along a path, where they were asked for."""
    projected: "ProjectedDensityOfStates | None" = None
    """The density of states by element and atom, where it was asked for."""
    presentation: PresentationSettings = field(default_factory=PresentationSettings)
    """In which units tables, figures and pages show it."""

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What must be known before the numbers are used."""
        # Those of the spectrum are among them.
        of_heat = (self.thermodynamics or self.spectrum).warnings
        of_supercells = self.convergence.warnings if self.convergence else ()
        of_bands = self.bands.warnings if self.bands else ()
        of_results = (*self.hessian.warnings, *of_heat, *of_supercells, *of_bands)
        return (*of_results, *unsaid(harmonic_checks(self)))

    @property
    def spectrum(self) -> "Spectrum":
        """What heat capacities are from."""
        return self.phonons or self.vibrations

    @property
    def atoms(self) -> Atoms:
        """The cell to which quantities per cell refer."""
        return self.spectrum.atoms


@dataclass(frozen=True, repr=False)
class ProbedResults(_Results):
    """One structure whose heat capacity is from products with its Hessian, which was never made."""

    name: str
    """What the structure is called, such as the path of its file."""
    heat: "ProbedHeatCapacity"
    relaxation: "Relaxation | None" = None
    """None if the structure was not relaxed, or nothing is known about it."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What was asked for, by name; ``relax: False`` says that there was no relaxation."""
    spectrum_reason: str | None = None
    """Why the heat capacity was probed."""
    structure_warnings: tuple[Remark, ...] = ()
    """What was remarked about the structure or its relaxation."""

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What must be known before the numbers are used."""
        of_results = (*self.structure_warnings, *self.heat.warnings)
        return (*of_results, *unsaid(probed_checks(self)))

    @property
    def atoms(self) -> Atoms:
        """The cell to which quantities per cell refer."""
        return self.heat.atoms


@dataclass(frozen=True, repr=False)
class ElasticResults(_Results):
    """One crystal, its derivatives by positions and strain, and its elastic tensor."""

    name: str
    """What the structure is called, such as the path of its file."""
    generalised: "GeneralisedHessian"
    """The warnings of its Hessian are also those about the structure and its relaxation."""
    tensor: "ElasticTensor"
    relaxation: "Relaxation | None" = None
    """None if the structure was not relaxed, or nothing is known about it."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What was asked for, by name; ``relax: False`` says that there was no relaxation."""
    conventional_axes: bool = False
    """Whether the axes of `tensor` are those of the crystal system, not of the file."""

    @property
    def hessian(self) -> "Hessian":
        """The derivatives by positions."""
        return self.generalised.hessian

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What must be known before the numbers are used."""
        of_results = (*self.hessian.warnings, *self.tensor.warnings)
        return (*of_results, *unsaid(elastic_checks(self)))

    @property
    def atoms(self) -> Atoms:
        """The crystal, in the axes of its tensor."""
        return self.tensor.atoms


@dataclass(frozen=True)
class ThermochemistryResults(ShownInNotebooks):
    """One molecule: its modes, and its ideal gas."""

    modes: HarmonicResults
    gas: "MolecularThermochemistry"

    def __repr__(self) -> str:
        return paragraph(self, self.modes.name, "with modes, gas")

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What must be known before the numbers are used."""
        return (*self.modes.warnings, *self.gas.warnings)
