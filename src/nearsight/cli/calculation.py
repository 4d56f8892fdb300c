"""From a structure file, or a saved Hessian, to a Hessian."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.cli.born import require_born_for
from nearsight.cli.calculated import Calculated, with_constants
from nearsight.cli.options import DEFAULT_MODEL
from nearsight.cli.saved import is_finished, saved_hessian
from nearsight.cli.work import WorkDirectory
from nearsight.errors import MethodError
from nearsight.hessian.budget import require_room_for_rows
from nearsight.hessian.compute import hessian
from nearsight.hessian.force_constants import (
    DEFAULT_LENGTH_A,
    force_constants,
)
from nearsight.hessian.methods import choose_kind
from nearsight.hessian.other_programs import (
    is_hessian_of_other_program,
    read_hessian,
    read_structure_of_hessian,
    remarks_on_frequencies,
)
from nearsight.hessian.phonopy_results import (
    is_phonopy_file,
    read_unit_cell,
)
from nearsight.hessian.result import Hessian
from nearsight.models.contract import Model, require_elements
from nearsight.models.registry import load_model
from nearsight.relaxation.relax import choose_optimizer, relax
from nearsight.relaxation.result import Relaxation
from nearsight.remarks import Remark
from nearsight.structures.checking import check_structure, require_room_to_check
from nearsight.structures.pieces import whole_molecule
from nearsight.structures.reading import read_structure, take_notes
from nearsight.structures.supercell import (
    make_general_supercell,
    make_supercell,
    supercell_for_length,
    supercell_matrix,
    supercell_setting,
)
from nearsight.vibrations.minimum import relax_to_minimum

UNRELAXED = Remark(
    "unrelaxed",
    "the structure was not relaxed: harmonic results hold at a minimum of the model only.",
)


def load_requested_model(arguments: argparse.Namespace) -> Model | None:
    """Load the model that the options ask for, and check that the method goes with it.

    Returns
    -------
    Model or None
        None if only saved Hessians are given: they need no model, and perhaps none is installed.
    """
    if all(is_finished(path, arguments) for path in arguments.structures):
        return None
    model = load_model(
        DEFAULT_MODEL if arguments.model is None else arguments.model,
        dtype=arguments.dtype,
        device=arguments.device,
        trust=arguments.trust_checkpoint,
    )
    choose_kind(model, arguments.method, arguments.step)
    return model


@dataclass(frozen=True)
class Prepared:
    """One structure, relaxed as asked for."""

    path: str
    atoms: Atoms
    relaxation: Relaxation | None
    warnings: tuple[Remark, ...]
    hessian: Hessian | None = None
    """That of `atoms`, where the search for a minimum has computed it."""

    @property
    def optimizer(self) -> str | None:
        """What relaxed it; None if nothing did."""
        return None if self.relaxation is None else self.relaxation.optimizer


def calculate(
    path: str,
    model: Model | None,
    arguments: argparse.Namespace,
    work: WorkDirectory,
    require_room: Callable[[int], object] | None = None,
) -> Calculated:
    """Read, check and relax a structure and compute its Hessian, going on with unfinished work.

    A saved Hessian is read and nothing is computed.

    Parameters
    ----------
    require_room
        As for `prepare`.

    Raises
    ------
    NearsightError
        Something is wrong with the structure, the model, the settings, or the machine.
    """
    if model is None or is_finished(path, arguments):
        return saved_hessian(path, arguments)
    prepared = prepare(
        path, model, arguments, work, dense=lambda _: True, require_room=require_room
    )
    return hessian_of(prepared, model, arguments, work)


def prepare(
    path: str,
    model: Model,
    arguments: argparse.Namespace,
    work: WorkDirectory,
    require: Callable[[Atoms], object] | None = None,
    *,
    dense: Callable[[Atoms], bool] = lambda _: False,
    require_room: Callable[[int], object] | None = None,
) -> Prepared:
    """Read, check and relax a structure.

    Parameters
    ----------
    require
        Called with the structure before it is relaxed; raises if it cannot be used.
    dense
        Tells whether `hessian_of` comes next. A search for a minimum then looks for imaginary modes
        in the Hessian that is wanted anyway, which is computed once.
    require_room
        Called with the number of atoms whose Hessian comes next, before anything is relaxed; raises
        if there is no memory for what follows from it.

    Raises
    ------
    NearsightError
        Something is wrong with the structure, the model, the settings, or the machine.
    """
    atoms = read_checked(path, arguments)
    about_file = () if arguments.recompute else remarks_on_frequencies(path)
    warnings = (*take_notes(atoms), *about_file)
    require_elements(atoms, model)
    if require is not None:
        require(atoms)
    # What is impossible must not cost a relaxation.
    n_atoms = len(make_supercell(atoms, _repeats(arguments)))
    require_room_to_check(n_atoms)
    if dense(atoms):
        require_room_for_rows(3 * n_atoms, n_atoms, arguments.memory_budget_bytes)
        if require_room is not None:
            require_room(n_atoms)
    _require_relaxation(arguments)
    if arguments.no_relax:
        return Prepared(path, atoms, None, (*warnings, UNRELAXED))
    in_cell = arguments.follow_imaginary and _repeats(arguments) == [1, 1, 1]
    relaxation, found = _relax(
        path, atoms, model, arguments, work, keep_hessian=bool(in_cell) and dense(atoms)
    )
    return Prepared(path, relaxation.atoms, relaxation, (*warnings, *relaxation.warnings), found)


def _require_relaxation(arguments: argparse.Namespace) -> None:
    how = ("follow_imaginary", "symmetrize", "fixed_cell", "optimizer")
    given = [f"--{name.replace('_', '-')}" for name in how if getattr(arguments, name)]
    if arguments.no_relax and given:
        said = f"{', '.join(given)} would be ignored, since nothing is relaxed"
        raise MethodError(f"{said}; leave out --no-relax, or the other option.")


def read_checked(path: str, arguments: argparse.Namespace) -> Atoms:
    """Read a structure and check that a calculation can start from it.

    A file with a Hessian has the structure to which that belongs.
    """
    atoms = _read(path, accept_contradictions=arguments.accept_contradictions)
    check_structure(atoms)
    # Not every command takes molecules, and has the option.
    return whole_molecule(atoms) if getattr(arguments, "molecule", None) else atoms


def _read(path: str, *, accept_contradictions: bool) -> Atoms:
    if is_phonopy_file(path):
        return read_unit_cell(path)
    if Path(path).suffix == ".npz":
        return read_hessian(path).atoms
    if is_hessian_of_other_program(path):
        return read_structure_of_hessian(path)
    return read_structure(path, accept_contradictions=accept_contradictions)


def hessian_of(
    prepared: Prepared, model: Model, arguments: argparse.Namespace, work: WorkDirectory
) -> Calculated:
    """Compute the Hessian of a structure, or of the supercell that was asked for."""
    atoms, settings = supercell_of(prepared, arguments)
    result = prepared.hessian or _computed(prepared.path, atoms, model, arguments, work)
    hessian_with_notes = replace(result, warnings=(*prepared.warnings, *result.warnings))
    return Calculated(prepared.path, prepared.relaxation, hessian_with_notes, settings)


def _computed(
    path: str, atoms: Atoms, model: Model, arguments: argparse.Namespace, work: WorkDirectory
) -> Hessian:
    checkpoint = rows_file(path, atoms, model, arguments, work)
    found = hessian(atoms, model, checkpoint=checkpoint, **hessian_settings(arguments))
    work.done(checkpoint)
    return found


def supercell_of(prepared: Prepared, arguments: argparse.Namespace) -> tuple[Atoms, dict[str, Any]]:
    """Return the supercell that was asked for, and the settings that led to it."""
    repeats = _repeats(arguments)
    settings = {"supercell": repeats, **_relaxation_settings(arguments, prepared.optimizer)}
    return make_supercell(prepared.atoms, repeats), settings


def force_constants_of(
    prepared: Prepared,
    model: Model,
    arguments: argparse.Namespace,
    work: WorkDirectory,
    matrix: NDArray[np.int64] | None = None,
) -> Calculated:
    """Compute the force constants of a crystal in the supercell that was asked for.

    Parameters
    ----------
    matrix
        Another supercell than that of the options, shape ``(3, 3)``.
    """
    chosen = asked_supercell(prepared.atoms, arguments) if matrix is None else matrix
    require_born_for(arguments.nac, prepared.atoms, arguments.symmetry_tolerance)
    checkpoint = rows_file(
        prepared.path, make_general_supercell(prepared.atoms, chosen), model, arguments, work
    )
    found = force_constants(
        prepared.atoms,
        model,
        chosen,
        checkpoint=checkpoint,
        **hessian_settings(arguments),
    )
    work.done(checkpoint)
    found = replace(found, warnings=(*prepared.warnings, *found.warnings))
    settings = {
        "supercell": supercell_setting(chosen),
        **_relaxation_settings(arguments, prepared.optimizer),
    }
    return with_constants(prepared.path, prepared.relaxation, found, settings, arguments)


def asked_supercell(atoms: Atoms, arguments: argparse.Namespace) -> NDArray[np.int64]:
    """Return the supercell of force constants that the options ask for, shape ``(3, 3)``."""
    if arguments.supercell is not None:
        return supercell_matrix(arguments.supercell)
    return supercell_for_length(atoms, arguments.length or DEFAULT_LENGTH_A)


def _repeats(arguments: argparse.Namespace) -> list[int]:
    return arguments.supercell or [1, 1, 1]


def rows_file(
    path: str, atoms: Atoms, model: Model, arguments: argparse.Namespace, work: WorkDirectory
) -> Path:
    """Return the file of finished rows of a Hessian or of force constants."""
    return work.file(
        path,
        atoms,
        model,
        "rows",
        method=arguments.method,
        step=arguments.step,
        symmetry=arguments.symmetry_tolerance,
    )


def hessian_settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what the options say about how a Hessian is computed."""
    return {
        "method": arguments.method,
        "step_A": arguments.step,
        "symmetry_tolerance_A": arguments.symmetry_tolerance,
        "memory_budget_bytes": arguments.memory_budget_bytes,
    }


