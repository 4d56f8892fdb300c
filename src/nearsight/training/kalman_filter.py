"""The extended Kalman filter that adapts weights to a few observations at a time.

S. Singhal, L. Wu, Advances in Neural Information Processing Systems 1988, 133; for potentials
A. Singraber, T. Morawietz, J. Behler, C. Dellago, J. Chem. Theory Comput. 2019, 15, 3075. With
weights in blocks b, whose correlations with other blocks are left out (G. V. Puskorius, L. A.
Feldkamp, IEEE Trans. Neural Networks 1994, 5, 279), and m observations at once:

    A = sum_b H_b^T P_b H_b + R,   K_b = P_b H_b A^-1,
    w_b <- w_b + K_b xi,           P_b <- P_b - K_b H_b^T P_b + q I.

All blocks share A; one block of all weights is the global filter.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import blas, lapack

from nearsight.arrays import FloatArray
from nearsight.errors import MethodError


class DivergenceError(MethodError):
    """The errors of a training, or the covariance of its filter, grew beyond all numbers."""


@dataclass(frozen=True)
class NoiseSchedule:
    """Noise of observations and of weights over the number of observations n.

    Both change by a decade every `observations_per_decade`: eta grows to `eta_max` (noise of
    observations R = I / eta), q falls to `q_min`. What is older counts less by lambda for every
    observation, with 1 - lambda = (1 - `forgetting`) times `forgetting_decay` to the power of n.

    Examples
    --------
    >>> from nearsight.training import NoiseSchedule
    >>> schedule = NoiseSchedule(observations_per_decade=1000.0, eta=0.01)
    >>> print([f"{schedule.eta_at(n):.2f}" for n in (0, 1000, 2000)])
    ['0.01', '0.10', '1.00']
    """

    observations_per_decade: float
    eta: float = 0.01
    eta_max: float = 30.0
    q: float = 0.01
    q_min: float = 1e-6
    forgetting: float = 1.0
    forgetting_decay: float = 1.0

    def eta_at(self, n_observations: int) -> float:
        """Return eta after so many observations."""
        return min(self.eta_max, self.eta * self._decades(n_observations))

    def q_at(self, n_observations: int) -> float:
        """Return q after so many observations."""
        return max(self.q_min, self.q / self._decades(n_observations))

    def memory_at(self, n_observations: int, m: int) -> float:
        """Return the product of lambda over the next `m` observations."""
        if self.forgetting == 1.0:
            return 1.0
        forgotten = (1.0 - self.forgetting) * self.forgetting_decay ** np.arange(
            n_observations, n_observations + m
        )
        return float(np.prod(1.0 - forgotten))

    def _decades(self, n_observations: int) -> float:
        # More than 300 decades are no number, and at the bounds long before.
        return float(10.0 ** min(n_observations / self.observations_per_decade, 300.0))


class KalmanFilter:
    """Covariances of the weights, in blocks, and the number of observations that they have seen.

    Parameters
    ----------
    sizes
        Number of weights of each block.
    schedule
        Noise over observations.
    initial_variance
        P is that times the identity at the start.

    Examples
    --------
    >>> import numpy as np
    >>> from nearsight.training import KalmanFilter, NoiseSchedule
    >>> schedule = NoiseSchedule(observations_per_decade=100.0, eta=1.0)
    >>> kalman = KalmanFilter([2], schedule, initial_variance=1.0)
    >>> (step,) = kalman.update([np.array([[1.0], [0.0]])], np.array([0.5]))
    >>> print(step.round(3))
    [0.25 0.  ]
    """

    def __init__(
        self, sizes: Sequence[int], schedule: NoiseSchedule, initial_variance: float = 100.0
    ) -> None:
        self.schedule = schedule
        self.n_observations = 0
        # Lower triangles, in the order of Fortran: BLAS changes them in place.
        self._covariances = [
            np.asfortranarray(np.diag(np.full(size, initial_variance))) for size in sizes
        ]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of weights of each block."""
        return tuple(len(each) for each in self._covariances)

    def covariance(self, block: int) -> FloatArray:
        """Return P of a block, shape ``(size, size)``, symmetric; a copy."""
        lower = np.tril(self._covariances[block])
        whole: FloatArray = lower + np.tril(lower, -1).T
        return whole

    def update(self, jacobians: Sequence[FloatArray], errors: FloatArray) -> list[FloatArray]:
        """Learn from observations, and return how much to add to the weights of each block.

        Parameters
        ----------
        jacobians
            For each block the derivatives of predictions by its weights, shape
            ``(size, n_observations)``.
        errors
            Observed less predicted, shape ``(n_observations,)``.

        Raises
        ------
        DivergenceError
            The innovation matrix is not positive definite, or something is no number.
        """
        m = len(errors)
        # An element that a structure lacks costs nothing: its weights change no prediction.
        concerned = [place for place, each in enumerate(jacobians) if each.any()]
        memory = self.schedule.memory_at(self.n_observations, m)
        noise = memory / self.schedule.eta_at(self.n_observations)
        q = self.schedule.q_at(self.n_observations)
        learn = self._learn_one if m == 1 else self._learn_several
        steps = [np.zeros(size) for size in self.sizes]
        of_concerned = learn(
            concerned, [jacobians[place] for place in concerned], np.asarray(errors), noise
        )
        for place, step in zip(concerned, of_concerned, strict=True):
            steps[place] = step
        for covariance in self._covariances:
            if memory != 1.0:
                np.divide(covariance, memory, out=covariance)
            covariance.ravel(order="K")[:: len(covariance) + 1] += q
        self.n_observations += m
        return steps

    def _learn_one(
        self, places: list[int], jacobians: list[FloatArray], errors: FloatArray, noise: float
    ) -> list[FloatArray]:
        covariances = [self._covariances[place] for place in places]
        # Products with a vector: those with a matrix of one column are five times slower.
        columns = [np.ascontiguousarray(each[:, 0]) for each in jacobians]
        covered = [
            blas.dsymv(1.0, p, h, lower=1) for p, h in zip(covariances, columns, strict=True)
        ]
        innovation = noise + sum(float(h @ x) for h, x in zip(columns, covered, strict=True))
        if not (0.0 < innovation < math.inf and np.isfinite(errors[0])):
            raise _diverged(self.n_observations)
        for place, p, x in zip(places, covariances, covered, strict=True):
            self._covariances[place] = blas.dsyr(-1.0 / innovation, x, a=p, lower=1, overwrite_a=1)
        return [x * (errors[0] / innovation) for x in covered]

    def _learn_several(
        self, places: list[int], jacobians: list[FloatArray], errors: FloatArray, noise: float
    ) -> list[FloatArray]:
        covariances = [self._covariances[place] for place in places]
        covered = [
            blas.dsymm(1.0, p, np.asfortranarray(h), lower=1)
            for p, h in zip(covariances, jacobians, strict=True)
        ]
        innovation = noise * np.eye(len(errors), order="F")
        for h, x in zip(jacobians, covered, strict=True):
            innovation += h.T @ x
        if not (np.isfinite(innovation).all() and np.isfinite(errors).all()):
            raise _diverged(self.n_observations)
        factor, status = lapack.dpotrf(innovation, lower=1)
        if status != 0:
            raise _diverged(self.n_observations)
        weighted, status = lapack.dpotrs(factor, errors, lower=1)
        steps = [x @ weighted for x in covered]
        for place, p, x in zip(places, covariances, covered, strict=True):
            spread = blas.dtrsm(1.0, factor, x, side=1, lower=1, trans_a=1, overwrite_b=1)
            self._covariances[place] = blas.dsyrk(
                -1.0, spread, beta=1.0, c=p, lower=1, overwrite_c=1
            )
        return steps

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the state, for `restored`: rows of the lower triangles, one after the other."""
        arrays: dict[str, np.ndarray] = {"n_observations": np.array(self.n_observations)}
        for place, covariance in enumerate(self._covariances):
            arrays[f"covariance_{place}"] = covariance[np.tril_indices(len(covariance))]
        return arrays

    @classmethod
    def restored(
        cls, sizes: Sequence[int], schedule: NoiseSchedule, arrays: Mapping[str, np.ndarray]
    ) -> "KalmanFilter":
        """Return the filter whose `to_arrays` these are, equal to the bit.

        Raises
        ------
        KeyError, ValueError
            They are of another one.
        """
        restored = cls(sizes, schedule, 0.0)
        restored.n_observations = int(arrays["n_observations"])
        for place, covariance in enumerate(restored._covariances):
            covariance[np.tril_indices(len(covariance))] = arrays[f"covariance_{place}"]
        return restored


def _diverged(n_observations: int) -> DivergenceError:
    return DivergenceError(
        f"the Kalman filter diverged after {n_observations} observations: its matrix of "
        f"innovations is not positive definite, or errors are no numbers. Check the data for "
        f"atoms on top of each other, or give smaller `eta` and `force_weight`."
    )
