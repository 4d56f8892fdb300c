"""Down to the next minimum with ASE's optimizers, watched, kept and stoppable."""

import contextlib
import logging
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from ase import Atoms

from nearsight.arrays import FloatArray
from nearsight.errors import StorageError
from nearsight.hessian.products.strategies import ProductMethod
from nearsight.progress import Advance, Progress, as_progress
from nearsight.relaxation.checkpoint import Checkpoint, State
from nearsight.relaxation.followed import residual
from nearsight.relaxation.newton import Newton
from nearsight.relaxation.settings import RelaxationSettings
from nearsight.relaxation.trajectory import Trajectory

if TYPE_CHECKING:
    from ase.optimize.optimize import Optimizer

logger = logging.getLogger("nearsight.relaxation")


_SHORTEST_STEP_A = 1e-8


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


def descend(
    atoms: Atoms,
    state: State,
    settings: RelaxationSettings,
    strains: FloatArray,
    *,
    checkpoint: Checkpoint,
    trajectory: Trajectory | None = None,
    progress: Progress | bool | None,
    memory_budget_bytes: int | None = None,
) -> Descent:
    """Relax `atoms`, which carries a calculator, in place from `state` on.

    Parameters
    ----------
    atoms
        Its calculator gives what is minimised.
    state
        Where to begin.
    settings
        With an optimizer, and a kind of cell that `atoms` can have.
    strains
        By which the cell may change, see `nearsight.relaxation.strains.strains_of`.
    checkpoint, trajectory
        Where each accepted step is kept.
    progress
        Whether a progress bar is shown; None shows it on a terminal.
    memory_budget_bytes
        Memory that products may use.

    Raises
    ------
    ModelError
        The model failed; the last good geometry is in the checkpoint.
    MemoryBudgetError
        Products with the Hessian do not fit into the memory budget by any method.
    StorageError
        A checkpoint cannot be written; the older one is intact.
    """
    state.apply_to(atoms)
    try:
        with as_progress(progress).task("Relaxation step", None, state.n_steps) as advance:
            descent = _descend_in_rounds(
                atoms,
                state,
                settings,
                strains,
                checkpoint=checkpoint,
                trajectory=trajectory,
                advance=advance,
                memory_budget_bytes=memory_budget_bytes,
            )
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


def _descend_in_rounds(
    atoms: Atoms,
    state: State,
    settings: RelaxationSettings,
    strains: FloatArray,
    *,
    checkpoint: Checkpoint,
    trajectory: Trajectory | None,
    advance: Advance,
    memory_budget_bytes: int | None,
) -> Descent:
    """Start the optimizer anew until the criterion holds in the present cell.

    ASE measures forces in the frame of the cell that the filter began with. After a large strain
    that is another number than the force on the atoms, and one more round settles it.
    """
    while True:
        first_step = state.n_steps
        optimizer = _optimizer(atoms, str(settings.optimizer), strains, memory_budget_bytes)
        try:
            for _ in _steps(optimizer, settings, settings.max_steps - first_step):
                left = _residual_of(atoms, settings.cell)
                stalled = optimizer.nsteps > 0 and _has_stalled(atoms, state, settings)
                state = replace(
                    state,
                    positions_A=atoms.positions.copy(),
                    cell_A=atoms.cell.array.copy(),
                    n_steps=first_step + optimizer.nsteps,
                    converged=left < settings.fmax_eV_per_A,
                    energy_eV=float(atoms.get_potential_energy()),
                    forces_eV_per_A=atoms.get_forces().copy(),
                )
                if trajectory is not None:  # first, so that no checkpoint is ahead of it
                    trajectory.add(atoms, state.n_steps, atoms.calc.evaluation)
                checkpoint.keep(state)
                advance(state.n_steps, f"fmax {left:.4f} eV/Å")
                logger.debug("relaxation step %d: fmax %.5f eV/Å", state.n_steps, left)
                if state.converged or stalled:
                    return _ended(optimizer, state, stalled=stalled and not state.converged)
        except RuntimeError as error:
            # ASE's line search has no exception of its own.
            if "LineSearch failed" not in str(error):
                raise
            state.apply_to(atoms)
            return _ended(optimizer, state, stalled=True)
        # Steps that were taken back count too.
        state = replace(state, n_steps=first_step + optimizer.nsteps)
        stalled = isinstance(optimizer, Newton) and optimizer.stalled
        if stalled or state.n_steps >= settings.max_steps:
            return _ended(optimizer, state, stalled=stalled)


def _ended(optimizer: "Optimizer | Newton", state: State, *, stalled: bool) -> Descent:
    if not isinstance(optimizer, Newton):
        return Descent(state, stalled, (), None)
    return Descent(state, stalled, tuple(optimizer.methods), optimizer.negative_curvature_eV_per_A2)


def _optimizer(
    atoms: Atoms, name: str, strains: FloatArray, memory_budget_bytes: int | None
) -> "Optimizer | Newton":
    if name == "newton":
        return Newton(atoms, atoms.calc.model, strains, memory_budget_bytes=memory_budget_bytes)
    import ase.optimize

    from nearsight.relaxation.filters import movable

    optimizer: Optimizer = getattr(ase.optimize, name)(movable(atoms, strains), logfile=None)
    return optimizer


def _steps(
    optimizer: "Optimizer | Newton", settings: RelaxationSettings, max_steps: int
) -> Iterator[object]:
    steps = optimizer.irun(fmax=settings.fmax_eV_per_A, steps=max(max_steps, 0))
    while True:
        # ASE's line search prints remarks, which must not end up in piped output.
        with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
            # SciPy says so of the cell filter's matrix logarithm from an error of 2e-13 on.
            warnings.filterwarnings("ignore", "logm result may be inaccurate", RuntimeWarning)
            try:
                converged = next(steps)
            except StopIteration:
                return
        yield converged


def _has_stalled(atoms: Atoms, before: State, settings: RelaxationSettings) -> bool:
    """Tell whether a line search goes on with steps of no length, as ASE's does without end."""
    if settings.optimizer != "BFGSLineSearch":
        return False
    moves = np.concatenate([atoms.positions - before.positions_A, atoms.cell - before.cell_A])
    return bool(np.abs(moves).max() < _SHORTEST_STEP_A)


def _residual_of(atoms: Atoms, cell: str) -> float:
    # Asked for first, the stress brings the forces with it.
    stress = None if cell == "fixed" else atoms.get_stress()
    return residual(atoms.get_forces(), stress, atoms.cell.array, cell)
