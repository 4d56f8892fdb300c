"""The verb `relax`: positions, and the cell of a crystal, to the next minimum of a model."""

import os
from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np
from ase import Atoms
from ase.stress import full_3x3_to_voigt_6_stress, voigt_6_to_full_3x3_stress
from numpy.typing import NDArray

from nearsight.announcing import announces
from nearsight.errors import MethodError
from nearsight.fingerprint import fingerprint
from nearsight.hessian.product_method import ProductMethod
from nearsight.hessian.same_model import kept_evaluation, precision_of, require_same_model
from nearsight.locking import hold
from nearsight.models.as_calculator import Adjust, ModelCalculator
from nearsight.models.contract import Evaluation, Model, require_elements
from nearsight.models.versions import versions_behind
from nearsight.provenance import Setting, record
from nearsight.relaxation.checkpoint import Checkpoint, State
from nearsight.relaxation.descent import Descent, RelaxationSettings, descend, residual
from nearsight.relaxation.result import KeptSymmetry, Relaxation
from nearsight.relaxation.volume import volume_warnings
from nearsight.remarks import Remark
from nearsight.structures.checking import check_structure, require_no_constraints
from nearsight.structures.operations import Operations, find_operations
from nearsight.structures.symmetry import EXACT_TOLERANCE_A, Symmetrized, space_group, symmetrize

# A relaxation that ends higher than it began by more than float32 noise went wrong.
_ENERGY_RISE_eV_PER_ATOM = 1e-3


@announces
def relax(
    atoms: Atoms,
    model: Model,
    *,
    fmax: float = 0.005,
    cell: bool | None = None,
    optimizer: str | None = None,
    max_steps: int = 1000,
    symmetry_tolerance_A: float | None = None,
    memory_budget_bytes: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
) -> Relaxation:
    """Relax positions and cell to the next minimum of the energy.

    Converged is a structure whose largest force on an atom and, with a free cell, largest row of
    the virial divided by the number of atoms are below `fmax`. A step limit that is
    reached is no error: the result says so in `Relaxation.converged` and `Relaxation.warnings`.

    Forces vanish on saddle points too. A start of higher symmetry than the minimum has no force
    that breaks it, whether or not the symmetry is imposed, and the relaxation converges on the
    saddle without a sign of it. ``newton`` warns where its last steps show a negative curvature,
    and looks no further; `nearsight.vibrations.minimum.relax_to_minimum`, or
    ``--follow-imaginary`` on the command line, computes the lowest modes and leaves saddle points
    along them.

    Parameters
    ----------
    atoms
        The structure; it stays as it is.
    model
        Gives energy, forces and, for a free cell, stress.
    fmax
        The threshold in eV/Å.
    cell
        Whether the cell is relaxed too; None does so if it is periodic in three directions.
    optimizer
        ``newton`` starts from a few products with the Hessian (`nearsight.relaxation.newton`);
        ``BFGS``, ``LBFGS``, ``FIRE`` and ``BFGSLineSearch`` are ASE's. None takes what
        `choose_optimizer` chooses.
    max_steps
        Largest number of steps, those before an interruption included.
    symmetry_tolerance_A
        If given, the structure is first moved onto the space group that it has within this
        tolerance in Å, and keeps that group while it relaxes.
    memory_budget_bytes
        Memory that products of ``newton`` may use; by default 80 % of what is free on the model's
        device. Where analytic products do not fit, they are taken group by group or are differences
        of forces: `Relaxation.provenance` says what ran, in ``products`` and ``products_reason``.
    checkpoint
        A file in which the geometry is kept every few seconds and when the run is interrupted. If
        it exists the relaxation goes on from there. While another process works on it, this one
        waits.
    progress
        Whether a progress bar is shown; None shows it on a terminal.

    Raises
    ------
    StructureError
        `atoms` is not a structure to start from, or has no space group to keep.
    MethodError
        A setting is not possible, or `atoms` has constraints.
    ModelError
        The model does not know an element or gave something unusable.
    MemoryBudgetError
        A force call does not fit into the memory budget.
    CheckpointError
        The checkpoint is damaged, or belongs to another calculation, or to another model of the
        same name or version.
    StorageError
        The checkpoint cannot be written; the older one is intact.
    """
    check_structure(atoms)
    require_no_constraints(atoms)
    require_elements(atoms, model)
    settings = RelaxationSettings(
        fmax_eV_per_A=fmax,
        cell=_choose_cell(atoms, cell),
        optimizer=optimizer or choose_optimizer(model),
        max_steps=max_steps,
        symmetry_tolerance_A=symmetry_tolerance_A,
    )
    imposed: Symmetrized | None = None
    operations: Operations | None = None
    moving = atoms.copy()
    if symmetry_tolerance_A is not None:
        imposed = symmetrize(atoms, symmetry_tolerance_A)
        operations = find_operations(imposed.atoms, EXACT_TOLERANCE_A)
        moving = imposed.atoms.copy()
    moving.calc = ModelCalculator(model, adjust=_projection(operations))
    with hold(checkpoint):
        keeper = Checkpoint(
            checkpoint,
            fingerprint(atoms, model.identity, settings.deciding()),
            versions_behind(model.identity),
        )
        state = keeper.resume()
        if state is None:
            state = _begin(atoms, moving, model)
        else:
            _require_same_model(atoms, moving, state, settings, checkpoint)
        descent = descend(
            moving, state, settings, keeper, progress, memory_budget_bytes=memory_budget_bytes
        )
    moving.calc = None
    return _report(atoms, moving, model, settings, descent=descent, imposed=imposed)


