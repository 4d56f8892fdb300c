"""The training of a potential, which goes on after an interruption as if there had been none."""

import hashlib
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from nearsight.announcing import announces
from nearsight.arrays import FloatArray
from nearsight.errors import CheckpointError, StorageError
from nearsight.hdnnp.files.writing import remove_unfinished, write_potential
from nearsight.hdnnp.kernels.compiled_potential import compile_potential
from nearsight.hdnnp.networks import with_parameters
from nearsight.hdnnp.potential import Potential
from nearsight.locking import hold
from nearsight.progress import Progress, as_progress
from nearsight.provenance import ModelIdentity, Provenance, Setting, installed_versions
from nearsight.remarks import Remark
from nearsight.storage import what_helps
from nearsight.training.approach import approaches, falling
from nearsight.training.checkpoint import Checkpoint, deciding_settings, fingerprint
from nearsight.training.folder import BEST, CHECKPOINT, CURVE, LAST
from nearsight.training.labelled import LabelledData
from nearsight.training.learning import Learning
from nearsight.training.learning_curve import EpochErrors, LearningCurve
from nearsight.training.prediction import KernelPredictor
from nearsight.training.preparing import Prepared, prepare
from nearsight.training.proposing import Pair
from nearsight.training.result import Training
from nearsight.training.settings import TrainingSettings

CHECKPOINT_S = 30.0
"""Seconds between two checkpoints: little beside the steps, and little to lose."""
MEMORY_BYTES = 2 << 30
"""For descriptors, unless somebody says how much."""
_OVERFITTED = 3.0


@announces
def train(
    data: LabelledData,
    settings: TrainingSettings | None = None,
    *,
    out: str | os.PathLike[str] | None = None,
    reaches_A: Mapping[Pair, float] | None = None,
    checkpoint_s: float = CHECKPOINT_S,
    memory_bytes: int = MEMORY_BYTES,
    progress: Progress | bool | None = None,
    told: Callable[[EpochErrors], object] = lambda _: None,
    clock: Callable[[], float] = time.monotonic,
) -> Training:
    """Train a potential of Behler and Parrinello.

    Parameters
    ----------
    data
        Labelled structures; see `labelled_data`.
    settings
        How it is trained.
    out
        A folder for the potentials ``best`` and ``last`` as n2p2 has them, the learning curve, and
        a checkpoint from which the same call goes on after an interruption, and one for more epochs
        after the end: to the bit as if there had been none. It is made if it is not there; None
        writes nothing.
    reaches_A
        How far pairs of elements interact; see `propose_functions`.
    checkpoint_s
        Seconds between two checkpoints; there is one after each epoch, too.
    memory_bytes
        For derivatives of symmetry functions; those of structures that it does not hold are
        computed each time.
    progress
        Where progress goes; True for a bar.
    told
        What is called with the errors after each epoch, and before the first.
    clock
        Tells the time in seconds.

    Raises
    ------
    MethodError
        Data and settings do not go together.
    CheckpointError
        The checkpoint is damaged, or belongs to another training.
    StorageError
        A file cannot be written, or would take the place of another.

    Examples
    --------
    >>> from ase import Atoms
    >>> from ase.calculators.lj import LennardJones
    >>> from nearsight.training import FunctionSettings, StoppingSettings, TrainingSettings
    >>> from nearsight.training import Frame, labelled_data, train
    >>> frames = []
    >>> for distance_A in (1.00, 1.05, 1.10, 1.15, 1.20, 1.25, 1.30, 1.35, 1.40, 1.45):
    ...     pair = Atoms("Ar2", [[0, 0, 0], [0, 0, distance_A]], calculator=LennardJones())
    ...     frames.append(Frame(pair, pair.get_potential_energy(), pair.get_forces()))
    ...
    >>> functions, stopping = FunctionSettings(cutoff_A=3.0), StoppingSettings(epochs=2)
    >>> settings = TrainingSettings(functions=functions, stopping=stopping)
    >>> training = train(labelled_data(frames), settings)
    >>> print(f"{training.n_weights} weights, {len(training.epochs) - 1} epochs")
    331 weights, 2 epochs
    """
    settings = (settings or TrainingSettings()).with_cutoff()
    folder = None if out is None else _folder(out)
    with hold(None if folder is None else folder / CHECKPOINT):
        checkpoint = Checkpoint(
            None if folder is None else folder / CHECKPOINT,
            fingerprint(data.structures, settings, reaches_A),
            deciding_settings(settings),
        )
        state = checkpoint.resume()
        if state is not None and state.epoch > settings.stopping.epochs:
            raise CheckpointError(
                f"The training in {out} has {state.epoch} epochs already, beyond the "
                f"{settings.stopping.epochs} that are asked for; ask for more `epochs`, or delete "
                f"{checkpoint.path} and {CURVE} beside it to begin anew."
            )
        if folder is not None:
            for name in (BEST, LAST):
                remove_unfinished(folder / name)
        curve = LearningCurve(None if folder is None else folder / CURVE, told)
        curve.begin(None if state is None else state.curve_bytes)
        prepared = prepare(data, settings, reaches_A)
        compiled = compile_potential(prepared.potential)
        learning = Learning(
            prepared,
            settings,
            KernelPredictor(compiled, prepared.structures, memory_bytes),
            compiled.weights,
            compiled.blocks,
            curve=curve,
            clock=clock,
        )
        if state is not None:
            learning.restore(state)

        def save(*, epoch_ended: bool) -> None:
            curve.secure()
            if epoch_ended and folder is not None:
                _write(prepared.potential, learning, folder)
            checkpoint.write(learning.state())  # last: what it counts on is there

        stopped = learning.to_the_end(as_progress(progress), save, checkpoint_s)
    resumed_epoch = None if state is None else state.epoch
    model = "hdnnp" if folder is None else f"hdnnp:{folder / BEST}"
    return _result(prepared, settings, learning, stopped, name=model, resumed_epoch=resumed_epoch)


