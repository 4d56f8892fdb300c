"""From a prepared structure, or from what is finished, to a Hessian or to force constants."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ase import Atoms

from nearsight.arrays import IntArray
from nearsight.hessian.files.phonopy_results import with_born, with_sum_rules
from nearsight.hessian.force_constants import ForceConstants, force_constants
from nearsight.hessian.matrix import Hessian, hessian
from nearsight.hessian.settings import DEFAULT_LENGTH_A, RowSettings
from nearsight.relaxation.result import Relaxation
from nearsight.remarks import Remark
from nearsight.structures.supercell import (
    make_general_supercell,
    make_supercell,
    supercell_for_length,
    supercell_matrix,
    supercell_setting,
)
from nearsight.vibrations.settings import PhononSettings
from nearsight.workflows.born import require_born_for
from nearsight.workflows.context import Context
from nearsight.workflows.expansion_settings import ThermalExpansionSettings
from nearsight.workflows.prepare import Prepared, history, prepare
from nearsight.workflows.settings import (
    HeatCapacitySettings,
    HessianSettings,
    PhononsSettings,
)

OfPhonons = PhononsSettings | HeatCapacitySettings
WithForceConstants = OfPhonons | ThermalExpansionSettings


@dataclass(frozen=True)
class SecondDerivatives:
    """A Hessian or force constants of one structure, and where they are from."""

    name: str
    relaxation: Relaxation | None
    """None if the structure was not relaxed, or what was finished came from a file."""
    hessian: Hessian
    """Of the cell; with force constants that of the primitive cell at Γ."""
    settings: Mapping[str, Any]
    """What a record says of how they came about."""
    force_constants: ForceConstants | None = None
    """Those of a supercell, where phonons over the Brillouin zone were asked for."""

    @property
    def atoms(self) -> Atoms:
        """The cell to which results refer."""
        return self.force_constants.unit_cell if self.force_constants else self.hessian.atoms


def row_arguments(rows: RowSettings, context: Context) -> dict[str, Any]:
    """Return what the verbs of second derivatives are told about rows."""
    return {
        "method": rows.method,
        "step_A": rows.step_A,
        "row_symmetry_A": rows.row_symmetry_A,
        "memory_budget_bytes": context.memory_bytes,
        "progress": context.progress,
    }


def rows_file(atoms: Atoms, context: Context, rows: RowSettings) -> Path | None:
    """Return the file of finished rows of a Hessian or of force constants."""
    return context.file(
        atoms, "rows", method=rows.method, step=rows.step_A, symmetry=rows.row_symmetry_A
    )


def compute_hessian(atoms: Atoms, context: Context, rows: RowSettings) -> Hessian:
    """Compute a Hessian, going on with unfinished work."""
    checkpoint = rows_file(atoms, context, rows)
    computed = hessian(atoms, context.model, checkpoint=checkpoint, **row_arguments(rows, context))
    context.unfinished.done(checkpoint)
    return computed


def prepare_for_hessian(
    context: Context, settings: HessianSettings, **requirements: Any
) -> Prepared:
    """Prepare a structure whose Hessian comes next; see `prepare`."""
    compute = partial(compute_hessian, context=context, rows=settings.rows)
    return prepare(context, settings, hessian_of=compute, **requirements)


def supercell_of(prepared: Prepared, context: Context, settings: HessianSettings) -> "Repeated":
    """Return the supercell that was asked for, and the settings that led to it."""
    repeats = settings.supercell or (1, 1, 1)
    return Repeated(
        make_supercell(prepared.atoms, repeats),
        {"supercell": list(repeats), **_history(prepared, context, settings)},
    )


@dataclass(frozen=True)
class Repeated:
    """A supercell, and what a record says of how it came about."""

    atoms: Atoms
    settings: dict[str, Any]


def hessian_of(
    prepared: Prepared, context: Context, settings: HessianSettings
) -> SecondDerivatives:
    """Compute the Hessian of a structure, or of the supercell that was asked for."""
    cell = supercell_of(prepared, context, settings)
    computed = prepared.hessian or compute_hessian(cell.atoms, context, settings.rows)
    with_notes = replace(computed, warnings=_each_once(prepared.warnings, computed.warnings))
    return SecondDerivatives(context.name, prepared.relaxation, with_notes, cell.settings)


def force_constants_of(
    prepared: Prepared,
    context: Context,
    settings: WithForceConstants,
    matrix: IntArray | None = None,
) -> SecondDerivatives:
    """Compute the force constants of a crystal in the supercell that was asked for.

    Parameters
    ----------
    prepared, context, settings
        The crystal, by what its force constants are computed, and how.
    matrix
        Another supercell than that of the settings, shape ``(3, 3)``.
    """
    chosen = asked_supercell(prepared.atoms, settings) if matrix is None else matrix
    require_born_for(settings.phonons.born, prepared.atoms, settings.rows.row_symmetry_A)
    checkpoint = rows_file(make_general_supercell(prepared.atoms, chosen), context, settings.rows)
    computed = force_constants(
        prepared.atoms,
        context.model,
        chosen,
        checkpoint=checkpoint,
        **row_arguments(settings.rows, context),
    )
    context.unfinished.done(checkpoint)
    with_notes = replace(computed, warnings=_each_once(prepared.warnings, computed.warnings))
    asked = {
        "supercell": supercell_setting(chosen),
        **_history(prepared, context, settings),
    }
    return with_constants(context.name, prepared.relaxation, with_notes, asked, settings.phonons)


def with_constants(
    name: str,
    relaxation: Relaxation | None,
    constants: ForceConstants,
    asked: Mapping[str, Any],
    phonons: PhononSettings,
) -> SecondDerivatives:
    """Return force constants with the charges and sum rules that were asked for."""
    constants = with_born(constants, phonons.born)
    if phonons.sum_rules:
        constants = with_sum_rules(constants)
        asked = {**asked, "sum_rules": True}
    return SecondDerivatives(name, relaxation, constants.at_gamma(), asked, constants)


def asked_supercell(atoms: Atoms, settings: WithForceConstants) -> IntArray:
    """Return the supercell of force constants that was asked for, shape ``(3, 3)``."""
    if settings.supercell is not None:
        return supercell_matrix(settings.supercell)
    return supercell_for_length(atoms, settings.phonons.length_A or DEFAULT_LENGTH_A)


def _history(prepared: Prepared, context: Context, settings: HessianSettings) -> dict[str, Any]:
    optimizer = None if prepared.relaxation is None else prepared.relaxation.optimizer
    return history(context, settings.relaxation, optimizer)


def _each_once(*remarks: tuple[Remark, ...]) -> tuple[Remark, ...]:
    """Return all remarks; what holds of the relaxed structure may hold of its cell, too."""
    return tuple(dict.fromkeys(itertools.chain.from_iterable(remarks)))
