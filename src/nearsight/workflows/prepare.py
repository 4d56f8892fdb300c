"""From a source to the structure whose second derivatives are computed: read, checked, relaxed."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ase import Atoms

from nearsight.hessian.matrix import Hessian
from nearsight.hessian.rows.budget import require_room_for_rows
from nearsight.hessian.rows.choice import require_rows
from nearsight.models.extrapolation import extrapolation_remarks
from nearsight.relaxation.relax import choose_optimizer, relax
from nearsight.relaxation.result import Relaxation
from nearsight.relaxation.settings import RelaxationSettings
from nearsight.remarks import Remark
from nearsight.structures.checking import require_room_to_check
from nearsight.structures.supercell import make_supercell
from nearsight.vibrations.minimum import relax_to_minimum
from nearsight.workflows.context import Context
from nearsight.workflows.settings import HessianSettings

UNRELAXED = Remark(
    "unrelaxed",
    "the structure was not relaxed: harmonic results hold at a minimum of the model only.",
)


@dataclass(frozen=True)
class Prepared:
    """One structure, relaxed as asked for."""

    atoms: Atoms
    relaxation: Relaxation | None
    warnings: tuple[Remark, ...]
    hessian: Hessian | None = None
    """That of `atoms`, where the search for a minimum has computed it."""


def prepare(
    context: Context,
    settings: HessianSettings,
    require: Callable[[Atoms], object] | None = None,
    *,
    dense: Callable[[Atoms], bool] = lambda _: False,
    require_room: Callable[[int], object] | None = None,
    hessian_of: Callable[[Atoms], Hessian] | None = None,
) -> Prepared:
    """Check and relax a structure.

    Parameters
    ----------
    context, settings
        What is calculated, by what, and how.
    require
        Called with the structure before it is relaxed; raises if it cannot be used.
    dense
        Tells whether a Hessian of all atoms comes next. A search for a minimum then looks for
        imaginary modes in it, so that it is computed once.
    require_room
        Called with the number of atoms whose Hessian comes next, before anything is relaxed; raises
        if there is no memory for what follows from it.
    hessian_of
        Computes that Hessian.

    Raises
    ------
    NearsightError
        Something is wrong with the structure, the model, the settings, or the machine.
    """
    atoms, warnings = context.atoms, context.remarks
    if require is not None:
        require(atoms)
    # What is impossible must not cost a relaxation.
    n_atoms = len(make_supercell(atoms, settings.supercell or (1, 1, 1)))
    require_room_to_check(n_atoms)
    if dense(atoms):
        require_room_for_rows(3 * n_atoms, n_atoms, context.memory_bytes)
        if require_room is not None:
            require_room(n_atoms)
    require_rows(context.model, settings.rows.method, settings.rows.step_A)
    if not settings.relaxation.relax:
        return Prepared(atoms, None, (*warnings, UNRELAXED, *_extrapolated(context)))
    in_cell = settings.supercell in {None, (1, 1, 1)} and dense(atoms)
    relaxation, hessian = relaxed(context, settings.relaxation, hessian_of if in_cell else None)
    warnings = (*warnings, *relaxation.warnings)
    return Prepared(relaxation.atoms, relaxation, warnings, hessian)


def _extrapolated(context: Context) -> tuple[Remark, ...]:
    """Return what is said of a structure outside of the training data, by a model that knows."""
    if not context.model.capabilities.counts_extrapolations:
        return ()
    [evaluation] = context.model.evaluate([context.atoms], forces=False)
    return extrapolation_remarks(evaluation, context.model.identity.name)


def relaxed(
    context: Context,
    settings: RelaxationSettings,
    hessian_of: Callable[[Atoms], Hessian] | None = None,
    *,
    trajectory: str | os.PathLike[str] | None = None,
) -> tuple[Relaxation, Hessian | None]:
    """Return the relaxation and, if computed on the way, the Hessian of its end.

    Raises
    ------
    NearsightError
        What `relax` and `relax_to_minimum` raise.
    """
    last: Hessian | None = None

    def keep_last(structure: Atoms) -> Hessian:
        nonlocal last
        assert hessian_of is not None
        last = hessian_of(structure)
        return last

    optimizer = settings.optimizer or choose_optimizer(context.model)
    deciding = history(context, settings, optimizer)
    # A larger step limit goes on where a smaller one stopped.
    del deciding["max_steps"]
    checkpoint = context.file(context.atoms, "relaxation", **deciding)
    verb: Callable[..., Relaxation] = relax
    if settings.follow_imaginary:
        verb = partial(relax_to_minimum, hessian_of=keep_last if hessian_of else None)
    relaxation = verb(
        context.atoms,
        context.model,
        replace(settings, optimizer=optimizer),
        memory_budget_bytes=context.memory_bytes,
        checkpoint=checkpoint,
        progress=context.progress,
        trajectory=trajectory,
    )
    if relaxation.converged:
        context.unfinished.done(*context.unfinished.beside(checkpoint))
    return relaxation, last


def history(
    context: Context, settings: RelaxationSettings, optimizer: str | None
) -> dict[str, Any]:
    """Return what a record says of how a structure was prepared.

    Parameters
    ----------
    context, settings
        What was calculated, and what was asked for.
    optimizer
        What relaxed it; None if nothing did.
    """
    return {
        "relax": settings.relax,
        "molecule": context.source.reading.molecule,
        "fmax_eV_per_A": settings.fmax_eV_per_A,
        "max_steps": settings.max_steps,
        "optimizer": optimizer,
        "cell": settings.cell,
        "fixed_cell": settings.cell == "fixed",
        "pressure_GPa": settings.pressure_GPa,
        "symmetrize_A": settings.symmetrize_A,
        "follow_imaginary": settings.follow_imaginary,
    }
