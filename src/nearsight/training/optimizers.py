"""How weights are adapted to some structures: one step of the Kalman filter, or of Adam."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from nearsight.arrays import FloatArray, IntArray
from nearsight.training.adam import Adam
from nearsight.training.kalman_filter import KalmanFilter, NoiseSchedule
from nearsight.training.selection import large_components, random_components
from nearsight.training.settings import OptimizerSettings


class Predictor(Protocol):
    """What is learnt from; see `nearsight.training.prediction.KernelPredictor`."""

    def n_components(self, place: int) -> int:
        """Return the number of components of the forces of a structure."""
        ...

    def errors(self, place: int, weights: FloatArray) -> tuple[float, FloatArray]:
        """Return labels less predictions: energy in eV, forces in eV/Å, ``(n_atoms, 3)``."""
        ...

    def jacobian(
        self, place: int, weights: FloatArray, components: IntArray
    ) -> tuple[FloatArray, list[FloatArray]]:
        """Return errors of an energy and some components, and derivatives of predictions."""
        ...

    def gradient(
        self, place: int, weights: FloatArray, by_energy: float, by_forces: FloatArray
    ) -> FloatArray:
        """Return the derivative by all weights of a loss with such derivatives by predictions."""
        ...


@dataclass(frozen=True)
class TrainingUnits:
    """Factors from eV and eV/Å to the units in which errors are learnt."""

    per_eV: float
    per_eV_per_A: float
    """With the weight of forces."""


class Optimizer(Protocol):
    """Adapts weights, and can be stopped and go on to the bit."""

    batch_size: int
    """Number of structures that one step takes."""

    @property
    def n_observations(self) -> int:
        """Number of energies and components of forces that have been learnt."""
        ...

    def step(
        self,
        weights: FloatArray,
        batch: Sequence[int],
        progress: "Position",
        random: np.random.Generator,
    ) -> FloatArray:
        """Return the weights after learning from some structures."""
        ...

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the state."""
        ...

    def restore(self, weights: FloatArray, arrays: Mapping[str, np.ndarray]) -> None:
        """Go on from a state, with the weights of then."""
        ...


@dataclass(frozen=True)
class Position:
    """Where in a training a step is."""

    share: float
    """Of all epochs, from 0 to 1."""
    force_RMSE_eV_per_A: float
    """Over the training set, after the last epoch."""


class KalmanOptimizer:
    """Steps of the Kalman filter, each of one structure.

    Parameters
    ----------
    predictor
        What is learnt from.
    blocks
        Where the weights of each element are.
    units
        Of the errors.
    settings
        Of the filter; with ``global-kalman`` all weights are one block.
    """

    batch_size = 1

    def __init__(
        self,
        predictor: Predictor,
        blocks: Sequence[slice],
        units: TrainingUnits,
        settings: OptimizerSettings,
    ) -> None:
        self._predictor, self._units, self._settings = predictor, units, settings
        self._is_global = settings.optimizer == "global-kalman"
        self._schedule = NoiseSchedule(
            settings.observations_per_decade,
            settings.eta,
            settings.eta_max,
            settings.q,
            settings.q_min,
            settings.forgetting,
            settings.forgetting_decay,
        )
        sizes = [block.stop - block.start for block in blocks]
        if self._is_global:
            sizes = [sum(sizes)]
        self._filter = KalmanFilter(sizes, self._schedule, settings.initial_variance)

    @property
    def n_observations(self) -> int:
        """Number of energies and components of forces that have been learnt."""
        return self._filter.n_observations

    def step(
        self,
        weights: FloatArray,
        batch: Sequence[int],
        progress: Position,
        random: np.random.Generator,
    ) -> FloatArray:
        """Return the weights after learning from one structure."""
        [place] = batch
        components = self._select(place, weights, progress.force_RMSE_eV_per_A, random)
        errors, jacobians = self._predictor.jacobian(place, weights, components)
        scale = np.full(len(errors), self._units.per_eV_per_A)
        scale[0] = self._units.per_eV
        scaled = [np.multiply(each, scale, out=each) for each in jacobians]
        if self._is_global:
            scaled = [np.concatenate(scaled)]
        steps = self._filter.update(scaled, scale * errors)
        return weights + np.concatenate(steps)

    def _select(
        self, place: int, weights: FloatArray, force_RMSE: float, random: np.random.Generator
    ) -> IntArray:
        if self._settings.selection == "random":
            n = self._predictor.n_components(place)
            return random_components(n, self._settings, random)
        _, forces = self._predictor.errors(place, weights)
        return large_components(forces.ravel(), force_RMSE, self._settings, random)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the state."""
        return self._filter.to_arrays()

    def restore(self, weights: FloatArray, arrays: Mapping[str, np.ndarray]) -> None:
        """Go on from a state; the weights have no part in it."""
        del weights
        self._filter = KalmanFilter.restored(self._filter.sizes, self._schedule, arrays)


class AdamOptimizer:
    """Steps of Adam down the mean square error of energies per atom and components of forces.

    Both are in units of the training; the learning rate falls exponentially over all epochs.

    Parameters
    ----------
    predictor
        What is learnt from.
    weights
        At the start.
    units
        Of the errors.
    settings
        Rates and size of a batch.
    """

    def __init__(
        self,
        predictor: Predictor,
        weights: FloatArray,
        units: TrainingUnits,
        settings: OptimizerSettings,
    ) -> None:
        self._predictor, self._units, self._settings = predictor, units, settings
        self._adam = Adam(weights)
        self.batch_size = settings.batch_size
        self._n_observations = 0

    @property
    def n_observations(self) -> int:
        """Number of energies and components of forces that have been learnt."""
        return self._n_observations

    def step(
        self,
        weights: FloatArray,
        batch: Sequence[int],
        progress: Position,
        random: np.random.Generator,
    ) -> FloatArray:
        """Return the weights after a step on the mean over some structures."""
        del random
        gradient = np.zeros_like(weights)
        for place in batch:
            energy, forces = self._predictor.errors(place, weights)
            n_atoms = len(forces)
            by_energy = -2.0 * energy * (self._units.per_eV / n_atoms) ** 2
            by_forces = -2.0 * forces * self._units.per_eV_per_A**2 / forces.size
            gradient += self._predictor.gradient(place, weights, by_energy, by_forces)
            self._n_observations += 1 + forces.size
        first, last = self._settings.learning_rate, self._settings.final_learning_rate
        rate = first * (last / first) ** progress.share
        return self._adam.step(gradient / len(batch), rate)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the state."""
        return {"n_observations": np.array(self._n_observations), **self._adam.to_arrays()}

    def restore(self, weights: FloatArray, arrays: Mapping[str, np.ndarray]) -> None:
        """Go on from a state, with the weights of then."""
        self._adam = Adam(weights)
        self._adam.restore(arrays)
        self._n_observations = int(arrays["n_observations"])
