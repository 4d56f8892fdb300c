"""A straight line through mean squared displacements that depend on each other.

Displacements over different times share most of their motion. A fit that takes them as independent
has errors that are several times too small, and is not the best one. Two ways to do it right:

- generalised least squares with the covariance that overlapping windows have for Brownian motion.
  It is known exactly: that of squared sums of independent increments is twice the square of how
  many they share (J. T. Bullerjahn, S. von Bülow and G. Hummer, J. Chem. Phys. 153, 024116 (2020),
  doi:10.1063/5.0008312, use the same model);
- kinisi's Bayesian regression with a covariance from the scatter of observed displacements
  (A. R. McCluskey, S. W. Coles and B. J. Morgan, J. Chem. Theory Comput. 21, 79 (2025),
  doi:10.1021/acs.jctc.4c01249).
"""

from dataclasses import dataclass

import numpy as np

from nearsight.arrays import FloatArray, IntArray

_KINISI_UNIT = "angstrom**2"
_FEWEST_BLOCKS, _MOST_BLOCKS = 4, 10


@dataclass(frozen=True, eq=False)
class Displacements:
    """Mean squared displacements at some lags, summed over the axes that count."""

    lags: IntArray
    """In intervals between frames, increasing, shape ``(n_lags,)``."""
    values_A2: FloatArray
    """Shape ``(n_lags,)``."""
    variances_A4: FloatArray
    """Variance of a squared displacement of one particle from one origin, shape ``(n_lags,)``."""
    interval_fs: float
    n_frames: int
    n_particles: int
    n_axes: int

    @property
    def times_fs(self) -> FloatArray:
        """The lags in fs."""
        return self.interval_fs * self.lags.astype(np.float64)


@dataclass(frozen=True)
class Slope:
    """How fast displacements grow."""

    value_A2_per_fs: float
    error_A2_per_fs: float
    """Standard deviation."""
    intercept_A2: float
    estimator: str
    """How it was estimated."""


def measured(paths_A: FloatArray, lags: IntArray, interval_fs: float) -> Displacements:
    """Return the displacements of particles over all origins.

    Parameters
    ----------
    paths_A
        Shape ``(n_frames, n_particles, n_axes)``.
    lags
        In frames.
    interval_fs
        Between frames.
    """
    values, variances = np.empty(len(lags)), np.empty(len(lags))
    for index, lag in enumerate(lags):
        squares = np.sum((paths_A[lag:] - paths_A[:-lag]) ** 2, axis=2)
        values[index], variances[index] = squares.mean(), squares.var(ddof=1)
    n_frames, n_particles, n_axes = paths_A.shape
    return Displacements(lags, values, variances, interval_fs, n_frames, n_particles, n_axes)


def brownian_covariance(lags: IntArray, n_frames: int) -> FloatArray:
    """Return the covariance of mean squared displacements of one particle along one axis.

    Parameters
    ----------
    lags
        In frames.
    n_frames
        Of the trajectory; windows begin in each frame that they fit in.

    Returns
    -------
    ndarray
        In units of the squared variance of an increment, shape ``(n_lags, n_lags)``.
    """
    covariance = np.empty((len(lags), len(lags)))
    for row, m in enumerate(lags.tolist()):
        for column, n in enumerate(lags[: row + 1].tolist()):
            # The second window begins `apart` frames after the first.
            apart = np.arange(1 - n, m)
            shared = np.minimum(m, apart + n) - np.maximum(0, apart)
            pairs = np.minimum(n_frames - m, n_frames - n - apart) - np.maximum(0, -apart)
            total = 2.0 * np.sum(np.maximum(pairs, 0) * shared.astype(np.float64) ** 2)
            covariance[row, column] = total / ((n_frames - m) * (n_frames - n))
            covariance[column, row] = covariance[row, column]
    return covariance


def covariance_A4(displacements: Displacements, slope_A2_per_fs: float) -> FloatArray:
    """Return the covariance of the mean over particles, if they diffuse with such a slope.

    Parameters
    ----------
    displacements
        What was measured.
    slope_A2_per_fs
        Of the sum over axes.
    """
    each = slope_A2_per_fs * displacements.interval_fs / displacements.n_axes
    unit = brownian_covariance(displacements.lags, displacements.n_frames)
    covariance: FloatArray = each**2 * displacements.n_axes / displacements.n_particles * unit
    return covariance


