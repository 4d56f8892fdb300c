"""The verb `check_model`: hold a model to everything it claims."""

from collections.abc import Mapping

from ase import Atoms

from nearsight.errors import ModelError
from nearsight.models.contract import Model
from nearsight.models.evaluable import require_elements, unknown_elements
from nearsight.progress import Progress, as_progress
from nearsight.provenance import MIXED, record
from nearsight.testing.curvature import (
    curvature_is_smooth,
    products_against_rows,
    rows_against_differences,
)
from nearsight.testing.first_derivatives import (
    dtype_is_honoured,
    forces_are_the_gradient,
    smooth_at_the_cutoff,
    stress_is_the_strain_derivative,
)
from nearsight.testing.invariances import (
    atomic_energies_sum_up,
    batch_equals_single,
    energy_alone,
    extensivity,
    mirror_image,
    pairs_given,
    permutation,
    rotation,
    size_consistency,
    translation,
)
from nearsight.testing.report import CheckFunction, ConformanceReport, not_applicable
from nearsight.testing.structures import examination_structures

CHECKS: tuple[CheckFunction, ...] = (
    forces_are_the_gradient,
    stress_is_the_strain_derivative,
    smooth_at_the_cutoff,
    dtype_is_honoured,
    rotation,
    mirror_image,
    translation,
    permutation,
    batch_equals_single,
    energy_alone,
    pairs_given,
    extensivity,
    size_consistency,
    atomic_energies_sum_up,
    rows_against_differences,
    products_against_rows,
    curvature_is_smooth,
)

_LARGE = 50
_NARROW_A = 8.0
_CHECKS_OF_LARGE_STRUCTURES = (forces_are_the_gradient, curvature_is_smooth)


def check_model(
    model: Model,
    structures: Mapping[str, Atoms] | None = None,
    *,
    progress: Progress | bool | None = None,
) -> ConformanceReport:
    """Examine whether a model keeps the contract and the capabilities it states.

    What a model does not claim is reported as not applicable, never as passed; so is a crystal for
    a model of molecules, a narrow one for a model that samples crystals at the Γ point only, and a
    structure of which the model does not know an element, or which it refuses without having said
    which elements it knows.

    Parameters
    ----------
    model
        The model, of any family.
    structures
        Named structures to examine it on; by default MgO, Si, CO2 and MOF-5. Structures of more
        than 50 atoms are examined for forces and smooth curvature only.
    progress
        How far it has come: see `nearsight.progress.Progress`.

    Raises
    ------
    ModelError
        There is no structure whose elements the model knows, or its precision is mixed, or it
        refuses all structures.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.models import load_model
    >>> from nearsight.testing import check_model
    >>> report = check_model(load_model("ase:emt"), {"Cu": bulk("Cu")})
    >>> report.passed
    True
    """
    _require_one_precision(model)
    cases = examination_structures() if structures is None else structures
    if all(unknown_elements(atoms, model) for atoms in cases.values()):
        for atoms in cases.values():
            require_elements(atoms, model)
    reasons = {name: _beyond(model, atoms) for name, atoms in cases.items()}
    if cases and model.capabilities.elements is None:
        reasons = _with_refusals(model, cases, reasons)
    work = [
        (check, name, atoms)
        for name, atoms in cases.items()
        for check in (CHECKS if len(atoms) <= _LARGE else _CHECKS_OF_LARGE_STRUCTURES)
        if reasons[name] is None
    ]
    results = [
        not_applicable("all checks", name, reason)
        for name, reason in reasons.items()
        if reason is not None
    ]
    with as_progress(progress).task(f"Examining {model.identity.name}", len(work)) as advance:
        for done, (check, name, atoms) in enumerate(work, start=1):
            results.append(check(model, name, atoms))
            advance(done, name)
    return ConformanceReport(tuple(results), record(model.identity, structures=list(cases)))


def _with_refusals(
    model: Model, cases: Mapping[str, Atoms], reasons: Mapping[str, str | None]
) -> dict[str, str | None]:
    """Add what a model refuses, which has not said what elements it knows."""
    refusals = {}
    for name, atoms in cases.items():
        if reasons[name] is None:
            try:
                model.evaluate([atoms], forces=False)
            except ModelError as error:
                refusals[name] = error
    if refusals and all(reasons[name] or name in refusals for name in cases):
        raise next(iter(refusals.values()))
    return {**reasons, **{name: f"the model refuses it: {refusals[name]}" for name in refusals}}


def _require_one_precision(model: Model) -> None:
    if model.identity.dtype == MIXED:
        raise ModelError(
            f"{model.identity.name} is of mixed precision; examine it with `dtype` float64 and "
            f"float32, each with its own tolerances."
        )


def _beyond(model: Model, atoms: Atoms) -> str | None:
    """Return why a model claims nothing about a structure; None if it does."""
    if unknown := unknown_elements(atoms, model):
        return f"the model does not know {', '.join(unknown)}"
    if not atoms.pbc.any():
        return None
    if not model.capabilities.periodic:
        return "the model is for molecules only"
    widths = (atoms.get_volume() / atoms.cell.areas())[atoms.pbc]
    if model.capabilities.gamma_only and widths.min() < _NARROW_A:
        return f"narrower than {_NARROW_A:g} Å, and the model samples crystals at the Γ point only"
    return None