def with_weights(potential: Potential, weights: FloatArray) -> Potential:
    """Return a potential with other weights, element by element as `parameters` has them."""
    elements, start = [], 0
    for each in potential.elements:
        own = weights[start : start + each.network.n_parameters]
        elements.append(replace(each, network=with_parameters(each.network, own)))
        start += each.network.n_parameters
    return replace(potential, elements=tuple(elements))


def _folder(out: str | os.PathLike[str]) -> Path:
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"cannot use the folder {folder}: {error.strerror or error}; {what_helps(error)} or "
            f"choose another place."
        ) from error
    return folder


def _write(potential: Potential, learning: Learning, folder: Path) -> None:
    write_potential(with_weights(potential, learning.weights), folder / LAST)
    write_potential(with_weights(potential, learning.best_weights), folder / BEST)


def _result(
    prepared: Prepared,
    settings: TrainingSettings,
    learning: Learning,
    stopped: str,
    *,
    name: str,
    resumed_epoch: int | None,
) -> Training:
    best = with_weights(prepared.potential, learning.best_weights)
    digest = hashlib.sha256(learning.best_weights.tobytes()).hexdigest()
    identity = ModelIdentity(name, "hdnnp", digest, "float64", "cpu")
    units = best.units
    provenance = Provenance(
        identity,
        {
            **_flat(settings),
            "length_unit": units.length,
            "energy_unit": units.energy,
        },
        installed_versions(),
    )
    warnings = [*prepared.warnings]
    if learning.diverged is not None:
        warnings.append(
            Remark(
                "training-diverged",
                f"the training diverged after {learning.n_updates} updates, and its best potential "
                f"is that after epoch {learning.best_epoch}: {learning.diverged}",
            )
        )
    elif learning.best_epoch == 0:
        warnings.append(
            Remark(
                "nothing-learnt",
                f"no epoch was better on the test structures than the first weights, which are the "
                f"best potential: it has learnt nothing. Give more `epochs`, or "
                f"{settings.optimizer.calmer}.",
            )
        )
    approached = approaches(best, prepared.shortest_A)
    if best.repulsion is not None:
        warnings += falling(approached, best.repulsion.kind)
    epochs = tuple(learning.curve.epochs)
    warnings += _overfitted(next(each for each in epochs if each.epoch == learning.best_epoch))
    return Training(
        best=best,
        last=with_weights(prepared.potential, learning.weights),
        prepared=prepared,
        approaches=approached,
        epochs=epochs,
        best_epoch=learning.best_epoch,
        stopped=stopped,
        resumed_epoch=resumed_epoch,
        n_weights=len(learning.weights),
        seconds=learning.seconds,
        provenance=provenance,
        warnings=tuple(warnings),
    )


def _flat(settings: TrainingSettings) -> dict[str, Setting]:
    return {name: value for group in settings.to_json().values() for name, value in group.items()}


def _overfitted(best: EpochErrors) -> list[Remark]:
    learnt, tested = best.errors.of("train"), best.errors.of("test")
    ratio = tested.force_RMSE_eV_per_A / max(learnt.force_RMSE_eV_per_A, np.finfo(float).tiny)
    if not ratio > _OVERFITTED:
        return []
    return [
        Remark(
            "overfitted",
            f"forces of the test structures are off by {tested.force_RMSE_eV_per_A:.3g} eV/Å, "
            f"{ratio:.1f} times as much as those that were learnt: give more structures, or fewer "
            f"symmetry functions and nodes.",
        )
    ]
