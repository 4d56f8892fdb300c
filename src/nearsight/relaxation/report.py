"""What a descent has come to, in numbers and in words."""

from collections.abc import Sequence

import numpy as np
from ase import Atoms

from nearsight.hessian.products.strategies import ProductMethod
from nearsight.models.contract import Evaluation, Model, forces_of
from nearsight.models.extrapolation import extrapolation_remarks
from nearsight.provenance import Setting, record
from nearsight.relaxation.checkpoint import State
from nearsight.relaxation.descent import Descent
from nearsight.relaxation.followed import followed, residual, under_pressure
from nearsight.relaxation.near_symmetry import near_symmetry
from nearsight.relaxation.result import (
    KeptSymmetry,
    RefinedSymmetry,
    Relaxation,
    results_as_calculator,
)
from nearsight.relaxation.settings import RelaxationSettings
from nearsight.relaxation.volume import volume_warnings
from nearsight.remarks import Remark
from nearsight.structures.operations import find_operations
from nearsight.structures.symmetry import Symmetrized, space_group
from nearsight.structures.tolerances import EXACT_TOLERANCE_A
from nearsight.units import EV_PER_A3_IN_GPA

# A relaxation that ends higher than it began by more than float32 noise went wrong.
_ENERGY_RISE_eV_PER_ATOM = 1e-3
_NOISE_eV_PER_ATOM = 1e-5
"""Of single precision, and of what is left of a relaxation; refining lowers the energy else."""


def report(
    atoms: Atoms,
    relaxed: Atoms,
    model: Model,
    settings: RelaxationSettings,
    *,
    descent: Descent,
    imposed: Symmetrized | None,
    refined: Symmetrized | None,
) -> Relaxation:
    """Return what is known of a relaxed structure.

    Parameters
    ----------
    atoms, relaxed
        The structure as given, and the relaxed one without a calculator.
    model
        What relaxed it, asked once more.
    settings
        With which it was.
    descent
        The steps.
    imposed, refined
        What imposing a space group before and after the steps did; None if none was.
    """
    symmetry = None if imposed is None else _kept_symmetry(relaxed, imposed, descent.state)
    if refined is not None:
        relaxed = refined.atoms
    # Evaluated once more, without projection: what is reported is what the model says.
    [evaluation] = model.evaluate([relaxed], stress=settings.cell != "fixed")
    relaxed.calc = results_as_calculator(
        relaxed,
        evaluation.energy_eV,
        forces_of(evaluation),
        evaluation.stress_eV_per_A3,
    )
    pressure_eV_per_A3 = settings.pressure_GPa / EV_PER_A3_IN_GPA
    reached = left_over = None
    if settings.cell != "fixed" and evaluation.stress_eV_per_A3 is not None:
        reached = -float(evaluation.stress_eV_per_A3[:3].mean())
        held = reached if settings.cell == "shape" else pressure_eV_per_A3
        left_over = under_pressure(evaluation.stress_eV_per_A3, held)
    crystal = bool(atoms.pbc.all())
    left = residual(forces_of(evaluation), left_over, relaxed.cell.array, settings.cell)
    start = atoms if imposed is None else imposed.atoms
    converged = descent.state.converged
    curvature = descent.negative_curvature_eV_per_A2 if converged else None
    refinement = None
    if refined is not None:
        converged = _at_rest_in_its_group(relaxed, evaluation, settings)
        refinement = _refined(refined, descent.state, evaluation, settings)
    return Relaxation(
        atoms=relaxed,
        converged=converged,
        n_steps=descent.state.n_steps,
        fmax_eV_per_A=float(np.linalg.norm(forces_of(evaluation), axis=1).max()),
        max_stress_eV_per_A3=None if left_over is None else float(np.abs(left_over).max()),
        pressure_eV_per_A3=reached,
        target_pressure_GPa=settings.pressure_GPa,
        energy_before_eV=descent.state.energy_before_eV,
        energy_after_eV=evaluation.energy_eV,
        volume_before_A3=float(atoms.cell.volume) if crystal else None,
        volume_after_A3=float(relaxed.cell.volume) if crystal else None,
        symmetry=symmetry,
        refined=refinement,
        near_symmetry=near_symmetry(relaxed, model.capabilities) if converged else None,
        negative_curvature_eV_per_A2=curvature,
        followed=(),
        imaginary_per_cm=None,
        warnings=(
            *extrapolation_remarks(evaluation, model.identity.name),
            *_force_warnings(descent, left, settings, refined, at_rest=converged),
            *saddle_warnings(curvature),
            *_energy_warnings(
                evaluation.energy_eV - descent.state.energy_start_eV,
                pressure_eV_per_A3 * float(relaxed.cell.volume - start.cell.volume),
                len(relaxed),
            ),
            *_symmetry_warnings(symmetry),
            *_refining_warnings(refinement),
            *volume_warnings(atoms, relaxed, model, settings.pressure_GPa),
        ),
        provenance=record(model.identity, **settings.to_json(), **_products(descent.methods)),
    )


def _at_rest_in_its_group(
    refined: Atoms, evaluation: Evaluation, settings: RelaxationSettings
) -> bool:
    """Tell whether what keeps the group is below the threshold; the rest is the model's doing."""
    operations = find_operations(refined, EXACT_TOLERANCE_A)
    adjust = followed(operations, settings.pressure_GPa / EV_PER_A3_IN_GPA)
    kept = adjust(refined, evaluation)
    stress = None if settings.cell == "fixed" else kept.stress_eV_per_A3
    left = residual(forces_of(kept), stress, refined.cell.array, settings.cell)
    return left < settings.fmax_eV_per_A


