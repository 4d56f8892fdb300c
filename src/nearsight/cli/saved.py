"""Hessians and force constants that are only read: ours, and those of other programs."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from nearsight.cli.calculated import Calculated, with_constants
from nearsight.errors import MethodError
from nearsight.hessian.force_constants import ForceConstants
from nearsight.hessian.other_programs import is_hessian_of_other_program, read_hessian
from nearsight.hessian.phonopy_results import is_phonopy_file, read_phonopy
from nearsight.hessian.supercell_hessian import from_hessian
from nearsight.remarks import Remark
from nearsight.structures.symmetry import EXACT_TOLERANCE_A


def is_finished(path: str, arguments: argparse.Namespace) -> bool:
    """Tell whether the Hessian or the force constants in `path` are to be taken from there."""
    return not arguments.recompute and _holds_hessian(path)


def _holds_hessian(path: str) -> bool:
    return Path(path).suffix == ".npz" or is_phonopy_file(path) or is_hessian_of_other_program(path)


def saved_hessian(path: str, arguments: argparse.Namespace) -> Calculated:
    """Read a Hessian of ours or of another program.

    Raises
    ------
    NearsightError
        It cannot be read, is phonopy's, or options ask to prepare its structure.
    """
    if is_phonopy_file(path):
        raise MethodError(
            f"{path} holds phonopy's force constants, which heat-capacity and phonons take; give a "
            f"structure or a saved Hessian (.npz) here, or --recompute to take its unit cell only."
        )
    require_no_preparation(path, arguments)
    found = read_hessian(path)
    if arguments.model is not None and is_hessian_of_other_program(path):
        not_asked = (
            f"{arguments.model} was not asked: the Hessian is that of {path}; --recompute takes "
            f"the structure in it and computes the Hessian with the model."
        )
        remark = Remark("model-not-asked", not_asked)
        found = replace(found, warnings=(*found.warnings, remark))
    return Calculated(path, None, found, {})


def require_no_preparation(path: str, arguments: argparse.Namespace) -> None:
    """Check that no option asks to prepare the structure of what is finished.

    Raises
    ------
    MethodError
        One does.
    """
    late = ("supercell", "length", "symmetrize", "follow_imaginary", "molecule")
    given = [
        f"--{name.replace('_', '-')}" for name in late if getattr(arguments, name, None) is not None
    ]
    if given:
        come = "comes" if len(given) == 1 else "come"
        raise MethodError(
            f"{path} is a finished Hessian; {' and '.join(given)} {come} too late for it. To "
            f"compute another one of its structure, add --recompute."
        )


def saved_force_constants(path: str, arguments: argparse.Namespace) -> Calculated:
    """Take the force constants out of a saved Hessian, or read phonopy's.

    Raises
    ------
    NearsightError
        It cannot be read, or is of no crystal.
    """
    if is_phonopy_file(path):
        require_no_preparation(path, arguments)
        found = read_phonopy(path, arguments.force_constants)
    else:
        tolerance = arguments.symmetry_tolerance or EXACT_TOLERANCE_A
        found = from_hessian(saved_hessian(path, arguments).hessian, symmetry_tolerance_A=tolerance)
    return with_constants(path, None, found, _named(found), arguments)


def _named(found: ForceConstants) -> dict[str, Any]:
    """Return which file had the forces of phonopy's YAML, where one was named, and its digest."""
    of_files = ("force_constants", "force_constants_sha256")
    recorded = found.provenance.settings
    return {name: recorded[name] for name in of_files if name in recorded}


def require_force_constants_file(arguments: argparse.Namespace) -> None:
    """Check that a file of force constants is named for one phonopy YAML only.

    Raises
    ------
    MethodError
        It is named for something else.
    """
    structures = arguments.structures
    if arguments.force_constants is not None and arguments.recompute:
        raise MethodError("--recompute takes no force constants; leave --force-constants out.")
    if arguments.force_constants is not None and (
        len(structures) != 1 or not is_phonopy_file(structures[0])
    ):
        raise MethodError(
            f"--force-constants {arguments.force_constants} belongs to one phonopy YAML; give that "
            f"alone, or leave the option out."
        )
