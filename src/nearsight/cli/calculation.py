"""From a structure file, or a saved Hessian, to a Hessian."""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ase import Atoms

from nearsight.cli.work import WorkDirectory
from nearsight.errors import MethodError
from nearsight.hessian.compute import hessian
from nearsight.hessian.methods import choose_kind
from nearsight.hessian.result import Hessian
from nearsight.models.contract import Model, require_elements
from nearsight.models.registry import load_model
from nearsight.relaxation.relax import relax
from nearsight.relaxation.result import Relaxation
from nearsight.reports.entries import calculation_record
from nearsight.structures.checking import check_structure
from nearsight.structures.reading import NOTES_KEY, read_structure
from nearsight.structures.supercell import make_supercell

UNRELAXED = "the structure was not relaxed: harmonic results hold at a minimum of the model only."


@dataclass(frozen=True)
class Calculated:
    """One structure with its relaxation and Hessian."""

    path: str
    relaxation: Relaxation | None
    """None if the structure was not relaxed, or its Hessian was read from a file."""
    hessian: Hessian
    settings: dict[str, Any]

    @property
    def formula(self) -> str:
        """Chemical formula of the cell, in Hill order."""
        return str(self.hessian.atoms.get_chemical_formula())

    @property
    def label(self) -> str:
        """What a figure calls the structure, with what must be known about it."""
        unconverged = self.relaxation is not None and not self.relaxation.converged
        return f"{Path(self.path).stem}{', NOT CONVERGED' if unconverged else ''}"

    def record(self) -> dict[str, Any]:
        """Return the part of the JSON output that all commands share, warnings aside."""
        return calculation_record(self.path, self.hessian, self.relaxation, self.settings)


def is_saved_hessian(path: str) -> bool:
    """Tell whether `path` names a saved Hessian and no structure."""
    return Path(path).suffix == ".npz"


def load_requested_model(arguments: argparse.Namespace) -> Model | None:
    """Load the model that the options ask for, and check that the method goes with it.

    Returns
    -------
    Model or None
        None if only saved Hessians are given: they need no model, and perhaps none is installed.
    """
    if all(is_saved_hessian(path) for path in arguments.structures):
        return None
    model = load_model(
        arguments.model,
        dtype=arguments.dtype,
        device=arguments.device,
        trust=arguments.trust_checkpoint,
    )
    choose_kind(model, arguments.method, arguments.step)
    return model


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
    if model is None or is_saved_hessian(path):
        if arguments.supercell or arguments.symmetrize:
            raise MethodError(
                f"{path} is a finished Hessian; --supercell and --symmetrize come too late for it."
            )
        return Calculated(path, None, Hessian.load(path), {})
    atoms = read_structure(path)
    warnings = [str(note) for note in atoms.info.pop(NOTES_KEY, [])]
    check_structure(atoms)
    require_elements(atoms, model)
    repeats = arguments.supercell or [1, 1, 1]
    make_supercell(atoms, repeats)  # an impossible one must not cost a relaxation
    relaxation = None
    if arguments.no_relax:
        warnings.append(UNRELAXED)
    else:
        relaxation = _relax(path, atoms, model, arguments, work)
        warnings.extend(relaxation.warnings)
        atoms = relaxation.atoms
    atoms = make_supercell(atoms, repeats)
    checkpoint = work.file(path, atoms, model, "rows", method=arguments.method, step=arguments.step)
    result = hessian(
        atoms,
        model,
        arguments.method,
        step_A=arguments.step,
        memory_budget_bytes=int(arguments.memory * 2**30) if arguments.memory else None,
        checkpoint=checkpoint,
    )
    work.done(checkpoint)
    settings = {"supercell": repeats, **_relaxation_settings(arguments)}
    return Calculated(path, relaxation, replace(result, warnings=tuple(warnings)), settings)


def _relax(
    path: str, atoms: Atoms, model: Model, arguments: argparse.Namespace, work: WorkDirectory
) -> Relaxation:
    settings = _relaxation_settings(arguments)
    # A larger step limit goes on where a smaller one stopped.
    deciding = {name: value for name, value in settings.items() if name != "max_steps"}
    checkpoint = work.file(path, atoms, model, "relaxation", **deciding)
    relaxation = relax(
        atoms,
        model,
        fmax=arguments.fmax,
        cell=False if arguments.fixed_cell else None,
        optimizer=arguments.optimizer,
        max_steps=arguments.max_steps,
        symmetry_tolerance_A=arguments.symmetrize,
        checkpoint=checkpoint,
    )
    if relaxation.converged:
        work.done(checkpoint)
    return relaxation


def _relaxation_settings(arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "relax": not arguments.no_relax,
        "fmax_eV_per_A": arguments.fmax,
        "max_steps": arguments.max_steps,
        "optimizer": arguments.optimizer,
        "fixed_cell": arguments.fixed_cell,
        "symmetrize_A": arguments.symmetrize,
    }