def _refined(
    refined: Symmetrized, state: State, evaluation: Evaluation, settings: RelaxationSettings
) -> RefinedSymmetry:
    volume_A3 = abs(float(np.linalg.det(state.cell_A)))
    energy_eV = state.energy_eV - settings.pressure_GPa / EV_PER_A3_IN_GPA * volume_A3
    return RefinedSymmetry(
        tolerance_A=refined.tolerance_A,
        number_before=refined.before.number,
        symbol_before=refined.before.symbol,
        number_after=refined.after.number,
        symbol_after=refined.after.symbol,
        max_displacement_A=refined.max_displacement_A,
        max_strain=refined.max_strain,
        energy_change_eV_per_atom=(evaluation.energy_eV - energy_eV) / len(refined.atoms),
    )


def _products(methods: Sequence[ProductMethod]) -> dict[str, Setting]:
    """Return how the products of this run were computed, and why so; nothing if there were none."""
    if not methods:
        return {}
    return {
        "products": " and ".join(dict.fromkeys(method.name for method in methods)),
        "products_reason": "; ".join(dict.fromkeys(method.reason for method in methods)),
    }


def _kept_symmetry(relaxed: Atoms, imposed: Symmetrized, state: State) -> KeptSymmetry:
    after = space_group(relaxed)
    return KeptSymmetry(
        tolerance_A=imposed.tolerance_A,
        number_before=imposed.before.number,
        symbol_before=imposed.before.symbol,
        number_imposed=imposed.after.number,
        symbol_imposed=imposed.after.symbol,
        number_after=after.number,
        symbol_after=after.symbol,
        max_displacement_A=imposed.max_displacement_A,
        max_strain=imposed.max_strain,
        energy_imposed_eV=state.energy_start_eV,
        energy_change_eV_per_atom=(state.energy_start_eV - state.energy_before_eV) / len(relaxed),
    )


def _force_warnings(
    descent: Descent,
    left: float,
    settings: RelaxationSettings,
    refined: Symmetrized | None,
    *,
    at_rest: bool,
) -> list[Remark]:
    what = "force" if settings.cell == "fixed" else "force or virial per atom"
    numbers = f"the largest {what} is {left:.4g} eV/Å, above {settings.fmax_eV_per_A:g}"
    n_steps = descent.state.n_steps
    steps = "1 step" if n_steps == 1 else f"{n_steps} steps"
    if descent.stalled:
        said = (
            f"Not converged: no lower energy was found after {steps}, and "
            f"{numbers}. Use `optimizer` BFGS or FIRE, or a larger `fmax_eV_per_A`."
        )
        return [Remark("not-converged", said)]
    if not descent.state.converged:
        said = (
            f"Not converged after {steps}: {numbers}. Allow more `max_steps` "
            f"(a checkpoint goes on where it stopped), or try another `optimizer`."
        )
        return [Remark("not-converged", said)]
    if refined is not None and not at_rest:
        said = (
            f"No longer at rest on {refined.after.symbol}, onto which it was refined after it had "
            f"converged: {numbers}. Relax what came out once more, or use a smaller "
            f"`symmetrize_A` than {refined.tolerance_A:g} Å."
        )
        return [Remark("not-converged", said)]
    if left >= settings.fmax_eV_per_A:
        said = (
            f"Converged only within the imposed symmetry: in the model's own forces and stress, "
            f"which break it, {numbers}. Relax without symmetry to follow them."
        )
        return [Remark("held-by-symmetry", said)]
    return []


def saddle_warnings(curvature_eV_per_A2: float | None) -> tuple[Remark, ...]:
    """Return what a negative curvature along a step just before the end means; nothing if none."""
    if curvature_eV_per_A2 is None:
        return ()
    said = (
        f"The curvature along a step just before the end was negative "
        f"({curvature_eV_per_A2:.2g} eV/Å²): this may be a saddle point. `relax_to_minimum`, or "
        f"`follow_imaginary`, finds out."
    )
    return (Remark("saddle-point", said),)


def _energy_warnings(energy_eV: float, work_eV: float, n_atoms: int) -> list[Remark]:
    """Return what to say of changes of the energy and of pV from the first step to the last."""
    rise = (energy_eV + work_eV) / n_atoms
    if rise <= _ENERGY_RISE_eV_PER_ATOM:
        return []
    said = (
        f"The {'enthalpy' if work_eV else 'energy'} rose by {rise:.4g} eV per atom: the forces are "
        f"not the gradient of the energy, or the optimizer left the minimum. Check the model, or "
        f"use `optimizer` FIRE."
    )
    return [Remark("energy-rose", said)]


def _symmetry_warnings(symmetry: KeptSymmetry | None) -> list[Remark]:
    if symmetry is None or symmetry.number_after == symmetry.number_imposed:
        return []
    said = (
        f"The space group changed from {symmetry.symbol_imposed} ({symmetry.number_imposed}) to "
        f"{symmetry.symbol_after} ({symmetry.number_after}) while relaxing; look at the structure."
    )
    return [Remark("space-group-changed", said)]


def _refining_warnings(refined: RefinedSymmetry | None) -> list[Remark]:
    if refined is None or refined.energy_change_eV_per_atom <= _NOISE_eV_PER_ATOM:
        return []
    change = 1000 * refined.energy_change_eV_per_atom
    said = (
        f"Refining what was relaxed onto {refined.symbol_after} raised its energy by {change:.3g} "
        f"meV/atom: the minimum has less symmetry than that. Use a smaller `symmetrize_A` than "
        f"{refined.tolerance_A:g} Å."
    )
    return [Remark("refining-raised-energy", said)]