def choose_optimizer(model: Model) -> str:
    """Return ``newton``, or ``BFGS`` for a model whose forces are no gradient of an energy."""
    return "BFGS" if model.capabilities.conservative is False else "newton"


def _choose_cell(atoms: Atoms, cell: bool | None) -> bool:
    crystal = bool(atoms.pbc.all())
    if cell and not crystal:
        raise MethodError(
            f"A cell is relaxed only if it is periodic in three directions, not with "
            f"pbc = {atoms.pbc.tolist()}; use cell=False, or leave it out."
        )
    return crystal if cell is None else cell


def _begin(atoms: Atoms, start: Atoms, model: Model) -> State:
    """Return the state before the first step; `start` is `atoms` or its symmetrised form."""
    before, begun = model.evaluate([atoms.copy(), start.copy()])
    return State(
        positions_A=start.positions.copy(),
        cell_A=start.cell.array.copy(),
        n_steps=0,
        converged=False,
        energy_before_eV=before.energy_eV,
        energy_start_eV=begun.energy_eV,
        energy_eV=begun.energy_eV,
        forces_eV_per_A=begun.forces_eV_per_A,
    )


def _require_same_model(
    atoms: Atoms,
    moving: Atoms,
    state: State,
    settings: RelaxationSettings,
    checkpoint: str | os.PathLike[str] | None,
) -> None:
    """Compare energies, as given and as kept, and forces with those of the model as it is now."""
    calculator: ModelCalculator = moving.calc
    identity = calculator.model.identity
    state.apply_to(moving)
    at_kept = Evaluation(state.energy_eV, state.forces_eV_per_A, None, None)
    precision = precision_of(identity.dtype, at_kept)
    kept = kept_evaluation(at_kept, precision, " of the geometry in it")
    first_of = replace(kept[0], what="the energy", value=np.array(state.energy_before_eV))

    def ask() -> list[NDArray[np.float64]]:
        [before] = calculator.model.evaluate([atoms.copy()])
        calculator.reset()
        if settings.cell:
            moving.get_stress()  # brings the forces with it, for the first step to come too
        return [
            np.array(before.energy_eV),
            np.array(moving.get_potential_energy()),
            moving.get_forces(),
        ]

    require_same_model([first_of, *kept], ask, checkpoint, identity.name)


