"""The verb `relax`: positions, and the cell of a crystal, to the next minimum of a model."""

import logging
import os
from dataclasses import replace

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.announcing import announces
from nearsight.errors import MethodError, SettingError
from nearsight.fingerprint import fingerprint
from nearsight.hessian.same_model import kept_evaluation, precision_of, require_same_model
from nearsight.locking import hold
from nearsight.models.calculator import Adjust, ModelCalculator
from nearsight.models.contract import Evaluation, Model, forces_of
from nearsight.models.evaluable import require_calculable
from nearsight.models.mixed_precision import MixedPrecisionModel
from nearsight.models.versions import versions_behind
from nearsight.progress import Progress
from nearsight.provenance import Setting
from nearsight.relaxation.answers import AnsweredCalculator, Answers, ReplayDivergedError
from nearsight.relaxation.checkpoint import Checkpoint, State
from nearsight.relaxation.descent import Descent, descend
from nearsight.relaxation.followed import followed, residual
from nearsight.relaxation.precision import NEAR_EV_PER_A, TIMES_FMAX, DescendingModel
from nearsight.relaxation.refining import refined_onto_group
from nearsight.relaxation.report import report
from nearsight.relaxation.result import Relaxation
from nearsight.relaxation.settings import RelaxationSettings
from nearsight.relaxation.strains import strains_of
from nearsight.relaxation.trajectory import Trajectory
from nearsight.structures.checking import check_structure, require_no_constraints
from nearsight.structures.operations import Operations, find_operations
from nearsight.structures.symmetry import Symmetrized, symmetrize
from nearsight.structures.tolerances import EXACT_TOLERANCE_A
from nearsight.units import EV_PER_A3_IN_GPA

logger = logging.getLogger("nearsight.relaxation")


