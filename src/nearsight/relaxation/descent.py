"""Down to the next minimum, watched, kept and stoppable."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from ase import Atoms

from nearsight.arrays import FloatArray
from nearsight.errors import ModelError, StorageError
from nearsight.hessian.products.operator import HessianOperator
from nearsight.hessian.products.strategies import ProductMethod
from nearsight.progress import Progress, as_progress
from nearsight.relaxation.answers import AnsweredProducts, Answers
from nearsight.relaxation.checkpoint import Checkpoint, State
from nearsight.relaxation.followed import residual
from nearsight.relaxation.optimizers import Optimizer, optimizer_of
from nearsight.relaxation.settings import RelaxationSettings
from nearsight.relaxation.trajectory import Trajectory
from nearsight.structures.naming import name_structure

logger = logging.getLogger("nearsight.relaxation")

_LEAST_VOLUME = 0.05
"""Of that at the start. Frameworks that fall in keep a tenth; a cell that goes on shrinking has
more and more neighbours within the cutoff, until they fill the memory."""


@dataclass(frozen=True)
class Descent:
    """Where a descent ended, and what was learnt on the way."""

    state: State
    stalled: bool
    """Whether no lower energy was found."""
    methods: tuple[ProductMethod, ...]
    """How products with the Hessian were computed, each time that there were any."""
    negative_curvature_eV_per_A2: float | None
    """The curvature along a step near the end, if that was negative; only ``newton`` looks."""

    @classmethod
    def ended(cls, optimizer: Optimizer, state: State, *, stalled: bool) -> "Descent":
        """Return what an optimizer has come to at its end."""
        curvature = optimizer.negative_curvature_eV_per_A2
        return cls(state, stalled, tuple(optimizer.methods), curvature)


def descend(
    atoms: Atoms,
    state: State,
    settings: RelaxationSettings,
    strains: FloatArray,
    *,
    volume_A3: float,
    answers: Answers,
    checkpoint: Checkpoint,
    trajectory: Trajectory | None = None,
    progress: Progress | bool | None,
    memory_budget_bytes: int | None = None,
) -> Descent:
    """Relax `atoms` in place, from `state` on.

    The optimizer begins where `answers` began, and gets to `state` by those that are known.

    Parameters
    ----------
    atoms
        Its calculator, an `AnsweredCalculator` of `answers`, gives what is minimised.
    state
        What was reached before.
    settings
        With an optimizer, and a kind of cell that `atoms` can have.
    strains
        By which the cell may change, see `nearsight.relaxation.strains.strains_of`.
    volume_A3
        That of the cell as it was given.
    answers
        What the model said before, and where it is added to.
    checkpoint, trajectory
        Where each accepted step is kept.
    progress
        Whether a progress bar is shown; None shows it on a terminal.
    memory_budget_bytes
        Memory that products may use.

    Raises
    ------
    ReplayDivergedError
        Known answers are about another path.
    ModelError
        The model failed, or crushes the crystal; the last good geometry is in the checkpoint.
    MemoryBudgetError
        Products with the Hessian do not fit into the memory budget by any method.
    StorageError
        A checkpoint cannot be written; the older one is intact.
    """
    if state.converged:
        return _at_rest(atoms, state, settings, trajectory)
    atoms.cell, atoms.positions = answers.origin_cell_A, answers.origin_positions_A
    operator_of = partial(
        HessianOperator, model=atoms.calc.model, memory_budget_bytes=memory_budget_bytes
    )
    products_of = partial(AnsweredProducts, answers=answers, operator_of=operator_of)
    reached = state.n_steps
    try:
        with as_progress(progress).task("Relaxation step", None, state.n_steps) as advance:

            def keep(state: State, left_eV_per_A: float) -> None:
                if answers.replaying and state.n_steps < reached:
                    return
                _require_room(atoms, volume_A3, state.n_steps)
                if trajectory is not None:  # first, so that no checkpoint is ahead of it
                    trajectory.add(atoms, state.n_steps, atoms.calc.evaluation)
                checkpoint.keep(state, answers)
                advance(state.n_steps, f"fmax {left_eV_per_A:.4f} eV/Å")
                logger.debug("relaxation step %d: fmax %.5f eV/Å", state.n_steps, left_eV_per_A)

            start = partial(optimizer_of, atoms, settings, strains, products_of)
            state = replace(state, n_steps=answers.origin_step)
            settings = replace(settings, max_steps=max(settings.max_steps, reached))
            descent = _descend_in_rounds(atoms, state, settings, start, keep)
    except BaseException as interruption:
        # Whatever stopped the descent, Ctrl-C included, the steps done so far are kept.
        try:
            checkpoint.write()
        except StorageError as failure:
            if str(failure) != str(interruption):
                interruption.add_note(f"The checkpoint could not be written either: {failure}")
        raise
    checkpoint.write()
    return descent


def _require_room(atoms: Atoms, volume_A3: float, n_steps: int) -> None:
    """Check that a crystal has not been crushed."""
    if atoms.cell.volume < _LEAST_VOLUME * volume_A3:
        raise ModelError(
            f"{atoms.calc.model.identity.name} crushes {name_structure(atoms)}: after {n_steps} "
            f"steps its cell has {atoms.cell.volume:.1f} of {volume_A3:.1f} Å³. Keep its `cell` "
            f"fixed, or take a model that knows such crystals."
        )


def _at_rest(
    atoms: Atoms, state: State, settings: RelaxationSettings, trajectory: Trajectory | None
) -> Descent:
    """Return what an earlier run has come to."""
    state.apply_to(atoms)
    if trajectory is not None:
        _residual_of(atoms, settings.cell)  # what the frame has, if it was lost
        trajectory.add(atoms, state.n_steps, atoms.calc.evaluation)
    return Descent(state, False, state.methods, state.negative_curvature_eV_per_A2)


def _descend_in_rounds(
    atoms: Atoms,
    state: State,
    settings: RelaxationSettings,
    start: Callable[[], Optimizer],
    keep: Callable[[State, float], None],
) -> Descent:
    """Start the optimizer anew until the criterion holds in the present cell.

    ASE measures forces in the frame of the cell that the filter began with. After a large strain
    that is another number than the force on the atoms, and one more round settles it.
    """
    while True:
        optimizer, before = start(), state.n_steps
        for _ in optimizer.steps(settings.max_steps - before):
            left = _residual_of(atoms, settings.cell)
            state = replace(
                state,
                positions_A=atoms.positions.copy(),
                cell_A=atoms.cell.array.copy(),
                n_steps=before + optimizer.taken,
                converged=left < settings.fmax_eV_per_A,
                energy_eV=float(atoms.get_potential_energy()),
                forces_eV_per_A=atoms.get_forces().copy(),
                methods=tuple(optimizer.methods),
                negative_curvature_eV_per_A2=optimizer.negative_curvature_eV_per_A2,
            )
            keep(state, left)
            if state.converged:
                return Descent.ended(optimizer, state, stalled=False)
        # Steps that were taken back count too.
        state = replace(state, n_steps=before + optimizer.taken)
        if optimizer.stalled or state.n_steps >= settings.max_steps:
            return Descent.ended(optimizer, state, stalled=optimizer.stalled)


def _residual_of(atoms: Atoms, cell: str) -> float:
    # Asked for first, the stress brings the forces with it.
    stress = None if cell == "fixed" else atoms.get_stress()
    return residual(atoms.get_forces(), stress, atoms.cell.array, cell)
