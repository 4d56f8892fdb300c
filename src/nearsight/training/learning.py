"""Epoch after epoch: what is learnt, what came of it, and when to stop."""

import math
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.hdnnp.frames import TEST, TRAIN
from nearsight.progress import Advance, Progress
from nearsight.training.atomic_energies import mean_and_spread_eV_per_atom
from nearsight.training.checkpoint import State
from nearsight.training.error_measures import ErrorSums, SetErrors
from nearsight.training.kalman_filter import DivergenceError
from nearsight.training.learning_curve import EpochErrors, LearningCurve
from nearsight.training.optimizers import (
    AdamOptimizer,
    KalmanOptimizer,
    Optimizer,
    Position,
    Predictor,
    TrainingUnits,
)
from nearsight.training.preparing import Prepared
from nearsight.training.settings import TrainingSettings

_HOPELESS = 1e3
"""Errors so many times those of the first networks are those of a training that diverged."""


class Save(Protocol):
    """Writes a checkpoint and, after an epoch, the potentials."""

    def __call__(self, *, epoch_ended: bool) -> None:
        """Write."""
        ...


class Learning:
    """The state of a training, and its steps.

    Parameters
    ----------
    prepared
        Data, split and first potential.
    settings
        How it is trained.
    predictor
        Predicts for the structures, by their place.
    weights
        At the start.
    blocks
        Where those of each element are.
    curve
        Where errors over epochs go.
    clock
        Tells the time in seconds.
    """

    def __init__(
        self,
        prepared: Prepared,
        settings: TrainingSettings,
        predictor: Predictor,
        weights: FloatArray,
        blocks: Sequence[slice],
        *,
        curve: LearningCurve,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._prepared, self._settings = prepared, settings
        self._predictor, self._clock = predictor, clock
        self.curve = curve
        self._optimizer = _optimizer(prepared, settings, predictor, weights, blocks)
        self._random = np.random.default_rng([settings.network.seed, 1])
        self._sizes = _sizes(prepared)
        self._order = self._random.permutation(prepared.split.train)
        self._position = 0
        self._force_RMSE = float("nan")
        self._started, self._before = clock(), 0.0
        self.epoch = 0
        self.n_updates = 0
        self.weights = self.best_weights = weights.copy()
        self.best_epoch, self._best_score = 0, float("inf")
        self.diverged: str | None = None

    @property
    def seconds(self) -> float:
        """Wall time of all processes so far."""
        return self._before + self._clock() - self._started

    def to_the_end(self, progress: Progress, save: Save, checkpoint_s: float) -> str:
        """Train until something says to stop, and return what that is."""
        n_train = len(self._order)
        total = self._settings.stopping.epochs * n_train
        saved = self._clock()
        if not self.curve.epochs:
            save(epoch_ended=False)  # since nothing goes on from a curve without a checkpoint
            self._end_epoch()  # which has learnt nothing
            save(epoch_ended=True)
        with progress.task("structures learnt", total, self._n_learnt) as advance:
            self._tell(advance)
            while (reason := self._why_stop()) is None:
                try:
                    self._step()
                except DivergenceError as error:
                    self.diverged = str(error)
                    self.weights = self.best_weights
                    save(epoch_ended=True)
                    continue
                ended = self._position >= n_train
                if ended:
                    self._begin_next()
                if ended or self._clock() - saved >= checkpoint_s:
                    save(epoch_ended=ended)
                    saved = self._clock()
                self._tell(advance)
        return reason

    def state(self) -> State:
        """Return all that the next step depends on."""
        return State(
            epoch=self.epoch,
            position=self._position,
            order=self._order,
            weights=self.weights,
            best_weights=self.best_weights,
            best_epoch=self.best_epoch,
            best_score=self._best_score,
            optimizer=self._optimizer.to_arrays(),
            random=self._random.bit_generator.state,
            force_RMSE_eV_per_A=self._force_RMSE,
            n_updates=self.n_updates,
            seconds=self.seconds,
            diverged=self.diverged,
            curve_bytes=self.curve.size,
        )

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self.epoch, self._position = state.epoch, state.position
        self._order = state.order
        self.weights, self.best_weights = state.weights, state.best_weights
        self.best_epoch, self._best_score = state.best_epoch, state.best_score
        self._optimizer.restore(state.weights, state.optimizer)
        self._random.bit_generator.state = state.random
        self._force_RMSE, self.n_updates = state.force_RMSE_eV_per_A, state.n_updates
        self._before, self._started = state.seconds, self._clock()
        self.diverged = state.diverged

    @property
    def _n_learnt(self) -> int:
        return self.epoch * len(self._order) + self._position

    def _step(self) -> None:
        batch = self._order[self._position : self._position + self._optimizer.batch_size]
        total = self._settings.stopping.epochs * len(self._order)
        where = Position(self._n_learnt / total, self._force_RMSE)
        self.weights = self._optimizer.step(self.weights, batch.tolist(), where, self._random)
        self._position += len(batch)
        self.n_updates += 1

    def _begin_next(self) -> None:
        """End an epoch, and lay down the order of the next."""
        self.epoch += 1
        self._position = 0
        self._order = self._random.permutation(self._prepared.split.train)
        self._end_epoch()

    def _end_epoch(self) -> None:
        errors = self._errors()
        score = self._score(errors)
        n_observations = self._optimizer.n_observations
        self.curve.add(
            EpochErrors(self.epoch, self.n_updates, n_observations, self.seconds, score, errors)
        )
        self._force_RMSE = errors.of(TRAIN).force_RMSE_eV_per_A
        if not errors.are_finite or score > _HOPELESS * self.curve.epochs[0].score:
            calmer = self._settings.optimizer.calmer
            self.diverged = f"errors grew beyond all use; give {calmer}."
            self.weights = self.best_weights
        elif score < self._best_score:
            self.best_weights = self.weights
            self.best_epoch, self._best_score = self.epoch, score

    def _errors(self) -> SetErrors:
        sums = ErrorSums()
        parts = self._prepared.split
        for of_set, places in ((TRAIN, parts.train), (TEST, parts.test)):
            for place in places:
                energy, forces = self._predictor.errors(int(place), self.weights)
                sums.add(of_set, self._prepared.structures[place].group, energy, forces)
        return sums.errors()

    def _score(self, errors: SetErrors) -> float:
        """Return errors of the test set, each over the size of what is learnt."""
        of_test = errors.of(TEST)
        of_energies, of_forces = self._sizes
        score = of_test.force_RMSE_eV_per_A / of_forces
        if of_energies > 0:  # not the same energy everywhere
            score += of_test.energy_RMSE_eV_per_atom / of_energies
        return float(score)

    def _why_stop(self) -> str | None:
        """Return why to stop, as a sentence goes on after “stopped”; None to go on."""
        if self.diverged is not None:
            return "since it diverged"
        if self._position:
            return None  # in the middle of an epoch
        stopping = self._settings.stopping
        reasons = {
            "at the errors that were asked for": self._is_good_enough(),
            f"after {self.epoch} epoch{'' if self.epoch == 1 else 's'}": (
                self.epoch >= stopping.epochs
            ),
            f"after {stopping.time_s} s": self.seconds >= (stopping.time_s or math.inf),
            f"since {stopping.patience} epochs brought nothing better": (
                self.epoch - self.best_epoch >= (stopping.patience or math.inf)
            ),
        }
        return next((reason for reason, holds in reasons.items() if holds), None)

    def _is_good_enough(self) -> bool:
        stopping, of_test = self._settings.stopping, self.curve.epochs[-1].errors.of(TEST)
        reached = [
            error <= target
            for target, error in (
                (stopping.target_energy_meV, 1000 * of_test.energy_RMSE_eV_per_atom),
                (stopping.target_force_eV_per_A, of_test.force_RMSE_eV_per_A),
            )
            if target is not None
        ]
        return bool(reached) and all(reached)

    def _tell(self, advance: Advance) -> None:
        of_test = self.curve.epochs[-1].errors.of(TEST)
        advance(
            self._n_learnt,
            f"epoch {self.epoch}, test {1000 * of_test.energy_RMSE_eV_per_atom:.3g} meV/atom, "
            f"{of_test.force_RMSE_eV_per_A:.3g} eV/Å",
        )


def _optimizer(
    prepared: Prepared,
    settings: TrainingSettings,
    predictor: Predictor,
    weights: FloatArray,
    blocks: Sequence[slice],
) -> Optimizer:
    shift, of_files = prepared.potential.normalization, prepared.potential.units
    per_eV = shift.conv_energy / of_files.energy_eV
    per_A = shift.conv_length / of_files.length_A
    units = TrainingUnits(per_eV, settings.optimizer.force_weight * per_eV / per_A)
    if settings.optimizer.optimizer == "adam":
        return AdamOptimizer(predictor, weights, units, settings.optimizer)
    return KalmanOptimizer(predictor, blocks, units, settings.optimizer)


def _sizes(prepared: Prepared) -> tuple[float, float]:
    """Return how large energies per atom and components of forces are that are learnt.

    The standard deviation of the former in eV, without energies of free atoms, and the root mean
    square of the latter in eV/Å.
    """
    learnt = [prepared.structures[place] for place in prepared.split.train]
    potential = prepared.potential
    unit_eV = potential.units.energy_eV
    free_eV = {each.symbol: each.atomic_energy * unit_eV for each in potential.elements}
    _, spread = mean_and_spread_eV_per_atom(learnt, free_eV)
    components = np.concatenate([each.forces_eV_per_A.ravel() for each in learnt])
    return spread, float(np.sqrt(np.mean(components**2)))