@announces
def relax(
    atoms: Atoms,
    model: Model,
    settings: RelaxationSettings = RelaxationSettings(),
    *,
    memory_budget_bytes: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    trajectory: str | os.PathLike[str] | Trajectory | None = None,
    progress: Progress | bool | None = None,
) -> Relaxation:
    """Relax positions and cell to the next minimum of the energy or, under pressure, enthalpy.

    Converged is a structure whose largest force on an atom and, with a cell that is relaxed,
    largest row of the virial divided by the number of atoms are below ``fmax_eV_per_A``. A step
    limit that is reached is no error: the result says so in `Relaxation.converged` and
    `Relaxation.warnings`.

    Forces vanish on saddle points too. A start of higher symmetry than the minimum has no force
    that breaks it, whether or not the symmetry is imposed, and the relaxation converges on the
    saddle without a sign of it. ``newton`` warns where its last steps show a negative curvature,
    and looks no further; `nearsight.vibrations.minimum.relax_to_minimum` computes the lowest modes
    and leaves saddle points along them.

    Parameters
    ----------
    atoms
        The structure; it stays as it is.
    model
        Gives energy, forces and, for a cell that is relaxed, stress.
    settings
        How far, by what, and what of the cell. Without an optimizer that of `choose_optimizer`:
        ``newton`` starts from a few products with the Hessian (`nearsight.relaxation.newton`), the
        others are ASE's. A cell that is ``free`` is relaxed if it is periodic in three directions.
        With ``symmetrize_A`` the structure is first moved onto the space group that it has within
        this tolerance, and keeps that group while it relaxes; what was relaxed is moved onto the
        group that it has then, if that is a larger one whose operations the model keeps. Under a
        pressure E + pV is minimised.
    memory_budget_bytes
        Memory that products of ``newton`` may use; by default 80 % of what is free on the model's
        device. Where analytic products do not fit, they are taken group by group or are differences
        of forces: `Relaxation.provenance` says what ran, in ``products`` and ``products_reason``.
    checkpoint
        A file in which the way so far is kept every few seconds and when the run is interrupted. If
        it exists the relaxation goes on from there, as if it had not been interrupted; where sums
        are rounded in another way than there, from its last geometry with its optimizer anew. While
        another process works on it, this one waits.
    trajectory
        A file to which each accepted step is appended, ``.traj`` or ``.extxyz``, with energy,
        forces and, with a cell that is relaxed, stress of the model; see `Trajectory`. What is
        there is replaced, unless the relaxation goes on from a checkpoint.
    progress
        How far it has come: see `nearsight.progress.Progress`.

    Raises
    ------
    StructureError
        `atoms` is not a structure to start from, or has no space group to keep.
    MethodError
        A setting is not possible for this structure, or `atoms` has constraints.
    SettingError
        A setting asks for what this verb does not do.
    ModelError
        The model did not know an element or gave something unusable.
    MemoryBudgetError
        A force call does not fit into the memory budget.
    CheckpointError
        The checkpoint is damaged, or belongs to another calculation, or to another model of the
        same name or version.
    StorageError
        The checkpoint cannot be written; the older one is intact. Or `trajectory` cannot, which is
        found before anything is computed, or holds no steps of this relaxation.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.models import load_model
    >>> from nearsight.relaxation import relax
    >>> relaxation = relax(bulk("Cu", a=3.7), load_model("ase:emt"))
    >>> relaxation.converged
    True
    >>> print(f"{relaxation.volume_before_A3:.2f} to {relaxation.volume_after_A3:.2f} Å³")
    12.66 to 11.57 Å³
    """
    check_structure(atoms)
    require_no_constraints(atoms)
    require_calculable(atoms, model)
    settings = _resolved(settings, atoms, model)
    steps = trajectory if isinstance(trajectory, Trajectory) else _opened(trajectory)
    imposed: Symmetrized | None = None
    operations: Operations | None = None
    moving = atoms.copy()
    if settings.symmetrize_A is not None:
        imposed = symmetrize(atoms, settings.symmetrize_A)
        operations = find_operations(imposed.atoms, EXACT_TOLERANCE_A)
        moving = imposed.atoms.copy()
    adjust = followed(operations, settings.pressure_GPa / EV_PER_A3_IN_GPA)
    strains = strains_of(settings.cell, moving.cell.array, operations)
    with hold(checkpoint):
        keeper = Checkpoint(
            checkpoint,
            fingerprint(atoms, model.identity, _deciding(settings)),
            versions_behind(model.identity),
        )
        resumed = keeper.resume()
        if steps is not None:
            steps.begin(None if resumed is None else resumed[0].n_steps, atoms)
        if resumed is None:
            state = _begin(atoms, moving, model, adjust)
            most = 0 if checkpoint is None else None  # nobody will ask for them again
            answers = Answers(state.positions_A, state.cell_A, most_bytes=most)
        else:
            state, answers = resumed
            if state.converged:  # of the way there nothing is asked any more
                answers = Answers(state.positions_A, state.cell_A, state.n_steps)
            calculator = ModelCalculator(model, adjust=adjust)
            _require_same_model(atoms, calculator, state, settings, checkpoint)

        def descend_from(answers: Answers) -> Descent:
            origin = moving.copy()
            origin.cell, origin.positions = answers.origin_cell_A, answers.origin_positions_A
            moving.calc = _calculator(answers, origin, model, adjust, settings)
            return descend(
                moving,
                state,
                settings,
                strains,
                volume_A3=atoms.cell.volume,
                answers=answers,
                checkpoint=keeper,
                trajectory=steps,
                progress=progress,
                memory_budget_bytes=memory_budget_bytes,
            )

        try:
            descent = descend_from(answers)
        except ReplayDivergedError:
            logger.info(
                "sums are rounded in another way here: the relaxation goes on from its last "
                "geometry, after %d steps, with its optimizer anew",
                state.n_steps,
            )
            descent = descend_from(Answers(state.positions_A, state.cell_A, state.n_steps))
    moving.calc = None
    refined: Symmetrized | None = None
    if settings.symmetrize_A is not None and descent.state.converged:
        refined = refined_onto_group(moving, settings.symmetrize_A, model.capabilities)
    result = report(
        atoms, moving, model, settings, descent=descent, imposed=imposed, refined=refined
    )
    lacking = () if steps is None else steps.remarks
    return replace(result, warnings=(*result.warnings, *lacking))


