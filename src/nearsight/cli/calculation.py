"""From a structure file, or a saved Hessian, to a Hessian."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ase import Atoms

from nearsight.cli.born import require_born_for
from nearsight.cli.options import DEFAULT_MODEL
from nearsight.cli.work import WorkDirectory
from nearsight.errors import MethodError
from nearsight.hessian.compute import hessian
from nearsight.hessian.force_constants import (
    DEFAULT_LENGTH_A,
    ForceConstants,
    force_constants,
    from_hessian,
)
from nearsight.hessian.methods import choose_kind
from nearsight.hessian.other_programs import is_hessian_of_other_program, read_hessian
from nearsight.hessian.phonopy_results import is_phonopy_file, read_phonopy, with_sum_rules
from nearsight.hessian.result import Hessian
from nearsight.models.contract import Model, require_elements
from nearsight.models.registry import load_model
from nearsight.relaxation.relax import choose_optimizer, relax
from nearsight.relaxation.result import Relaxation
from nearsight.reports.entries import calculation_record
from nearsight.structures.checking import check_structure
from nearsight.structures.reading import read_structure, take_notes
from nearsight.structures.selection import structure_stem
from nearsight.structures.supercell import make_supercell, supercell_for_length
from nearsight.structures.symmetry import EXACT_TOLERANCE_A
from nearsight.vibrations.minimum import relax_to_minimum

UNRELAXED = "the structure was not relaxed: harmonic results hold at a minimum of the model only."


@dataclass(frozen=True)
class Calculated:
    """One structure with its relaxation and Hessian."""

    path: str
    relaxation: Relaxation | None
    """None if the structure was not relaxed, or its Hessian was read from a file."""
    hessian: Hessian
    """Of the cell; with force constants that of the primitive cell at Γ."""
    settings: dict[str, Any]
    force_constants: ForceConstants | None = None
    """Those of a supercell, where phonons over the Brillouin zone were asked for."""

    @property
    def atoms(self) -> Atoms:
        """The cell to which results refer."""
        return self.force_constants.unit_cell if self.force_constants else self.hessian.atoms

    @property
    def formula(self) -> str:
        """Chemical formula of the cell, in Hill order."""
        return str(self.atoms.get_chemical_formula())

    @property
    def label(self) -> str:
        """What a figure calls the structure, with what must be known about it."""
        return label_of(self.path, self.relaxation)

    def record(self) -> dict[str, Any]:
        """Return the part of the JSON output that all commands share, warnings aside."""
        return calculation_record(
            self.path, self.hessian, self.relaxation, self.settings, self.force_constants
        )


def label_of(path: str, relaxation: Relaxation | None) -> str:
    """Return what a figure calls a structure, with what must be known about it."""
    unconverged = relaxation is not None and not relaxation.converged
    return f"{structure_stem(path)}{', NOT CONVERGED' if unconverged else ''}"


def is_finished(path: str) -> bool:
    """Tell whether `path` names a Hessian or phonopy's force constants and no structure."""
    return Path(path).suffix == ".npz" or is_phonopy_file(path) or is_hessian_of_other_program(path)