def by_least_squares(displacements: Displacements) -> Slope:
    """Return the slope by generalised least squares with an intercept.

    The weights do not depend on the slope, the error is proportional to it; particles are taken as
    independent of each other.
    """
    coefficients, errors = _polynomial(displacements, 1)
    slope, intercept = float(coefficients[1]), float(coefficients[0])
    return Slope(slope, float(errors[1]) * abs(slope), intercept, "generalised least squares")


def change_of_slope(displacements: Displacements) -> tuple[float, float]:
    """Return how much the slope changes from the first to the last time, over its mean.

    Returns
    -------
    tuple
        The change, 0 of diffusion, and its standard deviation if particles diffuse independently.
    """
    coefficients, errors = _polynomial(displacements, 2)
    times = displacements.times_fs
    mean = float(coefficients[1] + coefficients[2] * (times[0] + times[-1]))
    if not mean > 0:
        return float("nan"), float("nan")
    width = 2 * (times[-1] - times[0])
    return float(coefficients[2] * width / mean), float(errors[2] * width)


def by_blocks(paths_A: FloatArray, lags: IntArray, interval_fs: float) -> FloatArray | None:
    """Return slopes in Å²/fs of parts of a trajectory, which follow each other.

    Their scatter knows what no covariance of single particles does: that particles of a liquid push
    each other around.

    Parameters
    ----------
    paths_A
        Shape ``(n_frames, n_particles, n_axes)``.
    lags
        In frames.
    interval_fs
        Between frames.

    Returns
    -------
    ndarray or None
        None where fewer than four parts are twice as long as the last lag.
    """
    n_blocks = min(len(paths_A) // (2 * int(lags[-1])), _MOST_BLOCKS)
    if n_blocks < _FEWEST_BLOCKS:
        return None
    parts = np.array_split(paths_A, n_blocks)
    slopes = [by_least_squares(measured(part, lags, interval_fs)) for part in parts]
    return np.array([slope.value_A2_per_fs for slope in slopes])


def _polynomial(displacements: Displacements, degree: int) -> tuple[FloatArray, FloatArray]:
    """Return the coefficients of powers of time, and their errors for a slope of one."""
    from scipy.linalg import cho_factor, cho_solve

    times = displacements.times_fs
    scale = float(times[-1])
    design = np.vander(times / scale, degree + 1, increasing=True)
    factor = cho_factor(covariance_A4(displacements, 1.0), lower=True)
    of_unit = np.linalg.inv(design.T @ cho_solve(factor, design))
    coefficients = of_unit @ (design.T @ cho_solve(factor, displacements.values_A2))
    powers = scale ** np.arange(degree + 1)
    return coefficients / powers, np.sqrt(np.diag(of_unit)) / powers


def by_kinisi(displacements: Displacements, seed: int) -> Slope:
    """Return the slope by kinisi's Bayesian regression.

    Parameters
    ----------
    displacements
        What was measured.
    seed
        Of its samples. It seeds NumPy's global random numbers, which are put back.
    """
    import kinisi
    import scipp
    from kinisi.diffusion import Diffusion

    times = displacements.times_fs
    origins = (displacements.n_frames - 1) / displacements.lags
    independent = displacements.n_particles * origins
    data = scipp.DataArray(
        data=scipp.Variable(
            dims=["time interval"],
            values=displacements.values_A2,
            variances=displacements.variances_A4 / independent,
            unit=_KINISI_UNIT,
        ),
        coords={
            "time interval": scipp.array(dims=["time interval"], values=times, unit="fs"),
            "n_samples": scipp.array(dims=["time interval"], values=independent),
        },
    )
    group = scipp.DataGroup(
        {"da": data, "dimensionality": scipp.scalar(float(displacements.n_axes))}
    )
    fit = Diffusion(dg=group)
    state = np.random.get_state()  # noqa: NPY002 # those that kinisi draws from
    try:
        fit.bayesian_regression(
            scipp.scalar(float(times[0]), unit="fs"),
            progress=False,
            random_state=np.random.RandomState(seed),
        )
    finally:
        np.random.set_state(state)  # noqa: NPY002
    slopes, intercepts = fit.gradient.values, fit.intercept.values
    return Slope(
        float(slopes.mean()),
        float(slopes.std(ddof=1)),
        float(intercepts.mean()),
        f"kinisi {kinisi.__version__}",
    )