def _relax(
    path: str,
    atoms: Atoms,
    model: Model,
    arguments: argparse.Namespace,
    work: WorkDirectory,
    *,
    keep_hessian: bool,
) -> tuple[Relaxation, Hessian | None]:
    """Return the relaxation and, if wanted and computed on the way, the Hessian of its end."""
    last: Hessian | None = None

    def compute(relaxed: Atoms) -> Hessian:
        nonlocal last
        last = _computed(path, relaxed, model, arguments, work)
        return last

    optimizer = arguments.optimizer or choose_optimizer(model)
    settings = _relaxation_settings(arguments, optimizer)
    # A larger step limit goes on where a smaller one stopped.
    deciding = {name: value for name, value in settings.items() if name != "max_steps"}
    checkpoint = work.file(path, atoms, model, "relaxation", **deciding)
    verb: Callable[..., Relaxation] = relax
    if arguments.follow_imaginary:
        verb = partial(relax_to_minimum, hessian_of=compute if keep_hessian else None)
    relaxation = verb(
        atoms,
        model,
        fmax=arguments.fmax,
        cell=False if arguments.fixed_cell else None,
        optimizer=optimizer,
        max_steps=arguments.max_steps,
        symmetry_tolerance_A=arguments.symmetrize,
        memory_budget_bytes=arguments.memory_budget_bytes,
        checkpoint=checkpoint,
    )
    if relaxation.converged:
        work.done(*work.beside(checkpoint))
    return relaxation, last


def _relaxation_settings(arguments: argparse.Namespace, optimizer: str | None) -> dict[str, Any]:
    return {
        "relax": not arguments.no_relax,
        "molecule": bool(arguments.molecule),
        "fmax_eV_per_A": arguments.fmax,
        "max_steps": arguments.max_steps,
        "optimizer": optimizer,
        "fixed_cell": arguments.fixed_cell,
        "symmetrize_A": arguments.symmetrize,
        "follow_imaginary": bool(arguments.follow_imaginary),
    }