def _calculator(
    answers: Answers, origin: Atoms, model: Model, adjust: Adjust, settings: RelaxationSettings
) -> AnsweredCalculator:
    """Return what is followed; of mixed precision in single until it comes near the minimum."""
    if not isinstance(model, MixedPrecisionModel):
        return AnsweredCalculator(answers, model, adjust)

    def residual_of(atoms: Atoms, evaluation: Evaluation) -> float:
        adjusted = adjust(atoms, evaluation)
        stress = adjusted.stress_eV_per_A3
        return residual(forces_of(adjusted), stress, atoms.cell.array, settings.cell)

    near_eV_per_A = max(NEAR_EV_PER_A, TIMES_FMAX * settings.fmax_eV_per_A)
    descending = DescendingModel(model, origin, near_eV_per_A, residual_of)
    return AnsweredCalculator(answers, descending, adjust, descending.note)


def choose_optimizer(model: Model) -> str:
    """Return ``newton``, or ``BFGS`` for a model whose forces are no gradient of an energy."""
    return "BFGS" if model.capabilities.conservative is False else "newton"


def _opened(path: str | os.PathLike[str] | None) -> Trajectory | None:
    return None if path is None else Trajectory(path)


def _resolved(settings: RelaxationSettings, atoms: Atoms, model: Model) -> RelaxationSettings:
    """Return the settings with all that was left open decided for a structure and a model."""
    if not settings.relax:
        raise SettingError(
            "`relax` is false, but the verb that was called relaxes: leave the setting out, or "
            "take the structure as it is.",
            "relax",
        )
    if settings.follow_imaginary:
        raise SettingError(
            "`follow_imaginary` is true, but `relax` looks for no modes; `relax_to_minimum` does.",
            "follow_imaginary",
        )
    cell = settings.cell
    if not atoms.pbc.all():
        _require_nothing_of_a_crystal(settings, atoms)
        cell = "fixed"
    return replace(settings, cell=cell, optimizer=settings.optimizer or choose_optimizer(model))


def _require_nothing_of_a_crystal(settings: RelaxationSettings, atoms: Atoms) -> None:
    asked = {
        f"`cell` {settings.cell}": settings.cell in {"isotropic", "lengths", "shape"},
        f"`pressure_GPa` {settings.pressure_GPa:g}": settings.pressure_GPa != 0,
    }
    for name, given in asked.items():
        if given:
            raise MethodError(
                f"{name} is about the cell of a crystal, which is periodic in three directions, "
                f"not with pbc = {atoms.pbc.tolist()}; leave it out."
            )


def _deciding(settings: RelaxationSettings) -> dict[str, Setting]:
    """Return the settings that decide the path; a step limit only decides where it stops."""
    return {
        "fmax_eV_per_A": settings.fmax_eV_per_A,
        "cell": settings.cell,
        "pressure_GPa": settings.pressure_GPa,
        "optimizer": settings.optimizer,
        "symmetrize_A": settings.symmetrize_A,
    }


def _begin(atoms: Atoms, start: Atoms, model: Model, adjust: Adjust) -> State:
    """Return the state before the first step; `start` is `atoms` or its symmetrised form."""
    before, begun = model.evaluate([atoms.copy(), start.copy()])
    return State(
        positions_A=start.positions.copy(),
        cell_A=start.cell.array.copy(),
        n_steps=0,
        converged=False,
        energy_before_eV=before.energy_eV,
        energy_start_eV=begun.energy_eV,
        energy_eV=adjust(start, begun).energy_eV,
        forces_eV_per_A=forces_of(begun),
    )


def _require_same_model(
    atoms: Atoms,
    calculator: ModelCalculator,
    state: State,
    settings: RelaxationSettings,
    checkpoint: str | os.PathLike[str] | None,
) -> None:
    """Compare energies, as given and as kept, and forces with those of the model as it is now."""
    identity = calculator.model.identity
    moving = atoms.copy()
    state.apply_to(moving)
    moving.calc = calculator
    at_kept = Evaluation(state.energy_eV, state.forces_eV_per_A, None, None)
    precision = precision_of(identity.dtype, at_kept)
    kept = kept_evaluation(at_kept, precision, " of the geometry in it")
    first_of = replace(kept[0], what="the energy", value=np.array(state.energy_before_eV))

    def ask() -> list[NDArray[np.float64]]:
        [before] = calculator.model.evaluate([atoms.copy()], forces=False)
        calculator.reset()
        if settings.cell != "fixed":
            moving.get_stress()  # brings the forces with it
        forces = moving.get_forces()  # and they the energy
        return [np.array(before.energy_eV), np.array(moving.get_potential_energy()), forces]

    require_same_model([first_of, *kept], ask, checkpoint, identity.name)