def _projection(operations: Operations | None) -> Adjust | None:
    """Return what removes the part of forces and stress that would break the space group."""
    if operations is None:
        return None

    def project(atoms: Atoms, evaluation: Evaluation) -> Evaluation:
        cell = atoms.cell.array
        stress = evaluation.stress_eV_per_A3
        if stress is not None:
            tensor = operations.average_tensor(voigt_6_to_full_3x3_stress(stress), cell)
            stress = full_3x3_to_voigt_6_stress(tensor)
        forces = operations.average_vectors(evaluation.forces_eV_per_A, cell)
        return replace(evaluation, forces_eV_per_A=forces, stress_eV_per_A3=stress)

    return project


def _report(
    atoms: Atoms,
    relaxed: Atoms,
    model: Model,
    settings: RelaxationSettings,
    *,
    descent: Descent,
    imposed: Symmetrized | None,
) -> Relaxation:
    # Evaluated once more, without projection: what is reported is what the model says.
    [evaluation] = model.evaluate([relaxed], stress=settings.cell)
    stress = evaluation.stress_eV_per_A3 if settings.cell else None
    crystal = bool(atoms.pbc.all())
    left = residual(evaluation.forces_eV_per_A, stress, relaxed.cell.volume)
    symmetry = None if imposed is None else _kept_symmetry(relaxed, imposed, descent.state)
    return Relaxation(
        atoms=relaxed,
        converged=descent.state.converged,
        n_steps=descent.state.n_steps,
        fmax_eV_per_A=float(np.linalg.norm(evaluation.forces_eV_per_A, axis=1).max()),
        max_stress_eV_per_A3=None if stress is None else float(np.abs(stress).max()),
        energy_before_eV=descent.state.energy_before_eV,
        energy_after_eV=evaluation.energy_eV,
        volume_before_A3=float(atoms.cell.volume) if crystal else None,
        volume_after_A3=float(relaxed.cell.volume) if crystal else None,
        symmetry=symmetry,
        warnings=(
            *_force_warnings(descent, left, settings),
            *_saddle_warnings(descent),
            *_energy_warnings(descent.state, evaluation, relaxed),
            *_symmetry_warnings(symmetry),
            *volume_warnings(atoms, relaxed, model),
        ),
        provenance=record(model.identity, **asdict(settings), **_products(descent.methods)),
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


def _force_warnings(descent: Descent, left: float, settings: RelaxationSettings) -> list[Remark]:
    what = "force or virial per atom" if settings.cell else "force"
    numbers = f"the largest {what} is {left:.4g} eV/Å, above {settings.fmax_eV_per_A:g}"
    n_steps = descent.state.n_steps
    steps = "1 step" if n_steps == 1 else f"{n_steps} steps"
    if descent.stalled:
        said = (
            f"Not converged: no lower energy was found after {steps}, and "
            f"{numbers}. Use the optimizer BFGS or FIRE, or a larger fmax."
        )
        return [Remark("not-converged", said)]
    if not descent.state.converged:
        said = (
            f"Not converged after {steps}: {numbers}. Allow more steps "
            f"(a checkpoint goes on where it stopped), or try another optimizer."
        )
        return [Remark("not-converged", said)]
    if left >= settings.fmax_eV_per_A:
        said = (
            f"Converged only within the imposed symmetry: in the model's own forces and stress, "
            f"which break it, {numbers}. Relax without symmetry to follow them."
        )
        return [Remark("held-by-symmetry", said)]
    return []


def _saddle_warnings(descent: Descent) -> list[Remark]:
    curvature = descent.negative_curvature_eV_per_A2
    if curvature is None or not descent.state.converged:
        return []
    said = (
        f"The curvature along a step just before the end was negative ({curvature:.2g} eV/Å²): "
        f"this may be a saddle point. `relax_to_minimum`, or --follow-imaginary, finds out."
    )
    return [Remark("saddle-point", said)]


def _energy_warnings(state: State, evaluation: Evaluation, relaxed: Atoms) -> list[Remark]:
    rise = (evaluation.energy_eV - state.energy_start_eV) / len(relaxed)
    if rise <= _ENERGY_RISE_eV_PER_ATOM:
        return []
    said = (
        f"The energy rose by {rise:.4g} eV per atom: the forces are not the gradient of the "
        f"energy, or the optimizer left the minimum. Check the model, or use the optimizer FIRE."
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
