"""Results of one structure, with what made them: its relaxation, its settings, its warnings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ase import Atoms

from nearsight.hessian.force_constants import ForceConstants
from nearsight.hessian.reach import pieces_of
from nearsight.hessian.result import Hessian
from nearsight.provenance import Provenance
from nearsight.records.probed_verdict import probed_checks, probed_verdict
from nearsight.records.verdict import checks_of, unsaid, verdict
from nearsight.relaxation.result import Relaxation
from nearsight.remarks import Remark, remarks_to_json
from nearsight.structures.formula_unit import formula_unit
from nearsight.structures.pieces import Pieces
from nearsight.vibrations.band_structure import BandStructure
from nearsight.vibrations.modes import Vibrations
from nearsight.vibrations.phonon_mesh import PhononMesh
from nearsight.vibrations.presentation_settings import PresentationSettings
from nearsight.vibrations.probed_heat_capacity import ProbedHeatCapacity
from nearsight.vibrations.projected_density_of_states import ProjectedDensityOfStates
from nearsight.vibrations.spectrum import Spectrum
from nearsight.vibrations.supercell_convergence import SupercellConvergence
from nearsight.vibrations.thermodynamic_functions import Thermodynamics


@dataclass(frozen=True)
class HarmonicResults:
    """One structure: its Hessian, and what follows from it."""

    name: str
    """What the structure is called, such as the path of its file."""
    hessian: Hessian
    vibrations: Vibrations
    thermodynamics: Thermodynamics | None = None
    """None for a page about the vibrations only."""
    relaxation: Relaxation | None = None
    """None if the structure was not relaxed, or nothing is known about it."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What was asked for, by name; ``relax: False`` says that there was no relaxation."""
    force_constants: ForceConstants | None = None
    """Those of a supercell; `hessian` and `vibrations` are then of the primitive cell at Γ."""
    phonons: PhononMesh | None = None
    """Phonons over the Brillouin zone, from which heat capacities are then."""
    spectrum_reason: str | None = None
    """Why heat capacities are from this spectrum, where that was a choice."""
    convergence: SupercellConvergence | None = None
    """How the heat capacity moved with the supercell, where several were tried."""
    bands: BandStructure | None = None
    """Bands along a path, where they were asked for."""
    projected: ProjectedDensityOfStates | None = None
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
        return (*of_results, *unsaid(checks_of(self)))

    @property
    def spectrum(self) -> Spectrum:
        """What heat capacities are from."""
        return self.phonons or self.vibrations

    @property
    def atoms(self) -> Atoms:
        """The cell to which quantities per cell refer."""
        return self.spectrum.atoms

    def to_json(self) -> dict[str, Any]:
        """Return the record, which is what the command line's ``--json`` writes."""
        made = {
            **calculation_record(
                self.name, self.hessian, self.relaxation, self.settings, self.force_constants
            ),
            "mesh": list(self.phonons.mesh) if self.phonons else None,
            "spectrum": self.spectrum.spectrum_summary(),
            "modes": self.vibrations.summary(),
            "frequency_unit": self.presentation.frequency_unit,
        }
        if self.spectrum_reason is not None:
            made["spectrum"]["reason"] = self.spectrum_reason
        if self.convergence is not None:
            made["convergence"] = self.convergence.summary()
        if self.phonons is not None:
            made["bands"] = self.bands.summary() if self.bands else None
            made["density_of_states"] = self.projected.summary() if self.projected else None
        if self.thermodynamics is not None:
            made["heat_capacity"] = self.thermodynamics.heat_capacity_summary()
            made["thermodynamics"] = self.thermodynamics.functions_summary()
            made["zero_point_energy"] = self.thermodynamics.zero_point_summary()
            made["acoustic"] = self.thermodynamics.acoustic
            made["scale_factor"] = self.thermodynamics.scale_factor
        return {
            **made,
            "warnings": remarks_to_json(self.warnings),
            "verdict": verdict(self).to_json(),
        }


@dataclass(frozen=True)
class ProbedResults:
    """One structure whose heat capacity is from products with its Hessian, which was never made."""

    name: str
    """What the structure is called, such as the path of its file."""
    heat: ProbedHeatCapacity
    relaxation: Relaxation | None = None
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

    def to_json(self) -> dict[str, Any]:
        """Return the record, which is what the command line's ``--json`` writes."""
        shares = self.heat.atomic_heat_capacities_J_per_molatom_K
        return {
            "structure": self.name,
            **_formulas(self.atoms, self.heat.pieces),
            **_history(self.heat.provenance, self.relaxation, self.settings),
            "hessian": None,
            "force_constants": None,
            "mesh": None,
            "spectrum": {**self.heat.spectrum_summary(), "reason": self.spectrum_reason},
            "modes": None,
            "heat_capacity": self.heat.heat_capacity_summary(),
            "atomic_heat_capacity_J_per_molatom_K": shares.tolist(),
            "thermodynamics": None,
            "acoustic": self.heat.acoustic,
            "scale_factor": self.heat.scale_factor,
            "warnings": remarks_to_json(self.warnings),
            "verdict": probed_verdict(self).to_json(),
        }


def calculation_record(
    name: str,
    hessian: Hessian,
    relaxation: Relaxation | None,
    settings: Mapping[str, Any],
    force_constants: ForceConstants | None = None,
) -> dict[str, Any]:
    """Return what is recorded of a structure, its relaxation and its Hessian, as JSON values."""
    atoms = force_constants.unit_cell if force_constants else hessian.atoms
    pieces = pieces_of(atoms, hessian.reach_A)
    return {
        "structure": name,
        **_formulas(atoms, pieces),
        **_history(hessian.provenance, relaxation, settings),
        "hessian": hessian.summary(),
        "force_constants": force_constants.summary() if force_constants else None,
    }


def _formulas(atoms: Atoms, pieces: Pieces) -> dict[str, Any]:
    formula, n_formulas = formula_unit(atoms, pieces)
    return {
        "formula": str(atoms.get_chemical_formula()),
        "n_atoms": len(atoms),
        "formula_unit": formula,
        "formula_units_per_cell": n_formulas,
    }


def _history(
    provenance: Provenance, relaxation: Relaxation | None, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what made a result: the model, what was asked for, and the relaxation."""
    identity = provenance.model
    symmetry = relaxation.symmetry if relaxation else None
    return {
        "model": {
            "name": identity.name,
            "checkpoint_sha256": identity.checkpoint_sha256,
            "dtype": identity.dtype,
            "device": identity.device,
        },
        "settings": dict(settings),
        "relaxation": relaxation.summary() if relaxation else None,
        "symmetrization": None
        if symmetry is None
        else {
            "tolerance_A": symmetry.tolerance_A,
            "space_group": symmetry.symbol_after,
            "energy_change_eV_per_atom": symmetry.energy_change_eV_per_atom,
        },
        "supercell": settings.get("supercell"),
        "versions": dict(provenance.versions),
    }