def load_requested_model(arguments: argparse.Namespace) -> Model | None:
    """Load the model that the options ask for, and check that the method goes with it.

    Returns
    -------
    Model or None
        None if only saved Hessians are given: they need no model, and perhaps none is installed.
    """
    if all(is_finished(path) for path in arguments.structures):
        return None
    model = load_model(
        arguments.model or DEFAULT_MODEL,
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
    warnings: tuple[str, ...]
    hessian: Hessian | None = None
    """That of `atoms`, where the search for a minimum has computed it."""

    @property
    def optimizer(self) -> str | None:
        """What relaxed it; None if nothing did."""
        return None if self.relaxation is None else self.relaxation.optimizer


def calculate(
    path: str, model: Model | None, arguments: argparse.Namespace, work: WorkDirectory
) -> Calculated:
    """Read, check and relax a structure and compute its Hessian, going on with unfinished work.

    A saved Hessian is read and nothing is computed.

    Raises
    ------
    NearsightError
        Something is wrong with the structure, the model, the settings, or the machine.
    """
    if model is None or is_finished(path):
        return _saved(path, arguments)
    prepared = prepare(path, model, arguments, work, dense=lambda _: True)
    return hessian_of(prepared, model, arguments, work)


def _saved(path: str, arguments: argparse.Namespace) -> Calculated:
    if is_phonopy_file(path):
        raise MethodError(
            f"{path} holds phonopy's force constants, which heat-capacity and phonons take; give a "
            f"structure or a saved Hessian (.npz) here."
        )
    require_no_preparation(path, arguments)
    return Calculated(path, None, read_hessian(path), {})


def require_no_preparation(path: str, arguments: argparse.Namespace) -> None:
    """Check that no option asks to prepare the structure of what is finished.

    Raises
    ------
    MethodError
        One does.
    """
    late = ("supercell", "length", "symmetrize", "follow_imaginary")
    given = [
        f"--{name.replace('_', '-')}" for name in late if getattr(arguments, name, None) is not None
    ]
    if given:
        come = "comes" if len(given) == 1 else "come"
        raise MethodError(
            f"{path} is a finished Hessian; {' and '.join(given)} {come} too late for it."
        )


def _with_constants(
    path: str,
    relaxation: Relaxation | None,
    found: ForceConstants,
    settings: dict[str, Any],
    arguments: argparse.Namespace,
) -> Calculated:
    if arguments.sum_rules:
        found = with_sum_rules(found)
        settings = {**settings, "sum_rules": True}
    return Calculated(path, relaxation, found.at_gamma(), settings, found)


def saved_force_constants(path: str, arguments: argparse.Namespace) -> Calculated:
    """Take the force constants out of a saved Hessian, or read phonopy's.

    Raises
    ------
    NearsightError
        It cannot be read, or is of no crystal.
    """
    if is_phonopy_file(path):
        require_no_preparation(path, arguments)
        found = read_phonopy(path)
    else:
        tolerance = arguments.symmetry_tolerance or EXACT_TOLERANCE_A
        found = from_hessian(_saved(path, arguments).hessian, symmetry_tolerance_A=tolerance)
    return _with_constants(path, None, found, {}, arguments)


def prepare(
    path: str,
    model: Model,
    arguments: argparse.Namespace,
    work: WorkDirectory,
    require: Callable[[Atoms], object] | None = None,
    *,
    dense: Callable[[Atoms], bool] = lambda _: False,
) -> Prepared:
    """Read, check and relax a structure.

    Parameters
    ----------
    require
        Called with the structure before it is relaxed; raises if it cannot be used.
    dense
        Tells whether `hessian_of` comes next. A search for a minimum then looks for imaginary modes
        in the Hessian that is wanted anyway, which is computed once.

    Raises
    ------
    NearsightError
        Something is wrong with the structure, the model, the settings, or the machine.
    """
    atoms = read_checked(path, arguments)
    warnings = take_notes(atoms)
    require_elements(atoms, model)
    if require is not None:
        require(atoms)
    make_supercell(atoms, _repeats(arguments))  # an impossible one must not cost a relaxation
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
    """Read a structure and check that a calculation can start from it."""
    atoms = read_structure(path, accept_contradictions=arguments.accept_contradictions)
    check_structure(atoms)
    return atoms


def hessian_of(
    prepared: Prepared, model: Model, arguments: argparse.Namespace, work: WorkDirectory
) -> Calculated:
    """Compute the Hessian of a structure, or of the supercell that was asked for."""
    atoms, settings = supercell_of(prepared, arguments)
    result = prepared.hessian or _computed(prepared.path, atoms, model, arguments, work)
    hessian_with_notes = replace(result, warnings=prepared.warnings)
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
    repeats: Sequence[int] | None = None,
) -> Calculated:
    """Compute the force constants of a crystal in the supercell that was asked for.

    Parameters
    ----------
    repeats
        Another supercell than that of the options.
    """
    chosen = repeats or arguments.supercell
    if chosen is None:
        chosen = supercell_for_length(prepared.atoms, arguments.length or DEFAULT_LENGTH_A)
    require_born_for(arguments.nac, prepared.atoms, arguments.symmetry_tolerance)
    checkpoint = rows_file(
        prepared.path, make_supercell(prepared.atoms, chosen), model, arguments, work
    )
    found = force_constants(
        prepared.atoms,
        model,
        list(chosen),
        checkpoint=checkpoint,
        **hessian_settings(arguments),
    )
    work.done(checkpoint)
    found = replace(found, warnings=prepared.warnings)
    settings = {"supercell": list(chosen), **_relaxation_settings(arguments, prepared.optimizer)}
    return _with_constants(prepared.path, prepared.relaxation, found, settings, arguments)


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
        # A relaxation that followed modes has more files, which begin like this one.
        work.done(*checkpoint.parent.glob(f"{checkpoint.name}*"))
    return relaxation, last


def _relaxation_settings(arguments: argparse.Namespace, optimizer: str | None) -> dict[str, Any]:
    return {
        "relax": not arguments.no_relax,
        "fmax_eV_per_A": arguments.fmax,
        "max_steps": arguments.max_steps,
        "optimizer": optimizer,
        "fixed_cell": arguments.fixed_cell,
        "symmetrize_A": arguments.symmetrize,
        "follow_imaginary": bool(arguments.follow_imaginary),
    }
