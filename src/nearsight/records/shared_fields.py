"""Fields that the records of several questions have in common, from the results of a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ase import Atoms

from nearsight.provenance import ModelIdentity, Provenance
from nearsight.records.codec import FieldError, decoder
from nearsight.records.described import Plain, plain
from nearsight.records.parts import (
    ModelPart,
    ProvenancePart,
    RelaxationPart,
    StructurePart,
    SymmetrizationPart,
)
from nearsight.records.structure import structure_part
from nearsight.settings import Settings
from nearsight.structures.formula_unit import formula_unit

if TYPE_CHECKING:
    from nearsight.relaxation.result import Relaxation
    from nearsight.structures.pieces import Pieces

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


def part_of(kind: type[Part], summary: Mapping[str, Any]) -> Part:
    """Return a part of a record from what a result says of itself."""
    try:
        return cast(Part, decoder(kind)(plain(summary)))
    except FieldError as error:
        raise ValueError(f"{kind.__name__}: {error}.") from error


def model_part(identity: ModelIdentity) -> ModelPart:
    """Return what a record says of a model."""
    return ModelPart(
        name=identity.name,
        checkpoint_sha256=identity.checkpoint_sha256,
        dtype=identity.dtype,
        device=identity.device,
        family=identity.family,
        options=plain(identity.options),
    )


def calculated_fields(
    name: str,
    atoms: Atoms,
    provenance: Provenance,
    settings: Mapping[str, Any],
    run: Run,
    *,
    relaxation: "Relaxation | None" = None,
) -> dict[str, Any]:
    """Return the fields of a record of what a model said, without its warnings."""
    structure = structure_part(atoms, relaxation.atoms if relaxation else None)
    asked = run.asked.to_json() if isinstance(run.asked, Settings) else run.asked
    return {
        "structure": name,
        "formula": str(atoms.get_chemical_formula()),
        "n_atoms": len(atoms),
        "model": model_part(provenance.model),
        "versions": dict(provenance.versions),
        "settings": plain(settings),
        "energy_eV": _energy_eV(structure, relaxation),
        "volume_A3": float(atoms.cell.volume) if atoms.pbc.all() else None,
        "seconds": None if run.seconds is None else float(run.seconds),
        "peak_memory_bytes": run.peak_memory_bytes,
        "relaxed_structure": structure,
        "provenance": ProvenancePart(computation=plain(provenance.settings), asked=plain(asked)),
    }


def _energy_eV(structure: StructurePart, relaxation: "Relaxation | None") -> float | None:
    """Return the energy of the cell, which turning it to other axes does not change."""
    if structure.energy_eV is not None or relaxation is None:
        return structure.energy_eV
    same_cell = len(relaxation.atoms) == len(structure.symbols)
    return relaxation.energy_after_eV if same_cell else None


def relaxation_fields(relaxation: "Relaxation | None") -> dict[str, Any]:
    """Return the fields of a record about how a structure came to rest."""
    symmetry = relaxation.symmetry if relaxation else None
    return {
        "relaxation": None if relaxation is None else part_of(RelaxationPart, relaxation.summary()),
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


def formula_unit_fields(atoms: Atoms, pieces: "Pieces") -> dict[str, Any]:
    """Return the fields of a record about its formula unit."""
    formula, n_formulas = formula_unit(atoms, pieces)
    return {"formula_unit": formula, "formula_units_per_cell": n_formulas}
