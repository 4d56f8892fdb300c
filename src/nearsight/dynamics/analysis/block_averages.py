"""Errors of means over series whose values depend on those before.

Two independent ways. Blocks: means over ever longer blocks scatter like independent values once a
block is longer than what the series remembers (H. Flyvbjerg and H. G. Petersen, J. Chem. Phys. 91,
461 (1989), doi:10.1063/1.457480); which length is enough follows from the number of values and the
error itself (R. M. Lee et al., Phys. Rev. E 83, 066706 (2011), doi:10.1103/PhysRevE.83.066706).
Correlations: the statistical inefficiency is one plus twice the sum of the normalised
autocorrelation, taken as far as a few times what it has come to by then (A. D. Sokal, in
*Functional Integration*, 1997, doi:10.1007/978-1-4899-0319-8_6).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from nearsight.arrays import FloatArray
from nearsight.charts.chart import Axis, Chart, Limit, Points
from nearsight.charts.on_axes import draw
from nearsight.dynamics.analysis.correlations import autocorrelations
from nearsight.errors import MethodError
from nearsight.remarks import Remark
from nearsight.structures.naming import count_warnings, paragraph

if TYPE_CHECKING:
    from nearsight.charts.on_axes import Axes

_FEWEST_VALUES = 4
_FEWEST_BLOCKS = 2
_WINDOW = 6.0
"""How many integrated correlation times, half the inefficiency, are summed over."""
FEWEST_INDEPENDENT = 20
"""Of fewer independent values an error is itself off by more than a sixth."""


@dataclass(frozen=True, eq=False)
class BlockAverage:
    """The mean of a series, with an error that counts what its values have in common."""

    mean: float
    error: float
    """Standard error of the mean, from blocks."""
    inefficiency: float
    """How many values count as one, from the autocorrelation; 1 where all are independent."""
    n_values: int
    lengths: FloatArray = field(repr=False)
    """Lengths of the blocks that were tried, in values, shape ``(n_lengths,)``."""
    errors: FloatArray = field(repr=False)
    """Standard error of the mean from each, shape ``(n_lengths,)``."""
    chosen_length: int
    """Of the blocks whose error this is."""
    warnings: tuple[Remark, ...] = ()
    """What must be known of it."""

    def __repr__(self) -> str:
        return paragraph(
            self,
            f"{self.n_values} values",
            f"{self.mean:.6g} ± {self.error:.2g}",
            f"{self.n_independent:.0f} of them independent",
            count_warnings(self.warnings),
        )

    @property
    def n_independent(self) -> float:
        """How many independent values have the same error."""
        return self.n_values / self.inefficiency

    @property
    def error_by_correlation(self) -> float:
        """The standard error of the mean from the autocorrelation, in place of blocks."""
        naive = float(self.errors[0])
        return naive * float(np.sqrt(self.inefficiency))

    def plot(self, ax: "Axes") -> None:
        """Draw the error over the length of blocks into `ax`."""
        draw(self.chart(), ax)

    def chart(self) -> Chart:
        """Return the error over the length of blocks, which is to reach a plateau."""
        # The relative error of a standard deviation of n values.
        bars = self.errors / np.sqrt(2 * (self.n_values // self.lengths - 1.0))
        return Chart(
            "Standard error of the mean",
            Axis("values in a block", 0.7, 1.5 * float(self.lengths[-1]), "logarithmic"),
            Axis("error", 0.0, 1.1 * float((self.errors + bars).max()) or 1.0),
            (
                Limit(self.error, f"error {self.error:.2g}"),
                Limit(float(self.chosen_length), "", "x"),
                Points(self.lengths, self.errors, errors=bars),
            ),
            f"Blocks of {self.chosen_length} values have the error {self.error:.3g}.",
        )


def block_average(values: ArrayLike) -> BlockAverage:
    """Return the mean of a series in equilibrium and its standard error.

    Parameters
    ----------
    values
        In the order of time and evenly spaced, shape ``(n_values,)``.

    Raises
    ------
    MethodError
        There are fewer than four values, or some are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from nearsight.dynamics.analysis import block_average
    >>> temperatures_K = np.random.default_rng(1).normal(300.0, 10.0, 1000)
    >>> average = block_average(temperatures_K)
    >>> print(f"{average.mean:.1f} ± {average.error:.1f} K")
    299.5 ± 0.3 K
    """
    series = checked_series(values)
    n_values = len(series)
    lengths, errors = [], []
    length = 1
    while n_values // length >= _FEWEST_BLOCKS:
        means = _block_means(series, length)
        lengths.append(length)
        errors.append(float(means.std(ddof=1)) / np.sqrt(len(means)))
        length *= 2
    inefficiency = statistical_inefficiency(series)
    chosen = _first_enough(np.array(lengths), np.array(errors), n_values)
    return BlockAverage(
        mean=float(series.mean()),
        error=errors[chosen],
        inefficiency=inefficiency,
        n_values=n_values,
        lengths=np.array(lengths, dtype=np.float64),
        errors=np.array(errors),
        chosen_length=lengths[chosen],
        warnings=tuple(few_independent("the series", n_values / inefficiency)),
    )


def statistical_inefficiency(values: ArrayLike) -> float:
    """Return how many values of a series count as one independent value; at least 1.

    Parameters
    ----------
    values
        Shape ``(n_values,)``.

    Raises
    ------
    MethodError
        There are fewer than four values, or some are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from nearsight.dynamics.analysis import statistical_inefficiency
    >>> noise = np.random.default_rng(1).normal(size=10_000)
    >>> print(f"{statistical_inefficiency(noise):.1f} for noise")
    1.0 for noise
    >>> smooth = np.convolve(noise, np.ones(10))
    >>> print(f"{statistical_inefficiency(smooth):.0f} for its moving mean")
    9 for its moving mean
    """
    series = checked_series(values)
    centred = series - series.mean()
    if not centred.any():
        return 1.0
    correlation = autocorrelations(centred[:, np.newaxis], len(series))[:, 0]
    # Each lag with as many pairs as there are: few of them at long ones must not weigh much.
    shares = 1.0 - np.arange(len(series)) / len(series)
    sums = 1.0 + 2.0 * np.cumsum((correlation * shares / correlation[0])[1:])
    lags = np.arange(1, len(series))
    enough = lags >= _WINDOW * np.maximum(sums, 1.0) / 2
    end = int(np.argmax(enough)) if enough.any() else len(sums) - 1
    return max(float(sums[end]), 1.0)


def jackknife(
    series: FloatArray, estimate: Callable[[FloatArray], float], n_blocks: int
) -> tuple[float, float]:
    """Return an estimate from a series and its standard error, leaving out a block at a time.

    Parameters
    ----------
    series
        Shape ``(n_values, ...)``; blocks longer than what it remembers are independent.
    estimate
        A smooth function of the series.
    n_blocks
        At least two.

    Returns
    -------
    tuple
        The estimate with its bias of first order taken off, and the standard error
        (B. Efron and C. Stein, Ann. Stat. 9, 586 (1981), doi:10.1214/aos/1176345462).
    """
    whole = estimate(series)
    blocks = np.array_split(np.arange(len(series)), n_blocks)
    without = np.array([estimate(np.delete(series, block, axis=0)) for block in blocks])
    error = np.sqrt((n_blocks - 1) * without.var())
    return float(n_blocks * whole - (n_blocks - 1) * without.mean()), float(error)


def number_of_blocks(series: FloatArray) -> int:
    """Return into how many blocks a series is divided that are longer than what it remembers."""
    n_independent = len(series) / statistical_inefficiency(series)
    return int(np.clip(n_independent / 4, 4, FEWEST_INDEPENDENT))


def few_independent(what: str, n_independent: float) -> Iterator[Remark]:
    """Yield a remark where there are too few independent values."""
    if n_independent < FEWEST_INDEPENDENT:
        yield Remark(
            "few-independent",
            f"{what} has about {n_independent:.0f} independent values, too few to know its error; "
            f"take a longer trajectory.",
        )


def checked_series(values: ArrayLike) -> FloatArray:
    """Return values as a series.

    Raises
    ------
    MethodError
        There are fewer than four, or some are not finite.
    """
    series = np.asarray(values, dtype=np.float64)
    if series.ndim != 1 or len(series) < _FEWEST_VALUES or not np.isfinite(series).all():
        raise MethodError(
            f"a series is a list of {_FEWEST_VALUES} finite numbers or more, not an array of "
            f"shape {series.shape} or one with gaps; take a longer trajectory, or the part of it "
            f"that has values."
        )
    return series


def _block_means(series: FloatArray, length: int) -> FloatArray:
    n_blocks = len(series) // length
    means: FloatArray = series[: n_blocks * length].reshape(n_blocks, length).mean(axis=1)
    return means


def _first_enough(lengths: FloatArray, errors: FloatArray, n_values: int) -> int:
    """Return which blocks are the shortest that are long enough: B³ > 2 n (σ_B/σ_1)⁴."""
    if errors[0] == 0:
        return 0
    enough = lengths**3 > 2 * n_values * (errors / errors[0]) ** 4
    return int(np.argmax(enough)) if enough.any() else len(lengths) - 1
