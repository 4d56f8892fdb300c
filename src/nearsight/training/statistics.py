"""Values of symmetry functions over the training data, and which functions tell nothing."""

from collections.abc import Sequence

import numpy as np

from nearsight.arrays import FloatArray, IntArray
from nearsight.hdnnp.potential import FunctionStatistics


class Moments:
    """Ranges, means and products of the values of some functions, added up block by block.

    T. F. Chan, G. H. Golub, R. J. LeVeque, Am. Stat. 1983, 37, 242: no large numbers are
    subtracted, and the values themselves need not be kept.

    Parameters
    ----------
    n_functions
        Number of functions.
    """

    def __init__(self, n_functions: int) -> None:
        self.n = 0
        self.smallest = np.full(n_functions, np.inf)
        self.largest = np.full(n_functions, -np.inf)
        self.mean = np.zeros(n_functions)
        self.products = np.zeros((n_functions, n_functions))
        """Sums of products of deviations from the means."""

    def add(self, values: FloatArray) -> None:
        """Add the values of more atoms, shape ``(n_atoms, n_functions)``."""
        n = len(values)
        if n == 0:
            return
        self.smallest = np.minimum(self.smallest, values.min(axis=0))
        self.largest = np.maximum(self.largest, values.max(axis=0))
        mean = values.mean(axis=0)
        deviations, shift = values - mean, mean - self.mean
        total = self.n + n
        self.products += deviations.T @ deviations + np.outer(shift, shift) * (self.n * n / total)
        self.mean = self.mean + shift * (n / total)
        self.n = total

    def correlations(self) -> FloatArray:
        """Return Pearson's coefficients, shape ``(n_functions, n_functions)``; 0 of constants."""
        sizes = np.sqrt(np.diag(self.products))
        scale = np.outer(sizes, sizes)
        coefficients: FloatArray = np.divide(
            self.products, scale, out=np.zeros_like(scale), where=scale > 0
        )
        return coefficients

    def statistics(self, functions: IntArray | slice = slice(None)) -> FunctionStatistics:
        """Return the statistics of some functions; sigma has n - 1 in the denominator."""
        sigma = np.sqrt(np.diag(self.products) / max(self.n - 1, 1))
        return FunctionStatistics(
            self.smallest[functions],
            self.largest[functions],
            self.mean[functions],
            sigma[functions],
        )


def telling_functions(
    moments: Moments, *, smallest_range: float, largest_correlation: float
) -> tuple[IntArray, Sequence[str]]:
    """Return which functions to keep, ascending, and why each of the others is left out.

    Scaled to a common size, a function that hardly changes is mostly noise to a network: small
    changes of positions then make large ones of an input. Of functions that are correlated more
    than allowed the first one stays.

    Parameters
    ----------
    moments
        Of all functions of an element.
    smallest_range
        Over the largest range of all.
    largest_correlation
        By its absolute value.

    Returns
    -------
    tuple
        Indices, and for each other function ``constant`` or ``correlated``, in their order.
    """
    ranges = moments.largest - moments.smallest
    correlations = np.abs(moments.correlations())
    staying: list[int] = []
    reasons = []
    for place, width in enumerate(ranges):
        if not width > smallest_range * ranges.max():
            reasons.append("constant")
        elif staying and correlations[place, staying].max() > largest_correlation:
            reasons.append("correlated")
        else:
            staying.append(place)
    return np.array(staying, dtype=np.int64), reasons
