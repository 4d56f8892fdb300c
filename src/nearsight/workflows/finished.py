"""Hessians and force constants that are only read: ours, and those of other programs."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from nearsight.errors import MethodError
from nearsight.hessian.files import is_hessian_of_other_program, read_hessian
from nearsight.hessian.files.phonopy_results import read_phonopy
from nearsight.hessian.files.phonopy_yaml import is_phonopy_file
from nearsight.hessian.force_constants import ForceConstants
from nearsight.hessian.supercell_hessian import from_hessian
from nearsight.remarks import Remark
from nearsight.structures.tolerances import EXACT_TOLERANCE_A
from nearsight.workflows.born import require_born_file
from nearsight.workflows.context import AnyModel, name_of
from nearsight.workflows.second_derivatives import OfPhonons, SecondDerivatives, with_constants
from nearsight.workflows.settings import HessianSettings
from nearsight.workflows.source import Source


def finished_hessian(
    source: Source, settings: HessianSettings, model: AnyModel | None = None
) -> SecondDerivatives:
    """Read a Hessian of ours or of another program.

    Parameters
    ----------
    source, settings
        The file, and what is asked of it.
    model
        What a Hessian of another program is not asked of; None if no model was named.

    Raises
    ------
    NearsightError
        It cannot be read, is phonopy's, or settings ask to prepare its structure.
    """
    path = source.name
    if is_phonopy_file(path):
        raise MethodError(
            f"{path} holds phonopy's force constants, which heat capacities and phonons are from; "
            f"give a structure or a saved Hessian (.npz) here, or set `recompute` to take its unit "
            f"cell only."
        )
    require_no_preparation(path, settings)
    found = read_hessian(path)
    if model is not None and is_hessian_of_other_program(path):
        not_asked = (
            f"{name_of(model)} was not asked: the Hessian is that of {path}; `recompute` takes "
            f"the structure in it and computes the Hessian with the model."
        )
        remark = Remark("model-not-asked", not_asked)
        found = replace(found, warnings=(*found.warnings, remark))
    return SecondDerivatives(path, None, found, {})


def require_no_preparation(path: str, settings: HessianSettings) -> None:
    """Check that no setting asks to prepare the structure of what is finished.

    Raises
    ------
    MethodError
        One does.
    """
    late = {
        "supercell": settings.supercell,
        "length_A": settings.phonons.length_A if isinstance(settings, OfPhonons) else None,
        "symmetrize_A": settings.relaxation.symmetrize_A,
        "pressure_GPa": settings.relaxation.pressure_GPa,
        "cell": settings.relaxation.cell != "free",
        "optimizer": settings.relaxation.optimizer,
        "follow_imaginary": settings.relaxation.follow_imaginary,
        "molecule": settings.reading.molecule,
    }
    given = [f"`{name}`" for name, value in late.items() if value]
    if given:
        come = "comes" if len(given) == 1 else "come"
        raise MethodError(
            f"{path} is a finished Hessian; {' and '.join(given)} {come} too late for it. To "
            f"compute another one of its structure, set `recompute`."
        )


def finished_force_constants(
    source: Source, settings: OfPhonons, model: AnyModel | None = None
) -> SecondDerivatives:
    """Take the force constants out of a saved Hessian, or read phonopy's.

    Raises
    ------
    NearsightError
        It cannot be read, or is of no crystal.
    """
    if is_phonopy_file(source.name):
        require_no_preparation(source.name, settings)
        found = read_phonopy(source.name, settings.phonons.force_constants)
    else:
        tolerance = settings.rows.row_symmetry_A or EXACT_TOLERANCE_A
        saved = finished_hessian(source, settings, model).hessian
        found = from_hessian(saved, row_symmetry_A=tolerance)
    return with_constants(source.name, None, found, _named(found), settings.phonons)


def _named(found: ForceConstants) -> dict[str, Any]:
    """Return which file had the forces of phonopy's YAML, where one was named, and its digest."""
    of_files = ("force_constants", "force_constants_sha256")
    recorded = found.provenance.settings
    return {name: recorded[name] for name in of_files if name in recorded}


def require_named_files(sources: Sequence[Source], settings: OfPhonons) -> None:
    """Check before anything is computed that files which settings name can be used.

    Raises
    ------
    CheckpointError
        There is no such BORN file.
    MethodError
        A file of force constants is named for something else than one phonopy YAML.
    """
    require_born_file(settings.phonons.born)
    named = settings.phonons.force_constants
    if named is not None and settings.reading.recompute:
        raise MethodError("`recompute` takes no force constants; leave `force_constants` out.")
    if named is not None and [_is_phonopy_yaml(source) for source in sources] != [True]:
        raise MethodError(
            f"`force_constants` {named} belongs to one phonopy YAML; give that alone, or leave the "
            f"setting out."
        )


def _is_phonopy_yaml(source: Source) -> bool:
    return source.given is None and is_phonopy_file(source.name)
